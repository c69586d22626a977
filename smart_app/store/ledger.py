"""Owns the ledger: entries and, in the same commit, their place in the outbox."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from ccm.entries import Entry
from smart_app.store.engine import UnitOfWork
from smart_app.store.launches import Launch
from smart_app.store.outbox import add_entry_delivery, resources_of, want_entry, want_months
from smart_app.store.tables import DeliveryRow, EntryRow, RevisionRow
from smart_app.store.vault import Vault


class KeyReused(Exception):
    """The idempotency key already names an entry with other content."""


class EntryVoided(Exception):
    """A void entry is not amended: a new one is made."""


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
    revision: int
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
    add_entry_delivery(session, launch, row, now)
    return row.id, True


def void_entry(session: UnitOfWork, launch: Launch, entry_id: str, *, reason: str, now: int) -> bool:
    """Marks an entry of this launch's patient as void, once; it is kept. False if there is no such entry."""
    row = _entry_of_patient(session, launch, entry_id)
    if row is None:
        return False
    if row.voided_at is None:
        row.voided_at, row.voided_by = now, launch.user_id
        row.sealed_void_reason = session.vault.seal(reason, tenant=row.practice_id, row=row.id)
        _changed(session, launch, row, now)
    return True


def amend_entry(session: UnitOfWork, launch: Launch, entry_id: str, work: Work, *, reason: str, now: int) -> bool:
    """Replaces what an entry says; what it said before is kept as a revision. False if there is no such entry.

    Raises `EntryVoided` for a void one.
    """
    row = _entry_of_patient(session, launch, entry_id)
    if row is None:
        return False
    if row.voided_at is not None:
        raise EntryVoided(entry_id)
    session.add(_revision(session.vault, launch, row, reason, now))
    want_months(session, launch, row, now)
    if not _same_minutes(row, work):
        row.start, row.end = work.start, work.end
    row.activity, row.modality = work.activity, work.modality
    row.sealed_note = session.vault.seal(work.note, tenant=row.practice_id, row=row.id)
    row.revision += 1
    session.flush()
    _changed(session, launch, row, now)
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
    filed = resources_of(session, [row.EntryRow.id for row in rows])
    return [
        LedgerEntry(
            entry=entry_of(row.EntryRow, session.vault),
            user_id=row.EntryRow.user_id,
            created_at=row.EntryRow.created_at,
            revision=row.EntryRow.revision,
            state=row.DeliveryRow.state if row.DeliveryRow else "waiting",
            detail=row.DeliveryRow.detail if row.DeliveryRow else "",
            resources=filed.get(row.EntryRow.id, ()),
        )
        for row in rows
    ]


def get_entry(session: UnitOfWork, entry_id: str) -> tuple[Entry, int]:
    """The entry with this id, and its revision. Raises `LookupError` if there is none."""
    row = session.get(EntryRow, entry_id)
    if row is None:
        raise LookupError(entry_id)
    return entry_of(row, session.vault), row.revision


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
        revision=1,
        created_at=now,
    )


def _same_minutes(row: EntryRow, work: Work) -> bool:
    """Whether the times are the same in whole minutes, as forms show them: then the timer's seconds stay."""
    lengths = (row.end - row.start) // 60, (work.end - work.start) // 60
    return row.start // 60 == work.start // 60 and lengths[0] == lengths[1]


def _revision(vault: Vault, launch: Launch, row: EntryRow, reason: str, now: int) -> RevisionRow:
    return RevisionRow(
        entry_id=row.id,
        number=row.revision,
        start=row.start,
        end=row.end,
        activity=row.activity,
        modality=row.modality,
        sealed_note=row.sealed_note,
        amended_at=now,
        amended_by=launch.user_id,
        sealed_reason=vault.seal(reason, tenant=row.practice_id, row=row.id),
    )


def _changed(session: UnitOfWork, launch: Launch, row: EntryRow, now: int) -> None:
    """The chart must follow: the entry's resources, and the totals of its months."""
    want_entry(session, launch, row.id, now)
    want_months(session, launch, row, now)


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
    """The entry, locked until the commit; None if it is another patient's."""
    return session.scalar(
        select(EntryRow)
        .where(
            EntryRow.id == entry_id,
            EntryRow.practice_id == launch.practice_id,
            EntryRow.patient_id == launch.patient_id,
        )
        .with_for_update()
    )
