"""What belongs to one chart, person, browser or session stays there."""

from __future__ import annotations

import pytest
import requests

from tests.integration.browser import Browser, Panel
from tests.integration.clinic import Clinic

ONE, OTHER = "albarracin-marisol", "ferreby-constance"


def test_two_charts_in_two_tabs_never_mix(either_clinic: Clinic, browser: Browser) -> None:
    clinic = either_clinic
    panels = {patient: browser.open(clinic, patient) for patient in (ONE, OTHER)}
    for turn in range(4):
        for patient, panel in panels.items():
            panel.entry(key=f"turn-{turn}", note=f"{patient} {turn}", start=f"2026-11-24T0{turn}:00:00-05:00")
    clinic.deliver_all()
    for patient, panel in panels.items():
        entries = panel.entries()
        assert sorted(entry["note"] for entry in entries) == [f"{patient} {turn}" for turn in range(4)]
        for entry in entries:
            for resource in entry["resources"]:
                kind, _, resource_id = resource.partition("/")
                (found,) = clinic.search(kind, _id=resource_id)
                assert found["subject"]["reference"] == f"Patient/{patient}"


def test_a_person_s_timer_runs_in_one_chart_at_a_time(either_clinic: Clinic, browser: Browser) -> None:
    first, second = (browser.open(either_clinic, patient) for patient in (ONE, OTHER))
    first.timer("start")
    either_clinic.clock.advance(100)
    assert second.timer("start")["paused_elsewhere"] is True
    either_clinic.clock.advance(50)
    assert first.view()["timer"]["state"] == "paused"
    assert first.view()["timer"]["elsewhere"] is True
    (one,) = first.timer("stop")["entries"]
    (other,) = second.timer("stop")["entries"]
    lengths = {entry["id"]: entry["end"] for panel in (first, second) for entry in panel.entries()}
    assert lengths == {one: "2026-11-24T10:01:40-05:00", other: "2026-11-24T10:02:30-05:00"}


def test_two_people_see_each_other_s_timer_on_one_patient(clinic: Clinic, browser: Browser) -> None:
    nurse = browser.open(clinic, ONE)
    other = Browser()
    physician = other.open(clinic, ONE, user="physician")
    nurse.timer("start")
    assert physician.view()["timer"]["others"] == ["Imani Okwuosa, RN"]
    assert (nurse.view()["timer"]["others"], physician.view()["timer"]["state"]) == ([], "idle")
    other.close()


def test_a_form_of_another_patient_is_refused(shared_clinic: Clinic, browser: Browser) -> None:
    panel = browser.open(shared_clinic, ONE)
    for path, fields in (
        ("entries", {"start": "2026-11-24T09:30:00-05:00", "minutes": 5, "key": "k"}),
        ("timer", {"action": "start"}),
        ("logout", {}),
    ):
        for as_json in (True, False):
            answer = panel.post(path, {**fields, "patient": OTHER, "csrf_token": panel.token}, as_json=as_json)
            assert answer.status_code == 409, (path, answer.text)
    assert (panel.entries(), panel.view()["timer"]["state"]) == ([], "idle")


@pytest.mark.parametrize("path", ["entries", "timer", "logout", "entries/some-id/void"])
@pytest.mark.parametrize("token", ["", "0" * 64, "ünicode"])
def test_a_post_without_the_page_s_own_token_is_refused(
    shared_clinic: Clinic, browser: Browser, path: str, token: str
) -> None:
    panel = browser.open(shared_clinic, ONE)
    header = token.encode().decode("latin-1")
    for as_json, fields in ((True, {}), (False, {"csrf_token": token})):
        answer = panel.post(path, {"action": "start", **fields}, as_json=as_json, X_CSRF_Token=header)
        assert answer.status_code == 403, answer.text
    assert panel.view()["timer"]["state"] == "idle"


def test_the_token_of_another_chart_does_not_serve(shared_clinic: Clinic, browser: Browser) -> None:
    one, other = (browser.open(shared_clinic, patient) for patient in (ONE, OTHER))
    assert one.post("timer", {"action": "start"}, X_CSRF_Token=other.token).status_code == 403
    assert one.view()["timer"]["state"] == "idle"


def closed(answer: requests.Response) -> tuple[int, str]:
    """What an answer gives away: its status and body."""
    return answer.status_code, answer.text


@pytest.mark.parametrize("accept", ["text/html", "application/json"])
def test_foreign_unknown_and_odd_launches_are_all_answered_alike(
    shared_clinic: Clinic, browser: Browser, other_browser: Browser, accept: str
) -> None:
    theirs = browser.open(shared_clinic, ONE)
    mine = other_browser.open(shared_clinic, OTHER)
    headers = {"Accept": accept}
    unknown = f"{shared_clinic.address}/p/{'a' * 24}/"
    odd = f"{shared_clinic.address}/p/%F0%9F%98%80'/"
    answers = {closed(other_browser.get(url, headers=headers)) for url in (theirs.url, unknown, odd)}
    assert len(answers) == 1
    assert answers.pop()[0] == 404
    posts = set()
    for url in (theirs.url, unknown, odd):
        for path in ("timer", "entries", "entries/x/void", "logout"):
            fields = {"action": "start", "reason": "x"}
            for token in (theirs.token, mine.token):
                sent = headers | {"X-CSRF-Token": token}
                posts.add(closed(other_browser.request("POST", url + path, json=fields, headers=sent)))
    assert {status for status, _ in posts} == {404}
    assert len(posts) == 1


