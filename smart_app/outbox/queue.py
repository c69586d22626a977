"""Owns the queue of deliveries: claimed under a lease with a fencing token, finished only by its newest holder.

A row found in "sending" with its lease run out belonged to a worker that died: whether the EHR has the resource is
unknown. So is that of a row older than this process, which may come from a restored backup. Both are searched for
before anything is sent (`Claim.must_search`).
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import case, exists, select, update
from sqlalchemy.exc import IntegrityError

from smart_app.store.engine import Store, UnitOfWork
from smart_app.store.outbox import UNFILED, rearmed
from smart_app.store.registrations import new_id
from smart_app.store.tables import DeliveryRow, EhrStateRow, FiledResourceRow, RegistrationRow

LEASE_SECONDS = 60


class StaleClaim(Exception):
    """Another worker has taken the row over; this one's result is refused."""


@dataclass(frozen=True, slots=True)
class Claim:
    """One delivery held by this worker: an entry, or the month ("2026-11") of a patient. `fence` proves the hold.

    `outcome_unknown`: an earlier try may have left something in the chart. `must_search`: that, or the row is older
    than this worker.
    """

    id: str
    kind: str
    entry_id: str
    registration_id: str
    practice_id: str
    patient_id: str
    month: str
    launch_id: str
    rung: str
    wanted: int
    attempts: int
    fence: int
    outcome_unknown: bool
    must_search: bool


@dataclass(frozen=True, slots=True)
class Filed:
    """A resource in the chart; `standing` is "kept", "duplicate" or "in_error"."""

    resource_type: str
    id: str
    version: str
    revision: int
    standing: str = "kept"


def claim(store: Store, now: int, *, since: int, limit: int = 10) -> list[Claim]:
    """Takes up to `limit` due deliveries for this worker, oldest first.

    EHRs whose breaker is open are left alone, and so are those whose registration is disabled.

    `now` and `since` (when this worker began) are POSIX seconds.
    """
    left_alone = exists().where(
        EhrStateRow.registration_id == DeliveryRow.registration_id, EhrStateRow.open_until > now
    )
    disabled = exists().where(
        RegistrationRow.id == DeliveryRow.registration_id, RegistrationRow.disabled_at.is_not(None)
    )
    with store.writing() as session:
        rows = session.scalars(
            select(DeliveryRow)
            .where(
                DeliveryRow.state.in_(UNFILED),
                DeliveryRow.due_at <= now,
                DeliveryRow.lease_until <= now,
                ~left_alone,
                ~disabled,
            )
            .order_by(DeliveryRow.due_at, DeliveryRow.id)
            .limit(limit)
            .with_for_update(skip_locked=True)
        ).all()
        return [_take(row, now, since) for row in rows]


def begin(store: Store, held: Claim, now: int) -> bool:
    """A claimed row's turn comes: renews its lease, which those before it may have used up.

    False, and the row let go, where its EHR has come to be left alone since the claim. Raises `StaleClaim`.
    """
    with store.writing() as session:
        left_alone_until = session.scalar(
            select(EhrStateRow.open_until).where(
                EhrStateRow.registration_id == held.registration_id, EhrStateRow.open_until > now
            )
        )
        if left_alone_until is None:
            _hold(session, held, lease_until=now + LEASE_SECONDS)
            return True
        _hold(session, held, state=_waiting(held.outcome_unknown), due_at=left_alone_until, lease_until=0)
        return False


def renew(store: Store, held: Claim, now: int) -> None:
    """Asserts the hold just before something is sent: a worker that has lost it sends nothing. Raises `StaleClaim`."""
    with store.writing() as session:
        _hold(session, held, lease_until=now + LEASE_SECONDS)


def filed_resources(store: Store, held: Claim) -> list[Filed]:
    """What the chart holds for the delivery, as far as it is known."""
    with store.reading() as session:
        rows = session.scalars(
            select(FiledResourceRow)
            .where(FiledResourceRow.delivery_id == held.id)
            .order_by(FiledResourceRow.filed_at, FiledResourceRow.id)
        )
        return [Filed(row.resource_type, row.resource_id, row.version, row.revision, row.standing) for row in rows]


