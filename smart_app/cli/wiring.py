"""Owns what commands share: settings and store, opened with errors that a person can act on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import click
from sqlalchemy.exc import SQLAlchemyError

from smart_app.app import make_services
from smart_app.keys import KeysMissing
from smart_app.logs import configure_logs
from smart_app.services import Services
from smart_app.settings import Settings, SettingsError, load_settings
from smart_app.store.schema import is_current


def settings_or_exit() -> Settings:
    """The settings; a bad one ends the command with the variable's name."""
    try:
        return load_settings()
    except SettingsError as error:
        raise click.ClickException(str(error)) from None


@contextmanager
def opened_services(settings: Settings | None = None) -> Iterator[Services]:
    """The parts of the installation, with a current database; ends the command with one clear line otherwise."""
    try:
        parts = make_services(settings or settings_or_exit())
    except KeysMissing as error:
        raise click.ClickException(str(error)) from None
    configure_logs(parts.settings.log_level)
    try:
        if not _current(parts):
            raise click.ClickException("The database has not the newest schema: run ccm db upgrade.")
        yield parts
    finally:
        parts.close()


def _current(parts: Services) -> bool:
    try:
        return is_current(parts.store.engine)
    except SQLAlchemyError as error:
        raise click.ClickException(
            f"CCM_DATABASE_URL: the database cannot be opened ({type(error).__name__})."
        ) from None
