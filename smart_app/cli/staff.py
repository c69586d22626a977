"""Owns `ccm staff`: the register that says whose minutes count, as what, and from which day."""

from __future__ import annotations

import csv
from datetime import date
from typing import TextIO

import click

from ccm.instants import parse_day
from ccm.records import Refusal
from ccm.staff import COLUMNS, StaffRow, ended, read_staff_rows, row_warnings, standing_on
from smart_app.cli.wiring import opened_services
from smart_app.registrations import Practice
from smart_app.store.engine import UnitOfWork
from smart_app.store.registrations import find_registration, first_practice
from smart_app.store.staff import add_staff, end_staff, read_register
from smart_app.store.worked import want_totals_of

_issuer = click.option("--issuer", required=True, help="The EHR's FHIR base URL: its practice's register is meant.")


@click.group()
def staff() -> None:
    """The staff register: whose minutes count."""


@staff.command("import")
@_issuer
@click.argument("file", type=click.File(encoding="utf-8-sig"))
def import_(issuer: str, file: TextIO) -> None:
    """Add the rows of a CSV FILE ('-' reads standard input): all of them, or none while one is faulty."""
    with opened_services() as services, services.store.writing() as session:
        practice = _practice(session, issuer)
        rows, errors = read_staff_rows(_csv_rows(file), read_register(session, practice.id))
        if errors:
            for error in errors:
                click.echo(str(error), err=True)
            raise click.ClickException("Nothing was imported.")
        add_staff(session, practice.id, rows, services.clock())
        want_totals_of(session, practice.id, {row.performer for row in rows}, services.clock())
    for warning in (text for row in rows for text in row_warnings(row)):
        click.echo(f"To do: {warning}")
    click.echo(f"{len(rows)} {'row' if len(rows) == 1 else 'rows'} added to the register of {practice.name}.")


@staff.command("list")
@_issuer
def list_(issuer: str) -> None:
    """List the register: performer, name, credential, first and last day, and how the time counts."""
    with opened_services() as services, services.store.reading() as session:
        register = read_register(session, _practice(session, issuer).id)
    for row in register:
        judged = standing_on(register, row.performer, row.effective_from).performer_class
        days = f"{row.effective_from}\t{row.effective_to or ''}"
        click.echo(f"{row.performer}\t{row.name}\t{row.credential}\t{days}\t{judged}")


@staff.command()
@_issuer
@click.argument("performer")
@click.argument("last_day")
def end(issuer: str, performer: str, last_day: str) -> None:
    """End the present row of PERFORMER with LAST_DAY (2026-11-30), the last day on which it holds."""
    day = _day(last_day)
    with opened_services() as services, services.store.writing() as session:
        practice = _practice(session, issuer)
        row = _ended(read_register(session, practice.id), performer, day)
        end_staff(session, practice.id, row)
        want_totals_of(session, practice.id, {performer}, services.clock())
    click.echo(f"{row.name} is in the register until {day}.")


def _ended(register: tuple[StaffRow, ...], performer: str, last_day: date) -> StaffRow:
    """The row in effect on the last day, or the newest; so ended."""
    rows = [row for row in register if row.performer == performer]
    if not rows:
        raise click.ClickException(f"{performer} is not in the register.")
    row = ended(next((row for row in rows if row.holds_on(last_day)), rows[-1]), last_day)
    if isinstance(row, Refusal):
        raise click.ClickException(f"LAST_DAY {row.reason}.")
    return row


def _csv_rows(file: TextIO) -> list[dict[str, str]]:
    """The rows by column. A line with more fields than the header has them under a name that is no column."""
    try:
        reader = csv.DictReader(file, restkey="", restval="")
        missing = [name for name in COLUMNS[:1] if name not in (reader.fieldnames or ())]
        rows = list(reader)
    except (csv.Error, UnicodeDecodeError) as error:
        raise click.ClickException(f"FILE is not CSV in UTF-8 ({type(error).__name__}).") from None
    if missing:
        raise click.ClickException(f"line 1: the columns are {', '.join(COLUMNS)}.")
    return rows


def _practice(session: UnitOfWork, issuer: str) -> Practice:
    registration = find_registration(session, issuer=issuer.removesuffix("/"))
    if registration is None:
        raise click.ClickException(f"{issuer} is not registered.")
    return first_practice(session, registration.id)


def _day(text: str) -> date:
    try:
        return parse_day(text)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="LAST_DAY") from None
