"""Owns the queue of deliveries: claimed under a lease with a fencing token, finished only by its newest holder.

A row found in "sending" with its lease run out belonged to a worker that died: whether the EHR has the resource is
unknown, so it is searched for before it is sent again (`Claim.must_search`).
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select, update

from smart_app.store.engine import Store, UnitOfWork
from smart_app.store.registrations import new_id
from smart_app.store.tables import DeliveryRow, FiledResourceRow

LEASE_SECONDS = 60
OPEN_STATES = ("waiting", "sending", "unknown")


class StaleClaim(Exception):
    """Another worker has taken the row over; this one's result is refused."""


@dataclass(frozen=True, slots=True)
class Claim:
    """One delivery held by this worker. `fence` proves it; `attempts` counts earlier tries."""

    id: str
    entry_id: str
    launch_id: str
    rung: str
    attempts: int
    fence: int
    must_search: bool


def claim(store: Store, now: int, *, limit: int = 10) -> list[Claim]:
    """Takes up to `limit` due deliveries for this worker, oldest first. `now` is in POSIX seconds."""
    with store.writing() as session:
        rows = session.scalars(
            select(DeliveryRow)
            .where(DeliveryRow.state.in_(OPEN_STATES), DeliveryRow.due_at <= now, DeliveryRow.lease_until <= now)
            .order_by(DeliveryRow.due_at, DeliveryRow.id)
            .limit(limit)
            .with_for_update(skip_locked=True)
        ).all()
        return [_take(row, now) for row in rows]


def record_filed(store: Store, held: Claim, *, resource_type: str, resource_id: str, version: str, now: int) -> None:
    """Keeps that the EHR has accepted a resource, as soon as it is known. Raises `StaleClaim`."""
    with store.writing() as session:
        _hold(session, held, lease_until=now + LEASE_SECONDS)
        session.add(
            FiledResourceRow(
                id=new_id(),
                entry_id=held.entry_id,
                resource_type=resource_type,
                resource_id=resource_id,
                version=version,
                filed_at=now,
            )
        )


def finish(store: Store, held: Claim, now: int) -> None:
    """The delivery is done. Raises `StaleClaim`."""
    with store.writing() as session:
        _hold(session, held, state="filed", detail="", filed_at=now, lease_until=0, attempts=held.attempts + 1)


def postpone(store: Store, held: Claim, *, until: int, unknown: bool, detail: str) -> None:
    """To be tried again at `until` (POSIX seconds); `unknown` if the EHR may have the resource. Raises `StaleClaim`."""
    state = "unknown" if unknown else "waiting"
    with store.writing() as session:
        _hold(session, held, state=state, due_at=until, lease_until=0, detail=detail, attempts=held.attempts + 1)


def need_attention(store: Store, held: Claim, detail: str) -> None:
    """A person must look at it: trying again would not help. Raises `StaleClaim`."""
    with store.writing() as session:
        _hold(session, held, state="attention", detail=detail, lease_until=0, attempts=held.attempts + 1)


def _take(row: DeliveryRow, now: int) -> Claim:
    must_search = row.state in ("sending", "unknown")
    row.state, row.lease_until, row.fence = "sending", now + LEASE_SECONDS, row.fence + 1
    return Claim(row.id, row.entry_id, row.launch_id, row.rung, row.attempts, row.fence, must_search)


def _hold(session: UnitOfWork, held: Claim, **values: object) -> None:
    changed = session.execute(
        update(DeliveryRow)
        .where(DeliveryRow.id == held.id, DeliveryRow.fence == held.fence, DeliveryRow.state == "sending")
        .values(**values)
        .returning(DeliveryRow.id)
    ).all()
    if not changed:
        raise StaleClaim(held.id)
