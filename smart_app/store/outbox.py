"""Owns the rows of the outbox as the ledger and the launch see them: added, re-armed, adopted, in the same commit.

A delivery is not a message but a wish: that the chart equal the ledger. Whatever changes an entry or a month grows
the wish (`wanted`), and the delivery begins again from what the chart holds.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, case, false, select, update
from sqlalchemy.exc import IntegrityError

from ccm.months import month_of
from smart_app.store.engine import UnitOfWork
from smart_app.store.launches import Launch
from smart_app.store.registrations import new_id
from smart_app.store.tables import DeliveryRow, EhrStateRow, EntryRow, FiledResourceRow, RevisionRow

LEDGER_ONLY: Final = "ledger_only"  # the lowest rung: nothing is sent, and a later launch may do better
LADDER_TOP: Final = "encounter_observation"  # what was found in a chart may be corrected whatever filed it
ENTRY: Final = "entry"
MONTH: Final = "month"
UNFILED: Final = ("waiting", "sending", "unknown")


def add_entry_delivery(session: UnitOfWork, launch: Launch, entry: EntryRow, now: int) -> None:
    """Asks for a new entry to be filed, and for the totals of the months that it touches."""
    session.add(_new_row(launch, ENTRY, now, entry_id=entry.id))
    session.flush()
    want_months(session, launch, entry, now)


def want_entry(session: UnitOfWork, launch: Launch, entry_id: str, now: int) -> None:
    """Asks for an entry's resources to be brought up to date."""
    _want(session, launch, DeliveryRow.entry_id == entry_id, now)


def want_months(session: UnitOfWork, launch: Launch, entry: EntryRow, now: int) -> None:
    """Asks for the totals of the months that an entry touches to be brought up to date."""
    zone = ZoneInfo(launch.timezone)
    for month in sorted({str(month_of(entry.start, zone)), str(month_of(entry.end - 1, zone))}):
        want_month(session, launch, month, now)


def want_month(session: UnitOfWork, launch: Launch, month: str, now: int) -> None:
    """Asks for one month's total ("2026-11") to be brought up to date."""
    the_month = (
        (DeliveryRow.practice_id == launch.practice_id)
        & (DeliveryRow.patient_id == launch.patient_id)
        & (DeliveryRow.month == month)
    )
    if _want(session, launch, the_month, now):
        return
    try:
        with session.begin_nested():
            session.add(_new_row(launch, MONTH, now, month=month))
            session.flush()
    except IntegrityError:  # somebody else has just added it
        _want(session, launch, the_month, now)


def adopt_waiting(session: UnitOfWork, launch: Launch, now: int) -> int:
    """Hands what ended launches of this patient left unfiled to the new launch; returns how many rows."""
    if launch.rung == LEDGER_ONLY:
        return 0
    for entry in _held_entries(session, launch):
        want_months(session, launch, entry, now)  # its months were filed without it
    result = session.execute(
        update(DeliveryRow)
        .where(
            DeliveryRow.practice_id == launch.practice_id,
            DeliveryRow.patient_id == launch.patient_id,
            DeliveryRow.state.in_(("waiting", "unknown", "held")),
            DeliveryRow.lease_until <= now,
        )
        .values(
            launch_id=launch.id,
            rung=launch.rung,
            due_at=now,
            state=case((DeliveryRow.state == "held", "waiting"), else_=DeliveryRow.state),
        )
        .returning(DeliveryRow.id)
    )
    return len(result.all())


def _held_entries(session: UnitOfWork, launch: Launch) -> Sequence[EntryRow]:
    return session.scalars(
        select(EntryRow)
        .join(DeliveryRow, DeliveryRow.entry_id == EntryRow.id)
        .where(
            DeliveryRow.practice_id == launch.practice_id,
            DeliveryRow.patient_id == launch.patient_id,
            DeliveryRow.state == "held",
        )
    ).all()


