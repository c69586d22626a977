"""Hazard 25: the disk is full, the database locked or gone. Input is kept or refused, never acknowledged and lost."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import requests
from sqlalchemy import Engine, event
from sqlalchemy.engine import make_url

from smart_app.outbox.worker import Worker
from smart_app.store import engine as store_engine
from tests.integration.browser import Browser, Panel
from tests.integration.clinic import Clinic
from tests.integration.clinic import clinic as running_clinic
from tests.integration.conftest import OpenClinic
from tests.integration.delivery.chart import check_chart
from tests.requirements import require

PATIENT = "albarracin-marisol"
LONG_NOTE = "Went through all doses again. " * 60
SOME, MANY = 400, 30  # so many leave room on no page of the file


@pytest.fixture
def impatient_clinic(open_clinic: OpenClinic, monkeypatch: pytest.MonkeyPatch) -> Clinic:
    """A clinic on SQLite that waits a twentieth of a second for a lock."""
    monkeypatch.setattr(store_engine, "BUSY_TIMEOUT_SECONDS", 0.05)
    return open_clinic()


def file_of(clinic: Clinic) -> Path:
    """The SQLite file."""
    return Path(str(make_url(clinic.services.settings.database_url).database))


@contextlib.contextmanager
def locked(clinic: Clinic) -> Iterator[None]:
    """Another process writes, and takes its time."""
    with contextlib.closing(sqlite3.connect(file_of(clinic), isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        yield
        other.execute("ROLLBACK")


@contextlib.contextmanager
def full(engine: Engine) -> Iterator[None]:
    """The disk has room for not one page more."""

    def limit(connection: sqlite3.Connection, *_: object) -> None:
        connection.execute("PRAGMA max_page_count = 1").close()  # SQLite takes what the file has already

    event.listen(engine, "connect", limit)
    engine.dispose()
    yield
    event.remove(engine, "connect", limit)
    engine.dispose()


def is_refused(answer: requests.Response) -> bool:
    """Whether the answer says that nothing was saved, and when to come again."""
    problem = answer.json()
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert (problem["title"], answer.headers["Retry-After"]) == ("The database is away; nothing was saved", "5")
    return answer.status_code == 503


def test_while_the_database_is_locked_input_is_refused_and_may_be_sent_again(
    impatient_clinic: Clinic, browser: Browser
) -> None:
    clinic = impatient_clinic
    panel = browser.open(clinic, PATIENT)
    with locked(clinic):
        assert is_refused(panel.enter())
        assert is_refused(panel.post("timer", {"action": "start"}))
        page = panel.post("timer", {"action": "start"}, as_json=False)
        assert (page.status_code, "nothing was saved" in page.text) == (503, True)
    assert panel.enter().status_code == 201
    clinic.deliver_all()
    assert check_chart(clinic.services, clinic.ehr.store) == 1


def test_while_the_database_is_locked_a_worker_waits(impatient_clinic: Clinic, browser: Browser) -> None:
    clinic = impatient_clinic
    browser.open(clinic, PATIENT).entry()
    worker = Worker(clinic.services)
    with locked(clinic):
        assert worker._round() == 0
    assert "database_away" in clinic.log.getvalue()
    assert worker._round() > 0
    clinic.deliver_all()
    check_chart(clinic.services, clinic.ehr.store)


def test_when_the_disk_is_full_what_was_acknowledged_is_kept_and_the_rest_refused(
    impatient_clinic: Clinic, browser: Browser
) -> None:
    clinic = impatient_clinic
    panel = browser.open(clinic, PATIENT)
    acknowledged, refused = _enter_until_full(clinic, panel)
    with sqlite3.connect(file_of(clinic)) as database:
        kept = {key.removeprefix("manual:") for (key,) in database.execute("SELECT key FROM entry")}
    database.close()
    assert acknowledged == kept
    assert refused
    assert all(panel.enter(key=key, note=LONG_NOTE).status_code == 201 for key in refused)


def _enter_until_full(clinic: Clinic, panel: Panel) -> tuple[set[str], list[str]]:
    """The keys of the entries that were acknowledged, and of three that were refused, while the disk was full."""
    acknowledged: set[str] = set()
    refused: list[str] = []
    with full(clinic.services.store.engine):
        for number in range(SOME):
            answer = panel.enter(key=f"key-{number}", note=LONG_NOTE)
            if answer.status_code == 201:
                acknowledged.add(f"key-{number}")
            elif is_refused(answer):
                refused.append(f"key-{number}")
            if len(refused) == 3:
                break
    return acknowledged, refused


def test_when_the_disk_is_full_while_filing_nothing_is_filed_twice_afterwards(
    impatient_clinic: Clinic, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    clinic = impatient_clinic
    panel = browser.open(clinic, PATIENT)
    for number in range(MANY):
        panel.entry(key=f"key-{number}", start=f"2026-11-{number % 23 + 1:02}T09:00:00-05:00")
    monkeypatch.setattr("smart_app.outbox.filing._condition", lambda *_: None)
    worker = Worker(clinic.services)
    with full(clinic.services.store.engine):
        for _ in range(10):
            worker._round()
            clinic.clock.advance(61)
    clinic.deliver_all()
    assert "database_away" in clinic.log.getvalue()
    assert check_chart(clinic.services, clinic.ehr.store) == MANY


def cut_off(clinic: Clinic) -> None:
    """Ends all of the application's connections to PostgreSQL, as a restart of the server does."""
    url = clinic.services.settings.database_url
    with contextlib.closing(psycopg.connect(require("postgres"), autocommit=True)) as admin:
        admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()",
            (make_url(url).database,),
        )


