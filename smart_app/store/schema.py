"""Owns the schema's version: brings a database up to date with Alembic, and says whether it is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Engine, inspect

from smart_app.store.engine import for_writing

if TYPE_CHECKING:
    from alembic.config import Config

MIGRATIONS = Path(__file__).parent / "migrations"
_UPGRADING = 0x63_63_6D  # any number will do, if it is always the same


def upgrade(engine: Engine) -> None:
    """Brings the schema of `engine`'s database to the newest version; of several at once, one after the other."""
    from alembic import command

    with for_writing(engine).begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_UPGRADING})")
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def is_current(engine: Engine) -> bool:
    """Whether the database has the newest schema, without loading Alembic: web processes ask this at each start."""
    if not inspect(engine).has_table("alembic_version"):
        return False
    with engine.connect() as connection:
        row = connection.exec_driver_sql("SELECT version_num FROM alembic_version").first()
    return row is not None and row[0] == newest_revision()


def newest_revision() -> str:
    """The newest revision: files are named NNNN_what.py, and the number is the revision."""
    return max(path.name.split("_")[0] for path in (MIGRATIONS / "versions").glob("[0-9]*.py"))


def _config() -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return config
