"""A worker that dies, at any commit or request: what it left is found, and nothing stands in the chart twice."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any
from unittest import mock

import pytest

from fhir_mappings.codes import ENTRY_SYSTEM
from smart_app.ehr.transport import Transport
from smart_app.outbox import queue
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
