from __future__ import annotations

import json
from typing import Any

import pytest

from fhir_mappings.codes import ENTRY_SYSTEM
from smart_app.importing.rows import BadRow, Fact, encounter_in, patient_in, problems_in, read_row

ACTIVE = {"clinicalStatus": {"coding": [{"code": "active"}]}}
CONDITION = {"resourceType": "Condition", "id": "c1", "code": {"text": "Gout"}, "subject": {"reference": "Patient/p1"}}
ENCOUNTER = {
    "resourceType": "Encounter",
    "id": "e1",
    "status": "finished",
    "class": {"code": "AMB"},
    "subject": {"reference": "https://ehr.example/fhir/Patient/p1/_history/2"},
    "period": {"start": "2026-05-04"},
}


def row(resource: dict[str, Any], **changes: Any) -> Fact | None:
    return read_row(json.dumps(resource | changes).encode())


def fact(resource: dict[str, Any], **changes: Any) -> Fact:
    found = row(resource, **changes)
    assert found is not None
    return found


def test_a_patient_is_kept_as_the_panel_reads_one() -> None:
    found = fact({"resourceType": "Patient", "id": "p1", "name": [{"text": "Ada"}], "photo": [{"data": "x" * 9000}]})
    assert (found.patient, found.kind, found.id, len(found.body) < 500) == ("p1", "Patient", "p1", True)
    assert patient_in(found.body).name == "Ada"


def test_a_condition_is_cut_down_to_what_decides() -> None:
    found = fact(CONDITION | ACTIVE, note=[{"text": "private"}], meta={"lastUpdated": "2026-01-01T00:00:00Z"})
    assert (found.patient, found.id, found.version) == ("p1", "c1", 1767225600)
    assert b"private" not in found.body
    assert [problem.text for problem in problems_in([found.body])] == ["Gout"]


@pytest.mark.parametrize(
    "changes",
    [
        {"clinicalStatus": {"coding": [{"code": "resolved"}]}},
        {"verificationStatus": {"coding": [{"code": "entered-in-error"}]}},
        {"abatementDateTime": "2020"},
    ],
)
def test_a_problem_that_is_over_takes_back_its_row(changes: dict[str, Any]) -> None:
    assert fact(CONDITION, **changes).body == b""


def test_an_encounter_is_a_visit_unless_entered_in_error_or_filed_by_us() -> None:
    assert encounter_in(fact(ENCOUNTER).body).start == "2026-05-04"
    assert fact(ENCOUNTER).patient == "p1"
    assert fact(ENCOUNTER, status="entered-in-error").body == b""
    assert row(ENCOUNTER, identifier=[{"system": ENTRY_SYSTEM, "value": "1"}]) is None


def test_other_resources_are_passed_over() -> None:
    assert row({"resourceType": "Observation"}) is None


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (b"{", "not a JSON object"),
        (b"\xff\xfe\x00", "not a JSON object"),
        (b"1", "not a JSON object"),
        (b"[" * 100_000, "not a JSON object"),
        (b'{"resourceType": 7}', "no resourceType"),
        (b'{"resourceType": "Patient"}', "a Patient without a usable id"),
        (b'{"resourceType": "Patient", "id": "a/b"}', "a Patient without a usable id"),
        (b'{"resourceType": "Condition", "id": "1", "code": {"text": "x"}}', "a Condition that names no patient"),
        (b'{"resourceType": "Encounter", "subject": {"reference": "Group/1"}}', "an Encounter that names no patient"),
        (b'{"resourceType": "Condition", "subject": {"reference": "Patient/1"}}', "with neither code nor name"),
    ],
)
def test_a_row_that_cannot_be_taken_says_why(text: bytes, why: str) -> None:
    with pytest.raises(BadRow, match=why):
        read_row(text)


@pytest.mark.parametrize("reference", ["urn:uuid:1", "Patient/", "Patient/..", "#p1", 7, None])
def test_a_reference_to_no_patient_of_this_ehr_is_none(reference: object) -> None:
    with pytest.raises(BadRow, match="names no patient"):
        row(CONDITION, subject={"reference": reference})
