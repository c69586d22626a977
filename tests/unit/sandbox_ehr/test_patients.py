"""The sandbox's own people and patients: what a demonstration and the product's tests rely on finding."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from sandbox_ehr.charts import StoreCharts, age, display_name, mrn, open_encounter
from sandbox_ehr.config import PATIENTS, Client, SandboxConfig
from sandbox_ehr.fhir import Store, load_path
from sandbox_ehr.people import People
from sandbox_ehr.users import NPI_SYSTEM, USERS, staff_resources


@pytest.fixture(scope="module")
def store() -> Store:
    store = Store()
    for resource in staff_resources():
        store.put(resource)
    load_path(store, PATIENTS)
    return store


def luhn_holds(npi: str) -> bool:
    """The check digit of an NPI: Luhn over 80840 and the number (45 CFR 162.406)."""
    digits = [int(digit) for digit in reversed("80840" + npi)]
    doubled = [sum(divmod(2 * digit, 10)) if place % 2 else digit for place, digit in enumerate(digits)]
    return len(npi) == 10 and sum(doubled) % 10 == 0


def references(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [value["reference"]] if isinstance(value.get("reference"), str) else []
        return own + [found for inner in value.values() for found in references(inner)]
    return [found for inner in value for found in references(inner)] if isinstance(value, list) else []


def test_there_are_a_dozen_patients_and_a_duplicate(store: Store) -> None:
    assert len(store.all("Patient")) == 14


@pytest.mark.parametrize("kind", ["Patient", "Condition", "CarePlan", "Encounter", "Observation", "Goal", "CareTeam"])
def test_every_reference_leads_somewhere(store: Store, kind: str) -> None:
    resources = store.all(kind)
    assert resources
    for resource in resources:
        for reference in references(resource):
            type_, _, id_ = reference.partition("/")
            assert store.read(type_, id_), (resource["id"], reference)


def test_five_people_work_here_and_their_npis_have_valid_check_digits(store: Store) -> None:
    assert [user.id for user in USERS] == ["nurse", "physician", "biller", "lead", "admin"]
    identifiers = [
        one for kind in ("Practitioner", "Organization") for each in store.all(kind) for one in each["identifier"]
    ]
    npis = [one["value"] for one in identifiers if one["system"] == NPI_SYSTEM]
    assert len(npis) == 2
    assert all(luhn_holds(npi) for npi in npis)


def test_the_clean_case_has_two_coded_conditions_and_a_plan_for_them(store: Store) -> None:
    conditions = store.of_patient("Condition", "albarracin-marisol")
    assert {one["code"]["coding"][0]["code"] for one in conditions} == {"E11.9", "I10"}
    (plan,) = store.of_patient("CarePlan", "albarracin-marisol")
    assert {one["reference"] for one in plan["addresses"]} == {f"Condition/{one['id']}" for one in conditions}


def test_the_hard_cases_are_there(store: Store) -> None:
    def patient(id_: str) -> dict[str, Any]:
        found = store.read("Patient", id_)
        assert found is not None
        return found

    assert patient("brandvold-walter")["deceasedDateTime"]
    assert all("coding" not in one["code"] for one in store.of_patient("Condition", "pikelner-samuel"))
    snomed = [one["code"]["coding"][0]["system"] for one in store.of_patient("Condition", "okada.june")]
    assert set(snomed) == {"http://snomed.info/sct"}
    assert len(patient("najafi-zahra")["name"]) == 5
    assert "birthDate" not in patient("vance-unknown")
    assert any("clinicalStatus" not in one for one in store.of_patient("Condition", "hollisander-edgar"))
    assert patient("merrowe-lucille.old")["link"][0]["type"] == "replaced-by"
    assert len(store.of_patient("Condition", "quillon-augustus")) > 30
    assert patient("ibarguen-rosalia")["extension"][0]["valueBoolean"] is True
    assert age(patient("tamblyn-theo"), date(2026, 11, 24)) == "9"
    assert open_encounter(StoreCharts(store), "ferreby-constance") == "ferreby-constance-encounter-1"


@pytest.mark.parametrize(
    ("names", "shown"),
    [
        ([{"use": "old", "family": "A"}, {"use": "usual", "given": ["B", "C"], "family": "D"}], "B C D"),
        ([{"use": "maiden", "family": "A"}, {"family": "E", "suffix": ["PhD"]}], "E PhD"),
        ([{"use": "official", "text": "F. G."}], "F. G."),
        ([{}], "(no name) x"),
        ([], "(no name) x"),
    ],
)
def test_the_current_name_is_shown(names: list[dict[str, Any]], shown: str) -> None:
    assert display_name({"id": "x", "name": names}) == shown


def test_age_and_record_number_may_be_missing() -> None:
    assert age({"birthDate": "1950"}) == ""
    assert age({"birthDate": "1950-11-25"}, date(2026, 11, 24)) == "75"
    assert mrn({}) == ""
    assert mrn({"identifier": [{"value": "1"}, {"type": {"coding": [{"code": "MR"}]}, "value": "2"}]}) == "2"


def test_a_clinician_of_the_data_may_sign_in(store: Store) -> None:
    store.put({"resourceType": "Practitioner", "id": "dr-x", "name": [{"given": ["Xenia"], "family": "Yu"}]})
    people = People(StoreCharts(store))
    found = people.find("dr-x")
    assert found is not None
    assert found.name == "Xenia Yu"
    assert people.find("nobody") is None
    assert people.user("nobody").id == "nurse"


def test_a_configuration_that_cannot_work_is_refused() -> None:
    with pytest.raises(ValueError, match="slash"):
        SandboxConfig(base_url="http://127.0.0.1:8001/")
    with pytest.raises(ValueError, match="algorithm"):
        SandboxConfig(id_token_algorithm="HS256")
    with pytest.raises(ValueError, match="authentication"):
        Client("x", auth_method="tls_client_auth")
    with pytest.raises(ValueError, match="grant"):
        Client("x", grant_types=("password",))
