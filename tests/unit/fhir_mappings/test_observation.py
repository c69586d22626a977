from __future__ import annotations

from typing import Any

import pytest

from ccm.chart import Coding, FiledTime
from fhir_mappings.codes import CODE_SYSTEM, ENTRY_SYSTEM, MONTH_SYSTEM
from fhir_mappings.entry import read_entry
from fhir_mappings.observation import build_entry_observation, build_month_observation, read_filed_time
from tests.unit.fhir_mappings.builders import ENTRY_ID, NOON, entry

NOVEMBER = (1793505600, 1796101200)  # in New York: from 2026-11-01T04:00:00Z, the clocks going back, to 05:00:00Z


def observation(**changes: Any) -> dict[str, Any]:
    facts: dict[str, Any] = {"patient": "p1", "issued": NOON + 800}
    return build_entry_observation(entry(), **(facts | changes))


def month(**changes: Any) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "identifier_value": "p1|2026-11",
        "patient": "p1",
        "start": NOVEMBER[0],
        "end": NOVEMBER[1],
        "counted_minutes": 21,
        "tracks": {"staff": 21, "practitioner": 0},
        "entries": ["o1", "Observation/o2"],
        "status": "preliminary",
        "issued": NOON,
    }
    return build_month_observation(**(facts | changes))


def component(resource: dict[str, Any], code: str) -> dict[str, Any]:
    found = [part for part in resource["component"] if part["code"]["coding"][0]["code"] == code]
    assert len(found) == 1
    part: dict[str, Any] = found[0]
    return part


def test_an_entry_becomes_a_final_observation_of_its_whole_length() -> None:
    filed = observation(encounter="Encounter/e1")
    assert filed["status"] == "final"
    assert filed["code"]["coding"][0] == {
        "system": CODE_SYSTEM,
        "code": "care-management-time",
        "display": "Care management time",
    }
    assert filed["code"]["text"] == "Care management time"
    assert filed["encounter"] == {"reference": "Encounter/e1"}
    assert filed["effectivePeriod"] == {"start": "2026-11-24T12:00:00Z", "end": "2026-11-24T12:12:34Z"}
    assert filed["issued"] == "2026-11-24T12:13:20Z"
    assert filed["performer"] == [{"reference": "Practitioner/nurse", "display": "Ana Ruiz, RN"}]
    assert filed["valueQuantity"]["value"] == 12.5667
    assert filed["identifier"] == [{"system": ENTRY_SYSTEM, "value": ENTRY_ID}]
    assert filed["note"] == [{"text": "Asked about weight and breath."}]


def test_activity_and_modality_are_components() -> None:
    filed = observation()
    assert component(filed, "activity")["valueCodeableConcept"]["coding"][0]["code"] == "patient_contact"
    assert component(filed, "modality")["valueCodeableConcept"]["text"] == "Phone"


def test_counted_and_uncounted_minutes_are_components_when_known() -> None:
    filed = observation(counted_seconds=700)
    assert component(filed, "counted")["valueQuantity"]["value"] == 11.6667
    assert component(filed, "uncounted")["valueQuantity"]["value"] == 0.9
    codes = {part["code"]["coding"][0]["code"] for part in observation()["component"]}
    assert codes.isdisjoint({"counted", "uncounted"})


@pytest.mark.parametrize("seconds", [-1, 755])
def test_more_counted_than_worked_is_refused(seconds: int) -> None:
    with pytest.raises(ValueError, match="counted seconds"):
        observation(counted_seconds=seconds)


def test_the_category_is_ours_unless_the_site_wants_another() -> None:
    assert observation()["category"][0]["coding"][0]["code"] == "care-management"
    survey = Coding("http://terminology.hl7.org/CodeSystem/observation-category", "survey")
    assert observation(category=survey)["category"][0]["coding"][0] == {"system": survey.system, "code": "survey"}


def test_an_entry_without_note_and_encounter_has_neither_element() -> None:
    filed = build_entry_observation(entry(note=" \x00\n"), patient="p1", issued=NOON)
    assert filed.keys().isdisjoint({"note", "encounter"})


def test_a_months_total_covers_the_local_month_to_its_last_second() -> None:
    total = month()
    assert total["effectivePeriod"] == {"start": "2026-11-01T04:00:00Z", "end": "2026-12-01T04:59:59Z"}
    assert total["valueQuantity"]["value"] == 21
    assert total["identifier"] == [{"system": MONTH_SYSTEM, "value": "p1|2026-11"}]
    assert total["derivedFrom"] == [{"reference": "Observation/o1"}, {"reference": "Observation/o2"}]
    assert component(total, "track-staff")["valueQuantity"]["value"] == 21
    assert component(total, "track-practitioner")["valueQuantity"]["value"] == 0
    assert "encounter" not in total


@pytest.mark.parametrize("status", ["preliminary", "final", "amended"])
def test_a_months_total_has_the_status_of_the_month(status: str) -> None:
    assert month(status=status)["status"] == status


@pytest.mark.parametrize("wrong", [{"status": "registered"}, {"tracks": {"nights": 1}}])
def test_an_unknown_status_or_track_of_a_month_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="a month's status"):
        month(**wrong)


def test_a_months_total_carries_its_id_when_it_is_updated() -> None:
    assert month(resource_id="m1", performer_reference="Practitioner/1", entries=[], tracks={})["id"] == "m1"
    assert "id" not in month()


def test_our_observations_are_read_as_filed_time_and_others_left_out() -> None:
    ours = observation() | {"id": "o1", "meta": {"versionId": "3"}}
    weight = {"resourceType": "Observation", "id": "w", "code": {"text": "Weight"}}
    assert read_filed_time([weight, None, ours, month(resource_id="m1")]) == (
        FiledTime("o1", ENTRY_ID, "", NOON, NOON + 754, 12.5667, "final", "3"),
        FiledTime("m1", "", "2026-11", *NOVEMBER, 21.0, "preliminary"),
    )


def test_an_observation_of_which_the_ehr_kept_only_the_identifier_is_still_ours() -> None:
    bare = {"resourceType": "Observation", "id": "o1", "identifier": [{"system": ENTRY_SYSTEM, "value": ENTRY_ID}]}
    assert read_filed_time([bare]) == (FiledTime("o1", ENTRY_ID, "", 0, 0, 0.0, ""),)


def test_a_value_that_the_ehr_put_into_hours_is_read_in_minutes() -> None:
    filed = observation() | {"valueQuantity": {"value": 0.5, "code": "h"}}
    assert read_filed_time([filed])[0].minutes == 30


def test_a_lost_value_is_taken_from_the_period() -> None:
    filed = observation() | {"valueQuantity": {"value": "many"}}
    assert read_filed_time([filed])[0].minutes == pytest.approx(754 / 60)


def test_times_with_another_offset_are_the_same_instants() -> None:
    filed = observation()
    filed["effectivePeriod"] = {"start": "2026-11-24T07:00:00.000-05:00", "end": "2026-11-24T12:12:34+00:00"}
    assert read_entry(filed) == entry()


def test_a_months_total_and_a_stripped_observation_are_no_entry() -> None:
    assert read_entry(month()) is None
    assert read_entry({key: value for key, value in observation().items() if key != "component"}) is None
    assert read_entry(observation() | {"effectivePeriod": {"start": "2026-11-24"}}) is None
