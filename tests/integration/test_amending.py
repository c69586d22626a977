"""What an amendment leaves as it was: times are typed in whole minutes, and a timer keeps seconds."""

from __future__ import annotations

from tests.integration.browser import Browser
from tests.integration.clinic import Clinic

PATIENT = "albarracin-marisol"


def test_correcting_only_the_note_of_a_timed_entry_keeps_its_seconds(clinic: Clinic, browser: Browser) -> None:
    panel = browser.open(clinic, PATIENT)
    clinic.clock.advance(17)
    panel.timer("start")
    clinic.clock.advance(9 * 60 + 40)
    [entry_id] = panel.timer("stop")["entries"]
    [before] = panel.entries()
    as_shown = {"local_date": before["local_date"], "local_time": before["local_time"], "minutes": before["minutes"]}
    words = {"activity": "referral", "modality": "phone", "note": "To cardiology", "reason": "Wrong activity"}

    assert panel.post(f"entries/{entry_id}/amend", as_shown | words).status_code == 200

    [after] = panel.entries()
    assert (after["start"], after["end"]) == (before["start"], before["end"])
    assert (after["activity"], after["note"], after["revision"]) == ("referral", "To cardiology", 2)


def test_a_corrected_time_replaces_the_timers(clinic: Clinic, browser: Browser) -> None:
    panel = browser.open(clinic, PATIENT)
    panel.timer("start")
    clinic.clock.advance(9 * 60 + 40)
    [entry_id] = panel.timer("stop")["entries"]
    [before] = panel.entries()
    words = {"activity": "referral", "modality": "phone", "reason": "Forgot to stop"}
    times = {"local_date": before["local_date"], "local_time": before["local_time"], "minutes": 4}

    assert panel.post(f"entries/{entry_id}/amend", words | times).status_code == 200

    [after] = panel.entries()
    assert after["minutes"] == 4
