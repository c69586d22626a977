"""Owns the CapabilityStatement: what a profile does, told from the same tables that make it do so."""

from __future__ import annotations

from datetime import UTC, datetime

from sandbox_ehr.fhir.profiles import Profile
from sandbox_ehr.fhir.references import Resource

_CODES = {"search": "search-type"}
_ORDER = ("read", "vread", "search", "create", "update", "delete")
_SMART = {
    "system": "http://terminology.hl7.org/CodeSystem/restful-security-service",
    "code": "SMART-on-FHIR",
    "display": "SMART-on-FHIR",
}


def capability_statement(profile: Profile, base: str, smart_extension: Resource, started: datetime) -> Resource:
    """The statement of FHIR R4, capabilitystatement.html, for a server at `base`, running since `started` (aware).

    `smart_extension` is the whole `oauth-uris` extension of SMART App Launch; empty where there is none.
    """
    security: Resource = {"service": [{"coding": [_SMART], "text": "OAuth2 by the SMART App Launch framework"}]}
    if smart_extension:
        security["extension"] = [smart_extension]
    rest: Resource = {
        "mode": "server",
        "security": security,
        "resource": [_resource(profile, kind) for kind in sorted(profile.types)],
    }
    if profile.whole_system:
        rest["interaction"] = [{"code": code} for code in sorted(profile.whole_system)]
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": started.astimezone(UTC).isoformat(timespec="seconds"),
        "kind": "instance",
        "software": {"name": f"Sandbox EHR, profile {profile.name}"},
        "implementation": {"description": "A small EHR for demonstration and tests", "url": base},
        "fhirVersion": "4.0.1",
        "format": ["application/fhir+json", "json"],
        "rest": [rest],
    }


def _resource(profile: Profile, kind: str) -> Resource:
    interactions = profile.types[kind]
    return {
        "type": kind,
        "interaction": [{"code": _CODES.get(one, one)} for one in _ORDER if one in interactions],
        "versioning": "versioned",
        "readHistory": "vread" in interactions,
        "updateCreate": "update" in interactions,
        "conditionalCreate": profile.conditional_create and "create" in interactions,
        "conditionalUpdate": False,
        "conditionalDelete": "not-supported",
        "searchParam": [{"name": name, "type": one.kind} for name, one in profile.parameters(kind).items()],
    }
