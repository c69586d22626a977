"""Faults on the way into the chart: nothing is lost, nothing stands there twice, and no EHR is pestered."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any
from unittest import mock

import pytest

from fhir_mappings.codes import ENTRY_SYSTEM
from sandbox_ehr.config import SandboxConfig
from smart_app.ehr.transport import Transport
from smart_app.outbox import filing, queue
from smart_app.outbox.worker import Worker
from smart_app.store.engine import Store
from tests.integration.browser import Browser, Panel
from tests.integration.clinic import Clinic
from tests.integration.conftest import OpenClinic

PATIENT = "albarracin-marisol"


def standing(clinic: Clinic) -> dict[str, Counter[str]]:
    """How many resources of each type stand in the chart for each entry; those in error left out."""
    return {
        kind: Counter(
            identifier["value"]
            for resource in clinic.search(kind, patient=PATIENT)
            for identifier in resource.get("identifier", [])
            if identifier["system"] == ENTRY_SYSTEM and resource["status"] != "entered-in-error"
        )
        for kind in ("Encounter", "Observation")
    }


def each_once(clinic: Clinic, panel: Panel) -> None:
    """Every entry is filed and stands in the chart exactly once."""
    entries = panel.entries()
    assert {entry["status"] for entry in entries} == {"filed"}
    once = {entry["id"]: 1 for entry in entries}
    assert standing(clinic) == {"Encounter": once, "Observation": once}


FAULTS: dict[str, dict[str, Any]] = {
    "500": {"status": 500},
    "503": {"status": 503},
    "429": {"status": 429, "headers": {"Retry-After": "3"}},
    "lost": {"drop_response": True},
    "truncated": {"truncate": True},
    "truncated and without its place": {"truncate": 10, "headers": {"Location": "", "ETag": ""}},
    "HTML": {"body": "<html></html>", "content_type": "text/html"},
    "HTML and without its place": {"body": "<html></html>", "headers": {"Location": "", "ETag": ""}},
    "empty": {"body": ""},
    "a place elsewhere": {"body": "", "headers": {"Location": "https://evil.example/Patient/1"}},
    "401": {"status": 401},
}


@pytest.mark.parametrize("kind", ["Encounter", "Observation"])
@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
def test_after_a_fault_the_entry_stands_in_the_chart_once(
    shared_clinic: Clinic, browser: Browser, kind: str, fault: dict[str, Any]
) -> None:
    panel = browser.open(shared_clinic, PATIENT)
    panel.entry(key=f"{kind} {fault}")
    shared_clinic.fault("POST", f"/fhir/{kind}", **fault)
    shared_clinic.deliver_all()
    each_once(shared_clinic, panel)


@pytest.mark.parametrize("kind", ["Encounter", "Observation"])
def test_what_was_taken_although_no_answer_came_is_found_and_not_sent_again(
    either_clinic: Clinic, browser: Browser, kind: str
) -> None:
    panel = browser.open(either_clinic, PATIENT)
    entry_id = panel.entry()
    either_clinic.fault("POST", f"/fhir/{kind}", drop_response=True)
    either_clinic.deliver()
    assert panel.entries()[0]["status_label"] == "Checking with the EHR"
    either_clinic.deliver_all()
    each_once(either_clinic, panel)
    assert standing(either_clinic)[kind] == {entry_id: 1}
    posts = [row for row in either_clinic.asked("POST", f"/fhir/{kind}") if row["path"] == f"/fhir/{kind}"]
    expected = 1 if kind == "Encounter" else 2  # the month's total is the second Observation
    assert len(posts) == expected


def test_an_ehr_that_asks_for_patience_gets_it(clinic: Clinic, browser: Browser) -> None:
    panel = browser.open(clinic, PATIENT)
    panel.entry()
    clinic.fault("POST", "/fhir/Encounter", status=429, headers={"Retry-After": "90"})
    clinic.deliver()
    clinic.forget_requests()
    for _ in range(8):
        clinic.clock.advance(10)
        clinic.deliver()
    assert clinic.asked("POST", "/fhir/Encounter") == []
    clinic.clock.advance(11)
    clinic.deliver_all()
    each_once(clinic, panel)


def test_after_an_outage_everything_is_filed_within_two_minutes(either_clinic: Clinic, browser: Browser) -> None:
    clinic = either_clinic
    panel = browser.open(clinic, PATIENT)
    for number in range(4):
        panel.entry(key=f"key-{number}", minutes=number + 1)
    clinic.fault("", "/fhir", status=503, times=-1)
    for _ in range(60):
        clinic.deliver()
        clinic.clock.advance(10)
    assert set(panel.statuses()) == {"waiting"}
    assert len(clinic.asked("POST", "/fhir/Encounter")) < 60
    clinic.heal()
    for _ in range(24):
        while clinic.deliver():
            pass
        clinic.clock.advance(5)
    each_once(clinic, panel)


def test_an_outage_of_the_sign_in_delays_and_loses_nothing(open_clinic: OpenClinic, browser: Browser) -> None:
    clinic = open_clinic(ehr=SandboxConfig(access_token_lifetime=30))
    panel = browser.open(clinic, PATIENT)
    panel.entry()
    clinic.fault("POST", "/auth/token", status=503, times=3)
    clinic.deliver_all()
    each_once(clinic, panel)


class PowerCut(BaseException):
    """The process ends here: nothing catches this."""


@contextmanager
def cut_at(number: int, *, when: str) -> Iterator[None]:
    """Ends the process at the n-th commit or request, before or after it ("before commit", "after request", ...)."""
    moment, _, what = when.partition(" ")
    left = [number]

    def passes(do: Callable[..., Any]) -> Callable[..., Any]:
        def passing(*args: Any, **options: Any) -> Any:
            left[0] -= 1
            if left[0] == 0 and moment == "before":
                raise PowerCut
            answer = do(*args, **options)
            if left[0] == 0:
                raise PowerCut
            return answer

        return passing

    if what == "request":
        with mock.patch.object(Transport, "request", passes(Transport.request)):
            yield
        return
    writing = Store.writing

    @contextmanager
    def commit(store: Store) -> Iterator[Any]:
        left[0] -= 1
        with writing(store) as session:
            yield session
            if left[0] == 0 and moment == "before":
                raise PowerCut
        if left[0] == 0:
            raise PowerCut

    with mock.patch.object(Store, "writing", commit):
        yield


@pytest.mark.parametrize("when", ["before commit", "after commit", "before request", "after request"])
def test_a_worker_that_dies_anywhere_leaves_nothing_lost_or_twice(clinic: Clinic, browser: Browser, when: str) -> None:
    panel = browser.open(clinic, PATIENT)
    for number in range(1, 50):
        panel.entry(key=f"key-{number}", minutes=number, start="2026-11-20T09:00:00-05:00")
        try:
            with cut_at(number, when=when):
                for _ in range(3):  # the month's total waits for its entries
                    clinic.deliver()
                    clinic.clock.advance(5)
        except PowerCut:
            clinic.clock.advance(61)
            clinic.deliver_all()
            each_once(clinic, panel)
        else:
            assert number > 3
            return
    pytest.fail("a delivery never came through")


def test_a_row_whose_worker_died_is_searched_for_before_it_is_sent(either_clinic: Clinic, browser: Browser) -> None:
    clinic = either_clinic
    panel = browser.open(clinic, PATIENT)
    panel.entry()
    queue.claim(clinic.services.store, clinic.clock(), since=0)  # and never seen again
    assert clinic.deliver() == 0
    clinic.clock.advance(61)
    clinic.forget_requests()
    clinic.deliver_all()
    first = next(row for row in clinic.asked() if row["path"].startswith("/fhir/Encounter"))
    assert (first["method"], "identifier=" in first["path"]) == ("GET", True)
    each_once(clinic, panel)


def test_a_worker_that_was_taken_for_dead_may_not_write_what_it_found(either_clinic: Clinic, browser: Browser) -> None:
    clinic, now = either_clinic, either_clinic.clock
    panel = browser.open(clinic, PATIENT)
    panel.entry()
    slow = queue.claim(clinic.services.store, now(), since=0)
    now.advance(61)
    clinic.deliver_all()
    store = clinic.services.store
    for held in slow:
        late = [
            partial(queue.record_filed, store, held, queue.Filed("Encounter", "late", "1", 1), now()),
            partial(queue.finish, store, held, now()),
            partial(queue.set_aside, store, held, "attention", "late"),
        ]
        for write in late:
            with pytest.raises(queue.StaleClaim):
                write()
    each_once(clinic, panel)


class Slow:
    """Stands before the EHR: each write takes so many seconds of the clinic's time, and then `meanwhile` happens."""

    def __init__(self, clinic: Clinic, seconds: int, meanwhile: Callable[[int], None]) -> None:
        self._clinic = clinic
        self._application: Callable[..., Iterable[bytes]] = clinic.ehr.app.wsgi_app
        self._seconds = seconds
        self._meanwhile = meanwhile
        self._writes = 0
        clinic.ehr.app.wsgi_app = self  # type: ignore[method-assign]

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] == "POST" and environ["PATH_INFO"].startswith("/fhir/"):
            self._writes += 1
            self._clinic.clock.advance(self._seconds)
            self._meanwhile(self._writes)
        return self._application(environ, start_response)


