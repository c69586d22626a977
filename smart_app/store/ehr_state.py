"""Owns what has been learnt of an EHR by writing to it: whether to leave it alone, and the rung that it really takes.

Both are kept in the database, so that all workers and web processes know the same.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select, update

from smart_app.store.engine import UnitOfWork
from smart_app.store.outbox import LEDGER_ONLY
from smart_app.store.tables import EhrStateRow, LaunchRow, PracticeRow

FAILURES_TO_OPEN = 5
OPEN_SECONDS = 30
CEILING_SECONDS = 24 * 3600


@dataclass(frozen=True, slots=True)
class Ceiling:
    """The highest rung that an EHR has not refused of late, and how it came to that."""

    rung: str
    why: str


def note_success(session: UnitOfWork, registration_id: str) -> None:
    """The EHR answers: the breaker closes."""
    session.execute(
        update(EhrStateRow)
        .where(EhrStateRow.registration_id == registration_id, EhrStateRow.failures > 0)
        .values(failures=0, open_until=0)
    )


def note_failure(session: UnitOfWork, registration_id: str, now: int) -> None:
    """The EHR failed once more; after five in a row it is left alone for half a minute, then tried again."""
    row = _state(session, registration_id)
    row.failures += 1
    if row.failures >= FAILURES_TO_OPEN:
        row.open_until = now + OPEN_SECONDS


def lower_ceiling(session: UnitOfWork, registration_id: str, rung: str, why: str, now: int) -> None:
    """The EHR refused a higher rung: for a day everything is filed at `rung`, and open panels say so."""
    row = _state(session, registration_id)
    row.ceiling, row.ceiling_why, row.ceiling_until = rung, why, now + CEILING_SECONDS
    practices = select(PracticeRow.id).where(PracticeRow.registration_id == registration_id)
    session.execute(
        update(LaunchRow)
        .where(LaunchRow.practice_id.in_(practices), LaunchRow.ended_at.is_(None), LaunchRow.rung != LEDGER_ONLY)
        .values(rung=rung, rung_why=why)
    )


def ceiling_of(session: UnitOfWork, registration_id: str, now: int) -> Ceiling | None:
    """The rung that this EHR was lowered to, while that is remembered."""
    row = session.get(EhrStateRow, registration_id)
    if row is None or row.ceiling_until <= now or not row.ceiling:
        return None
    return Ceiling(row.ceiling, row.ceiling_why)


def _state(session: UnitOfWork, registration_id: str) -> EhrStateRow:
    row = session.get(EhrStateRow, registration_id)
    if row is None:
        row = EhrStateRow(
            registration_id=registration_id, failures=0, open_until=0, ceiling="", ceiling_why="", ceiling_until=0
        )
        session.add(row)
    return row
