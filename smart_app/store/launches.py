"""Owns how authorizations under way, launches, their tokens and their charts are kept."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, field
from functools import cache

from pydantic import TypeAdapter
from sqlalchemy import delete, select, update

from ccm.chart import Chart
from smart_app.store.engine import UnitOfWork
from smart_app.store.tables import AuthorizationRow, ChartRow, LaunchRow, PracticeRow, TokenRow, UserRow

_WHOLE_LAUNCH = (
    select(LaunchRow, UserRow, PracticeRow)
    .join(UserRow, UserRow.id == LaunchRow.user_id)
    .join(PracticeRow, PracticeRow.id == LaunchRow.practice_id)
)


def hashed(secret: str) -> str:
    """What is kept of a secret that a browser holds: enough to recognise it, not to use it."""
    return hashlib.sha256(secret.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Authorization:
    """What is remembered between the authorization request and the callback."""

    registration_id: str
    nonce: str = field(repr=False)
    code_verifier: str = field(repr=False)
    scope: str
    patient: str = ""  # the one wanted in a patient-scoped standalone launch


@dataclass(frozen=True, slots=True)
class NewLaunch:
    """What a successful callback knows of the launch that it opens; the ids are FHIR ids."""

    practice_id: str
    user_id: str
    patient_id: str
    encounter_id: str
    role: str
    browser: str = field(repr=False)
    scope: str
    rung: str
    rung_why: str
    show_patient: bool
    style_url: str


@dataclass(frozen=True, slots=True)
class Launch:
    """One opened chart. `user_reference` is the FHIR reference of the signed-in person; times are POSIX seconds."""

    id: str
    registration_id: str
    practice_id: str
    timezone: str
    user_id: str
    user_reference: str
    user_name: str
    patient_id: str
    encounter_id: str
    role: str
    scope: str
    rung: str
    rung_why: str
    show_patient: bool
    style_url: str
    last_seen_at: int
    expires_at: int
    ended_at: int | None


@dataclass(frozen=True, slots=True)
class Tokens:
    """A launch's tokens, in memory only. `version` counts refreshes; `expires_at` is in POSIX seconds."""

    access: str = field(repr=False)
    refresh: str = field(repr=False)
    expires_at: int
    version: int = 0


def remember_authorization(
    session: UnitOfWork, authorization: Authorization, *, state: str, browser: str, now: int, lifetime: int
) -> None:
    """Keeps an authorization under the hash of its `state`, bound to the browser; clears away expired ones."""
    session.execute(delete(AuthorizationRow).where(AuthorizationRow.expires_at < now))
    session.add(
        AuthorizationRow(
            state_hash=hashed(state),
            browser_hash=hashed(browser),
            registration_id=authorization.registration_id,
            nonce=authorization.nonce,
            sealed_verifier=session.vault.seal(
                authorization.code_verifier, tenant=authorization.registration_id, row=hashed(state)
            ),
            scope=authorization.scope,
            patient=authorization.patient,
            created_at=now,
            expires_at=now + lifetime,
        )
    )


def take_authorization(session: UnitOfWork, *, state: str, browser: str, now: int) -> Authorization | None:
    """The authorization with this state, once: None if unknown, used, expired or begun in another browser."""
    taken = session.execute(
        update(AuthorizationRow)
        .where(
            AuthorizationRow.state_hash == hashed(state),
            AuthorizationRow.browser_hash == hashed(browser),
            AuthorizationRow.used_at.is_(None),
            AuthorizationRow.expires_at >= now,
        )
        .values(used_at=now)
        .returning(AuthorizationRow)
    ).scalar_one_or_none()
    if taken is None:
        return None
    return Authorization(
        registration_id=taken.registration_id,
        nonce=taken.nonce,
        code_verifier=session.vault.open(taken.sealed_verifier, tenant=taken.registration_id, row=taken.state_hash),
        scope=taken.scope,
        patient=taken.patient,
    )


def open_launch(session: UnitOfWork, new: NewLaunch, *, now: int, lifetime: int) -> tuple[str, str]:
    """Keeps a new launch; returns its id and the secret for its cookie.

    Launches of another user in the same browser end here: a shared workstation must not keep the first one's rights.
    """
    session.execute(
        update(LaunchRow)
        .where(
            LaunchRow.browser_hash == hashed(new.browser),
            LaunchRow.user_id != new.user_id,
            LaunchRow.ended_at.is_(None),
        )
        .values(ended_at=now)
    )
    launch_id, cookie = secrets.token_urlsafe(18), secrets.token_urlsafe(32)
    session.add(
        LaunchRow(
            id=launch_id,
            practice_id=new.practice_id,
            user_id=new.user_id,
            patient_id=new.patient_id,
            encounter_id=new.encounter_id,
            role=new.role,
            cookie_hash=hashed(cookie),
            browser_hash=hashed(new.browser),
            scope=new.scope,
            rung=new.rung,
            rung_why=new.rung_why,
            show_patient=new.show_patient,
            style_url=new.style_url,
            created_at=now,
            last_seen_at=now,
            expires_at=now + lifetime,
        )
    )
    session.flush()
    return launch_id, cookie


def find_launch(session: UnitOfWork, launch_id: str, cookie: str) -> Launch | None:
    """The launch with this id, for the browser that holds its cookie; None for everybody else."""
    its_own = (LaunchRow.id == launch_id, LaunchRow.cookie_hash == hashed(cookie))
    row = session.execute(_WHOLE_LAUNCH.where(*its_own)).first()
    return _launch(*row) if row else None


