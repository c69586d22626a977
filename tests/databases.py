"""Gives each test a fresh database with the newest schema: migrated once for each run, then copied.

`database_url` runs its test on SQLite and on PostgreSQL; `sqlite_url` and `postgres_url` on one of them. `key_file`
is one set of keys for all databases of the run, for making RSA keys takes longer than most tests.
"""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from sqlalchemy.engine import make_url

from smart_app.keys import create_keyring
from smart_app.store.engine import make_engine
from smart_app.store.schema import upgrade
from tests.requirements import require


@pytest.fixture(scope="session")
def key_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key file for `Settings.key_file`; nobody may change it."""
    path = tmp_path_factory.mktemp("keys") / "keys.json"
    create_keyring(path)
    return path


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file that nobody opens."""
    path = tmp_path_factory.mktemp("template") / "cadence.db"
    _migrate(_sqlite_url(path))
    return path


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """The URL of a SQLite database of this test's own."""
    return _sqlite_url(Path(shutil.copy(sqlite_template, tmp_path / "cadence.db")))


@pytest.fixture(scope="session")
def postgres_template() -> Iterator[str]:
    """The name of a migrated PostgreSQL database that nobody opens."""
    server = require("postgres")
    with _created(server, template="template1") as name:
        _migrate(_on(server, name))
        yield name


@pytest.fixture
def postgres_url(postgres_template: str) -> Iterator[str]:
    """The URL of a PostgreSQL database of this test's own."""
    server = require("postgres")
    with _created(server, template=postgres_template) as name:
        yield _on(server, name)


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest) -> str:
    """The URL of a database of this test's own, once of each kind."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@contextmanager
def _created(server: str, *, template: str) -> Iterator[str]:
    """A new database's name; afterwards it is dropped, with whatever still holds it open."""
    name = f"cadence_test_{uuid.uuid4().hex}"
    identifier = sql.Identifier(name)
    with closing(psycopg.connect(server, autocommit=True)) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(identifier, sql.Identifier(template)))
        try:
            yield name
        finally:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(identifier))


def _migrate(url: str) -> None:
    engine = make_engine(url)
    try:
        upgrade(engine)
    finally:
        engine.dispose()


def _sqlite_url(path: Path) -> str:
    return f"sqlite:///{path}"


def _on(server: str, database: str) -> str:
    return make_url(server).set(database=database).render_as_string(hide_password=False)
