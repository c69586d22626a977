"""From minutes in the panel to one Encounter and one Observation in the chart, on both databases."""

from __future__ import annotations

import pytest

from fhir_mappings.codes import CODE_SYSTEM, ENTRY_SYSTEM
from tests.integration.browser import Browser, Panel
from tests.integration.clinic import Clinic, Resource

PATIENT = "albarracin-marisol"


def filed(clinic: Clinic, entry_id: str) -> tuple[Resource, Resource]:
    """The one Encounter and the one Observation of an entry, by FHIR search."""
    (encounter,) = clinic.search("Encounter", identifier=f"{ENTRY_SYSTEM}|{entry_id}")
    (observation,) = clinic.search("Observation", identifier=f"{ENTRY_SYSTEM}|{entry_id}")
    return encounter, observation


def timed(panel: Panel, clinic: Clinic, seconds: int, **fields: str) -> str:
    """The id of the one entry that a timer of so many seconds makes."""
    panel.timer("start")
    clinic.clock.advance(seconds)
    (entry_id,) = panel.timer("stop", **fields)["entries"]
    return str(entry_id)


def test_time_from_the_timer_stands_in_the_chart(either_clinic: Clinic, browser: Browser) -> None:
    clinic = either_clinic
    panel = browser.open(clinic, PATIENT)
    entry_id = timed(panel, clinic, 630, activity="care_plan_work", modality="video", note="Goals gone through.")
    assert panel.statuses() == ["waiting"]
    clinic.deliver_all()
    (entry,) = panel.entries()
    encounter, observation = filed(clinic, entry_id)
    assert (entry["status"], entry["status_label"]) == ("filed", "Filed")
    assert entry["resources"] == [f"Encounter/{encounter['id']}", f"Observation/{observation['id']}"]

    period = {"start": "2026-11-24T15:00:00Z", "end": "2026-11-24T15:10:30Z"}
    nurse = {"reference": "Practitioner/nurse", "display": "Imani Okwuosa, RN"}
    length = {"value": 10.5, "unit": "min", "system": "http://unitsofmeasure.org", "code": "min"}
    assert (encounter["status"], encounter["class"]["code"]) == ("finished", "VR")
    assert encounter["subject"] == observation["subject"] == {"reference": f"Patient/{PATIENT}"}
    assert encounter["period"] == observation["effectivePeriod"] == period
    assert encounter["length"] == observation["valueQuantity"] == length
    assert encounter["participant"][0]["individual"] == observation["performer"][0] == nurse
    assert [kind["coding"][0]["code"] for kind in encounter["type"]] == ["care_plan_work", "video"]
    assert observation["status"] == "final"
    assert observation["code"]["coding"][0] == {
        "system": CODE_SYSTEM,
        "code": "care-management-time",
        "display": "Care management time",
    }
    assert observation["encounter"] == {"reference": f"Encounter/{encounter['id']}"}
    assert observation["note"] == [{"text": "Goals gone through."}]


def test_time_entered_by_hand_stands_in_the_chart(either_clinic: Clinic, browser: Browser) -> None:
    clinic = either_clinic
    panel = browser.open(clinic, PATIENT)
    entry_id = panel.entry(start="2026-11-20T16:05:00-05:00", minutes=25, note="Entered late: called from the car.")
    clinic.deliver_all()
    encounter, observation = filed(clinic, entry_id)
    assert encounter["period"] == {"start": "2026-11-20T21:05:00Z", "end": "2026-11-20T21:30:00Z"}
    assert observation["valueQuantity"]["value"] == encounter["length"]["value"] == 25
    assert observation["note"] == [{"text": "Entered late: called from the car."}]
    assert panel.statuses() == ["filed"]


def test_a_form_without_javascript_does_the_same(either_clinic: Clinic, browser: Browser) -> None:
    clinic = either_clinic
    panel = browser.open(clinic, PATIENT)
    fields = {
        "csrf_token": panel.token,
        "patient": PATIENT,
        "key": "form-1",
        "local_date": "2026-11-24",
        "local_time": "08:15",
        "minutes": "15",
        "activity": "referral",
        "modality": "chart",
        "note": "Sent to podiatry.",
    }
    answer = panel.post("entries", fields, as_json=False, X_CSRF_Token="")
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/p/{panel.launch}/")
    clinic.deliver_all()
    (entry,) = panel.entries()
    encounter, _ = filed(clinic, entry["id"])
    assert encounter["period"] == {"start": "2026-11-24T13:15:00Z", "end": "2026-11-24T13:30:00Z"}
    assert "Sent to podiatry." in panel.page()


