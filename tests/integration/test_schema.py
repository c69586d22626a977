"""The schema: migrations make what the tables say, on both databases, once and for all who ask at the same moment."""

from __future__ import annotations

import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from psycopg import sql
from sqlalchemy import inspect
from sqlalchemy.engine import make_url

from smart_app.store.engine import make_engine
from smart_app.store.schema import MIGRATIONS, is_current, newest_revision, upgrade
from smart_app.store.tables import Base
from tests.requirements import require


def test_the_migrations_make_what_the_tables_say(database_url: str) -> None:
    engine = make_engine(database_url)
    try:
        with engine.connect() as connection:
            context = MigrationContext.configure(connection, opts={"compare_type": True})
            assert compare_metadata(context, Base.metadata) == []
    finally:
        engine.dispose()


def test_upgrading_twice_changes_nothing(database_url: str) -> None:
    engine = make_engine(database_url)
    try:
        before = sorted(inspect(engine).get_table_names())
        upgrade(engine)
        assert sorted(inspect(engine).get_table_names()) == before
        assert is_current(engine)
    finally:
        engine.dispose()


def test_an_empty_database_and_an_older_one_are_not_current(tmp_path: Path) -> None:
    engine = make_engine(f"sqlite:///{tmp_path}/empty.db")
    try:
        assert not is_current(engine)
        upgrade(engine)
        assert is_current(engine)
        with engine.begin() as connection:
            connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0000'")
        assert not is_current(engine)
    finally:
        engine.dispose()


def test_the_revisions_follow_each_other() -> None:
    script = ScriptDirectory(str(MIGRATIONS))
    assert script.get_heads() == [newest_revision()]
    assert all(len(revision.nextrev) <= 1 for revision in script.walk_revisions())


@pytest.fixture(params=["sqlite", "postgres"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a database without any table, once of each kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/empty.db"
        return
    server, name = require("postgres"), f"cadence_test_{uuid.uuid4().hex}"
    with closing(psycopg.connect(server, autocommit=True)) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            yield make_url(server).set(database=name).render_as_string(hide_password=False)
        finally:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def test_processes_that_make_one_installation_at_the_same_moment_all_end_well(empty_url: str, tmp_path: Path) -> None:
    environment = {**os.environ, "CCM_DATABASE_URL": empty_url, "CCM_KEY_FILE": str(tmp_path / "keys.json")}
    command = [sys.executable, "-m", "smart_app.cli", "db", "upgrade"]
    processes = [
        subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        for _ in range(2)
    ]
    outputs = [process.communicate(timeout=60)[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0], outputs
    assert sorted(path.name for path in tmp_path.glob("keys.json*")) == ["keys.json"]
    assert (tmp_path / "keys.json").stat().st_mode & 0o777 == 0o600
