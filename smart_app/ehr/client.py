"""Owns the FHIR R4 interactions that the product uses, on one FHIR base with one bearer token.

The token is sent to the base's own origin and nowhere else: paging links that lead elsewhere are not followed, and
the place where they stopped is stated as a gap (https://hl7.org/fhir/R4/http.html).
"""

from __future__ import annotations

import json
import math
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlencode, urljoin, urlsplit

from ccm.chart import Gap
from fhir_mappings.bundle import entries
from smart_app.ehr.addresses import is_callable, origin_of
from smart_app.ehr.answers import Reply
from smart_app.ehr.errors import EhrError, EhrRubbish
from smart_app.ehr.transport import Transport

Resource = Mapping[str, Any]
Parameters = Mapping[str, str] | Sequence[tuple[str, str]]

FHIR_JSON = "application/fhir+json"
MAX_PAGES = 20
MAX_ENTRIES = 5000
MOST_PAGES = 1_000_000  # of a search that is read page by page

_PATH = re.compile(r"[A-Z][A-Za-z]{1,63}/(?!\.{1,2}$)[A-Za-z0-9._~-]{1,128}")
_LOCATION = re.compile(r"(?:^|/)([A-Z][A-Za-z]{1,63})/([A-Za-z0-9._~-]{1,128})(?:/_history/([A-Za-z0-9._~-]{1,128}))?$")
_ETAG = re.compile(r'(?:W/)?"([^"]{1,128})"')


@dataclass(frozen=True, slots=True)
class SearchResult:
    """All that a search found on all its pages; `gaps` says what is missing, without patient data."""

    resources: tuple[Resource, ...] = field(repr=False)
    gaps: tuple[Gap, ...] = ()


@dataclass(frozen=True, slots=True)
class Created:
    """What a create or update came to: HTTP `status`, the resource's `id`, its `version` and `location`, '' if unsaid.

    A conditional create that found its resource has status 200.
    """

    id: str
    version: str
    location: str
    status: int


