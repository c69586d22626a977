"""Owns the vendor profiles: what each kind of EHR lets an application do, in one table per profile.

`open` is a server that allows everything. `epic`, `oracle` and `readonly` (athenahealth, eClinicalWorks, MEDITECH)
follow the vendors' published CapabilityStatements and API documents as far as care-management time is concerned.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sandbox_ehr.fhir.parameters import PARAMETERS, Parameter
from sandbox_ehr.fhir.validation import Rule, oracle_document, oracle_encounter, oracle_observation

READ = frozenset({"read", "search"})
EVERYTHING = READ | {"vread", "create", "update", "delete"}

CARE_PLAN_CATEGORIES = frozenset({"38717003", "734163000", "736271009", "736353004", "assess-plan"})

_COMMONLY_READ = (
    "AllergyIntolerance", "CarePlan", "CareTeam", "Condition", "Coverage", "DiagnosticReport", "DocumentReference",
    "Encounter", "Goal", "Immunization", "Location", "Medication", "MedicationRequest", "Observation", "Organization",
    "Patient", "Practitioner", "PractitionerRole", "Procedure",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Profile:
    """What an EHR allows.

    `types` gives the interactions of each resource type that is served; `whole_system` the kinds of Bundle that may be
    posted to the base. `unsearchable` names parameters that this EHR does not know, `demanded` those without which a
    search is refused, with the codes that they may have. `rules` check, and may reduce, what is created.
    """

    name: str
    types: Mapping[str, frozenset[str]]
    whole_system: frozenset[str] = frozenset()
    conditional_create: bool = False
    unsearchable: frozenset[tuple[str, str]] = frozenset()
    demanded: Mapping[str, tuple[str, frozenset[str]]] = field(default_factory=dict)
    rules: Mapping[str, Rule] = field(default_factory=dict)

    def allows(self, kind: str, interaction: str) -> bool:
        """Whether a resource type has an interaction here."""
        return interaction in self.types.get(kind, frozenset())

    def parameters(self, kind: str) -> dict[str, Parameter]:
        """The search parameters of a resource type here."""
        return {name: one for name, one in PARAMETERS[kind].items() if (kind, name) not in self.unsearchable}


def _reading(**writes: str) -> dict[str, frozenset[str]]:
    return {kind: READ | ({writes[kind]} if kind in writes else frozenset()) for kind in _COMMONLY_READ}


_ALL = (
    Profile(
        name="open",
        types=dict.fromkeys(PARAMETERS, EVERYTHING),
        whole_system=frozenset({"transaction", "batch"}),
        conditional_create=True,
    ),
    Profile(
        name="epic",
        types=_reading(Observation="create", DocumentReference="create"),
        unsearchable=frozenset({("Observation", "identifier")}),
        demanded={"CarePlan": ("category", CARE_PLAN_CATEGORIES)},
    ),
    Profile(
        name="oracle",
        types=_reading(Observation="create", Encounter="create", DocumentReference="create"),
        whole_system=frozenset({"batch"}),
        rules={
            "Observation": oracle_observation,
            "Encounter": oracle_encounter,
            "DocumentReference": oracle_document,
        },
    ),
    Profile(name="readonly", types=_reading()),
)

BY_NAME: Mapping[str, Profile] = {profile.name: profile for profile in _ALL}
PROFILES = tuple(BY_NAME)
