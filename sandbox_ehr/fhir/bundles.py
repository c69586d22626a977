"""Owns Bundles posted to the base: batch, and transaction as all or nothing (FHIR R4, http.html#transaction)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl

from sandbox_ehr.access import Access
from sandbox_ehr.fhir import reading, writing
from sandbox_ehr.fhir.outcome import FhirError, outcome, unprocessable
from sandbox_ehr.fhir.references import Resource, rewrite
from sandbox_ehr.fhir.server import Answer, Server

_ORDER = ("DELETE", "POST", "PUT", "GET", "HEAD")
_SHAPES = {"POST": (1,), "PUT": (2,), "DELETE": (2,), "GET": (1, 2, 4), "HEAD": (1, 2, 4)}  # parts of the address


@dataclass(slots=True)
class Entry:
    """One request of a Bundle: where it stood, its method, its address below the base, and the resource it carries.

    `assigned` is the id that a transaction has set aside for what the entry creates.
    """

    index: int
    method: str
    path: list[str]
    query: str
    full_url: str
    resource: Resource
    request: Mapping[str, Any]
    assigned: str | None = None

    @property
    def criteria(self) -> str | None:
        """The search of a conditional create, where there is one."""
        value = self.request.get("ifNoneExist")
        return value if isinstance(value, str) else None


def process(server: Server, access: Access, bundle: Resource, *, minimal: bool) -> Answer:
    """Carries out a batch or transaction; `minimal` leaves resources that were written out of the answer.

    Raises FhirError 405 or 422 for a kind of Bundle that the profile does not take; a transaction raises what its first
    failing entry raised, and has then changed nothing.
    """
    accepted = server.permit_bundles(access)
    kind, rows = str(bundle.get("type")), bundle.get("entry", [])
    if bundle.get("resourceType") != "Bundle" or not isinstance(rows, list):
        raise FhirError(400, "structure", "only a Bundle can be posted to the base")
    if kind not in accepted:
        raise unprocessable(f"a Bundle posted here is one of: {', '.join(sorted(accepted))}", "not-supported")
    answers: Sequence[Answer | FhirError]
    if kind == "transaction":
        answers = _transaction(server, access, rows)
    else:
        answers = [_batched(server, access, index, row) for index, row in enumerate(rows)]
    entries = [_response(answer, minimal) for answer in answers]
    return Answer(200, {"resourceType": "Bundle", "type": f"{kind}-response", "entry": entries})


def _batched(server: Server, access: Access, index: int, row: Any) -> Answer | FhirError:
    try:
        return _perform(server, access, _entry(server, index, row), ())
    except FhirError as error:
        return error


def _transaction(server: Server, access: Access, rows: list[Any]) -> list[Answer]:
    answers: dict[int, Answer] = {}
    with server.store.atomically():
        entries = [_entry(server, index, row) for index, row in enumerate(rows)]
        _refuse_overlap(entries)
        targets = _assign(server, access, entries)
        promised = frozenset(targets.values())
        for entry in entries:
            with _naming(entry.index):
                _resolve(server, access, entry.resource, targets)
        for entry in sorted(entries, key=lambda entry: _ORDER.index(entry.method)):
            with _naming(entry.index):
                answers[entry.index] = _perform(server, access, entry, promised)
    return [answers[index] for index in sorted(answers)]


@contextmanager
def _naming(index: int) -> Iterator[None]:
    """Says in a refusal which entry it is about."""
    try:
        yield
    except FhirError as error:
        raise FhirError(error.status, error.code, f"Bundle.entry[{index}]: {error.text}", error.headers) from error


def _entry(server: Server, index: int, row: Any) -> Entry:
    request = row.get("request") if isinstance(row, dict) else None
    if not isinstance(request, dict) or not isinstance(request.get("url"), str):
        raise FhirError(400, "required", f"Bundle.entry[{index}].request needs method and url")
    path, _, query = request["url"].removeprefix(server.base).lstrip("/").partition("?")
    parts = path.split("/")
    method = str(request.get("method"))
    if len(parts) not in _SHAPES.get(method, ()) or (query and method not in ("GET", "HEAD")):
        raise FhirError(400, "not-supported", f"Bundle.entry[{index}]: {method} {request['url']} is not supported")
    resource = row.get("resource", {})
    if not isinstance(resource, dict) or (method in ("POST", "PUT") and not resource):
        raise FhirError(400, "required", f"Bundle.entry[{index}].resource is missing")
    return Entry(index, method, parts, query, str(row.get("fullUrl") or ""), resource, request)


def _refuse_overlap(entries: list[Entry]) -> None:
    """Raises FhirError 400 where two entries write the same resource: their order would matter."""
    seen: set[str] = set()
    for entry in entries:
        if entry.method in ("PUT", "DELETE"):
            name = "/".join(entry.path)
            if name in seen:
                raise FhirError(400, "invalid", f"Bundle.entry[{entry.index}]: {name} is written twice")
            seen.add(name)


def _assign(server: Server, access: Access, entries: list[Entry]) -> dict[str, str]:
    """Fixes the ids of what will be created, and says to which reference each fullUrl leads."""
    targets: dict[str, str] = {}
    same: dict[tuple[str, str], str] = {}
    conditional = server.profile_for(access).conditional_create
    for entry in entries:
        kind = entry.path[0]
        if entry.method == "POST":
            criteria = entry.criteria if conditional else None
            with _naming(entry.index):
                server.permit(access, "create", kind)
                found = writing.find_existing(server, access, kind, criteria) if criteria is not None else None
            id_ = str(found["id"]) if found else same.get((kind, criteria or ""), writing.new_id(server, kind))
            if criteria is not None:
                same[kind, criteria] = id_
            entry.assigned = id_
            targets[entry.full_url or f"{kind}/{id_}"] = f"{kind}/{id_}"
        elif entry.method == "PUT":
            targets[entry.full_url or "/".join(entry.path)] = "/".join(entry.path)
    return targets


def _resolve(server: Server, access: Access, resource: Resource, targets: Mapping[str, str]) -> None:
    """Turns references to entries, and conditional references (`Practitioner?identifier=…`), into `Type/id`.

    Raises FhirError 400 for a urn that no entry has, 412 for criteria that not exactly one resource matches.
    """

    def target(reference: str) -> str:
        if reference in targets:
            return targets[reference]
        if reference.startswith("urn:"):
            raise FhirError(400, "invalid", f"no entry has the fullUrl {reference}")
        kind, is_search, criteria = reference.partition("?")
        if not is_search or "/" in kind:
            return reference
        server.permit(access, "search", kind)
        found = writing.find_existing(server, access, kind, criteria)
        if found is None:
            raise FhirError(412, "not-found", f"nothing matches {reference}")
        return f"{kind}/{found['id']}"

    rewrite(resource, target)


def _perform(server: Server, access: Access, entry: Entry, promised: Collection[str]) -> Answer:
    kind, *rest = entry.path
    if_match = str(entry.request["ifMatch"]) if "ifMatch" in entry.request else None
    if entry.method == "POST":
        return writing.create(
            server, access, kind, entry.resource, entry.criteria, id_=entry.assigned, promised=promised
        )
    if entry.method == "PUT":
        return writing.update(server, access, kind, rest[0], entry.resource, if_match, promised=promised)
    if entry.method == "DELETE":
        return writing.delete(server, access, kind, rest[0], if_match)
    if not rest:
        return reading.search(server, access, kind, parse_qsl(entry.query, keep_blank_values=True))
    if len(rest) == 1:
        return reading.read(server, access, kind, rest[0])
    return reading.vread(server, access, kind, rest[0], rest[2])


def _response(answer: Answer | FhirError, minimal: bool) -> Resource:
    """The entry of a response Bundle."""
    response: Resource = {"status": f"{answer.status} {HTTPStatus(answer.status).phrase}"}
    if isinstance(answer, FhirError):
        return {"response": response | {"outcome": outcome(answer.code, answer.text)}}
    if "ETag" in answer.headers and answer.resource:
        response["etag"] = answer.headers["ETag"]
        response["lastModified"] = answer.resource["meta"]["lastUpdated"]
    if "Location" in answer.headers:
        response["location"] = answer.headers["Location"]
    hidden = answer.resource is None or (minimal and "Location" in answer.headers)
    return {"response": response} if hidden else {"resource": answer.resource, "response": response}
