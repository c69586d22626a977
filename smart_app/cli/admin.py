"""Owns `ccm admin`: the first admin, who has no EHR to come from yet."""

from __future__ import annotations

import click

from smart_app.admin.bootstrap import LINK_MINUTES, new_bootstrap_link
from smart_app.cli.wiring import opened_services


@click.group()
def admin() -> None:
    """The first administrator."""


@admin.command()
def bootstrap() -> None:
    """Print a one-time link with which the first EHR and its first administrator are registered."""
    with opened_services() as services:
        link = new_bootstrap_link(services)
    click.echo(f"Open this link within {LINK_MINUTES} minutes; it works once:")
    click.echo(link)