class FhirClient:
    """Reads and writes one FHIR server.

    `base` is its URL without a trailing slash; `bearer` the access token or what gives it, '' for none. Everything
    raises EhrError; a write whose error has `outcome_unknown` must be looked for before it is sent again.
    """

    def __init__(self, base: str, transport: Transport, bearer: Callable[[], str] | str = "") -> None:
        self.base = base.rstrip("/")
        self._transport = transport
        self._bearer = bearer

    def read(self, path: str, *, deadline: float | None = None) -> dict[str, Any]:
        """The resource at "Type/id", within `deadline` seconds."""
        resource = self._get(self._url(path), deadline).json_object()
        if resource.get("resourceType") != path.partition("/")[0]:
            raise EhrRubbish
        return resource

    def search(
        self,
        resource_type: str,
        parameters: Parameters,
        *,
        part: str = "",
        deadline: float | None = None,
        max_pages: int = MAX_PAGES,
        max_entries: int = MAX_ENTRIES,
    ) -> SearchResult:
        """All pages of a search, within `deadline` seconds in total.

        Raises EhrError where not even the first page came; what stops the search later is a gap, in which `part`
        names in a person's words what was searched for.
        """
        part = part or resource_type
        query = urlencode(list(parameters.items() if isinstance(parameters, Mapping) else parameters))
        resources: list[Resource] = []
        gaps: list[Gap] = []
        for page in self._pages(f"{self.base}/{resource_type}?{query}", part, deadline, max_pages):
            resources.extend(page.resources)
            gaps.extend(page.gaps)
            if len(resources) > max_entries:
                gaps.append(Gap(part, f"there are more than the {max_entries} that are shown"))
                break
        return SearchResult(tuple(resources[:max_entries]), tuple(dict.fromkeys(gaps)))

    def pages(self, resource_type: str, parameters: Parameters) -> Iterator[SearchResult]:
        """A search page by page, however many there are, each within the transport's deadline; holds one at a time.

        Raises EhrError where the first page does not come; what stops it later is a gap of the last page.
        """
        query = urlencode(list(parameters.items() if isinstance(parameters, Mapping) else parameters))
        yield from self._pages(f"{self.base}/{resource_type}?{query}", resource_type, math.inf, MOST_PAGES)

    def create(self, resource: Resource, *, if_none_exist: str | None = None) -> Created:
        """Create a resource; `if_none_exist` is a search query by which the server may find it already there."""
        condition = {"If-None-Exist": if_none_exist} if if_none_exist else {}
        return self._write("POST", f"{self.base}/{resource['resourceType']}", resource, condition)

    def update(self, resource: Resource, *, if_match: str | None = None) -> Created:
        """Replace a resource by its id; with `if_match`, only where the server still holds that version."""
        condition = {"If-Match": f'W/"{if_match}"'} if if_match else {}
        url = self._url(f"{resource['resourceType']}/{resource['id']}")
        return self._write("PUT", url, resource, condition)

    def capabilities(self, *, deadline: float | None = None) -> dict[str, Any]:
        """The CapabilityStatement, asked for without a token, for it is public."""
        url = f"{self.base}/metadata"
        reply = self._transport.request("GET", url, headers={"Accept": FHIR_JSON}, deadline=deadline)
        statement = reply.checked().json_object()
        if statement.get("resourceType") != "CapabilityStatement":
            raise EhrRubbish
        return statement

    def _pages(self, url: str, part: str, deadline: float | None, max_pages: int) -> Iterator[SearchResult]:
        """The pages one after another; the last of them may be an empty one that states why there are no more."""
        limit = self._transport.deadline if deadline is None else deadline
        ends = time.monotonic() + limit
        seen: set[str] = set()
        while url:
            try:
                page = entries(self._get(url, ends - time.monotonic()).json_object(), part)
            except EhrError as error:
                if not seen:
                    raise
                yield SearchResult((), (Gap(part, f"further pages are missing: {error}"),))
                return
            yield SearchResult(page.resources, page.gaps)
            seen.add(url)
            url, why = self._next(url, page.next_url, seen, max_pages)
            if why:
                yield SearchResult((), (Gap(part, f"further pages are missing: {why}"),))

    def _next(self, url: str, target: str | None, seen: set[str], max_pages: int) -> tuple[str, str]:
        """The next page's URL, or '' and the reason why it is not followed."""
        if not target:
            return "", ""
        following = _joined(url, target)
        if not self._is_ours(following):
            return "", "the EHR's link to them leads elsewhere"
        if following in seen:
            return "", "the EHR's links go in circles"
        if len(seen) >= max_pages:
            return "", f"there are more than {max_pages}"
        return following, ""

    def _is_ours(self, url: str) -> bool:
        """Whether a URL is on the base's origin and inside its path, as it stands and once unquoted."""
        if not is_callable(url) or origin_of(url) != origin_of(self.base):
            return False
        path, home = urlsplit(url).path, urlsplit(self.base).path
        inside = path == home or path.startswith(f"{home}/")
        return inside and not {".", ".."} & set(unquote(path).split("/"))

    def _url(self, path: str) -> str:
        if not _PATH.fullmatch(path):
            raise EhrRubbish("This is not an id that a FHIR server gives.")
        return f"{self.base}/{path}"

    def _get(self, url: str, deadline: float | None) -> Reply:
        return self._transport.request("GET", url, headers=self._headers(), deadline=deadline).checked()

    def _write(self, method: str, url: str, resource: Resource, condition: Mapping[str, str]) -> Created:
        headers = {**self._headers(), "Content-Type": FHIR_JSON, **condition}
        body = json.dumps(resource, allow_nan=False).encode()
        reply = self._transport.request(method, url, headers=headers, body=body).checked()
        return _created(reply, str(resource["resourceType"]), str(resource.get("id", "")) if method == "PUT" else "")

    def _headers(self) -> dict[str, str]:
        bearer = self._bearer() if callable(self._bearer) else self._bearer
        return {"Accept": FHIR_JSON} | ({"Authorization": f"Bearer {bearer}"} if bearer else {})


def _joined(url: str, target: str) -> str:
    try:
        return urljoin(url, target)
    except ValueError:
        return ""


def _created(reply: Reply, resource_type: str, known_id: str) -> Created:
    """Read id and version from Location, ETag or body, for servers differ in which of them they send."""
    body = _resource_of(reply, resource_type)
    meta = body.get("meta")
    location = reply.headers.get("Location") or reply.headers.get("Content-Location") or ""
    found = _LOCATION.search(location)
    placed = found if found and found[1] == resource_type else None
    etag = _ETAG.fullmatch(reply.headers.get("ETag") or "")
    resource_id = known_id or (placed[2] if placed else "") or _text(body.get("id"))
    version = (placed[3] or "" if placed else "") or (etag[1] if etag else "")
    version = version or _text(meta.get("versionId") if isinstance(meta, dict) else "")
    if not _PATH.fullmatch(f"{resource_type}/{resource_id}"):
        raise EhrRubbish("The EHR did not say where it filed the entry.", outcome_unknown=True)
    return Created(resource_id, version, location, reply.status)


def _resource_of(reply: Reply, resource_type: str) -> dict[str, Any]:
    """The body where it is the resource itself; an outcome, an empty or an unreadable body says nothing of it."""
    try:
        body = reply.json_object()
    except EhrRubbish:
        return {}
    return body if body.get("resourceType") == resource_type else {}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
