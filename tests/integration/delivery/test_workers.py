"""Several workers on one outbox (hazard 24): leases, fences, and each entry in the chart once; on both databases."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from sandbox_ehr.config import SandboxConfig
from smart_app.app import make_services
from smart_app.outbox import queue
from smart_app.outbox.delivery import deliver_due
from smart_app.outbox.queue import LEASE_SECONDS, Filed, StaleClaim
from smart_app.services import Services
from smart_app.store.launches import get_launch
from smart_app.store.ledger import Work, add_entry
from smart_app.store.tables import DeliveryRow, FiledResourceRow, LaunchRow
from tests.integration.browser import Browser
from tests.integration.clinic import NOW, Clinic
from tests.integration.conftest import OpenClinic
from tests.integration.delivery.chart import check_chart, counts, months, ours, state_of
from tests.integration.test_at_once import at_once

PATIENT, IN_A_VISIT = "albarracin-marisol", "ferreby-constance"
BOTH = {"Encounter": 1, "Observation": 1}
ENTRIES, WORKERS = 200, 8


def add_entries(clinic: Clinic, number: int) -> list[str]:
    """Entries of the one open launch, half a day apart."""
    with clinic.services.store.writing() as session:
        launch = get_launch(session, session.scalars(select(LaunchRow.id)).one())
        works = (
            Work(
                start=NOW - 43200 * (n + 1),
                end=NOW - 43200 * (n + 1) + 600,
                activity="patient_contact",
                modality="phone",
                note="",
                key=f"key-{n}",
                source="manual",
                performer_class="staff",
            )
            for n in range(number)
        )
        return [add_entry(session, launch, work, NOW)[0] for work in works]


def a_worker_elsewhere(clinic: Clinic) -> Services:
    """The parts of another process on the same database; to be closed."""
    return make_services(clinic.services.settings, clinic.clock)


def test_eight_workers_file_two_hundred_entries_once_each(either_clinic: Clinic, browser: Browser) -> None:
    clinic = either_clinic
    browser.open(clinic, PATIENT)
    add_entries(clinic, ENTRIES)
    workers = [a_worker_elsewhere(clinic) for _ in range(WORKERS)]
    clinic.forget_requests()

    def work(parts: Services) -> int:
        taken = 0
        while batch := deliver_due(parts):
            taken += batch
        return taken

    try:
        taken = at_once(*((lambda parts=parts: work(parts)) for parts in workers))
    finally:
        for parts in workers:
            parts.close()
    clinic.deliver_all()
    assert sum(taken) >= ENTRIES
    assert len(clinic.asked("POST", "/fhir/Encounter")) == ENTRIES
    assert check_chart(clinic.services, clinic.ehr.store) == ENTRIES


def paused_in(
    monkeypatch: pytest.MonkeyPatch, services: Services, when: Callable[[str, str], bool], meanwhile: Callable[[], None]
) -> None:
    """Lets `meanwhile` happen once, just before a worker hands the first such request to the network."""
    request, done = services.transport.request, threading.Event()

    def slow(method: str, url: str, **options: Any) -> Any:
        if when(method, url) and not done.is_set():
            done.set()
            meanwhile()
        return request(method, url, **options)

    monkeypatch.setattr(services.transport, "request", slow)


@pytest.mark.parametrize("profile", ["open", "epic"])
def test_a_worker_that_slept_over_its_lease_before_sending_leaves_one_resource_or_a_task(
    open_clinic: OpenClinic, browser: Browser, monkeypatch: pytest.MonkeyPatch, profile: str
) -> None:
    clinic = open_clinic(ehr=SandboxConfig(profile=profile), registration={"write_back": "observation"})
    entry_id = browser.open(clinic, IN_A_VISIT).entry()
    other = a_worker_elsewhere(clinic)

    def another_takes_over() -> None:
        clinic.clock.advance(LEASE_SECONDS + 1)
        while deliver_due(other):
            pass

    # Without a condition that the EHR could check: the second POST really makes a second resource.
    monkeypatch.setattr("smart_app.outbox.filing._condition", lambda *_: None)
    sending = lambda method, url: method == "POST" and url.endswith("/Observation")  # noqa: E731
    paused_in(monkeypatch, clinic.services, sending, another_takes_over)
    try:
        clinic.deliver()
    finally:
        other.close()
    assert "delivery_taken_over" in clinic.log.getvalue()
    clinic.deliver_all()
    held = ours(clinic.ehr.store, "Observation")[entry_id]
    assert len(held) == 2
    if profile == "open":
        assert sorted(each["status"] for each in held) == ["entered-in-error", "final"]
    else:  # it takes no updates: a person is asked, and told which one
        state, detail = state_of(clinic.services, entry_id)
        assert (state, any(f"Observation/{each['id']}" in detail for each in held)) == ("attention", True)


def test_a_worker_that_slept_over_its_lease_before_its_turn_sends_nothing(
    either_clinic: Clinic, browser: Browser
) -> None:
    clinic = either_clinic
    entry_id = browser.open(clinic, PATIENT).entry()
    stale = queue.claim(clinic.services.store, clinic.clock(), since=0)
    clinic.clock.advance(LEASE_SECONDS + 1)
    clinic.deliver_all()
    clinic.forget_requests()
    store, now = clinic.services.store, clinic.clock()
    for held in stale:
        for refused in (
            lambda held=held: queue.begin(store, held, now),
            lambda held=held: queue.renew(store, held, now),
            lambda held=held: queue.finish(store, held, now),
            lambda held=held: queue.record_filed(store, held, Filed("Encounter", "x", "1", 1), now),
            lambda held=held: queue.set_aside(store, held, "attention", ""),
        ):
            with pytest.raises(StaleClaim):
                refused()
    assert counts(clinic.ehr.store, entry_id) == BOTH
    assert clinic.asked("POST", "/fhir/") == []


def test_a_slow_batch_loses_its_last_rows_rather_than_sending_them_twice(
    clinic: Clinic, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser.open(clinic, PATIENT)
    add_entries(clinic, 4)
    other = a_worker_elsewhere(clinic)

    def another_takes_the_rest() -> None:
        clinic.clock.advance(LEASE_SECONDS + 1)
        while deliver_due(other):
            pass

    monkeypatch.setattr("smart_app.outbox.filing._condition", lambda *_: None)
    sent = iter((False, True))  # while the first row is on its way, the others' leases run out
    first = lambda method, url: method == "POST" and url.endswith("/Observation") and next(sent, False)  # noqa: E731
    paused_in(monkeypatch, clinic.services, first, another_takes_the_rest)
    try:
        clinic.deliver()
    finally:
        other.close()
    clinic.deliver_all()
    check_chart(clinic.services, clinic.ehr.store)


def test_of_two_workers_that_make_the_month_s_total_at_once_one_does(either_clinic: Clinic, browser: Browser) -> None:
    clinic = either_clinic
    panel = browser.open(clinic, PATIENT)
    panel.entry()
    while clinic.waiting() and not ours(clinic.ehr.store, "Observation"):
        clinic.deliver()
    clinic.clock.advance(60)
    at_once(*[clinic.deliver] * 4)
    clinic.deliver_all()
    assert [len(found) for found in months(clinic.ehr.store).values()] == [1]


def test_two_workers_renew_a_sign_in_once(either_clinic: Clinic, browser: Browser) -> None:
    clinic = either_clinic
    browser.open(clinic, PATIENT)
    clinic.clock.advance(3600)
    add_entries(clinic, 12)
    clinic.forget_requests()
    at_once(*[clinic.deliver] * 4)
    clinic.deliver_all()
    assert len(clinic.asked("POST", "/auth/token")) == 1
    assert check_chart(clinic.services, clinic.ehr.store) == 12


def test_what_a_stale_worker_sent_is_known_as_a_duplicate_only_if_the_new_holder_has_not_found_it(
    either_clinic: Clinic, browser: Browser
) -> None:
    clinic = either_clinic
    entry_id = browser.open(clinic, PATIENT).entry()
    (held,) = (each for each in queue.claim(clinic.services.store, clinic.clock(), since=0) if each.entry_id)
    clinic.clock.advance(LEASE_SECONDS + 1)
    clinic.deliver_all()
    (encounter,) = ours(clinic.ehr.store, "Encounter")[entry_id]
    queue.record_stray(clinic.services.store, held, Filed("Encounter", encounter["id"], "1", 1), clinic.clock())
    queue.record_stray(clinic.services.store, held, Filed("Encounter", "unheard-of", "1", 1), clinic.clock())
    with clinic.services.store.reading() as session:
        rows = session.scalars(select(FiledResourceRow).where(FiledResourceRow.delivery_id == held.id))
        standing = {row.resource_id: row.standing for row in rows if row.resource_type == "Encounter"}
        assert standing == {encounter["id"]: "kept", "unheard-of": "duplicate"}
        assert session.get_one(DeliveryRow, held.id).state == "waiting"
    clinic.deliver_all()  # it is gone, which is as good as marked
    check_chart(clinic.services, clinic.ehr.store)
