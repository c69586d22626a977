"""Owns what every interaction shares: the store, the profile and base, permission, and the shape of an answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime

from sandbox_ehr.access import Access
from sandbox_ehr.fhir import scopes
from sandbox_ehr.fhir.outcome import FhirError
from sandbox_ehr.fhir.paging import Pages
from sandbox_ehr.fhir.profiles import BY_NAME, Profile
from sandbox_ehr.fhir.references import Resource
from sandbox_ehr.fhir.store import Store

_TYPE_METHODS = {"search": ("GET", "HEAD"), "create": ("POST",)}
_INSTANCE_METHODS = {"read": ("GET", "HEAD"), "update": ("PUT",), "delete": ("DELETE",)}


@dataclass(frozen=True, slots=True)
class Answer:
    """The outcome of an interaction, before it is HTTP or an entry of a response Bundle."""

    status: int
    resource: Resource | None = None
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Server:
    """One FHIR server: `base` is the absolute FHIR base URL without a trailing slash."""

    store: Store
    base: str
    profile: Profile
    pages: Pages = field(default_factory=Pages)

    def profile_for(self, access: Access) -> Profile:
        """The vendor's limits bind applications; the administrator works on the store itself."""
        return BY_NAME["open"] if access.admin else self.profile

    def permit(self, access: Access, interaction: str, kind: str, query: scopes.Query = ()) -> Profile:
        """The profile in force, where it and the scopes allow an interaction with a type.

        Raises FhirError: 404 for a type that is not served, 405 for an interaction it does not have, 403 by scopes.
        """
        profile = self.profile_for(access)
        if kind not in profile.types:
            raise FhirError(404, "not-supported", f"this server has no resource type {kind!r}")
        if not profile.allows(kind, interaction):
            methods = _TYPE_METHODS if interaction in _TYPE_METHODS else _INSTANCE_METHODS
            raise _not_allowed(f"{kind} has no {interaction} here", _methods(profile, kind, methods))
        _raise_refusal(scopes.refusal(access, interaction, kind, None, query))
        return profile

    def permit_bundles(self, access: Access) -> frozenset[str]:
        """The kinds of Bundle that may be posted to the base. Raises FhirError 405 where there are none."""
        accepted = self.profile_for(access).whole_system
        if not accepted:
            raise _not_allowed("this server takes no batch and no transaction", [])
        return accepted

    def no_method(self, access: Access, method: str, path: list[str]) -> FhirError:
        """405 for a method that no interaction has at an address: the base, a type, or an instance."""
        profile = self.profile_for(access)
        if not path:
            allowed = ["POST"] if profile.whole_system else []
        else:
            allowed = _methods(profile, path[0], _TYPE_METHODS if len(path) == 1 else _INSTANCE_METHODS)
        return _not_allowed(f"there is no {method} at this address", allowed)

    def permit_resource(self, access: Access, interaction: str, resource: Resource) -> None:
        """Raises FhirError 403 where the scopes do not reach this very resource."""
        _raise_refusal(scopes.refusal(access, interaction, str(resource["resourceType"]), resource))

    def written(self, status: int, resource: Resource) -> Answer:
        """The answer that shows one version of a resource, with the headers of FHIR R4, http.html#versions."""
        return Answer(status, resource, {"Location": self.location(resource), **version_headers(resource)})

    def location(self, resource: Resource) -> str:
        """The absolute, version-specific address of a resource."""
        version = resource["meta"]["versionId"]
        return f"{self.base}/{resource['resourceType']}/{resource['id']}/_history/{version}"


def version_headers(resource: Resource) -> dict[str, str]:
    """ETag and Last-Modified of a stored resource."""
    changed = datetime.fromisoformat(resource["meta"]["lastUpdated"])
    return {"ETag": f'W/"{resource["meta"]["versionId"]}"', "Last-Modified": format_datetime(changed, usegmt=True)}


def _methods(profile: Profile, kind: str, methods: dict[str, tuple[str, ...]]) -> list[str]:
    return [method for one, names in methods.items() if profile.allows(kind, one) for method in names]


def _not_allowed(text: str, allowed: list[str]) -> FhirError:
    """405 with what the address does take (RFC 9110, 15.5.6)."""
    return FhirError(405, "not-supported", text, {"Allow": ", ".join(allowed)})


def _raise_refusal(why: str | None) -> None:
    if why is not None:
        raise FhirError(403, "forbidden", why, {"WWW-Authenticate": 'Bearer error="insufficient_scope"'})
