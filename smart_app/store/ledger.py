"""Owns the ledger: entries and, in the same commit, their place in the outbox."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import case, select, update
from sqlalchemy.exc import IntegrityError

from ccm.entries import Entry
from smart_app.store.engine import UnitOfWork
from smart_app.store.launches import Launch
from smart_app.store.tables import DeliveryRow, EntryRow, FiledResourceRow
from smart_app.store.vault import Vault

LEDGER_ONLY = "ledger_only"  # the lowest rung: nothing is sent, and a later launch may do better


class KeyReused(Exception):
    """The idempotency key already names an entry with other content."""


@dataclass(frozen=True, slots=True)
class Work:
    """What a person says was done: `start` and `end` in POSIX seconds, `key` unique per person and patient."""

    start: int
    end: int
    activity: str
    modality: str
    note: str
    key: str
    source: str  # "timer" or "manual"
    performer_class: str
    separate_from_visit: bool = False


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """An entry with how far it has come: the delivery's state and detail, and the resources filed for it."""

    entry: Entry
    user_id: str
    created_at: int
    state: str
    detail: str
    resources: tuple[str, ...]


def add_entry(session: UnitOfWork, launch: Launch, work: Work, now: int) -> tuple[str, bool]:
    """Adds an entry and its outbox row; returns its id and whether it is new.

    The same key again is the same entry. Raises `KeyReused` if its content differs.
    """
    row = _entry_row(session.vault, launch, work, now)
    try:
        with session.begin_nested():
            session.add(row)
            session.flush()
    except IntegrityError:
        return _same_entry(session, launch, work), False
    session.add(_delivery_row(row, launch, now))
    session.flush()
    return row.id, True


def void_entry(session: UnitOfWork, launch: Launch, entry_id: str, *, reason: str, now: int) -> bool:
    """Marks an entry of this launch's patient as void, once; it is kept. False if there is no such entry."""
    row = _entry_of_patient(session, launch, entry_id)
    if row is None:
        return False
    if row.voided_at is None:
        row.voided_at, row.voided_by = now, launch.user_id
        row.sealed_void_reason = session.vault.seal(reason, tenant=row.practice_id, row=row.id)
    return True


def entries_between(
    session: UnitOfWork, *, practice_id: str, patient_id: str, start: int, end: int
) -> list[LedgerEntry]:
    """The patient's entries that touch the interval [start, end), oldest first, void ones included."""
    rows = session.execute(
        select(EntryRow, DeliveryRow)
        .outerjoin(DeliveryRow, DeliveryRow.entry_id == EntryRow.id)
        .where(
            EntryRow.practice_id == practice_id,
            EntryRow.patient_id == patient_id,
            EntryRow.start < end,
            EntryRow.end > start,
        )
        .order_by(EntryRow.start, EntryRow.id)
    ).all()
    filed = _filed_resources(session, [row.EntryRow.id for row in rows])
    return [
        LedgerEntry(
            entry=entry_of(row.EntryRow, session.vault),
            user_id=row.EntryRow.user_id,
            created_at=row.EntryRow.created_at,
            state=row.DeliveryRow.state if row.DeliveryRow else "waiting",
            detail=row.DeliveryRow.detail if row.DeliveryRow else "",
            resources=filed.get(row.EntryRow.id, ()),
        )
        for row in rows
    ]


def get_entry(session: UnitOfWork, entry_id: str) -> Entry:
    """The entry with this id. Raises `LookupError` if there is none."""
    row = session.get(EntryRow, entry_id)
    if row is None:
        raise LookupError(entry_id)
    return entry_of(row, session.vault)


def filed_ids(session: UnitOfWork, entry_id: str) -> dict[str, str]:
    """The ids of the resources already filed for an entry, by type."""
    rows = session.scalars(select(FiledResourceRow).where(FiledResourceRow.entry_id == entry_id))
    return {row.resource_type: row.resource_id for row in rows}


