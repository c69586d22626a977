"""What is remembered of an EHR: its failures in a row, and how far down the ladder it was seen to be."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from cryptography.fernet import Fernet

from smart_app.registrations import Registration
from smart_app.store.ehr_state import (
    CEILING_SECONDS,
    FAILURES_TO_OPEN,
    OPEN_SECONDS,
    ceiling_of,
    lower_ceiling,
    note_failure,
    note_success,
)
from smart_app.store.engine import Store
from smart_app.store.registrations import add_registration
from smart_app.store.tables import EhrStateRow
from smart_app.store.vault import Vault

NOW = 1795532400
EHR = "ehr-1"


@pytest.fixture
def store(sqlite_url: str) -> Iterator[Store]:
    """A database that trusts one EHR."""
    opened = Store(sqlite_url, Vault((Fernet.generate_key().decode(),)))
    with opened.writing() as session:
        registration = Registration(EHR, "https://ehr.example/fhir", "EHR", "client")
        add_registration(session, registration, practice="Practice", timezone="UTC", now=NOW)
    yield opened
    opened.close()


def open_until(store: Store) -> int:
    """Until when the EHR is left alone."""
    with store.reading() as session:
        return session.get_one(EhrStateRow, EHR).open_until


def fail(store: Store, times: int) -> None:
    """Notes failures, each in a unit of work of its own."""
    for _ in range(times):
        with store.writing() as session:
            note_failure(session, EHR, NOW)


def test_the_breaker_opens_at_the_fifth_failure_in_a_row(store: Store) -> None:
    fail(store, FAILURES_TO_OPEN - 1)
    assert open_until(store) == 0
    fail(store, 1)
    assert open_until(store) == NOW + OPEN_SECONDS


def test_a_success_closes_it_and_begins_the_count_anew(store: Store) -> None:
    fail(store, FAILURES_TO_OPEN)
    with store.writing() as session:
        note_success(session, EHR)
    fail(store, FAILURES_TO_OPEN - 1)
    assert open_until(store) == 0


def lower(store: Store, *left: str, why: str) -> None:
    """The EHR was seen to take no more than what is left."""
    with store.writing() as session:
        lower_ceiling(session, EHR, left, why=why, now=NOW, lowered=lambda *_: left[0])


def test_a_ceiling_holds_for_a_day_and_is_never_raised_by_a_late_comer(store: Store) -> None:
    lower(store, "note", "ledger_only", why="no Observation")
    lower(store, "observation", "note", "ledger_only", why="no Encounter")
    with store.reading() as session:
        known = ceiling_of(session, EHR, NOW + CEILING_SECONDS - 1)
        assert known is not None
        assert (known.rung, known.why) == ("note", "no Observation")
        assert ceiling_of(session, EHR, NOW + CEILING_SECONDS) is None
    lower(store, "ledger_only", why="no note either")
    with store.reading() as session:
        known = ceiling_of(session, EHR, NOW)
        assert known is not None
        assert known.rung == "ledger_only"


def test_what_nobody_learnt_is_no_ceiling(store: Store) -> None:
    with store.reading() as session:
        assert ceiling_of(session, EHR, NOW) is None
