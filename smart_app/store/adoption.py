"""Owns the way back from the chart into the ledger: the chart is the system of record for what was delivered.

Entries that the chart has and the ledger lost (a restored backup, a new database) are taken in as filed; resources
that the ledger waits for are recognised; a second resource for the same entry is noted as a duplicate, to be marked
as entered in error.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from sqlalchemy import select, update

from ccm.chart import FiledTime
from ccm.filed import ChartResource, FiledEntry
from ccm.months import month_of
from smart_app.store.engine import UnitOfWork
from smart_app.store.outbox import ENTRY, LADDER_TOP, LEDGER_ONLY, MONTH
from smart_app.store.registrations import keep_user, new_id
from smart_app.store.tables import DeliveryRow, EntryRow, FiledResourceRow, LaunchRow, PracticeRow

_FROM_CHART = "chart"


@dataclass(frozen=True, slots=True)
class ChartOf:
    """Whose chart it is read from: the practice, and the registration through which."""

    practice_id: str
    registration_id: str


def adopt_entries(session: UnitOfWork, chart: ChartOf, found: Iterable[FiledEntry], now: int) -> int:
    """Takes in what the chart tells; returns how many entries the ledger did not have."""
    new = 0
    for filed in found:
        delivery = session.scalar(select(DeliveryRow).where(DeliveryRow.entry_id == filed.entry.id))
        if delivery is None:
            delivery = _restore(session, chart, filed, now)
            new += 1
            _rearm_months(session, chart, filed, now)
        elif not filed.entry.voided and _revive(session, filed.entry.id):
            _rearm_months(session, chart, filed, now)
        if (delivery.practice_id, delivery.patient_id) == (chart.practice_id, filed.patient_id):
            _recognise(session, delivery, filed, now)
    return new


def adopt_months(session: UnitOfWork, chart: ChartOf, patient_id: str, found: Iterable[FiledTime], now: int) -> None:
    """Takes in the months' totals that a chart holds, so that the next change updates them."""
    for total in found:
        if not total.month or total.status == "entered-in-error":
            continue
        delivery = session.scalar(
            select(DeliveryRow).where(
                DeliveryRow.practice_id == chart.practice_id,
                DeliveryRow.patient_id == patient_id,
                DeliveryRow.month == total.month,
            )
        )
        if delivery is None:
            delivery = _delivery(chart, patient_id, now, kind=MONTH, month=total.month)
            session.add(delivery)
            session.flush()
        resource = ChartResource("Observation", total.observation_id, total.version)
        known = session.scalars(select(FiledResourceRow).where(FiledResourceRow.delivery_id == delivery.id)).all()
        if not any(each.resource_id == resource.id for each in known):
            twice = any(each.standing == "kept" for each in known)
            session.add(_filed_row(delivery, resource, "duplicate" if twice else "kept", now))
            if twice:
                _rearm(session, delivery, now)
            session.flush()


def _restore(session: UnitOfWork, chart: ChartOf, filed: FiledEntry, now: int) -> DeliveryRow:
    entry = filed.entry
    session.add(
        EntryRow(
            id=entry.id,
            practice_id=chart.practice_id,
            patient_id=filed.patient_id,
            user_id=keep_user(session, chart.registration_id, entry.performer, entry.performer_name, now),
            key=f"chart:{entry.id}",
            source=_FROM_CHART,
            start=entry.start,
            end=entry.end,
            performer=entry.performer,
            performer_name=entry.performer_name,
            performer_class=entry.performer_class,
            activity=entry.activity,
            modality=entry.modality,
            sealed_note=session.vault.seal(entry.note, tenant=chart.practice_id, row=entry.id),
            separate_from_visit=entry.separate_from_visit,
            revision=1,
            created_at=now,
            voided_at=now if entry.voided else None,
        )
    )
    session.flush()
    delivery = _delivery(chart, filed.patient_id, now, kind=ENTRY, entry_id=entry.id)
    session.add(delivery)
    session.flush()
    return delivery


