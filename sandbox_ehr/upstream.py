"""Owns another FHIR server behind the sandbox's authorization: what is handed on to it, and what is shown."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import requests
from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue

from sandbox_ehr.access import Access
from sandbox_ehr.charts import Resource
from sandbox_ehr.fhir.scopes import refusal, visible
from sandbox_ehr.users import USERS

FHIR_JSON = "application/fhir+json"
TIMEOUT_SECONDS = 30.0
PAGE_SIZE = 200
MOST_PAGES = 50
PASSED_REQUEST_HEADERS = (
    "Accept",
    "Content-Type",
    "If-Match",
    "If-None-Exist",
    "If-None-Match",
    "Prefer",
    "X-Request-Id",
)
PASSED_RESPONSE_HEADERS = ("Content-Type", "ETag", "Last-Modified", "Retry-After")
INTERACTIONS = {"GET": "read", "PUT": "update", "PATCH": "update", "POST": "create", "DELETE": "delete"}


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


def proxy_blueprint(
    upstream: Upstream, *, authorise: Callable[[], Access | None], smart_extension: dict[str, Any]
) -> Blueprint:
    """`/fhir/…` handed on to the other server, for whoever may.

    A single resource is checked before it is changed and before it is shown; a search shows the visible part.
    Transactions and operations are for the administrator only: their parts are not looked into.
    """
    blueprint = Blueprint("fhir", __name__)
    gate = Gate(upstream, authorise)

    @blueprint.get("/fhir/metadata")
    def metadata() -> ResponseReturnValue:
        answer = upstream.send("GET", "metadata", headers={"Accept": FHIR_JSON})
        statement = json.loads(upstream.rename(answer.text))
        for rest in statement.get("rest") or ():
            rest["security"] = {"extension": [smart_extension]}
        return Response(json.dumps(statement), answer.status_code, content_type=FHIR_JSON)

    @blueprint.route("/fhir", defaults={"path": ""}, methods=["POST"])
    @blueprint.route("/fhir/<path:path>", methods=list(INTERACTIONS))
    def pass_on(path: str) -> ResponseReturnValue:
        return gate.answer(path)

    return blueprint


class Gate:
    """Decides about one request to the other server, and passes it."""

    def __init__(self, upstream: Upstream, authorise: Callable[[], Access | None]) -> None:
        self._upstream = upstream
        self._authorise = authorise

    def answer(self, path: str) -> ResponseReturnValue:
        """The other server's answer as far as the token reaches, else 401 or 403 as an OperationOutcome."""
        access = self._authorise()
        if access is None:
            return _outcome(401, "login", "a valid access token is needed")
        kind, _, rest = path.partition("/")
        interaction = _interaction(request.method, rest)
        why = self._refusal(access, interaction, kind, rest)
        if why:
            return _outcome(403, "forbidden", why)
        answer = self._pass(path)
        if interaction in ("read", "search") and answer.ok and not access.admin:
            return self._shown(access, interaction, answer)
        return self._copy(answer, self._upstream.rename(answer.text))

    def _refusal(self, access: Access, interaction: str, kind: str, rest: str) -> str | None:
        if access.admin:
            return None
        if not kind or "$" in rest or rest.count("/") or (interaction == "search" and rest not in ("", "_search")):
            return "only reads, searches and writes of single resources pass"
        pairs = list(request.args.items(multi=True)) + list(request.form.items(multi=True))
        why = refusal(access, interaction, kind, None, pairs)
        if why is None and interaction in ("create", "update"):
            body = request.get_json(force=True, silent=True)
            if request.method == "PATCH" or not isinstance(body, dict):
                return None if request.method == "PATCH" and access.admin else "send a whole resource as JSON"
            why = refusal(access, interaction, kind, body)
        if why is None and interaction in ("update", "delete"):
            stored = self._upstream.read(kind, rest)
            why = refusal(access, interaction, kind, stored) if stored else None
        return why

    def _pass(self, path: str) -> requests.Response:
        headers = {name: request.headers[name] for name in PASSED_REQUEST_HEADERS if name in request.headers}
        body = request.get_data()
        if "json" in request.headers.get("Content-Type", ""):
            body = self._upstream.rename_back(body.decode()).encode()
        query = self._upstream.rename_back(request.query_string.decode())
        return self._upstream.send(request.method, quote(path, safe="/$"), query=query, body=body, headers=headers)

    def _shown(self, access: Access, interaction: str, answer: requests.Response) -> Response:
        """The answer without what the token does not reach."""
        try:
            resource = json.loads(self._upstream.rename(answer.text))
        except ValueError:
            return _outcome(502, "exception", "the other server did not answer with JSON")
        if interaction == "read" and not visible(access, interaction, resource):
            return _outcome(403, "forbidden", "the granted scopes do not reach this resource")
        if interaction == "search":
            entries = resource.get("entry") or []
            kept = [one for one in entries if visible(access, interaction, one.get("resource") or {})]
            resource["entry"] = kept
            if len(kept) != len(entries):
                resource.pop("total", None)  # it would count what is not shown
        return self._copy(answer, json.dumps(resource))

    def _copy(self, answer: requests.Response, text: str) -> Response:
        response = Response(text, answer.status_code)
        for name in PASSED_RESPONSE_HEADERS:
            if name in answer.headers:
                response.headers[name] = answer.headers[name]
        for name in ("Location", "Content-Location"):
            if name in answer.headers:
                response.headers[name] = self._upstream.rename(answer.headers[name])
        return response


def _interaction(method: str, rest: str) -> str:
    if method == "POST":
        return "search" if rest == "_search" else "create"
    return "search" if method == "GET" and not rest else INTERACTIONS[method]


def _outcome(status: int, code: str, text: str) -> Response:
    issue = {"severity": "error", "code": code, "diagnostics": text}
    body = json.dumps({"resourceType": "OperationOutcome", "issue": [issue]})
    response = Response(body, status, content_type=FHIR_JSON)
    if status == 401:
        response.headers["WWW-Authenticate"] = 'Bearer realm="sandbox"'
    return response