@pytest.fixture
def postgres_clinic(postgres_url: str, key_file: Path) -> Iterator[Clinic]:
    """A clinic on PostgreSQL."""
    with running_clinic(postgres_url, key_file) as running:
        yield running


def test_a_lost_connection_between_two_requests_is_made_again(postgres_clinic: Clinic, browser: Browser) -> None:
    clinic = postgres_clinic
    panel = browser.open(clinic, PATIENT)
    cut_off(clinic)
    assert panel.enter().status_code == 201
    cut_off(clinic)
    clinic.deliver_all()
    check_chart(clinic.services, clinic.ehr.store)


def test_a_connection_lost_within_a_request_refuses_it_and_the_same_again_succeeds(
    postgres_clinic: Clinic, browser: Browser
) -> None:
    clinic = postgres_clinic
    panel = browser.open(clinic, PATIENT)
    engine = clinic.services.store.engine
    done: list[str] = []

    def lose(_: object, __: object, statement: str, *___: object) -> None:
        if statement.startswith("INSERT INTO delivery") and not done:
            done.append(statement)
            cut_off(clinic)

    event.listen(engine, "before_cursor_execute", lose)
    assert is_refused(panel.enter())
    event.remove(engine, "before_cursor_execute", lose)
    assert panel.entries() == []
    assert panel.enter().status_code == 201
    clinic.deliver_all()
    assert check_chart(clinic.services, clinic.ehr.store) == 1


@pytest.mark.parametrize("lost_after", ["POST /fhir/Encounter", "POST /fhir/Observation"])
def test_a_worker_whose_connection_is_lost_in_mid_flight_files_nothing_twice(
    postgres_clinic: Clinic, browser: Browser, monkeypatch: pytest.MonkeyPatch, lost_after: str
) -> None:
    clinic = postgres_clinic
    browser.open(clinic, PATIENT).entry()
    monkeypatch.setattr("smart_app.outbox.filing._condition", lambda *_: None)
    transport = clinic.services.transport
    done: list[str] = []
    request = transport.request

    def then_lose(method: str, url: str, **options: object) -> object:
        answer = request(method, url, **options)  # type: ignore[arg-type]
        if f"{method} {url}".endswith(lost_after.removeprefix("POST ")) and method == "POST" and not done:
            done.append(url)
            cut_off(clinic)
        return answer

    monkeypatch.setattr(transport, "request", then_lose)
    worker = Worker(clinic.services)
    for _ in range(4):
        worker._round()
        clinic.clock.advance(61)
    clinic.deliver_all()
    assert done
    assert check_chart(clinic.services, clinic.ehr.store) == 1