def test_a_pause_is_not_work_so_each_stretch_is_an_entry(clinic: Clinic, browser: Browser) -> None:
    panel = browser.open(clinic, PATIENT)
    for action, seconds in (("start", 300), ("pause", 600), ("resume", 120)):
        panel.timer(action)
        clinic.clock.advance(seconds)
    entries = panel.timer("stop", note="In two parts")["entries"]
    clinic.deliver_all()
    periods = [filed(clinic, entry)[0]["period"] for entry in entries]
    assert periods == [
        {"start": "2026-11-24T15:00:00Z", "end": "2026-11-24T15:05:00Z"},
        {"start": "2026-11-24T15:15:00Z", "end": "2026-11-24T15:17:00Z"},
    ]


def test_a_discarded_timer_leaves_nothing(clinic: Clinic, browser: Browser) -> None:
    panel = browser.open(clinic, PATIENT)
    panel.timer("start")
    clinic.clock.advance(300)
    assert panel.timer("discard")["timer"]["state"] == "idle"
    assert (panel.entries(), clinic.deliver()) == ([], 0)


def test_a_timer_goes_on_over_a_reload_and_a_new_launch(either_clinic: Clinic, browser: Browser) -> None:
    panel = browser.open(either_clinic, PATIENT)
    panel.timer("start", note="Half a sentence")
    either_clinic.clock.advance(120)
    assert panel.view()["timer"] | {"seconds": 120, "note": "Half a sentence"} == panel.view()["timer"]
    either_clinic.clock.advance(60)
    again = browser.open(either_clinic, PATIENT)
    assert (again.view()["timer"]["state"], again.view()["timer"]["seconds"]) == ("running", 180)


def test_what_is_typed_while_the_timer_runs_is_filed_with_it(clinic: Clinic, browser: Browser) -> None:
    panel = browser.open(clinic, PATIENT)
    panel.timer("start", activity="voicemail", modality="phone", note="First words")
    clinic.clock.advance(60)
    panel.timer("stop", activity="patient_contact", note="Last words")
    (entry,) = panel.entries()
    assert (entry["activity"], entry["note"], entry["minutes"]) == ("patient_contact", "Last words", 1)


def test_the_physician_s_minutes_are_filed_as_a_practitioner_s(clinic: Clinic, browser: Browser) -> None:
    panel = browser.open(clinic, PATIENT, user="physician")
    entry_id = panel.entry()
    clinic.deliver_all()
    encounter, _ = filed(clinic, entry_id)
    assert encounter["participant"][0]["type"][0]["coding"][0]["code"] == "class-practitioner"


@pytest.mark.parametrize("patient", ["quillon-augustus", "vance-unknown"])
def test_time_is_filed_for_patients_who_may_never_be_billed(clinic: Clinic, browser: Browser, patient: str) -> None:
    panel = browser.open(clinic, patient)
    entry_id = panel.entry()
    clinic.deliver_all()
    assert filed(clinic, entry_id)[0]["subject"]["reference"] == f"Patient/{patient}"


def test_time_filed_before_is_not_taken_for_new_when_the_chart_is_opened_again(
    clinic: Clinic, browser: Browser
) -> None:
    browser.open(clinic, PATIENT).entry()
    clinic.deliver_all()
    panel = browser.open(clinic, PATIENT)
    clinic.deliver_all()
    assert panel.statuses() == ["filed"]
    filed(clinic, panel.entries()[0]["id"])


def test_a_voided_entry_is_kept_with_its_minutes_struck(clinic: Clinic, browser: Browser) -> None:
    panel = browser.open(clinic, PATIENT)
    entry_id = panel.entry()
    clinic.deliver_all()
    answer = panel.post(f"entries/{entry_id}/void", {"reason": "Wrong patient's call"})
    assert (answer.status_code, answer.json()["status"]) == (200, "void")
    (entry,) = panel.entries()
    assert (entry["status"], entry["counted_seconds"], entry["minutes"]) == ("void", 0, 12)
    assert not entry["can_void"]
    assert panel.post(f"entries/{entry_id}/void", {"reason": "Again"}).status_code == 200


def test_voiding_needs_a_reason_and_an_entry_of_this_chart(clinic: Clinic, browser: Browser) -> None:
    panel = browser.open(clinic, PATIENT)
    entry_id = panel.entry()
    answer = panel.post(f"entries/{entry_id}/void", {"reason": " \n"})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "reason")
    other = browser.open(clinic, "ferreby-constance")
    assert other.post(f"entries/{entry_id}/void", {"reason": "Not mine"}).status_code == 404
    assert panel.statuses() == ["waiting"]


def test_what_was_voided_before_it_was_filed_is_no_final_time_in_the_chart(clinic: Clinic, browser: Browser) -> None:
    panel = browser.open(clinic, PATIENT)
    entry_id = panel.entry()
    panel.post(f"entries/{entry_id}/void", {"reason": "Entered twice"})
    clinic.deliver_all()
    for kind in ("Encounter", "Observation"):
        found = clinic.search(kind, identifier=f"{ENTRY_SYSTEM}|{entry_id}")
        assert {each["status"] for each in found} <= {"entered-in-error"}
