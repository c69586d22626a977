"""Owns how the staff register of a practice is kept; what its rows mean is `ccm.staff`'s."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from sqlalchemy import select

from ccm.staff import StaffRow
from smart_app.store import tables
from smart_app.store.engine import UnitOfWork
from smart_app.store.registrations import new_id


def read_register(session: UnitOfWork, practice_id: str) -> tuple[StaffRow, ...]:
    """The practice's whole register, by performer and first day."""
    rows = session.scalars(
        select(tables.StaffRow)
        .where(tables.StaffRow.practice_id == practice_id)
        .order_by(tables.StaffRow.performer, tables.StaffRow.effective_from)
    )
    return tuple(_read(row) for row in rows)


def add_staff(session: UnitOfWork, practice_id: str, rows: Iterable[StaffRow], now: int) -> None:
    """Adds rows that `ccm.staff.admit` has let in. `now`: POSIX seconds."""
    session.add_all(_written(practice_id, row, now) for row in rows)


def end_staff(session: UnitOfWork, practice_id: str, row: StaffRow) -> None:
    """Gives the kept row of the same performer and first day the last day of `row`. Raises `LookupError`."""
    kept = session.scalar(
        select(tables.StaffRow).where(
            tables.StaffRow.practice_id == practice_id,
            tables.StaffRow.performer == row.performer,
            tables.StaffRow.effective_from == row.effective_from.isoformat(),
        )
    )
    if kept is None:
        raise LookupError(row.performer)
    kept.effective_to = _text(row.effective_to)


def _read(row: tables.StaffRow) -> StaffRow:
    return StaffRow(
        performer=row.performer,
        name=row.name,
        employer=row.employer,
        credential=row.credential,
        country=row.country,
        effective_from=date.fromisoformat(row.effective_from),
        effective_to=date.fromisoformat(row.effective_to) if row.effective_to else None,
        licence_number=row.licence,
        licence_state=row.licence_state,
        supervisor=row.supervisor,
        clinical=row.clinical,
    )


def _written(practice_id: str, row: StaffRow, now: int) -> tables.StaffRow:
    return tables.StaffRow(
        id=new_id(),
        practice_id=practice_id,
        performer=row.performer,
        name=row.name,
        employer=row.employer,
        credential=row.credential,
        licence=row.licence_number,
        licence_state=row.licence_state,
        supervisor=row.supervisor,
        country=row.country,
        clinical=row.clinical,
        effective_from=row.effective_from.isoformat(),
        effective_to=_text(row.effective_to),
        recorded_at=now,
    )


def _text(day: date | None) -> str:
    return day.isoformat() if day else ""
