"""Owns the connection to the database: one code path for SQLite and PostgreSQL.

SQLite writers take the lock at BEGIN (`BEGIN IMMEDIATE`), so that none fails half-way; WAL only where the linked
library has the fix for the WAL-reset bug (https://sqlite.org/wal.html#walresetbug).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session

from smart_app.store.vault import Vault

BUSY_TIMEOUT_SECONDS = 15
_WRITING = "ccm_writing"


class UnitOfWork(Session):
    """A session that can also open and seal what the vault protects."""

    def __init__(self, bind: Engine, vault: Vault) -> None:
        super().__init__(bind, expire_on_commit=False)
        self.vault = vault


class Store:
    """The database and the vault: where all state of the installation lives."""

    def __init__(self, url: str, vault: Vault) -> None:
        self.engine = make_engine(url)
        self.vault = vault
        self._writing = for_writing(self.engine)

    @contextmanager
    def reading(self) -> Iterator[UnitOfWork]:
        """A session for reading only."""
        with UnitOfWork(self.engine, self.vault) as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[UnitOfWork]:
        """A unit of work: committed as one when the block ends, rolled back if it raises."""
        with UnitOfWork(self._writing, self.vault) as session, session.begin():
            yield session

    def close(self) -> None:
        """Closes all connections."""
        self.engine.dispose()


def make_engine(url: str) -> Engine:
    """An engine for a SQLite or PostgreSQL URL."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "postgresql":
        return create_engine(parsed.set(drivername="postgresql+psycopg"), pool_pre_ping=True, pool_size=10)
    engine = create_engine(parsed, connect_args={"timeout": BUSY_TIMEOUT_SECONDS})
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def for_writing(engine: Engine) -> Engine:
    """The same database, whose transactions take SQLite's write lock at BEGIN."""
    return engine.execution_options(**{_WRITING: True})


def wal_is_safe(version: tuple[int, ...]) -> bool:
    """Whether a SQLite of this version has the fix for the WAL-reset bug: 3.44.6, 3.50.7, 3.51.3 or later."""
    return version >= (3, 51, 3) or (3, 50, 7) <= version < (3, 51) or (3, 44, 6) <= version < (3, 45)


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # the driver must not begin transactions of its own
    mode = "WAL" if wal_is_safe(sqlite3.sqlite_version_info) else "DELETE"
    for pragma in (f"journal_mode={mode}", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin_sqlite(connection: Connection) -> None:
    writing = connection.get_execution_options().get(_WRITING, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")
