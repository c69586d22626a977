"""The connection: one unit of work at a time on SQLite, committed whole or not at all."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from sqlalchemy.exc import OperationalError

from smart_app.store import engine
from smart_app.store.engine import Store, wal_is_safe
from smart_app.store.vault import Vault

VAULT = Vault((Fernet.generate_key().decode(),))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A SQLite database with one table."""
    made = Store(f"sqlite:///{tmp_path}/x.db", VAULT)
    with made.writing() as session:
        session.connection().exec_driver_sql("CREATE TABLE number (value INTEGER)")
    yield made
    made.close()


def values(store: Store) -> list[int]:
    """What the table holds."""
    with store.reading() as session:
        return list(session.connection().exec_driver_sql("SELECT value FROM number ORDER BY value").scalars())


@pytest.mark.parametrize(
    ("version", "safe"),
    [
        ((3, 40, 1), False),
        ((3, 44, 5), False),
        ((3, 44, 6), True),
        ((3, 44, 9), True),
        ((3, 45, 0), False),
        ((3, 50, 6), False),
        ((3, 50, 7), True),
        ((3, 51, 0), False),
        ((3, 51, 2), False),
        ((3, 51, 3), True),
        ((3, 52, 0), True),
        ((4, 0, 0), True),
    ],
)
def test_wal_is_used_only_where_its_bug_is_fixed(version: tuple[int, ...], safe: bool) -> None:
    assert wal_is_safe(version) is safe


def test_a_sqlite_connection_is_durable_and_keeps_references(store: Store) -> None:
    with store.reading() as session:
        connection = session.connection()
        read = {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in ("synchronous", "foreign_keys")}
        mode = connection.exec_driver_sql("PRAGMA journal_mode").scalar()
    assert (read, mode in ("wal", "delete")) == ({"synchronous": 2, "foreign_keys": 1}, True)


def test_a_unit_of_work_is_kept_whole_or_not_at_all(store: Store) -> None:
    with store.writing() as session:
        session.connection().exec_driver_sql("INSERT INTO number VALUES (1)")
    with pytest.raises(ZeroDivisionError):
        insert_and_fail(store)
    assert values(store) == [1]


def insert_and_fail(store: Store) -> None:
    """Writes in a unit of work that does not end well."""
    with store.writing() as session:
        session.connection().exec_driver_sql("INSERT INTO number VALUES (2)")
        raise ZeroDivisionError


def test_a_writer_waits_for_the_one_before_it_instead_of_failing_half_way(store: Store) -> None:
    inside, results = threading.Event(), []

    def second() -> None:
        inside.wait(timeout=10)
        with store.writing() as session:  # waits here, before it has read anything
            results.append(session.connection().exec_driver_sql("SELECT count(*) FROM number").scalar())

    thread = threading.Thread(target=second)
    thread.start()
    with store.writing() as session:
        session.connection().exec_driver_sql("INSERT INTO number VALUES (1)")
        inside.set()
    thread.join(timeout=10)
    assert results == [1]


def test_a_reader_sees_nothing_of_a_unit_of_work_under_way(store: Store) -> None:
    with store.writing() as session:
        session.connection().exec_driver_sql("INSERT INTO number VALUES (1)")
        assert values(store) == []


def test_a_database_that_stays_locked_is_said(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "BUSY_TIMEOUT_SECONDS", 0.01)
    impatient = Store(str(store.engine.url), VAULT)
    try:
        with store.writing() as session:
            session.connection()
            with pytest.raises(OperationalError), impatient.writing() as other:
                other.connection()
    finally:
        impatient.close()
