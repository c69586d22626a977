"""Owns create, update and delete, with their conditions, each within profile and scopes."""

from __future__ import annotations

import re
import secrets
from collections.abc import Collection
from urllib.parse import parse_qsl

from sandbox_ehr.access import Access
from sandbox_ehr.fhir import scopes, validation
from sandbox_ehr.fhir.outcome import FhirError, unprocessable
from sandbox_ehr.fhir.references import Resource, is_id, local, patients_of, rewrite
from sandbox_ehr.fhir.search import find, read_query
from sandbox_ehr.fhir.server import Answer, Server

_ETAG = re.compile(r'(?:W/)?"([A-Za-z0-9.\-]{1,64})"\Z')


def new_id(server: Server, kind: str) -> str:
    """An id that no resource of the type has had."""
    while server.store.versions(kind, id_ := secrets.token_hex(6)):
        continue
    return id_


def create(
    server: Server,
    access: Access,
    kind: str,
    body: Resource,
    if_none_exist: str | None = None,
    *,
    id_: str | None = None,
    promised: Collection[str] = (),
) -> Answer:
    """Creates a resource, or finds the one that `If-None-Exist` means (200), where the profile has that at all.

    `id_` is given by a transaction that has assigned it, `promised` are the references (`Patient/1`) that the same
    transaction is about to create. Raises FhirError 403, 404, 405, 412 (several match) and 422.
    """
    profile = server.permit(access, "create", kind)
    _check_type(kind, body)
    body = {name: value for name, value in body.items() if name != "id"}
    _localise(server, body)
    server.permit_resource(access, "create", body)
    body = profile.rules.get(kind, _checked)(body)
    _check_patients(server, body, promised)
    with server.store.lock:
        if if_none_exist is not None and profile.conditional_create:
            existing = find_existing(server, access, kind, if_none_exist)
            if existing is not None:
                return server.written(200, existing)
        return server.written(201, server.store.put({**body, "id": id_ or new_id(server, kind)}))


def find_existing(server: Server, access: Access, kind: str, criteria: str) -> Resource | None:
    """The one resource that search criteria mean, None where there is none, by `If-None-Exist` (FHIR R4,
    http.html#ccreate). Raises FhirError 400 for criteria that are not understood, 412 where several match."""
    pairs = parse_qsl(criteria.lstrip("?"))
    if not pairs:
        raise FhirError(400, "required", "the search criteria are empty")
    query = read_query(kind, pairs, server.profile_for(access).parameters(kind), server.base, strict=True)
    rows = find(query, server.store, scopes.patient_limit(access, "create", kind), lambda _: True)
    if len(rows) > 1:
        raise FhirError(412, "multiple-matches", f"{len(rows)} resources match {kind}?{criteria}")
    return rows[0] if rows else None


def update(  # noqa: PLR0917 - the address and the body in their usual order
    server: Server,
    access: Access,
    kind: str,
    id_: str,
    body: Resource,
    if_match: str | None = None,
    *,
    promised: Collection[str] = (),
) -> Answer:
    """Replaces a resource, or creates it under this id where there is none (201).

    `if_match` is the header: an ETag, or `*`. Raises FhirError 400, 403, 404, 405, 412 (another version) and 422.
    """
    server.permit(access, "update", kind)
    _check_type(kind, body)
    if not is_id(id_) or body.get("id") != id_:
        raise FhirError(400, "invalid", f"the id in the body has to be the id in the address, {id_!r}")
    _localise(server, body)
    with server.store.lock:
        stored = server.store.read(kind, id_)
        _check_version(stored, if_match)
        for one in (stored, body):
            if one is not None:
                server.permit_resource(access, "update", one)
        validation.check(body)
        _check_patients(server, body, promised)
        return server.written(200 if stored else 201, server.store.put(body))


def delete(server: Server, access: Access, kind: str, id_: str, if_match: str | None = None) -> Answer:
    """Deletes a resource; 204 also where it is deleted already.

    Raises FhirError 403, 404, 405, 409 (a patient who still has a chart) and 412.
    """
    server.permit(access, "delete", kind)
    with server.store.lock:
        if not server.store.versions(kind, id_):
            raise FhirError(404, "not-found", f"there is no {kind}/{id_}")
        stored = server.store.read(kind, id_)
        _check_version(stored, if_match)
        if stored is not None:
            server.permit_resource(access, "delete", stored)
            if kind == "Patient" and server.store.holds_about(id_):
                raise FhirError(409, "conflict", f"other resources are about Patient/{id_}")
            server.store.delete(kind, id_)
    return Answer(204)


def _checked(resource: Resource) -> Resource:
    validation.check(resource)
    return resource


def _check_type(kind: str, body: Resource) -> None:
    if body.get("resourceType") != kind:
        raise unprocessable(f"the body is a {body.get('resourceType')!r}, the address is for {kind}")


def _check_version(stored: Resource | None, if_match: str | None) -> None:
    if if_match is None:
        return
    found = _ETAG.match(if_match.strip())
    if not found and if_match.strip() != "*":
        raise FhirError(400, "value", 'If-Match is an ETag such as W/"1"')
    if stored is None or (found and found[1] != stored["meta"]["versionId"]):
        current = stored["meta"]["versionId"] if stored else "none"
        raise FhirError(412, "conflict", f"the current version is {current}")


def _localise(server: Server, body: Resource) -> None:
    """Makes references to this server relative: what the store compares is `Patient/1`."""
    rewrite(body, lambda reference: local(reference, server.base))


def _check_patients(server: Server, body: Resource, promised: Collection[str]) -> None:
    """Raises FhirError 422 where the resource is about a patient who is not here."""
    if body["resourceType"] == "Patient":
        return
    for patient in patients_of(body):
        if f"Patient/{patient}" not in promised and server.store.read("Patient", patient) is None:
            raise unprocessable(f"there is no Patient/{patient}", "not-found")
