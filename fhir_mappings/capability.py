"""Owns the reading of a CapabilityStatement: what an EHR says it allows (https://hl7.org/fhir/R4/capabilitystatement.html).

What it says is half of the truth: granted scopes and the site's policy must agree before anything is written.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from fhir_mappings.tolerant import Json, line, mapping, mappings, truth


@dataclass(frozen=True, slots=True)
class ResourceCapability:
    """What is allowed on one resource type. `versioning` is "no-version", "versioned", "versioned-update" or ''."""

    interactions: frozenset[str] = frozenset()
    search_params: frozenset[str] = frozenset()
    conditional_create: bool = False
    update_create: bool = False
    versioning: str = ""


NOTHING_ALLOWED = ResourceCapability()


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What one EHR allows; `system_interactions` are those of the whole system ("transaction", "batch")."""

    resources: Mapping[str, ResourceCapability] = field(default_factory=dict)
    system_interactions: frozenset[str] = frozenset()
    software_name: str = ""
    software_version: str = ""
    fhir_version: str = ""

    def of(self, resource_type: str) -> ResourceCapability:
        """What is allowed on `resource_type`; nothing where the statement does not name it."""
        return self.resources.get(resource_type, NOTHING_ALLOWED)

    def allows(self, resource_type: str, interaction: str) -> bool:
        """Whether the statement lists `interaction` ("create", "search-type", …) for `resource_type`."""
        return interaction in self.of(resource_type).interactions


def read_capabilities(resource: object) -> Capabilities:
    """Read a CapabilityStatement; never raises, and what is unreadable counts as not allowed.

    Only the server side is read (`rest.mode` client describes the EHR as a client).
    """
    statement = mapping(resource)
    servers = [rest for rest in mappings(statement.get("rest")) if rest.get("mode") != "client"]
    software = mapping(statement.get("software"))
    return Capabilities(
        resources={
            line(each.get("type")): _resource(each)
            for rest in servers
            for each in mappings(rest.get("resource"))
            if line(each.get("type"))
        },
        system_interactions=frozenset().union(*(_codes(rest) for rest in servers)),
        software_name=line(software.get("name")),
        software_version=line(software.get("version")),
        fhir_version=line(statement.get("fhirVersion")),
    )


def _resource(stated: Json) -> ResourceCapability:
    names = (line(parameter.get("name")) for parameter in mappings(stated.get("searchParam")))
    return ResourceCapability(
        interactions=_codes(stated),
        search_params=frozenset(filter(None, names)),
        conditional_create=truth(stated.get("conditionalCreate")),
        update_create=truth(stated.get("updateCreate")),
        versioning=line(stated.get("versioning")),
    )


def _codes(stated: Json) -> frozenset[str]:
    return frozenset(filter(None, (line(each.get("code")) for each in mappings(stated.get("interaction")))))