def corrected_by_hand(session: UnitOfWork, launch: Launch, entry_id: str, now: int) -> bool:
    """A person has corrected the entry's resources in the chart: the task is done. False if there was none."""
    delivery = session.scalar(
        select(DeliveryRow).where(
            DeliveryRow.entry_id == entry_id,
            DeliveryRow.practice_id == launch.practice_id,
            DeliveryRow.patient_id == launch.patient_id,
            DeliveryRow.state == "attention",
        )
    )
    if delivery is None:
        return False
    entry = session.get_one(EntryRow, entry_id)
    still_stands = FiledResourceRow.standing == "kept" if entry.voided_at is None else false()
    session.execute(
        update(FiledResourceRow)
        .where(FiledResourceRow.delivery_id == delivery.id)
        .values(standing=case((still_stands, "kept"), else_="in_error"), revision=entry.revision)
    )
    delivery.state, delivery.detail, delivery.filed_at = "filed", "", now
    return True


def span_of(session: UnitOfWork, entry_id: str) -> tuple[int, int]:
    """The interval (POSIX seconds) of all that an entry says or, before an amendment, said.

    Where a search finds resources by their time only, one that was sent before the amendment is found by it.
    """
    said = session.execute(
        select(EntryRow.start, EntryRow.end)
        .where(EntryRow.id == entry_id)
        .union_all(select(RevisionRow.start, RevisionRow.end).where(RevisionRow.entry_id == entry_id))
    ).all()
    return min(row.start for row in said), max(row.end for row in said)


def delivery_notices(session: UnitOfWork, launch: Launch, now: int) -> tuple[str, ...]:
    """What the panel has to say of filing beyond its entries: that the EHR refused more, or keeps a total from us."""
    state = session.get(EhrStateRow, launch.registration_id)
    lowered = state is not None and state.ceiling_until > now and state.ceiling_why == launch.rung_why
    months = session.execute(
        select(DeliveryRow.month, DeliveryRow.detail)
        .where(
            DeliveryRow.practice_id == launch.practice_id,
            DeliveryRow.patient_id == launch.patient_id,
            DeliveryRow.kind == MONTH,
            DeliveryRow.state == "attention",
        )
        .order_by(DeliveryRow.month)
    )
    notices = [f"Filing in the chart was stepped down. {launch.rung_why}"] if lowered else []
    return (*notices, *(f"The total of {month} in the chart needs attention. {detail}" for month, detail in months))


def resources_of(session: UnitOfWork, entry_ids: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """By entry, the resources that stand for it in the chart, as "Encounter/1"."""
    rows = session.execute(
        select(DeliveryRow.entry_id, FiledResourceRow.resource_type, FiledResourceRow.resource_id)
        .join(FiledResourceRow, FiledResourceRow.delivery_id == DeliveryRow.id)
        .where(DeliveryRow.entry_id.in_(entry_ids), FiledResourceRow.standing != "duplicate")
        .order_by(FiledResourceRow.filed_at, FiledResourceRow.resource_type)
    )
    found: dict[str, tuple[str, ...]] = {}
    for entry_id, resource_type, resource_id in rows:
        found[str(entry_id)] = (*found.get(str(entry_id), ()), f"{resource_type}/{resource_id}")
    return found


def rearmed() -> ColumnElement[str]:
    """The state of a row of which more is wanted: one being sent, unknown or held stays so."""
    return case((DeliveryRow.state.in_(("sending", "unknown", "held")), DeliveryRow.state), else_="waiting")


def _want(session: UnitOfWork, launch: Launch, which: ColumnElement[bool], now: int) -> bool:
    """Grows the wish; a row that is being sent, unknown or held stays so, for what it still has to find out."""
    values: dict[str, Any] = {
        "wanted": DeliveryRow.wanted + 1,
        "due_at": now,
        "state": rearmed(),
    }
    if launch.rung != LEDGER_ONLY:
        values |= {"launch_id": launch.id, "rung": launch.rung}
    return bool(session.execute(update(DeliveryRow).where(which).values(**values).returning(DeliveryRow.id)).all())


def _new_row(
    launch: Launch, kind: str, now: int, *, entry_id: str | None = None, month: str | None = None
) -> DeliveryRow:
    return DeliveryRow(
        id=new_id(),
        kind=kind,
        entry_id=entry_id,
        registration_id=launch.registration_id,
        practice_id=launch.practice_id,
        patient_id=launch.patient_id,
        month=month,
        launch_id=launch.id,
        rung=launch.rung,
        state="held" if launch.rung == LEDGER_ONLY else "waiting",
        wanted=1,
        attempts=0,
        due_at=now,
        lease_until=0,
        fence=0,
        detail="",
        created_at=now,
    )
