from __future__ import annotations

import pytest

from ccm.chart import LaunchEncounter
from fhir_mappings.codes import CODE_SYSTEM, ENTRY_SYSTEM
from fhir_mappings.encounter import build_encounter, read_launch_encounter
from fhir_mappings.entry import read_entry
from tests.unit.fhir_mappings.builders import ENTRY_ID, entry


def test_an_entry_becomes_a_finished_virtual_encounter_with_its_times_and_length() -> None:
    encounter = build_encounter(entry(), patient="p1")
    assert encounter["status"] == "finished"
    assert encounter["class"]["code"] == "VR"
    assert encounter["subject"] == {"reference": "Patient/p1"}
    assert encounter["period"] == {"start": "2026-11-24T12:00:00Z", "end": "2026-11-24T12:12:34Z"}
    assert encounter["length"] == {
        "value": 12.5667,
        "unit": "min",
        "system": "http://unitsofmeasure.org",
        "code": "min",
    }


def test_the_entrys_id_is_the_encounters_identifier() -> None:
    assert build_encounter(entry(), patient="p1")["identifier"] == [{"system": ENTRY_SYSTEM, "value": ENTRY_ID}]


def test_the_type_is_the_activity_in_our_code_and_in_words() -> None:
    activity = build_encounter(entry(), patient="p1")["type"][0]
    assert activity["coding"][0]["system"] == CODE_SYSTEM
    assert (activity["coding"][0]["code"], activity["text"]) == ("patient_contact", "Patient contact")


def test_the_performer_takes_part_by_reference_and_name() -> None:
    individual = build_encounter(entry(), patient="p1")["participant"][0]["individual"]
    assert individual == {"reference": "Practitioner/nurse", "display": "Ana Ruiz, RN"}


def test_a_performer_who_is_no_fhir_reference_is_named_by_identifier() -> None:
    stranger = entry(performer="auth0|77", performer_name="")
    individual = build_encounter(stranger, patient="p1")["participant"][0]["individual"]
    assert individual["identifier"]["value"] == "auth0|77"
    assert "reference" not in individual


def test_the_problems_worked_on_and_the_provider_are_referred_to() -> None:
    encounter = build_encounter(entry(), patient="p1", problems=["c1", "Condition/c2"], service_provider="o1")
    assert encounter["reasonReference"] == [{"reference": "Condition/c1"}, {"reference": "Condition/c2"}]
    assert encounter["serviceProvider"] == {"reference": "Organization/o1"}


def test_an_ehr_that_refuses_the_class_gets_none() -> None:
    assert "class" not in build_encounter(entry(), patient="p1", without_class=True)


def test_a_length_of_whole_minutes_is_a_whole_number() -> None:
    value = build_encounter(entry(end=entry().start + 1200), patient="p1")["length"]["value"]
    assert value == 20
    assert isinstance(value, int)


def test_an_invalid_encounter_is_refused_without_quoting_its_values() -> None:
    with pytest.raises(ValueError, match=r"Encounter is not valid FHIR: identifier\.0\.value") as refusal:
        build_encounter(entry(id="", performer_name="Secret Name"), patient="p1")
    assert "Secret" not in str(refusal.value)


def test_an_encounter_alone_gives_back_the_entry_without_its_note() -> None:
    whole = entry(modality="video", programme="bhi", performer_class="practitioner")
    assert read_entry(build_encounter(whole, patient="p1")) == entry(
        modality="video", programme="bhi", performer_class="practitioner", note=""
    )


def test_somebody_elses_encounter_is_no_entry() -> None:
    visit = {"resourceType": "Encounter", "period": {"start": "2026-11-24T12:00:00Z", "end": "2026-11-24T13:00:00Z"}}
    assert read_entry(visit) is None


def test_the_launchs_encounter_is_read() -> None:
    encounter = {
        "resourceType": "Encounter",
        "id": "e1",
        "status": "in-progress",
        "class": {"code": "IMP"},
        "period": {"start": "2026-11-20"},
    }
    assert read_launch_encounter(encounter) == LaunchEncounter("e1", "in-progress", "IMP", "2026-11-20", "")


def test_a_class_in_the_form_of_r5_is_understood() -> None:
    encounter = {"resourceType": "Encounter", "id": "e1", "class": [{"coding": [{"code": "AMB"}]}]}
    read = read_launch_encounter(encounter)
    assert read is not None
    assert read.class_code == "AMB"


@pytest.mark.parametrize("answer", [None, {}, {"resourceType": "Encounter"}, {"resourceType": "Patient", "id": "p"}])
def test_what_is_no_encounter_is_none(answer: object) -> None:
    assert read_launch_encounter(answer) is None
