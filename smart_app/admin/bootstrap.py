"""Owns the one-time link for the first admin, who registers the first EHR and is named by it.

The link's token is 256 random bits, kept as a hash, good for 15 minutes and one registration. Opening the page does
not use it up, for mail and chat programs open links to preview them; sending the form does.
"""

from __future__ import annotations

import secrets

from sqlalchemy import select, update

from smart_app.registrations import Registration
from smart_app.services import Services
from smart_app.store.engine import UnitOfWork
from smart_app.store.launches import hashed
from smart_app.store.registrations import add_registration, set_grant
from smart_app.store.tables import BootstrapRow

LINK_MINUTES = 15


def new_bootstrap_link(services: Services) -> str:
    """A fresh link; earlier ones keep their own time."""
    token = secrets.token_urlsafe(32)
    with services.store.writing() as session:
        session.add(BootstrapRow(token_hash=hashed(token), expires_at=services.clock() + LINK_MINUTES * 60))
    return f"{services.settings.public_url}/admin/bootstrap/{token}"


def link_is_good(session: UnitOfWork, token: str, now: int) -> bool:
    """Whether the link may still be used."""
    row = session.scalar(select(BootstrapRow).where(BootstrapRow.token_hash == hashed(token)))
    return row is not None and row.used_at is None and now < row.expires_at


def use_link(
    session: UnitOfWork, token: str, registration: Registration, *, practice: str, timezone: str, admin: str, now: int
) -> bool:
    """Uses the link up, keeps the registration and names its first admin. False if the link is not good any more.

    Raises `IntegrityError` if the EHR is registered already; then the link stays good.
    """
    used = session.execute(
        update(BootstrapRow)
        .where(BootstrapRow.token_hash == hashed(token), BootstrapRow.used_at.is_(None), BootstrapRow.expires_at > now)
        .values(used_at=now)
        .returning(BootstrapRow.token_hash)
    ).all()
    if not used:
        return False
    add_registration(session, registration, practice=practice, timezone=timezone, now=now)
    set_grant(session, registration.id, admin, "admin", now)
    return True