def record_stray(store: Store, held: Claim, filed: Filed, now: int) -> None:
    """Keeps what a worker has sent that had lost its hold meanwhile, as a duplicate for the new holder to correct."""
    row = _filed_row(held, filed, now)
    row.standing = "duplicate"
    try:
        with store.writing() as session:
            session.add(row)
            session.flush()
            session.execute(
                update(DeliveryRow)
                .where(DeliveryRow.id == held.id)
                .values(wanted=DeliveryRow.wanted + 1, due_at=now, state=rearmed())
            )
    except IntegrityError:
        return  # the new holder has found it in the chart


def record_filed(store: Store, held: Claim, filed: Filed, now: int) -> None:
    """Keeps what the EHR has accepted, as soon as it is known, and renews the lease. Raises `StaleClaim`."""
    with store.writing() as session:
        _hold(session, held, lease_until=now + LEASE_SECONDS)
        row = session.scalar(
            select(FiledResourceRow).where(
                FiledResourceRow.delivery_id == held.id,
                FiledResourceRow.resource_type == filed.resource_type,
                FiledResourceRow.resource_id == filed.id,
            )
        )
        if row is None:
            session.add(_filed_row(held, filed, now))
        else:
            row.version, row.revision, row.standing = filed.version, filed.revision, filed.standing


def finish(store: Store, held: Claim, now: int) -> None:
    """The chart holds what was wanted; if more is wanted since, it is due again at once. Raises `StaleClaim`."""
    more = DeliveryRow.wanted > held.wanted
    with store.writing() as session:
        _hold(
            session,
            held,
            state=case((more, "waiting"), else_="filed"),
            detail="",
            filed_at=now,
            due_at=now,
            lease_until=0,
            attempts=0,
        )


def postpone(store: Store, held: Claim, *, until: int, unknown: bool, detail: str, attempts: int) -> None:
    """To be tried again at `until` (POSIX seconds); `unknown` if the EHR may have the resource. Raises `StaleClaim`."""
    with store.writing() as session:
        _hold(session, held, state=_waiting(unknown), due_at=until, lease_until=0, detail=detail, attempts=attempts)


def set_aside(store: Store, held: Claim, state: str, detail: str) -> None:
    """No more tries: "attention" where a person must look at it, "held" where the EHR takes none of it.

    Raises `StaleClaim`.
    """
    with store.writing() as session:
        _hold(session, held, state=state, detail=detail, lease_until=0, attempts=held.attempts + 1)


def change_rung(store: Store, held: Claim, rung: str, *, state: str, detail: str, now: int) -> None:
    """Goes on at a lower rung, at once or (held) not at all. Raises `StaleClaim`."""
    with store.writing() as session:
        _hold(session, held, rung=rung, state=state, due_at=now, lease_until=0, detail=detail)


def _take(row: DeliveryRow, now: int, since: int) -> Claim:
    outcome_unknown = row.state in ("sending", "unknown")
    row.state, row.lease_until, row.fence = "sending", now + LEASE_SECONDS, row.fence + 1
    return Claim(
        id=row.id,
        kind=row.kind,
        entry_id=row.entry_id or "",
        registration_id=row.registration_id,
        practice_id=row.practice_id,
        patient_id=row.patient_id,
        month=row.month or "",
        launch_id=row.launch_id or "",
        rung=row.rung,
        wanted=row.wanted,
        attempts=row.attempts,
        fence=row.fence,
        outcome_unknown=outcome_unknown,
        must_search=outcome_unknown or row.created_at < since,
    )


def _waiting(unknown: bool) -> str:
    return "unknown" if unknown else "waiting"


def _filed_row(held: Claim, filed: Filed, now: int) -> FiledResourceRow:
    return FiledResourceRow(
        id=new_id(),
        delivery_id=held.id,
        resource_type=filed.resource_type,
        resource_id=filed.id,
        version=filed.version,
        revision=filed.revision,
        standing=filed.standing,
        filed_at=now,
    )


def _hold(session: UnitOfWork, held: Claim, **values: object) -> None:
    changed = session.execute(
        update(DeliveryRow)
        .where(DeliveryRow.id == held.id, DeliveryRow.fence == held.fence, DeliveryRow.state == "sending")
        .values(**values)
        .returning(DeliveryRow.id)
    ).all()
    if not changed:
        raise StaleClaim(held.id)