def _revive(session: UnitOfWork, entry_id: str) -> bool:
    """An entry read back from a duplicate that was marked as entered in error stands after all; whether it was so."""
    revived = session.execute(
        update(EntryRow)
        .where(
            EntryRow.id == entry_id,
            EntryRow.source == _FROM_CHART,
            EntryRow.voided_at.is_not(None),
            EntryRow.voided_by.is_(None),
        )
        .values(voided_at=None)
        .returning(EntryRow.id)
    )
    return bool(revived.all())


def _delivery(
    chart: ChartOf, patient_id: str, now: int, *, kind: str, entry_id: str | None = None, month: str | None = None
) -> DeliveryRow:
    """A row for what the chart holds already: filed, by nobody's launch."""
    return DeliveryRow(
        id=new_id(),
        kind=kind,
        entry_id=entry_id,
        month=month,
        registration_id=chart.registration_id,
        practice_id=chart.practice_id,
        patient_id=patient_id,
        rung=LADDER_TOP,
        state="filed",
        wanted=1,
        attempts=0,
        due_at=now,
        lease_until=0,
        fence=0,
        detail="",
        created_at=now,
        filed_at=now,
    )


def _recognise(session: UnitOfWork, delivery: DeliveryRow, filed: FiledEntry, now: int) -> None:
    """Keeps the resource as the entry's; a second one of its type is a duplicate, which is then corrected.

    Only the resource itself, which carries the entry's identifier: the Encounter to which an Observation points may
    be the visit from which the chart was opened.
    """
    resource = filed.resources[0]
    known = session.scalars(
        select(FiledResourceRow).where(
            FiledResourceRow.delivery_id == delivery.id, FiledResourceRow.resource_type == resource.resource_type
        )
    ).all()
    if any(each.resource_id == resource.id for each in known):
        return
    twice = any(each.standing == "kept" for each in known)
    standing = "in_error" if filed.entry.voided else ("duplicate" if twice else "kept")
    session.add(_filed_row(delivery, resource, standing, now))
    if standing == "duplicate":
        _rearm(session, delivery, now)
    session.flush()


def _rearm(session: UnitOfWork, delivery: DeliveryRow, now: int) -> None:
    """Asks for a correction, with the right of whoever has the chart open now."""
    delivery.wanted, delivery.due_at = delivery.wanted + 1, now
    if delivery.state != "filed":
        return
    delivery.state = "waiting"
    launch = session.scalar(
        select(LaunchRow)
        .where(
            LaunchRow.practice_id == delivery.practice_id,
            LaunchRow.patient_id == delivery.patient_id,
            LaunchRow.ended_at.is_(None),
            LaunchRow.rung != LEDGER_ONLY,
        )
        .order_by(LaunchRow.created_at.desc())
        .limit(1)
    )
    if launch is not None:
        delivery.launch_id, delivery.rung = launch.id, launch.rung


def _rearm_months(session: UnitOfWork, chart: ChartOf, filed: FiledEntry, now: int) -> None:
    """Totals that we filed without this entry must follow; one that was itself read back stands as it is."""
    zone = ZoneInfo(session.get_one(PracticeRow, chart.practice_id).timezone)
    months = {str(month_of(filed.entry.start, zone)), str(month_of(filed.entry.end - 1, zone))}
    totals = session.scalars(
        select(DeliveryRow).where(
            DeliveryRow.practice_id == chart.practice_id,
            DeliveryRow.patient_id == filed.patient_id,
            DeliveryRow.month.in_(months),
            DeliveryRow.launch_id.is_not(None),
        )
    )
    for total in totals:
        _rearm(session, total, now)


def _filed_row(delivery: DeliveryRow, resource: ChartResource, standing: str, now: int) -> FiledResourceRow:
    return FiledResourceRow(
        id=new_id(),
        delivery_id=delivery.id,
        resource_type=resource.resource_type,
        resource_id=resource.id,
        version=resource.version,
        revision=1,
        standing=standing,
        filed_at=now,
    )
