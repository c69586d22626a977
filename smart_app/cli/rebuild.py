"""Owns `ccm rebuild`: the ledger read back from the charts."""

from __future__ import annotations

import click

from smart_app.cli.wiring import opened_services
from smart_app.ehr.errors import EhrError
from smart_app.outbox.credentials import LaunchOver
from smart_app.outbox.rebuild import Progress
from smart_app.outbox.rebuild import rebuild as rebuild_from_charts
from smart_app.store.registrations import all_registrations


@click.command()
@click.option("--issuer", help="Only this EHR's charts; by default those of every registered EHR.")
def rebuild(issuer: str | None) -> None:
    """Read the ledger back from the charts, after the database was lost or a backup restored.

    It may be repeated, and runs beside a working installation. It needs the EHR's Backend Services.
    """
    with opened_services() as services:
        with services.store.reading() as session:
            chosen = [each for each in all_registrations(session) if issuer in (None, each.issuer)]
        if not chosen:
            raise click.ClickException(f"{issuer or 'No EHR'} is not registered.")
        for registration in chosen:
            try:
                progress = rebuild_from_charts(services, registration, _report)
            except LaunchOver:
                raise click.ClickException(
                    f"{registration.issuer} has no Backend Services here: register it with --backend-scope, or open "
                    "each patient's chart once."
                ) from None
            except EhrError as error:
                raise click.ClickException(f"{registration.issuer}: {error}") from None
            click.echo(f"{registration.issuer}: {progress.restored} entries restored from {progress.read} resources.")
            for gap in progress.gaps:
                click.echo(f"  {gap}", err=True)


def _report(progress: Progress) -> None:
    click.echo(f"  {progress.read} resources read", err=True)
