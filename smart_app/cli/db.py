"""Owns `ccm db`: the database's schema."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import click
from sqlalchemy import Engine, inspect
from sqlalchemy.exc import SQLAlchemyError

from smart_app.cli.wiring import settings_or_exit
from smart_app.keys import KeysMissing, create_keyring, key_file
from smart_app.settings import Settings
from smart_app.store.engine import make_engine
from smart_app.store.schema import newest_revision


@click.group()
def db() -> None:
    """The database's schema."""


@db.command()
def upgrade() -> None:
    """Bring the database to the newest schema; a new installation gets its key file too."""
    settings = settings_or_exit()
    try:
        prepare_database(settings)
    except KeysMissing as error:
        raise click.ClickException(str(error)) from None
    except SQLAlchemyError as error:
        raise click.ClickException(
            f"CCM_DATABASE_URL: the database cannot be opened ({type(error).__name__})."
        ) from None
    click.echo(f"The database has schema {newest_revision()}; the keys are in {key_file(settings)}.")


def prepare_database(settings: Settings) -> None:
    """Makes or upgrades the schema, and makes keys where there is neither database nor key file.

    Raises `KeysMissing` where a database in use has lost its keys: new ones would open nothing in it.
    """
    from smart_app.store.schema import upgrade as upgrade_schema

    path = key_file(settings)
    engine = make_engine(settings.database_url)
    try:
        in_use = inspect(engine).has_table("alembic_version")  # looked at first: another process may be making both
        if not path.exists():
            if in_use:
                raise KeysMissing(f"The database is in use, but its key file {path} is missing: restore it.")
            with suppress(FileExistsError):  # another process has just made them
                create_keyring(path)
        upgrade_schema(engine)
        _keep_private(engine)
    finally:
        engine.dispose()


def _keep_private(engine: Engine) -> None:
    """A SQLite file is readable by its owner only, as the key file is."""
    path = engine.url.database
    if engine.dialect.name == "sqlite" and path and path != ":memory:":
        Path(path).chmod(0o600)
