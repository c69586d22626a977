"""Owns what has been learnt of an EHR by writing to it: whether to leave it alone, and the rung that it really takes.

Both are kept in the database, so that all workers and web processes know the same.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import case, select, update
from sqlalchemy.exc import IntegrityError

from smart_app.store.engine import UnitOfWork
from smart_app.store.tables import EhrStateRow, LaunchRow, PracticeRow

FAILURES_TO_OPEN = 5
OPEN_SECONDS = 30
CEILING_SECONDS = 24 * 3600

Lowered = Callable[[str, str], str]
"""From a launch's granted scope and encounter id ('' for none) to the rung that is left to it."""


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
    _ensure(session, registration_id)
    failures = EhrStateRow.failures + 1
    session.execute(
        update(EhrStateRow)
        .where(EhrStateRow.registration_id == registration_id)
        .values(
            failures=failures,
            open_until=case((failures >= FAILURES_TO_OPEN, now + OPEN_SECONDS), else_=EhrStateRow.open_until),
        )
    )


def lower_ceiling(
    session: UnitOfWork, registration_id: str, left: Sequence[str], *, why: str, now: int, lowered: Lowered
) -> None:
    """The EHR refused all rungs but those that are `left` (highest first): for a day nothing is filed higher.

    Open launches that stand higher are moved to what `lowered` says, and their panels say so. A ceiling that is
    lower already stays.
    """
    _ensure(session, registration_id)
    known = ceiling_of(session, registration_id, now)
    if known is not None and known.rung in left[1:]:
        return
    session.execute(
        update(EhrStateRow)
        .where(EhrStateRow.registration_id == registration_id)
        .values(ceiling=left[0], ceiling_why=why, ceiling_until=now + CEILING_SECONDS)
    )
    practices = select(PracticeRow.id).where(PracticeRow.registration_id == registration_id)
    higher = select(LaunchRow).where(
        LaunchRow.practice_id.in_(practices), LaunchRow.ended_at.is_(None), LaunchRow.rung.not_in(left)
    )
    for launch in session.scalars(higher):
        launch.rung, launch.rung_why = lowered(launch.scope, launch.encounter_id), why


def ceiling_of(session: UnitOfWork, registration_id: str, now: int) -> Ceiling | None:
    """The rung that this EHR was lowered to, while that is remembered."""
    row = session.get(EhrStateRow, registration_id)
    if row is None or row.ceiling_until <= now or not row.ceiling:
        return None
    return Ceiling(row.ceiling, row.ceiling_why)


def _ensure(session: UnitOfWork, registration_id: str) -> None:
    """Makes the EHR's row where it has none yet; another worker may be doing the same."""
    if session.get(EhrStateRow, registration_id) is not None:
        return
    try:
        with session.begin_nested():
            session.add(
                EhrStateRow(
                    registration_id=registration_id,
                    failures=0,
                    open_until=0,
                    ceiling="",
                    ceiling_why="",
                    ceiling_until=0,
                )
            )
    except IntegrityError:
        return
