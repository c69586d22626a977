"""The timer is the server's (hazards 15, 26, 27): restarts, tokens, silence, clocks and months do not cost a minute."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from smart_app.app import create_app
from smart_app.services import services_of
from tests.integration.browser import Browser, Panel
from tests.integration.clinic import TIMEZONE, Clinic, Clock
from tests.integration.conftest import OpenClinic
from tests.integration.delivery.chart import check_chart, months, ours
from tests.integration.delivery.consent import consented

PATIENT, OTHER = "albarracin-marisol", "ferreby-constance"
ZONE = ZoneInfo(TIMEZONE)


def local(text: str) -> int:
    """POSIX seconds of a time of day in the practice's zone; the first of two where the clock is set back."""
    return int(datetime.fromisoformat(text).replace(tzinfo=ZONE).timestamp())


def keep_working(panel: Panel, clinic: Clinic, seconds: int) -> None:
    """Work with a sign of life every ten minutes."""
    for _ in range(0, seconds, 600):
        clinic.clock.advance(600)
        panel.timer("keep")


def test_a_timer_goes_on_over_a_restart(clinic: Clinic, browser: Browser) -> None:
    panel = browser.open(clinic, PATIENT)
    panel.timer("start", note="Before")
    clinic.clock.advance(300)
    again = create_app(clinic.services.settings, clinic.clock)  # the same database, nothing else in common
    try:
        with again.test_client() as client:
            cookies = {cookie.name: cookie.value or "" for cookie in browser.jar if panel.launch in cookie.path}
            for name, value in cookies.items():
                client.set_cookie(name, value, path=f"/p/{panel.launch}/")
            answer = client.get(f"/p/{panel.launch}/", headers={"Accept": "application/json"})
            timer = (answer.get_json() or {})["timer"]
    finally:
        services_of(again).close()
    assert (timer["state"], timer["seconds"], timer["note"]) == ("running", 300, "Before")


def test_a_token_that_expires_while_the_timer_runs_costs_no_minute(either_clinic: Clinic, browser: Browser) -> None:
    clinic = either_clinic
    panel = browser.open(clinic, PATIENT)
    panel.timer("start")
    keep_working(panel, clinic, 2 * 3600)  # the access token lives an hour
    (entry_id,) = panel.timer("stop")["entries"]
    clinic.forget_requests()
    clinic.deliver_all()
    assert len(clinic.asked("POST", "/auth/token")) == 1
    (observation,) = ours(clinic.ehr.store, "Observation")[entry_id]
    assert observation["valueQuantity"]["value"] == 120
    check_chart(clinic.services, clinic.ehr.store)


def test_a_timer_without_a_sign_of_life_is_filed_only_as_the_person_says(clinic: Clinic, browser: Browser) -> None:
    panel = browser.open(clinic, PATIENT)
    panel.timer("start")
    keep_working(panel, clinic, 1200)
    clinic.clock.advance(16 * 3600)
    panel = browser.open(clinic, PATIENT)
    assert panel.view()["timer"]["confirm_minutes"] == 20
    answer = panel.post("timer", {"action": "stop"})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (409, "minutes")
    assert panel.entries() == []
    (entry_id,) = panel.timer("stop", minutes="25")["entries"]
    clinic.deliver_all()
    (observation,) = ours(clinic.ehr.store, "Observation")[entry_id]
    assert observation["valueQuantity"]["value"] == 25
    check_chart(clinic.services, clinic.ehr.store)


def test_a_start_in_another_chart_pauses_the_timer_here(clinic: Clinic, browser: Browser) -> None:
    panel, other = browser.open(clinic, PATIENT), browser.open(clinic, OTHER)
    panel.timer("start")
    clinic.clock.advance(240)
    assert other.timer("start")["paused_elsewhere"]
    clinic.clock.advance(60)
    here, there = panel.view()["timer"], other.view()["timer"]
    assert (here["state"], here["seconds"], here["elsewhere"]) == ("paused", 240, True)
    assert (there["state"], there["seconds"]) == ("running", 60)


def test_two_people_see_each_other_s_timer_and_the_overlap_is_counted_once(
    clinic: Clinic, browser: Browser, other_browser: Browser
) -> None:
    nurse, physician = consented(browser.open(clinic, PATIENT)), other_browser.open(clinic, PATIENT, user="physician")
    nurse.timer("start")
    physician.timer("start")
    assert (len(nurse.view()["timer"]["others"]), len(physician.view()["timer"]["others"])) == (1, 1)
    clinic.clock.advance(600)
    nurse.timer("stop")
    physician.timer("stop")
    assert sum(entry["counted_seconds"] for entry in nurse.entries()) == 600
    clinic.deliver_all()
    assert check_chart(clinic.services, clinic.ehr.store) == 2


@pytest.mark.parametrize(
    ("start", "seconds"),
    [("2026-11-01T00:50", 7200), ("2026-03-08T01:30", 3600)],
    ids=["set back", "set forward"],
)
def test_the_clock_change_neither_gives_nor_takes_minutes(
    open_clinic: OpenClinic, browser: Browser, start: str, seconds: int
) -> None:
    clinic = open_clinic(clock=Clock(local(start)))
    panel = browser.open(clinic, PATIENT)
    panel.timer("start")
    keep_working(panel, clinic, seconds)
    (entry_id,) = panel.timer("stop")["entries"]
    clinic.deliver_all()
    (encounter,) = ours(clinic.ehr.store, "Encounter")[entry_id]
    assert encounter["length"]["value"] == seconds / 60
    check_chart(clinic.services, clinic.ehr.store)


def test_work_over_the_month_s_end_belongs_to_both_months(open_clinic: OpenClinic, browser: Browser) -> None:
    clinic = open_clinic(clock=Clock(local("2026-10-31T23:50")))
    panel = consented(browser.open(clinic, PATIENT))
    panel.timer("start")
    keep_working(panel, clinic, 1800)
    (entry_id,) = panel.timer("stop")["entries"]
    clinic.deliver_all()
    totals = months(clinic.ehr.store)
    assert sorted(totals) == [f"{PATIENT}|2026-10", f"{PATIENT}|2026-11"]
    (observation,) = ours(clinic.ehr.store, "Observation")[entry_id]
    for (total,) in totals.values():
        assert total["derivedFrom"] == [{"reference": f"Observation/{observation['id']}"}]
    parts = {part["code"]["coding"][0]["code"]: part.get("valueQuantity") for part in observation["component"]}
    counted = sum(total["valueQuantity"]["value"] for (total,) in totals.values())
    assert parts["counted"]["value"] == counted == 30
    assert parts["counted"]["value"] + parts["uncounted"]["value"] == 30
    check_chart(clinic.services, clinic.ehr.store)
