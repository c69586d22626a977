"""Owns `ccm import`: candidates from a folder of NDJSON or from an EHR's bulk export."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from ccm.instants import parse_day
from fhir_mappings.text import quantified
from fhir_mappings.times import instant
from smart_app.cli.wiring import opened_services
from smart_app.ehr.download import SinkFailed
from smart_app.ehr.errors import EhrError, EhrRefused
from smart_app.importing.bulk_export import StillPreparing
from smart_app.importing.from_export import FromExport
from smart_app.importing.from_folder import FromFolder, NothingToImport
from smart_app.importing.service import Outcome, run_import
from smart_app.importing.work import Progress, Source
from smart_app.importing.workplace import ImportUnderWay
from smart_app.launch.tokens import fhir_id
from smart_app.outbox.credentials import LaunchOver
from smart_app.registrations import Registration
from smart_app.services import Services
from smart_app.store.candidates import count_candidates
from smart_app.store.imports import ImportTakenOver
from smart_app.store.registrations import find_registration, first_practice

_SECONDS_BETWEEN = 1.0
_FAULTS_SHOWN = 20


@click.command("import")
@click.option("--issuer", required=True, help="The EHR's FHIR base URL, as it was registered.")
@click.option(
    "--from",
    "folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="A folder of NDJSON files, gzipped or not, instead of the EHR's bulk export.",
)
@click.option("--since", metavar="DATE", help="Only what has changed since that day, such as 2026-11-01.")
@click.option("--group", metavar="ID", help="Only the patients of this Group of the EHR.")
def import_(issuer: str, folder: Path | None, since: str | None, group: str | None) -> None:
    """Find candidates: read patients, conditions and visits, and weigh who may be enrolled.

    It may be repeated. One that was stopped goes on where it was when the same command is given again. Without --from
    it needs the EHR's Backend Services.
    """
    if folder and (since or group):
        raise click.UsageError("--since and --group belong to the EHR's bulk export, not to --from.")
    with opened_services() as services:
        with services.store.reading() as session:
            registration = find_registration(session, issuer=issuer)
            if registration is None or registration.disabled:
                raise click.ClickException(f"{issuer} is not registered.")
            practice = first_practice(session, registration.id)
        source: Source = FromFolder(folder) if folder else _export(since, group, ZoneInfo(practice.timezone))
        outcome = _imported(services, registration, source)
        with services.store.reading() as session:
            standing = count_candidates(session, practice.id)
        _tell(outcome, standing)


def _export(since: str | None, group: str | None, zone: ZoneInfo) -> FromExport:
    if group and not fhir_id(group):
        raise click.UsageError("--group: is no id that a FHIR server gives.")
    if not since:
        return FromExport(group=group or "")
    try:
        day = parse_day(since)
    except ValueError as error:
        raise click.UsageError(f"--since: {error}.") from None
    return FromExport(instant(int(datetime(day.year, day.month, day.day, tzinfo=zone).timestamp())), group or "")


def _imported(services: Services, registration: Registration, source: Source) -> Outcome:
    try:
        return run_import(services, registration, source, _Teller().tell)
    except KeyboardInterrupt:
        raise click.ClickException("Stopped. The same command goes on from here.") from None
    except LaunchOver:
        raise click.ClickException(
            f"{registration.issuer} has no Backend Services here: register it with --backend-scope, or give --from."
        ) from None
    except StillPreparing as error:
        raise click.ClickException(f"{error} The same command asks for it again.") from None
    except EhrRefused as error:
        raise click.ClickException(f"{registration.issuer}: {error} {error.detail}".strip()) from None
    except (EhrError, NothingToImport) as error:
        raise click.ClickException(str(error)) from None
    except (ImportUnderWay, ImportTakenOver):
        raise click.ClickException("Another import is under way.") from None
    except SinkFailed as error:
        raise click.ClickException(f"The download cannot be kept: {error.__cause__}.") from None
    except (OSError, sqlite3.Error) as error:
        raise click.ClickException(f"The import cannot work: {error}.") from None


class _Teller:
    """Says on standard error how far it has come, about once a second."""

    def __init__(self) -> None:
        self._last = ""
        self._at = 0.0

    def tell(self, progress: Progress) -> None:
        step = f"{progress.phase}{progress.files_done}"
        if step == self._last and time.monotonic() - self._at < _SECONDS_BETWEEN:
            return
        self._last, self._at = step, time.monotonic()
        click.echo(f"  {_in_words(progress)}", err=True)


def _in_words(progress: Progress) -> str:
    if progress.phase == "preparing":
        return f"the EHR is preparing the export{f': {progress.words}' if progress.words else ''}"
    if progress.phase == "reading":
        return f"file {progress.files_done + 1} of {progress.files}: {_listed(progress.counts)}"
    return f"weighing: {_listed(progress.counts) if progress.counts else 'the rows are being sorted'}"


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {kind}" for kind, count in sorted(counts.items())) or "nothing yet"


def _tell(outcome: Outcome, standing: Mapping[str, int]) -> None:
    for fault in outcome.faults[:_FAULTS_SHOWN]:
        click.echo(f"  {fault.file}, line {fault.line}: {fault.why}", err=True)
    refused = outcome.rows.get("bad", 0)
    if refused > _FAULTS_SHOWN:
        click.echo(f"  and more: {refused} rows in all could not be taken", err=True)
    for note in outcome.notes:
        click.echo(f"  {note}", err=True)
    if unknown := outcome.patients.get("unknown"):
        without = quantified(unknown, "patient", "patients", "without a Patient resource, and not considered")
        click.echo(f"  {without}", err=True)
    if outcome.resumed:
        click.echo("Went on from where the last run was stopped.")
    click.echo(f"Rows: {_listed(outcome.rows)}.")
    click.echo(f"Patients: {_listed(outcome.patients)}.")
    click.echo(f"Candidates: {standing['in']} in, {standing['out']} out.")
    if outcome.as_of:
        click.echo(f"The export tells of {outcome.as_of}: the next may ask --since that day.")
