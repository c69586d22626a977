"""Owns `ccm settings`: every setting with its meaning and its present value."""

from __future__ import annotations

import click

from smart_app.cli.wiring import settings_or_exit
from smart_app.settings import Settings


@click.command()
def settings() -> None:
    """List every setting, its meaning, default and present value."""
    present = settings_or_exit()
    for name, field in Settings.model_fields.items():
        click.echo(click.style(f"CCM_{name.upper()}", bold=True))
        click.echo(f"    {field.description}")
        click.echo(f"    default: {field.default}   now: {_shown(name, getattr(present, name))}")


def _shown(name: str, value: object) -> str:
    """A value as it may be printed: a database URL without its password."""
    if name != "database_url":
        return str(value)
    from sqlalchemy.engine import make_url

    return make_url(str(value)).render_as_string(hide_password=True)
