"""Owns how registrations, practices, users and grants are kept."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from smart_app.registrations import Practice, Registration
from smart_app.store.engine import UnitOfWork
from smart_app.store.tables import GrantRow, PracticeRow, RegistrationRow, UserRow
from smart_app.store.vault import Vault


def new_id() -> str:
    """A fresh opaque id."""
    return str(uuid.uuid4())


def add_registration(
    session: UnitOfWork, registration: Registration, *, practice: str, timezone: str, now: int
) -> None:
    """Keeps a new registration and its first practice. `timezone` is an IANA name, `now` in POSIX seconds."""
    sealed = None
    if registration.client_secret:
        sealed = session.vault.seal(registration.client_secret, tenant=registration.id, row="client_secret")
    row = RegistrationRow(
        id=registration.id,
        issuer=registration.issuer,
        name=registration.name,
        client_id=registration.client_id,
        client_auth=registration.client_auth,
        sealed_client_secret=sealed,
        signing_algorithm=registration.signing_algorithm,
        token_issuer=registration.token_issuer,
        frame_ancestors=list(registration.frame_ancestors),
        write_back=registration.write_back,
        backend_scope=registration.backend_scope,
        default_role=registration.default_role,
        created_at=now,
    )
    session.add(row)
    session.flush()
    session.add(
        PracticeRow(id=new_id(), registration_id=registration.id, name=practice, timezone=timezone, created_at=now)
    )


def find_registration(session: UnitOfWork, *, issuer: str) -> Registration | None:
    """The registration of exactly this issuer, disabled or not."""
    row = session.scalar(select(RegistrationRow).where(RegistrationRow.issuer == issuer))
    return _registration(row, session.vault) if row else None


def get_registration(session: UnitOfWork, registration_id: str) -> Registration:
    """The registration with this id. Raises `LookupError` if there is none."""
    row = session.get(RegistrationRow, registration_id)
    if row is None:
        raise LookupError(registration_id)
    return _registration(row, session.vault)


def all_registrations(session: UnitOfWork) -> list[Registration]:
    """Every registration, by name."""
    rows = session.scalars(select(RegistrationRow).order_by(RegistrationRow.name, RegistrationRow.issuer))
    return [_registration(row, session.vault) for row in rows]


def disable_registration(session: UnitOfWork, issuer: str, now: int) -> bool:
    """No launch from this EHR any more; what it filed stays. False if there is no such registration."""
    row = session.scalar(select(RegistrationRow).where(RegistrationRow.issuer == issuer))
    if row is None:
        return False
    row.disabled_at = row.disabled_at or now
    return True


def first_practice(session: UnitOfWork, registration_id: str) -> Practice:
    """The practice with which a registration began."""
    row = session.scalars(
        select(PracticeRow)
        .where(PracticeRow.registration_id == registration_id)
        .order_by(PracticeRow.created_at, PracticeRow.id)
    ).first()
    if row is None:
        raise LookupError(registration_id)
    return Practice(row.id, row.registration_id, row.name, row.timezone)


def get_practice(session: UnitOfWork, practice_id: str) -> Practice:
    """The practice with this id. Raises `LookupError` if there is none."""
    row = session.get(PracticeRow, practice_id)
    if row is None:
        raise LookupError(practice_id)
    return Practice(row.id, row.registration_id, row.name, row.timezone)


def set_grant(session: UnitOfWork, registration_id: str, reference: str, role: str, now: int) -> None:
    """Gives the person with this FHIR reference one role, in place of any earlier one."""
    revoke_grant(session, registration_id, reference)
    session.add(GrantRow(id=new_id(), registration_id=registration_id, reference=reference, role=role, granted_at=now))


def revoke_grant(session: UnitOfWork, registration_id: str, reference: str) -> bool:
    """Takes the person's role away. False if there was none."""
    row = session.scalar(
        select(GrantRow).where(GrantRow.registration_id == registration_id, GrantRow.reference == reference)
    )
    if row is None:
        return False
    session.delete(row)
    session.flush()
    return True


def grants(session: UnitOfWork) -> Sequence[tuple[str, str, str]]:
    """Every grant as (issuer, reference, role)."""
    rows = session.execute(
        select(RegistrationRow.issuer, GrantRow.reference, GrantRow.role)
        .join(RegistrationRow, RegistrationRow.id == GrantRow.registration_id)
        .order_by(RegistrationRow.issuer, GrantRow.reference)
    )
    return [(issuer, reference, role) for issuer, reference, role in rows]


def role_of(session: UnitOfWork, registration: Registration, reference: str) -> str:
    """The role granted to this person, else the registration's default role."""
    role = session.scalar(
        select(GrantRow.role).where(GrantRow.registration_id == registration.id, GrantRow.reference == reference)
    )
    return role or registration.default_role


def keep_user(session: UnitOfWork, registration_id: str, reference: str, name: str, now: int) -> str:
    """The id of the person with this reference, kept on first sight, the name brought up to date."""
    row = _user(session, registration_id, reference)
    if row is None:
        row = UserRow(id=new_id(), registration_id=registration_id, reference=reference, name=name, created_at=now)
        try:
            with session.begin_nested():
                session.add(row)
        except IntegrityError:  # another launch of the same person has just kept it
            row = _user(session, registration_id, reference)
            assert row is not None
    elif name:
        row.name = name
    return row.id


def _user(session: UnitOfWork, registration_id: str, reference: str) -> UserRow | None:
    return session.scalar(
        select(UserRow).where(UserRow.registration_id == registration_id, UserRow.reference == reference)
    )


def _registration(row: RegistrationRow, vault: Vault) -> Registration:
    secret = ""
    if row.sealed_client_secret is not None:
        secret = vault.open(row.sealed_client_secret, tenant=row.id, row="client_secret")
    return Registration(
        id=row.id,
        issuer=row.issuer,
        name=row.name,
        client_id=row.client_id,
        client_auth=row.client_auth,
        client_secret=secret,
        signing_algorithm=row.signing_algorithm,
        token_issuer=row.token_issuer,
        frame_ancestors=tuple(row.frame_ancestors),
        write_back=row.write_back,
        backend_scope=row.backend_scope,
        default_role=row.default_role,
        disabled=row.disabled_at is not None,
    )
