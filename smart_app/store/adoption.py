"""Owns the way back from the chart into the ledger: the chart is the system of record for what was delivered.

Entries that the chart has and the ledger lost (a restored backup, a new database) are taken in as filed; resources
that the ledger waits for are recognised; a second resource for the same entry is noted as a duplicate, to be marked
as entered in error.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select

from ccm.chart import FiledTime
from ccm.filed import ChartResource, FiledEntry
from smart_app.store.engine import UnitOfWork
from smart_app.store.outbox import ENTRY, LADDER_TOP, MONTH
from smart_app.store.registrations import keep_user, new_id
from smart_app.store.tables import DeliveryRow, EntryRow, FiledResourceRow


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
            session.add(_filed_row(delivery, resource, "duplicate" if known else "kept", now))
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
            source="chart",
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
    """Keeps the resources as those of the entry; a second one of a type is a duplicate, which is then corrected."""
    known = session.scalars(select(FiledResourceRow).where(FiledResourceRow.delivery_id == delivery.id)).all()
    for resource in filed.resources:
        if any((each.resource_type, each.resource_id) == (resource.resource_type, resource.id) for each in known):
            continue
        twice = any(each.resource_type == resource.resource_type and each.standing == "kept" for each in known)
        standing = "in_error" if filed.entry.voided else ("duplicate" if twice else "kept")
        session.add(_filed_row(delivery, resource, standing, now))
        if standing == "duplicate" and delivery.launch_id is not None:
            delivery.wanted, delivery.due_at = delivery.wanted + 1, now
            delivery.state = "waiting" if delivery.state == "filed" else delivery.state
    session.flush()


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
