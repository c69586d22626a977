"""Owns the connection to another FHIR server whose charts this EHR shows, and the two names of its base URL."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import requests

from sandbox_ehr.charts import Resource
from sandbox_ehr.users import USERS

FHIR_JSON = "application/fhir+json"
TIMEOUT_SECONDS = 30.0
PAGE_SIZE = 200
MOST_PAGES = 50


class Upstream:
    """The other server, spoken to with one connection pool; it also is a source of charts (see `charts.Charts`)."""

    def __init__(self, url: str, base_url: str) -> None:
        self._url = url.rstrip("/")
        self._base = base_url + "/fhir"
        self._session = requests.Session()
        self._names: tuple[str, ...] = (self._url,)

    def close(self) -> None:
        """Closes the connections."""
        self._session.close()

    def prepare(self) -> None:
        """Learns the server's own name for itself and gives it the sandbox's users where it lacks them.

        Nothing else is written; a server that refuses the users is used without them. Raises
        requests.RequestException where it cannot be reached.
        """
        told = self._session.get(f"{self._url}/metadata", headers={"Accept": FHIR_JSON}, timeout=TIMEOUT_SECONDS).json()
        name = (told.get("implementation") or {}).get("url", "").rstrip("/")
        self._names = tuple(dict.fromkeys(filter(None, (self._url, name))))
        for user in USERS:
            if self.read("Practitioner", user.id) is None:
                body = json.dumps(user.practitioner())
                self.send("PUT", f"Practitioner/{user.id}", body=body.encode(), headers={"Content-Type": FHIR_JSON})

    def send(
        self, method: str, path: str, *, query: str = "", body: bytes = b"", headers: dict[str, str] | None = None
    ) -> requests.Response:
        """One request to the other server; `path` is relative to its base, already quoted."""
        url = f"{self._url}/{path}" + (f"?{query}" if query else "")
        return self._session.request(
            method, url, data=body or None, headers=headers or {}, timeout=TIMEOUT_SECONDS, allow_redirects=False
        )

    def rename(self, text: str) -> str:
        """The text with the other server's base replaced by the sandbox's."""
        for name in self._names:
            text = text.replace(name, self._base)
        return text

    def text(self, answer: requests.Response) -> str:
        """The body of an answer, which FHIR always writes in UTF-8, with the base renamed."""
        return self.rename(answer.content.decode("utf-8", "replace"))

    def rename_back(self, text: str) -> str:
        """The text with the sandbox's base replaced by the other server's own name for itself."""
        return text.replace(self._base, self._names[-1])

    def read(self, kind: str, id_: str) -> Resource | None:
        """One resource, or None."""
        answer = self.send("GET", f"{kind}/{quote(id_)}", headers={"Accept": FHIR_JSON})
        return dict(answer.json()) if answer.status_code == 200 else None

    def patients(self) -> list[Resource]:
        """All Patients, page by page."""
        return self._search("Patient", f"_count={PAGE_SIZE}")

    def of_patient(self, kind: str, patient: str) -> list[Resource]:
        """The resources of a type in one patient's chart."""
        return self._search(kind, f"patient={quote(patient)}&_count={PAGE_SIZE}")

    def _search(self, kind: str, query: str) -> list[Resource]:
        found: list[Resource] = []
        path: str | None = kind
        for _ in range(MOST_PAGES):
            if path is None:
                break
            bundle = self.send("GET", path, query=query, headers={"Accept": FHIR_JSON}).json()
            resources = [entry.get("resource") or {} for entry in bundle.get("entry") or ()]
            found += [resource for resource in resources if resource.get("resourceType") == kind]
            path, query = self._next(bundle)
        return found

    def _next(self, bundle: dict[str, Any]) -> tuple[str | None, str]:
        links = (link.get("url", "") for link in bundle.get("link") or () if link.get("relation") == "next")
        url = self.rename(next(links, ""))
        path, _, query = url.removeprefix(self._base).lstrip("/").partition("?")
        return (path if url.startswith(self._base) else None), query
