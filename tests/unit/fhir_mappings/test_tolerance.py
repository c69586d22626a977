"""Nothing that an EHR sends makes a reader raise."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fhir_mappings.bundle import entries
from fhir_mappings.capability import read_capabilities
from fhir_mappings.care_plan import read_care_plans
from fhir_mappings.condition import read_problems
from fhir_mappings.document import build_note
from fhir_mappings.encounter import build_encounter, read_launch_encounter
from fhir_mappings.entry import read_entry
from fhir_mappings.observation import build_entry_observation, read_filed_time
from fhir_mappings.outcome import outcome_text
from fhir_mappings.patient import read_patient
from fhir_mappings.practitioner import practitioner_name
from fhir_mappings.tolerant import number
from tests.unit.fhir_mappings.builders import NOON, category, condition, entry, verification

Reader = Callable[[Any], object]
READERS: dict[str, Reader] = {
    "Patient": read_patient,
    "Condition": lambda resource: read_problems([resource]),
    "CarePlan": lambda resource: read_care_plans([resource], [resource]),
    "Encounter": lambda resource: (read_launch_encounter(resource), read_entry(resource)),
    "Observation": lambda resource: (read_filed_time([resource]), read_entry(resource)),
    "DocumentReference": read_entry,
    "Bundle": entries,
    "CapabilityStatement": read_capabilities,
    "Practitioner": practitioner_name,
    "OperationOutcome": outcome_text,
}
NAME = {"use": "official", "text": "A", "given": ["B"], "family": "C", "period": {"start": "2020", "end": "2021"}}
CODE = {"coding": [{"system": "s", "code": "c", "display": "d"}], "text": "t"}
REFERENCE = {"reference": "#g", "display": "d"}
WELL_FORMED: list[dict[str, Any]] = [
    {
        "resourceType": "Patient",
        "name": [NAME, NAME],
        "identifier": [{"type": CODE, "system": "s", "value": "v", "period": {"end": "2020"}}],
        "telecom": [{"system": "phone", "value": "1", "rank": 1, "period": {"end": "2020"}}] * 2,
        "communication": [{"language": CODE, "preferred": True}],
        "link": [{"type": "replaced-by", "other": REFERENCE}],
    },
    condition("x", ("s", "c"), id="c1", category=category("a"), verificationStatus=verification("confirmed")),
    {
        "resourceType": "CarePlan",
        "category": [CODE],
        "contained": [{"resourceType": "Goal", "id": "g", "description": CODE, "code": CODE}],
        "goal": [REFERENCE],
        "addresses": [REFERENCE],
        "activity": [{"detail": {"code": CODE, "description": "x"}}, {"reference": REFERENCE}],
        "text": {"div": "<div>x</div>"},
    },
    build_encounter(entry(), patient="p1"),
    build_entry_observation(entry(), patient="p1", issued=NOON),
    build_note(entry(), patient="p1", date=NOON, zone=UTC),
    {"resourceType": "Bundle", "entry": [{"resource": condition("x")}], "link": [{"relation": "next", "url": "u"}]},
    {
        "resourceType": "CapabilityStatement",
        "rest": [{"resource": [{"type": "T", "interaction": [{"code": "c"}], "searchParam": [{"name": "n"}]}]}],
    },
    {"resourceType": "Practitioner", "name": [NAME], "qualification": [{"code": CODE}]},
    {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "c", "details": CODE}]},
]
WRONG: list[Any] = [None, True, 0, -1.5, float("nan"), 10**400, "", "x", "\x00", [], [None], [[]], {}, {"": None}, [{}]]

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


def variants(value: Any) -> list[Any]:
    """`value` with each of its parts, one at a time and at every depth, replaced by each wrong value."""
    if isinstance(value, dict):
        parts = [(key, part) for key, part in value.items() if key != "resourceType"]
        return [*WRONG, *({**value, key: wrong} for key, part in parts for wrong in variants(part))]
    if isinstance(value, list):
        return [*WRONG, *([*value[:1], wrong] for wrong in variants(value[0]))] if value else WRONG
    return WRONG


@pytest.mark.parametrize("resource", WELL_FORMED, ids=lambda resource: str(resource["resourceType"]))
def test_no_wrong_type_in_any_place_makes_a_reader_raise(resource: dict[str, Any]) -> None:
    read = READERS[resource["resourceType"]]
    results = [read(variant) for variant in variants(resource)]
    assert len(results) > 50


@given(json_values)
@settings(max_examples=50, deadline=None)
def test_no_json_value_whatever_makes_a_reader_raise(value: Any) -> None:
    results = [read(value) for read in READERS.values()]
    assert len(results) == len(READERS)


@pytest.mark.parametrize("value", [True, float("nan"), float("inf"), 10**400, "5", None])
def test_what_is_no_finite_number_is_none(value: object) -> None:
    assert number(value) is None
