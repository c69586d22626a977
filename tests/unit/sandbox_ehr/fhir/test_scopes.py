"""Scopes: what v1 and v2 grants allow, for whom, and how filters and compartments limit them."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox_ehr.access import Access
from sandbox_ehr.fhir.scopes import patient_limit, refusal, visible

VITALS = "http://terminology.hl7.org/CodeSystem/observation-category|vital-signs"
INTERACTIONS = ("read", "search", "create", "update", "delete")


def observation(patient: str = "p1", category: str = "vital-signs") -> dict[str, Any]:
    coding = {"system": VITALS.partition("|")[0], "code": category}
    return {
        "resourceType": "Observation",
        "subject": {"reference": f"Patient/{patient}"},
        "category": [{"coding": [coding]}],
    }


def access(*scopes: str, patient: str = "p1") -> Access:
    return Access(frozenset(scopes), patient=patient)


def allowed(who: Access, kind: str = "Observation", resource: dict[str, Any] | None = None) -> list[str]:
    return [one for one in INTERACTIONS if refusal(who, one, kind, resource) is None]


@pytest.mark.parametrize(
    ("scope", "interactions"),
    [
        ("patient/Observation.read", ["read", "search"]),
        ("patient/Observation.write", ["create", "update", "delete"]),
        ("patient/Observation.*", ["read", "search", "create", "update", "delete"]),
        ("patient/Observation.rs", ["read", "search"]),
        ("patient/Observation.cu", ["create", "update"]),
        ("patient/*.cruds", ["read", "search", "create", "update", "delete"]),
        ("patient/Observation.r", ["read"]),
        ("patient/Encounter.cruds", []),
        ("patient/Observation.sr", []),
        ("patient/Observation.", []),
        ("launch/patient", []),
        ("openid", []),
    ],
)
def test_a_scope_allows_its_letters_and_no_more(scope: str, interactions: list[str]) -> None:
    assert allowed(access(scope)) == interactions
    assert allowed(access(scope), resource=observation()) == interactions


def test_a_patient_scope_reaches_only_the_launch_patient() -> None:
    who = access("patient/*.cruds")
    assert allowed(who, resource=observation("p2")) == []
    assert allowed(who, "Patient", {"resourceType": "Patient", "id": "p2"}) == []
    assert allowed(who, "Patient", {"resourceType": "Patient", "id": "p1"}) == list(INTERACTIONS)
    assert allowed(who, resource={"resourceType": "Observation"}) == []
    two = {**observation("p1"), "patient": {"reference": "Patient/p2"}}
    assert allowed(who, resource=two) == []


def test_a_patient_scope_without_a_patient_grants_nothing() -> None:
    assert allowed(access("patient/*.cruds", patient="")) == []


@pytest.mark.parametrize("level", ["user", "system"])
def test_user_and_system_scopes_reach_every_patient(level: str) -> None:
    who = access(f"{level}/Observation.rs")
    assert allowed(who, resource=observation("p2")) == ["read", "search"]
    assert patient_limit(who, "search", "Observation") is None


def test_shared_directories_are_readable_but_not_writable_with_a_patient_scope() -> None:
    practitioner = {"resourceType": "Practitioner", "id": "n1"}
    assert allowed(access("patient/*.cruds"), "Practitioner", practitioner) == ["read", "search"]


@pytest.mark.parametrize(
    ("name", "value", "refused"),
    [
        ("patient", "p1", False),
        ("patient", "Patient/p1", False),
        ("patient", "p2", True),
        ("subject", "Patient/p2", True),
        ("subject:Patient", "p2", True),
        ("patient", "p1,p2", True),
        ("patient", "http://ehr.test/fhir/Patient/p2", True),
        ("code", "p2", False),
    ],
)
def test_a_search_may_name_no_other_patient(name: str, value: str, refused: bool) -> None:
    why = refusal(access("patient/*.rs"), "search", "Observation", None, [(name, value)])
    assert (why is not None) is refused
    assert refusal(access("user/*.rs"), "search", "Observation", None, [(name, value)]) is None


def test_a_search_for_another_patient_by_id_is_refused() -> None:
    assert refusal(access("patient/*.rs"), "search", "Patient", None, [("_id", "p2")])
    assert refusal(access("patient/*.rs"), "search", "Patient", None, [("_id", "p1")]) is None


def test_a_filter_narrows_a_scope_to_what_it_matches() -> None:
    who = access(f"patient/Observation.rs?category={VITALS}")
    assert visible(who, "search", observation())
    assert not visible(who, "search", observation(category="survey"))
    assert allowed(who) == ["read", "search"]


@pytest.mark.parametrize("query", ["colour=red", "date=soon", "category=vital-signs&colour=red"])
def test_a_filter_that_is_not_understood_lets_nothing_pass(query: str) -> None:
    assert not visible(access(f"patient/Observation.rs?{query}"), "read", observation())


def test_results_are_limited_to_the_patient_unless_a_wider_scope_stands_beside() -> None:
    assert patient_limit(access("patient/*.rs"), "search", "Observation") == "p1"
    assert patient_limit(access("patient/*.rs", "user/Observation.s"), "search", "Observation") is None
    assert patient_limit(access("patient/*.rs"), "search", "Organization") is None


def test_the_administrator_may_do_everything() -> None:
    who = Access(frozenset(), admin=True)
    assert allowed(who, resource=observation("p2")) == list(INTERACTIONS)