def test_a_slow_ehr_does_not_let_two_workers_send_one_entry(either_clinic: Clinic, browser: Browser) -> None:
    clinic = either_clinic
    panel = browser.open(clinic, PATIENT)
    for number in range(8):
        panel.entry(key=f"key-{number}", minutes=number + 1)
    busy = threading.Lock()

    def another_worker(_: int) -> None:
        if busy.acquire(blocking=False):
            try:
                clinic.deliver()
            finally:
                busy.release()

    Slow(clinic, 9, another_worker)
    clinic.deliver_all()
    each_once(clinic, panel)
    kinds = Counter(row["path"] for row in clinic.asked("POST") if row["status"] == 201)
    assert kinds["/fhir/Encounter"] == 8


def test_an_entry_that_cannot_be_prepared_does_not_hold_up_the_others(
    clinic: Clinic, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel = browser.open(clinic, PATIENT)
    bad, good = panel.entry(key="bad"), panel.entry(key="good", minutes=5)
    file_entry = filing.file_entry

    def refusing(job: Any) -> None:
        if job.held.entry_id == bad:
            raise LookupError("Marisol Albarracin")
        file_entry(job)

    monkeypatch.setattr("smart_app.outbox.delivery.file_entry", refusing)
    for _ in range(5):
        clinic.deliver()
        clinic.clock.advance(61)
    statuses = {entry["id"]: entry["status"] for entry in panel.entries()}
    assert statuses == {bad: "waiting", good: "filed"}
    assert "delivery_failed" in clinic.log.getvalue()
    assert "Albarracin" not in clinic.log.getvalue()
    monkeypatch.undo()
    clinic.deliver_all()
    each_once(clinic, panel)


def test_the_worker_beside_the_web_process_files_by_itself_and_stops(open_clinic: OpenClinic, browser: Browser) -> None:
    clinic = open_clinic(delivery_pause_seconds=0.01)
    panel = browser.open(clinic, PATIENT)
    panel.entry()
    worker = Worker(clinic.services)
    worker.start()
    deadline = threading.Event()
    for _ in range(500):
        if panel.statuses() == ["filed"]:
            break
        deadline.wait(0.02)
    worker.stop()
    assert panel.statuses() == ["filed"]
    assert not [thread for thread in threading.enumerate() if thread.name == "delivery"]
