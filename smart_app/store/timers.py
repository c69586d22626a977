"""Owns the timers: server-held, so that a reload, a crash or a lost connection costs no minute."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from sqlalchemy import delete, select

from smart_app.store.engine import UnitOfWork
from smart_app.store.launches import Launch
from smart_app.store.tables import TimerRow, UserRow
from smart_app.store.vault import Vault

Stretch = tuple[int, int]
"""A half-open interval in POSIX seconds during which a timer ran."""


@dataclass(frozen=True, slots=True)
class Timer:
    """A person's timer on a patient. `stretches` are over; `running_since` (POSIX seconds) is None while paused.

    `seen_at` is the person's last sign of life in this chart, in POSIX seconds.
    """

    id: str
    user_id: str
    patient_id: str
    practice_id: str
    activity: str
    modality: str
    note: str
    stretches: tuple[Stretch, ...]
    running_since: int | None
    seen_at: int

    def all_stretches(self, now: int) -> tuple[Stretch, ...]:
        """The stretches up to now, empty ones left out."""
        running = () if self.running_since is None else ((self.running_since, now),)
        return tuple((start, end) for start, end in (*self.stretches, *running) if end > start)

    def seconds(self, now: int) -> int:
        """What has run up to now, in seconds."""
        return sum(end - start for start, end in self.all_stretches(now))

    def silent_since(self, now: int, limit: int) -> int | None:
        """Since when a running timer has gone without a sign of life, if that is longer than `limit` seconds."""
        if self.running_since is None or now - self.seen_at <= limit:
            return None
        return max(self.running_since, self.seen_at)


def hold_timers(session: UnitOfWork, launch: Launch) -> None:
    """Lets no other request change this person's timers, in whatever chart, until the unit of work ends."""
    session.execute(select(UserRow.id).where(UserRow.id == launch.user_id).with_for_update(key_share=True))


def find_timer(session: UnitOfWork, launch: Launch) -> Timer | None:
    """The signed-in person's timer on the launch's patient."""
    row = session.scalar(
        select(TimerRow).where(
            TimerRow.user_id == launch.user_id,
            TimerRow.practice_id == launch.practice_id,
            TimerRow.patient_id == launch.patient_id,
        )
    )
    return _timer(row, session.vault) if row else None


def running_elsewhere(session: UnitOfWork, launch: Launch) -> Timer | None:
    """The signed-in person's timer that runs on another patient."""
    row = session.scalar(
        select(TimerRow).where(
            TimerRow.user_id == launch.user_id,
            TimerRow.running_since.is_not(None),
            (TimerRow.patient_id != launch.patient_id) | (TimerRow.practice_id != launch.practice_id),
        )
    )
    return _timer(row, session.vault) if row else None


def others_running(session: UnitOfWork, launch: Launch) -> tuple[str, ...]:
    """The names of other people whose timer runs on this patient now."""
    names = session.scalars(
        select(UserRow.name)
        .join(TimerRow, TimerRow.user_id == UserRow.id)
        .where(
            TimerRow.practice_id == launch.practice_id,
            TimerRow.patient_id == launch.patient_id,
            TimerRow.user_id != launch.user_id,
            TimerRow.running_since.is_not(None),
        )
        .order_by(UserRow.name)
    )
    return tuple(names)


def start_timer(session: UnitOfWork, launch: Launch, *, activity: str, modality: str, note: str, now: int) -> None:
    """Keeps a new, running timer. Raises `IntegrityError` if the person already has one that runs, or one here."""
    timer_id = str(uuid.uuid4())
    session.add(
        TimerRow(
            id=timer_id,
            practice_id=launch.practice_id,
            patient_id=launch.patient_id,
            user_id=launch.user_id,
            launch_id=launch.id,
            activity=activity,
            modality=modality,
            sealed_note=session.vault.seal(note, tenant=launch.practice_id, row=timer_id),
            stretches=[],
            running_since=now,
            seen_at=now,
        )
    )
    session.flush()


def save_timer(session: UnitOfWork, timer: Timer) -> None:
    """Keeps a timer's new state."""
    row = session.get_one(TimerRow, timer.id)
    row.activity, row.modality = timer.activity, timer.modality
    row.sealed_note = session.vault.seal(timer.note, tenant=timer.practice_id, row=timer.id)
    row.stretches = [list(stretch) for stretch in timer.stretches]
    row.running_since, row.seen_at = timer.running_since, timer.seen_at
    session.flush()


def remove_timer(session: UnitOfWork, timer_id: str) -> bool:
    """Removes a timer; False if it is already gone, so that of two stops one makes the entry."""
    return bool(session.execute(delete(TimerRow).where(TimerRow.id == timer_id).returning(TimerRow.id)).all())


def _timer(row: TimerRow, vault: Vault) -> Timer:
    return Timer(
        id=row.id,
        user_id=row.user_id,
        patient_id=row.patient_id,
        practice_id=row.practice_id,
        activity=row.activity,
        modality=row.modality,
        note=vault.open(row.sealed_note, tenant=row.practice_id, row=row.id),
        stretches=tuple((start, end) for start, end in row.stretches),
        running_since=row.running_since,
        seen_at=row.seen_at,
    )
