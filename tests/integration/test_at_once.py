"""Many requests at the same moment: double clicks, two tabs, several people; on both databases."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from typing import TypeVar

from fhir_mappings.codes import ENTRY_SYSTEM
from tests.integration.browser import Browser, Panel, browsing
from tests.integration.clinic import Clinic

Answer = TypeVar("Answer")
CLICKS = 50
PATIENT, OTHER = "albarracin-marisol", "ferreby-constance"


def at_once(*calls: Callable[[], Answer]) -> list[Answer]:
    """What the calls return, each begun in a thread of its own at the same moment."""
    start, answers = threading.Barrier(len(calls)), []

    def run(call: Callable[[], Answer]) -> None:
        start.wait(timeout=30)
        answers.append(call())

    threads = [threading.Thread(target=run, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    assert len(answers) == len(calls)
    return answers


def statuses(panel: Panel, posts: Sequence[tuple[str, dict[str, object]]]) -> Counter[int]:
    """How often each status answers these posts, all sent at the same moment."""
    return Counter(at_once(*(lambda post=post: panel.post(*post).status_code for post in posts)))


def test_fifty_clicks_on_start_and_stop_make_one_entry(either_clinic: Clinic, browser: Browser) -> None:
    panel = browser.open(either_clinic, PATIENT)
    start: tuple[str, dict[str, object]] = ("timer", {"action": "start"})
    assert statuses(panel, [start] * CLICKS) == {200: CLICKS}
    either_clinic.clock.advance(300)
    stop: tuple[str, dict[str, object]] = ("timer", {"action": "stop", "note": "Once"})
    assert statuses(panel, [stop] * CLICKS) == {200: CLICKS}
    (entry,) = panel.entries()
    assert entry["minutes"] == 5
    either_clinic.deliver_all()
    assert len(either_clinic.search("Encounter", identifier=f"{ENTRY_SYSTEM}|{entry['id']}")) == 1


def test_fifty_clicks_on_save_make_one_entry(either_clinic: Clinic, browser: Browser) -> None:
    panel = browser.open(either_clinic, PATIENT)
    answers = at_once(*[panel.enter] * CLICKS)
    assert Counter(answer.status_code for answer in answers) == {201: 1, 200: CLICKS - 1}
    assert len({answer.json()["id"] for answer in answers}) == 1
    (entry,) = panel.entries()
    either_clinic.deliver_all()
    assert len(either_clinic.search("Observation", identifier=f"{ENTRY_SYSTEM}|{entry['id']}")) == 1


def test_the_same_key_with_other_content_is_refused_and_changes_nothing(clinic: Clinic, browser: Browser) -> None:
    panel = browser.open(clinic, PATIENT)
    panel.entry(minutes=12)
    answer = panel.enter(minutes=13)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (409, "key")
    assert [entry["minutes"] for entry in panel.entries()] == [12]


def test_two_people_may_use_the_same_key(clinic: Clinic, browser: Browser, other_browser: Browser) -> None:
    nurse, physician = browser.open(clinic, PATIENT), other_browser.open(clinic, PATIENT, user="physician")
    assert (nurse.enter().status_code, physician.enter().status_code) == (201, 201)
    assert len(nurse.entries()) == 2


def test_whatever_the_timer_is_told_in_two_tabs_at_once_it_never_fails_nor_counts_twice(
    either_clinic: Clinic, browser: Browser
) -> None:
    panels = [browser.open(either_clinic, patient) for patient in (PATIENT, OTHER)]
    for actions in (("start", "resume"), ("pause", "stop"), ("start", "stop"), ("resume", "pause", "stop", "start")):
        posts = [
            (lambda panel=panel, action=action: panel.post("timer", {"action": action}).status_code)
            for action in actions
            for panel in panels
            for _ in range(4)
        ]
        assert set(at_once(*posts)) == {200}
        either_clinic.clock.advance(60)
    running = [panel.view()["timer"]["state"] for panel in panels]
    assert running.count("running") <= 1
    for panel in panels:
        panel.timer("stop")
    worked = [(entry["start"], entry["end"]) for panel in panels for entry in panel.entries()]
    assert len(worked) == len(set(worked))


def test_two_people_enter_time_on_one_patient_at_once(either_clinic: Clinic) -> None:
    with browsing() as one, browsing() as other:
        panels = [one.open(either_clinic, PATIENT), other.open(either_clinic, PATIENT, user="physician")]
        posts = [
            (lambda panel=panel, number=number: panel.enter(key=f"key-{number}").status_code)
            for panel in panels
            for number in range(8)
        ]
        assert set(at_once(*posts)) == {201}
        assert len(panels[0].entries()) == 16
