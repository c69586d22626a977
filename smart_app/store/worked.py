"""Owns which months hold work, so that their totals in the chart follow when other time comes to count."""

from __future__ import annotations

from collections.abc import Collection
from datetime import tzinfo

from sqlalchemy import case, exists, select, update

from ccm.months import Month, month_of
from smart_app.store.engine import UnitOfWork
from smart_app.store.records import PatientRef
from smart_app.store.tables import DeliveryRow, EntryRow

_UNDER_WAY = ("sending", "unknown", "held")


def months_worked(session: UnitOfWork, patient: PatientRef, since: int, zone: tzinfo) -> list[Month]:
    """The months that hold entries which end after `since` (POSIX seconds), oldest first."""
    spans = session.execute(
        select(EntryRow.start, EntryRow.end).where(
            EntryRow.practice_id == patient.practice_id,
            EntryRow.patient_id == patient.patient_id,
            EntryRow.end > since,
        )
    )
    return sorted({month for start, end in spans for month in (month_of(start, zone), month_of(end - 1, zone))})


def want_totals_of(session: UnitOfWork, practice_id: str, performers: Collection[str], now: int) -> int:
    """Asks for the totals of all patients on whom these performers worked to be brought up to date; returns how many.

    For a change of the staff register, by which the same minutes count or do not.
    """
    worked = exists().where(
        EntryRow.practice_id == DeliveryRow.practice_id,
        EntryRow.patient_id == DeliveryRow.patient_id,
        EntryRow.performer.in_(performers),
    )
    result = session.execute(
        update(DeliveryRow)
        .where(DeliveryRow.practice_id == practice_id, DeliveryRow.kind == "month", worked)
        .values(
            wanted=DeliveryRow.wanted + 1,
            due_at=now,
            state=case((DeliveryRow.state.in_(_UNDER_WAY), DeliveryRow.state), else_="waiting"),
        )
        .returning(DeliveryRow.id)
    )
    return len(result.all())