def entry_of(row: EntryRow, vault: Vault) -> Entry:
    """The entry of `ccm` that a row holds."""
    return Entry(
        id=row.id,
        start=row.start,
        end=row.end,
        performer=row.performer,
        performer_class=row.performer_class,
        activity=row.activity,
        modality=row.modality,
        performer_name=row.performer_name,
        note=vault.open(row.sealed_note, tenant=row.practice_id, row=row.id),
        separate_from_visit=row.separate_from_visit,
        voided=row.voided_at is not None,
    )


def adopt_waiting(session: UnitOfWork, launch: Launch, now: int) -> int:
    """Hands entries that an ended launch of this patient left unfiled to the new launch; returns how many."""
    waiting = (
        select(DeliveryRow.id)
        .join(EntryRow, EntryRow.id == DeliveryRow.entry_id)
        .where(
            EntryRow.practice_id == launch.practice_id,
            EntryRow.patient_id == launch.patient_id,
            DeliveryRow.state.in_(("waiting", "unknown", "held")),
            DeliveryRow.launch_id != launch.id,
        )
    )
    if launch.rung == LEDGER_ONLY:
        return 0
    result = session.execute(
        update(DeliveryRow)
        .where(DeliveryRow.id.in_(waiting), DeliveryRow.lease_until <= now)
        .values(
            launch_id=launch.id,
            rung=launch.rung,
            due_at=now,
            state=case((DeliveryRow.state == "held", "waiting"), else_=DeliveryRow.state),
        )
        .returning(DeliveryRow.id)
    )
    return len(result.all())


def _entry_row(vault: Vault, launch: Launch, work: Work, now: int) -> EntryRow:
    entry_id = str(uuid.uuid4())
    return EntryRow(
        id=entry_id,
        practice_id=launch.practice_id,
        patient_id=launch.patient_id,
        user_id=launch.user_id,
        key=work.key,
        source=work.source,
        start=work.start,
        end=work.end,
        performer=launch.user_reference,
        performer_name=launch.user_name,
        performer_class=work.performer_class,
        activity=work.activity,
        modality=work.modality,
        sealed_note=vault.seal(work.note, tenant=launch.practice_id, row=entry_id),
        separate_from_visit=work.separate_from_visit,
        created_at=now,
    )


def _delivery_row(entry: EntryRow, launch: Launch, now: int) -> DeliveryRow:
    return DeliveryRow(
        id=str(uuid.uuid4()),
        entry_id=entry.id,
        practice_id=entry.practice_id,
        launch_id=launch.id,
        rung=launch.rung,
        state="held" if launch.rung == LEDGER_ONLY else "waiting",
        attempts=0,
        due_at=now,
        lease_until=0,
        fence=0,
        detail="",
        created_at=now,
    )


def _same_entry(session: UnitOfWork, launch: Launch, work: Work) -> str:
    row = session.scalars(
        select(EntryRow).where(
            EntryRow.practice_id == launch.practice_id,
            EntryRow.patient_id == launch.patient_id,
            EntryRow.user_id == launch.user_id,
            EntryRow.key == work.key,
        )
    ).one()
    kept = entry_of(row, session.vault)
    if (kept.start, kept.end, kept.activity, kept.modality, kept.note) != (
        work.start,
        work.end,
        work.activity,
        work.modality,
        work.note,
    ):
        raise KeyReused(work.key)
    return row.id


def _entry_of_patient(session: UnitOfWork, launch: Launch, entry_id: str) -> EntryRow | None:
    return session.scalar(
        select(EntryRow).where(
            EntryRow.id == entry_id,
            EntryRow.practice_id == launch.practice_id,
            EntryRow.patient_id == launch.patient_id,
        )
    )


def _filed_resources(session: UnitOfWork, entry_ids: Sequence[str]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    rows = session.scalars(
        select(FiledResourceRow)
        .where(FiledResourceRow.entry_id.in_(entry_ids))
        .order_by(FiledResourceRow.filed_at, FiledResourceRow.resource_type)
    )
    for row in rows:
        found[row.entry_id] = (*found.get(row.entry_id, ()), f"{row.resource_type}/{row.resource_id}")
    return found