def test_the_cookie_of_one_chart_does_not_open_another(shared_clinic: Clinic, browser: Browser) -> None:
    one, other = (browser.open(shared_clinic, patient) for patient in (ONE, OTHER))
    cookies = {cookie.path: cookie.value for cookie in browser.jar if cookie.name == "ccm_launch"}
    stolen = cookies[f"/p/{one.launch}/"]
    answer = requests.get(other.url, headers={"Cookie": f"ccm_launch={stolen}"}, timeout=20)
    assert answer.status_code == 404
    assert requests.get(one.url, headers={"Cookie": f"ccm_launch={stolen}"}, timeout=20).status_code == 200


def test_a_launch_s_cookie_is_sent_to_that_launch_alone(shared_clinic: Clinic, browser: Browser) -> None:
    panels = [browser.open(shared_clinic, patient) for patient in (ONE, OTHER)]
    paths = {cookie.path for cookie in browser.jar if cookie.name == "ccm_launch"}
    assert paths == {f"/p/{panel.launch}/" for panel in panels}


def test_signing_out_ends_the_session_and_not_the_timer(clinic: Clinic, browser: Browser) -> None:
    panel = browser.open(clinic, ONE)
    cookie = f"ccm_launch={launch_cookie(browser, panel)}"
    panel.timer("start")
    answer = panel.post("logout", {"csrf_token": panel.token}, as_json=False)
    assert answer.status_code == 200
    assert "signed out" in answer.text
    assert browser.get(panel.url).status_code == 404  # the cookie is gone
    assert requests.get(panel.url, headers={"Cookie": cookie}, timeout=20).status_code == 401
    clinic.clock.advance(300)
    assert browser.open(clinic, ONE).view()["timer"]["seconds"] == 300


def test_what_was_entered_before_signing_out_is_still_filed(clinic: Clinic, browser: Browser) -> None:
    panel = browser.open(clinic, ONE)
    panel.entry()
    panel.post("logout", {})
    clinic.deliver_all()
    assert browser.open(clinic, ONE).statuses() == ["filed"]


def test_a_session_left_alone_ends_and_its_timer_survives(either_clinic: Clinic, browser: Browser) -> None:
    clinic = either_clinic
    panel = browser.open(clinic, ONE)
    panel.timer("start", note="Interrupted")
    clinic.clock.advance(15 * 60 + 31)
    for accept in ("text/html", "application/json"):
        answer = browser.get(panel.url, headers={"Accept": accept})
        assert answer.status_code == 401
        assert "Marisol" not in answer.text
    assert panel.post("timer", {"action": "stop"}).status_code == 401
    timer = browser.open(clinic, ONE).view()["timer"]
    assert (timer["state"], timer["seconds"], timer["note"]) == ("running", 931, "Interrupted")


def test_a_session_in_use_lives_on_and_a_page_that_only_refreshes_itself_does_not(
    clinic: Clinic, browser: Browser
) -> None:
    panel = browser.open(clinic, ONE)
    for _ in range(4):
        clinic.clock.advance(10 * 60)
        panel.view()
    for _ in range(4):
        clinic.clock.advance(4 * 60)
        answer = browser.get(panel.url, headers={"X-Cadence-Refresh": "1"})
    assert answer.status_code == 401


def test_a_session_ends_after_its_longest_time_however_busy(clinic: Clinic, browser: Browser) -> None:
    panel = browser.open(clinic, ONE)
    for _ in range(12 * 6 - 1):
        clinic.clock.advance(600)
        assert browser.get(panel.url).status_code == 200
    clinic.clock.advance(600)
    assert browser.get(panel.url).status_code == 401


def test_a_launch_as_another_user_ends_the_first_one_s_sessions_in_that_browser(
    clinic: Clinic, browser: Browser, other_browser: Browser
) -> None:
    nurse, elsewhere = browser.open(clinic, ONE), other_browser.open(clinic, ONE)
    browser.open(clinic, OTHER, user="physician")
    assert browser.get(nurse.url).status_code == 401
    assert elsewhere.view()["patient"]["user_name"] == "Imani Okwuosa, RN"


def test_a_disabled_registration_ends_its_sessions_and_launches(clinic: Clinic, browser: Browser) -> None:
    from smart_app.store.registrations import disable_registration

    panel, callback = browser.open(clinic, ONE), browser.callback(clinic, ONE)
    with clinic.services.store.writing() as session:
        disable_registration(session, clinic.ehr.fhir_base, clinic.clock())
    assert browser.get(panel.url).status_code == 401
    assert browser.get(callback).status_code == 400
    assert browser.launch(clinic, ONE).status_code == 400


def launch_cookie(browser: Browser, panel: Panel) -> str:
    """The secret with which this browser opens the panel."""
    path = f"/p/{panel.launch}/"
    return next(str(cookie.value) for cookie in browser.jar if cookie.path == path)
