"""Owns read, vread and search, each within profile and scopes."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlencode

from sandbox_ehr.access import Access
from sandbox_ehr.fhir import scopes
from sandbox_ehr.fhir.matching import split_values
from sandbox_ehr.fhir.outcome import FhirError
from sandbox_ehr.fhir.paging import Result
from sandbox_ehr.fhir.profiles import Profile
from sandbox_ehr.fhir.references import Resource
from sandbox_ehr.fhir.search import find, read_query
from sandbox_ehr.fhir.server import Answer, Server, version_headers

_PAGE = "_page"


def read(server: Server, access: Access, kind: str, id_: str) -> Answer:
    """The current version. Raises FhirError 404 where it never was, 410 where it is deleted."""
    server.permit(access, "read", kind)
    versions = server.store.versions(kind, id_)
    if not versions:
        raise FhirError(404, "not-found", f"there is no {kind}/{id_}")
    return _shown(server, access, versions[-1], f"{kind}/{id_}")


def vread(server: Server, access: Access, kind: str, id_: str, version: str) -> Answer:
    """One version of a resource (FHIR R4, http.html#vread). Raises FhirError 404, or 410 for a deletion."""
    server.permit(access, "vread", kind)
    versions = server.store.versions(kind, id_)
    numbered = {str(number): one for number, one in enumerate(versions, start=1)}
    if version not in numbered:
        raise FhirError(404, "not-found", f"there is no version {version} of {kind}/{id_}")
    return _shown(server, access, numbered[version], f"{kind}/{id_}")


def _shown(server: Server, access: Access, resource: Resource | None, name: str) -> Answer:
    if resource is None:
        raise FhirError(410, "deleted", f"{name} is deleted")
    server.permit_resource(access, "read", resource)
    return Answer(200, resource, version_headers(resource))


def search(
    server: Server, access: Access, kind: str, pairs: Sequence[tuple[str, str]], *, strict: bool = False
) -> Answer:
    """A searchset Bundle. `strict` refuses parameters that are not known; otherwise they are ignored.

    Raises FhirError 400 for values that cannot be, 403 by scopes, 404, 405 and, for a page no longer kept, 410.
    """
    profile = server.permit(access, "search", kind, pairs)
    token = dict(pairs).get(_PAGE)
    if token is not None:
        return Answer(200, _page(server, access, kind, token))
    _check_demands(profile, kind, pairs)
    query = read_query(kind, pairs, profile.parameters(kind), server.base, strict=strict)
    within = scopes.patient_limit(access, "search", kind)
    rows = find(query, server.store, within, lambda row: scopes.visible(access, "search", row))
    self_link = f"{server.base}/{kind}?{urlencode(query.used)}" if query.used else f"{server.base}/{kind}"
    if query.total_only:
        return Answer(200, _bundle(server, [], len(rows), self_link, None))
    following = None
    if len(rows) > query.count:
        following = _page_url(server, kind, server.pages.keep(Result(kind, rows, query.count)))
    return Answer(200, _bundle(server, rows[: query.count], len(rows), self_link, following))


def _check_demands(profile: Profile, kind: str, pairs: Sequence[tuple[str, str]]) -> None:
    """Raises FhirError 400 where a parameter is missing that this EHR insists on, or names no code that it knows."""
    if kind not in profile.demanded or any(name == "_id" for name, _ in pairs):
        return
    name, codes = profile.demanded[kind]
    given = [one for key, value in pairs if key == name for one in split_values(value)]
    if not given:
        raise FhirError(400, "required", f"a search for {kind} needs the parameter {name}")
    if not all(one.rpartition("|")[2] in codes for one in given):
        raise FhirError(400, "value", f"{name} is one of: {', '.join(sorted(codes))}")


def _page(server: Server, access: Access, kind: str, token: str) -> Resource:
    result, rows, following = server.pages.page(token)
    if result.kind != kind:
        raise FhirError(410, "expired", "this page belongs to another search")
    shown = [row for row in rows if scopes.visible(access, "search", row)]
    link = _page_url(server, kind, following) if following else None
    return _bundle(server, shown, len(result.rows), _page_url(server, kind, token), link)


def _page_url(server: Server, kind: str, token: str) -> str:
    return f"{server.base}/{kind}?{urlencode({_PAGE: token})}"


def _bundle(server: Server, rows: Sequence[Resource], total: int, self_link: str, following: str | None) -> Resource:
    links = [{"relation": "self", "url": self_link}]
    if following:
        links.append({"relation": "next", "url": following})
    bundle: Resource = {"resourceType": "Bundle", "type": "searchset", "total": total, "link": links}
    if rows:
        bundle["entry"] = [
            {
                "fullUrl": f"{server.base}/{row['resourceType']}/{row['id']}",
                "resource": row,
                "search": {"mode": "match"},
            }
            for row in rows
        ]
    return bundle
