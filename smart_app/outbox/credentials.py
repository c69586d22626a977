"""Owns with what right a delivery writes: its launch's token, refreshed when it has run out, else our own.

A refresh token is spent by its use, so one worker at a time refreshes, and the replacement is kept in one commit.
Backend Services serve where the registration has them and no launch's token is left.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from smart_app.ehr.errors import EhrTemporary
from smart_app.ehr.granted import Granted
from smart_app.launch.assertion import signing_key
from smart_app.launch.grant import RefreshRefused, TokenEndpoint
from smart_app.registrations import Registration
from smart_app.services import Services
from smart_app.store.launches import (
    Launch,
    Tokens,
    begin_refresh,
    expire_access_token,
    forget_refresh_token,
    load_tokens,
    save_tokens,
)

MARGIN_SECONDS = 60
REFRESH_LEASE_SECONDS = 30


class LaunchOver(Exception):
    """No right is left to write with: the entries wait for the next launch of the patient."""


class RefreshUnderWay(EhrTemporary):
    """Another worker is refreshing this launch's tokens now."""

    text = "The sign-in is being renewed."


@dataclass(frozen=True, slots=True)
class Rights:
    """A token that is valid for a minute at least, and what it allows."""

    token: str = field(repr=False)
    granted: Granted


def rights(services: Services, registration: Registration, launch: Launch | None) -> Rights:
    """With what to write. Raises `LaunchOver`, `RefreshUnderWay` or `EhrError`."""
    try:
        if launch is None:
            raise LaunchOver(registration.id)
        return Rights(_launch_token(services, registration, launch), Granted(launch.scope))
    except LaunchOver:
        if not registration.backend_scope:
            raise
    return Rights(_backend_token(services, registration), Granted(registration.backend_scope))


def refuse_token(services: Services, registration: Registration, launch: Launch | None) -> None:
    """The EHR answered 401: the token is not used again."""
    services.backend.forget(registration.id)
    if launch is not None:
        with services.store.writing() as session:
            expire_access_token(session, launch.id)


def _launch_token(services: Services, registration: Registration, launch: Launch) -> str:
    now = services.clock()
    with services.store.reading() as session:
        tokens = load_tokens(session, launch.id)
    if tokens is None:
        raise LaunchOver(launch.id)
    if tokens.expires_at - MARGIN_SECONDS > now:
        return tokens.access
    if not tokens.refresh:
        raise LaunchOver(launch.id)
    with services.store.writing() as session:
        if not begin_refresh(session, launch.id, tokens.version, now=now, lease=REFRESH_LEASE_SECONDS):
            raise RefreshUnderWay
    return _refreshed(services, registration, launch, tokens).access


def _refreshed(services: Services, registration: Registration, launch: Launch, tokens: Tokens) -> Tokens:
    endpoint = TokenEndpoint(
        registration,
        services.discovery.get(registration.issuer),
        services.transport,
        signing_key(services.keyring.signing, registration.signing_algorithm),
        services.clock(),
    )
    try:
        answer = endpoint.refresh(refresh_token=tokens.refresh, scope=launch.scope)
    except RefreshRefused:
        with services.store.writing() as session:
            forget_refresh_token(session, launch.id)
        raise LaunchOver(launch.id) from None
    if answer.patient and answer.patient != launch.patient_id:
        raise LaunchOver(launch.id)  # a token for somebody else's chart writes nothing
    renewed = Tokens(answer.access_token, answer.refresh_token, answer.expires_at, tokens.version + 1)
    with services.store.writing() as session:
        save_tokens(session, launch.id, renewed)
    return renewed


def _backend_token(services: Services, registration: Registration) -> str:
    key = signing_key(services.keyring.signing, registration.signing_algorithm)
    if key is None:
        raise LaunchOver(registration.id)
    return services.backend.get(registration, services.discovery.get(registration.issuer), key, services.clock())
