"""Owns with what right a delivery writes: the access token of its launch, refreshed when it has run out.

A refresh token is spent by its use, so one worker at a time refreshes, and the replacement is kept in one commit.
"""

from __future__ import annotations

from smart_app.ehr.errors import EhrTemporary
from smart_app.launch.assertion import signing_key
from smart_app.launch.grant import RefreshRefused, TokenEndpoint
from smart_app.registrations import Registration
from smart_app.services import Services
from smart_app.store.launches import (
    Launch,
    Tokens,
    begin_refresh,
    forget_refresh_token,
    load_tokens,
    save_tokens,
)

MARGIN_SECONDS = 60
REFRESH_LEASE_SECONDS = 30


class LaunchOver(Exception):
    """The launch's tokens are spent: its entries wait for the next launch of the patient."""


class RefreshUnderWay(EhrTemporary):
    """Another worker is refreshing this launch's tokens now."""

    text = "The sign-in is being renewed."


def access_token(services: Services, registration: Registration, launch: Launch) -> str:
    """A token that is valid for a minute at least. Raises `LaunchOver`, `RefreshUnderWay` or `EhrError`."""
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
