from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from fhir_mappings.correct import as_amended, as_entered_in_error
from fhir_mappings.document import build_note
from fhir_mappings.encounter import build_encounter
from fhir_mappings.entry import read_entry
from fhir_mappings.observation import build_entry_observation
from fhir_mappings.validation import validated
from tests.unit.fhir_mappings.builders import NOON, entry

OBSERVATION = build_entry_observation(entry(), patient="p1", issued=NOON)
ENCOUNTER = build_encounter(entry(), patient="p1")
NOTE = build_note(entry(), patient="p1", date=NOON, zone=ZoneInfo("UTC"))


@pytest.mark.parametrize("resource", [OBSERVATION, ENCOUNTER, NOTE])
def test_what_was_entered_in_error_reads_back_as_a_voided_entry(resource: dict[str, object]) -> None:
    void = as_entered_in_error(resource)
    read = read_entry(validated(void))
    assert void["status"] == "entered-in-error"
    assert read is not None
    assert read.voided


def test_a_correction_leaves_the_original_alone_and_keeps_what_the_ehr_added() -> None:
    filed = OBSERVATION | {"id": "o1", "extension": [{"url": "urn:x", "valueFancy": 1}], "effectiveDateTime": "2026"}
    void = as_entered_in_error(filed)
    assert filed["status"] == "final"
    assert void["extension"] == filed["extension"]


def test_a_generated_narrative_does_not_survive_a_correction() -> None:
    filed = OBSERVATION | {"text": {"status": "generated", "div": "<div>final</div>"}}
    assert "text" not in as_entered_in_error(filed)


def test_only_what_we_write_is_corrected() -> None:
    with pytest.raises(ValueError, match="only Encounter"):
        as_entered_in_error({"resourceType": "Patient"})


def test_an_amended_observation_is_the_new_one_under_the_old_id_and_version() -> None:
    filed = OBSERVATION | {"id": "o1", "meta": {"versionId": "2", "lastUpdated": "2026-11-24T12:00:00Z"}}
    shorter = build_entry_observation(entry(end=NOON + 600), patient="p1", issued=NOON + 900)
    amended = validated(as_amended(filed, shorter))
    assert (amended["id"], amended["meta"], amended["status"]) == ("o1", {"versionId": "2"}, "amended")
    assert amended["valueQuantity"]["value"] == 10


def test_an_amended_note_says_so_in_its_document_status() -> None:
    assert as_amended(NOTE | {"id": "d1"}, NOTE)["docStatus"] == "amended"


def test_an_amended_encounter_stays_finished() -> None:
    assert as_amended(ENCOUNTER | {"id": "e1"}, ENCOUNTER)["status"] == "finished"


def test_the_ehr_may_have_made_the_patients_reference_absolute() -> None:
    filed = OBSERVATION | {"id": "o1", "subject": {"reference": "https://ehr.example/fhir/Patient/p1"}}
    assert as_amended(filed, OBSERVATION)["id"] == "o1"


@pytest.mark.parametrize(
    "filed",
    [
        OBSERVATION,
        ENCOUNTER | {"id": "e1"},
        OBSERVATION | {"id": "o1", "subject": {"reference": "Patient/other"}},
        OBSERVATION | {"id": "o1", "identifier": []},
    ],
)
def test_an_amendment_of_another_patients_or_entrys_resource_is_refused(filed: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="an amendment needs"):
        as_amended(filed, OBSERVATION)