def get_launch(session: UnitOfWork, launch_id: str) -> Launch:
    """The launch with this id, for deliveries, which have no browser. Raises `LookupError` if there is none."""
    row = session.execute(_WHOLE_LAUNCH.where(LaunchRow.id == launch_id)).first()
    if row is None:
        raise LookupError(launch_id)
    return _launch(*row)


def touch_launch(session: UnitOfWork, launch_id: str, now: int) -> None:
    """Notes that the launch was used."""
    session.execute(update(LaunchRow).where(LaunchRow.id == launch_id).values(last_seen_at=now))


def end_launch(session: UnitOfWork, launch_id: str, now: int) -> None:
    """Ends the launch and forgets its chart; its tokens stay until its entries are filed."""
    session.execute(update(LaunchRow).where(LaunchRow.id == launch_id).values(ended_at=now))
    session.execute(delete(ChartRow).where(ChartRow.launch_id == launch_id))


def sweep_launches(session: UnitOfWork, *, idle_before: int, now: int) -> int:
    """Ends launches that nobody came back to, and forgets the charts of all that have ended; returns how many ended."""
    over = (LaunchRow.expires_at <= now) | (LaunchRow.last_seen_at < idle_before)
    ended = session.execute(
        update(LaunchRow).where(LaunchRow.ended_at.is_(None), over).values(ended_at=now).returning(LaunchRow.id)
    ).all()
    closed = select(LaunchRow.id).where(LaunchRow.ended_at.is_not(None))
    session.execute(delete(ChartRow).where(ChartRow.launch_id.in_(closed)))
    return len(ended)


def end_launches_of(session: UnitOfWork, registration_id: str, reference: str, now: int) -> None:
    """Ends every open launch of a person, in all browsers."""
    person = select(UserRow.id).where(UserRow.registration_id == registration_id, UserRow.reference == reference)
    session.execute(
        update(LaunchRow).where(LaunchRow.user_id.in_(person), LaunchRow.ended_at.is_(None)).values(ended_at=now)
    )


def save_tokens(session: UnitOfWork, launch_id: str, tokens: Tokens) -> None:
    """Keeps a launch's tokens, sealed, in place of any earlier ones."""
    session.execute(delete(TokenRow).where(TokenRow.launch_id == launch_id))
    refresh = session.vault.seal(tokens.refresh, tenant=launch_id, row="refresh") if tokens.refresh else None
    session.add(
        TokenRow(
            launch_id=launch_id,
            sealed_access=session.vault.seal(tokens.access, tenant=launch_id, row="access"),
            sealed_refresh=refresh,
            expires_at=tokens.expires_at,
            version=tokens.version,
            refreshing_until=0,
        )
    )


def load_tokens(session: UnitOfWork, launch_id: str) -> Tokens | None:
    """A launch's tokens, or None where it has none any more."""
    row = session.get(TokenRow, launch_id)
    if row is None:
        return None
    refresh = session.vault.open(row.sealed_refresh, tenant=launch_id, row="refresh") if row.sealed_refresh else ""
    access = session.vault.open(row.sealed_access, tenant=launch_id, row="access")
    return Tokens(access, refresh, row.expires_at, row.version)


def begin_refresh(session: UnitOfWork, launch_id: str, version: int, *, now: int, lease: int) -> bool:
    """Takes the right to refresh the tokens of this version, for `lease` seconds; one worker at a time gets it."""
    taken = session.execute(
        update(TokenRow)
        .where(TokenRow.launch_id == launch_id, TokenRow.version == version, TokenRow.refreshing_until <= now)
        .values(refreshing_until=now + lease)
        .returning(TokenRow.launch_id)
    ).all()
    return bool(taken)


def expire_access_token(session: UnitOfWork, launch_id: str) -> None:
    """The EHR does not accept it any more, whatever it said of its lifetime."""
    session.execute(update(TokenRow).where(TokenRow.launch_id == launch_id).values(expires_at=0))


def forget_refresh_token(session: UnitOfWork, launch_id: str) -> None:
    """The EHR refused it: only a new launch helps."""
    session.execute(
        update(TokenRow).where(TokenRow.launch_id == launch_id).values(sealed_refresh=None, refreshing_until=0)
    )


def save_chart(session: UnitOfWork, launch_id: str, chart: Chart, now: int) -> None:
    """Keeps the chart as it was read, sealed."""
    sealed = session.vault.seal(_chart_adapter().dump_json(chart).decode(), tenant=launch_id, row="chart")
    session.merge(ChartRow(launch_id=launch_id, read_at=now, sealed_chart=sealed))


def load_chart(session: UnitOfWork, launch_id: str) -> Chart | None:
    """The chart as it was read at the launch, or None once the launch has ended."""
    row = session.get(ChartRow, launch_id)
    if row is None:
        return None
    return _chart_adapter().validate_json(session.vault.open(row.sealed_chart, tenant=launch_id, row="chart"))


@cache
def _chart_adapter() -> TypeAdapter[Chart]:
    return TypeAdapter(Chart)


def _launch(row: LaunchRow, user: UserRow, practice: PracticeRow) -> Launch:
    return Launch(
        id=row.id,
        registration_id=practice.registration_id,
        practice_id=row.practice_id,
        timezone=practice.timezone,
        user_id=row.user_id,
        user_reference=user.reference,
        user_name=user.name,
        patient_id=row.patient_id,
        encounter_id=row.encounter_id,
        role=row.role,
        scope=row.scope,
        rung=row.rung,
        rung_why=row.rung_why,
        show_patient=row.show_patient,
        style_url=row.style_url,
        last_seen_at=row.last_seen_at,
        expires_at=row.expires_at,
        ended_at=row.ended_at,
    )
