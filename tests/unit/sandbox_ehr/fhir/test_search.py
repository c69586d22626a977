"""Searches on the store itself: how each kind of parameter matches, sorting, and what is ignored."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox_ehr.fhir import Store
from sandbox_ehr.fhir.outcome import FhirError
from sandbox_ehr.fhir.parameters import PARAMETERS
from sandbox_ehr.fhir.search import Search, find, read_query

BASE = "http://ehr.test/fhir"
LOINC = "http://loinc.org"


@pytest.fixture(scope="module")
def store() -> Store:
    store = Store()
    store.put({
        "resourceType": "Patient", "id": "p1", "birthDate": "1950-03-04", "active": True,
        "identifier": [{"system": "urn:mrn", "value": "A,1"}],
        "name": [{"use": "old", "family": "Prévost"}, {"family": "Okafor", "given": ["Ada", "Mary"]}],
    })  # fmt: skip
    store.put({"resourceType": "Patient", "id": "p2", "birthDate": "1950", "name": {"text": "One name, no list"}})
    for id_, patient, day, code, status in [
        ("o1", "Patient/p1", "2026-10-02", "a", "final"),
        ("o2", f"{BASE}/Patient/p1", "2026-10-01", "b", "amended"),
        ("o3", "Patient/p2/_history/4", "2026-10-03", "a", "final"),
    ]:
        store.put({
            "resourceType": "Observation", "id": id_, "status": status, "subject": {"reference": patient},
            "code": {"coding": [{"system": LOINC, "code": code}, {"code": f"local-{code}"}]},
            "effectivePeriod": {"start": f"{day}T10:00:00Z", "end": f"{day}T10:20:00Z"},
            "encounter": {"reference": "Encounter/e1"},
        })  # fmt: skip
    store.put({"resourceType": "Observation", "id": "bare", "code": 5, "subject": "no reference"})
    return store


def query(kind: str, *pairs: tuple[str, str], strict: bool = False) -> Search:
    return read_query(kind, pairs, PARAMETERS[kind], BASE, strict=strict)


def found(store: Store, kind: str, *pairs: tuple[str, str]) -> list[str]:
    return [row["id"] for row in find(query(kind, *pairs), store, None, lambda _: True)]


@pytest.mark.parametrize(
    ("name", "value", "ids"),
    [
        ("code", "a", ["o1", "o3"]),
        ("code", f"{LOINC}|a", ["o1", "o3"]),
        ("code", "urn:other|a", []),
        ("code", f"{LOINC}|", ["o1", "o2", "o3"]),
        ("code", "|local-a", ["o1", "o3"]),
        ("code", "|a", []),
        ("code", "a,b", ["o1", "o2", "o3"]),
        ("code:not", "a", ["o2", "bare"]),
        ("status", "final", ["o1", "o3"]),
        ("status", "http://hl7.org/fhir/observation-status|final", ["o1", "o3"]),
        ("status:missing", "true", ["bare"]),
        ("patient", "p2", ["o3"]),
        ("patient", "Patient/p2", ["o3"]),
        ("patient", f"{BASE}/Patient/p2", ["o3"]),
        ("patient", "http://elsewhere.test/fhir/Patient/p2", []),
        ("subject:Patient", "p2", ["o3"]),
        ("subject", "Group/p2", []),
        ("encounter", "e1", ["o1", "o2", "o3"]),
        ("encounter", "Encounter/e1", ["o1", "o2", "o3"]),
        ("date", "2026-10-02", ["o1"]),
        ("date", "ge2026-10-02", ["o1", "o3"]),
        ("_id", "o3,o1,none", ["o3", "o1"]),
        ("_lastUpdated", "gt2020", ["o1", "o2", "o3", "bare"]),
        ("_lastUpdated", "lt2020", []),
    ],
)
def test_a_parameter_matches_by_its_kind(store: Store, name: str, value: str, ids: list[str]) -> None:
    assert found(store, "Observation", (name, value)) == ids


def test_repeated_parameters_mean_and(store: Store) -> None:
    assert found(store, "Observation", ("date", "ge2026-10-01"), ("date", "lt2026-10-03"), ("code", "a")) == ["o1"]


@pytest.mark.parametrize(
    ("name", "value", "ids"),
    [
        ("name", "oka", ["p1"]),
        ("name", "PREVOST", ["p1"]),
        ("name", "kafor", []),
        ("name:contains", "kafor", ["p1"]),
        ("name:exact", "Okafor", ["p1"]),
        ("name:exact", "okafor", []),
        ("name", "one name", ["p2"]),
        ("given", "mar", ["p1"]),
        ("birthdate", "1950-03-04", ["p1"]),
        ("birthdate", "1950", ["p1", "p2"]),
        ("identifier", r"urn:mrn|A\,1", ["p1"]),
        ("active", "true", ["p1"]),
    ],
)
def test_patients_are_found_by_name_birth_date_and_identifier(
    store: Store, name: str, value: str, ids: list[str]
) -> None:
    assert found(store, "Patient", (name, value)) == ids


def test_a_sort_is_stable_and_puts_what_lacks_the_element_last(store: Store) -> None:
    assert found(store, "Observation", ("_sort", "date")) == ["o2", "o1", "o3", "bare"]
    assert found(store, "Observation", ("_sort", "-date")) == ["o3", "o1", "o2", "bare"]
    assert found(store, "Observation", ("_sort", "status,-date")) == ["o2", "o3", "o1", "bare"]


def test_what_is_not_known_is_left_out_of_the_used_parameters_or_refused_when_strict() -> None:
    pairs = (("patient", "p1"), ("colour", "red"), ("status", ""), ("_format", "json"))
    assert query("Observation", *pairs).used == [("patient", "p1")]
    with pytest.raises(FhirError, match="colour"):
        query("Observation", *pairs, strict=True)


def test_a_count_beyond_the_largest_page_is_clamped_and_said_so() -> None:
    asked = query("Observation", ("_count", "5000"))
    assert (asked.count, asked.used) == (1000, [("_count", "1000")])
    assert query("Observation").count == 50
    assert query("Observation", ("_count", "0")).total_only


@pytest.mark.parametrize(
    ("name", "value"),
    [("_count", "-1"), ("_count", "ten"), ("date", "soon"), ("code:fuzzy", "a"), ("status:missing", "perhaps")],
)
def test_a_value_or_modifier_that_cannot_be_is_a_bad_request(name: str, value: str) -> None:
    with pytest.raises(FhirError) as refused:
        query("Observation", (name, value))
    assert refused.value.status == 400


def test_a_compartment_limits_even_a_search_by_id(store: Store) -> None:
    shown: Any = lambda row: row["id"] != "o1"  # noqa: E731
    assert [row["id"] for row in find(query("Observation", ("_id", "o1,o3")), store, "p1", shown)] == ["o3"]
    assert [row["id"] for row in find(query("Observation"), store, "p2", lambda _: True)] == ["o3"]
