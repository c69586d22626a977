"""Owns the authorization server itself: Authlib's, with the sandbox's grants, endpoints and records."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from typing import Any

from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2.rfc6750 import BearerTokenGenerator
from flask import request

from sandbox_ehr.access import Access
from sandbox_ehr.authorization import scopes
from sandbox_ehr.authorization.assertion import PrivateKeyJwt
from sandbox_ehr.authorization.clients import Clients, RegisteredClient
from sandbox_ehr.authorization.discovery import endpoints
from sandbox_ehr.authorization.endpoints import Introspection, Registration, Revocation
from sandbox_ehr.authorization.grants import (
    CodeGrant,
    PkceForAll,
    RefreshGrant,
    SmartContext,
    SmartRequest,
    SystemGrant,
)
from sandbox_ehr.authorization.id_token import IdToken
from sandbox_ehr.authorization.keys import SigningKeys
from sandbox_ehr.authorization.ledger import Authorization, Ledger
from sandbox_ehr.config import SandboxConfig
from sandbox_ehr.people import People
from sandbox_ehr.traffic import note_client

SYSTEM_TOKEN_SECONDS = 300  # SMART Backend Services: a token lives five minutes at most


class SmartServer(AuthorizationServer):  # type: ignore[misc]
    """The authorization server of one sandbox."""

    def __init__(self, config: SandboxConfig, people: People) -> None:
        super().__init__(query_client=self._find_client, save_token=self._keep_token)
        self.config = config
        self.ledger = Ledger(config.clock)
        self.clients = Clients(config.clients)
        self.keys = SigningKeys(config.id_token_algorithm)
        generator = BearerTokenGenerator(_random, _random, self._lifetime)
        self.register_token_generator("default", generator)
        id_token = IdToken(config, self.keys, people)
        self.register_grant(CodeGrant, [PkceForAll(required=True), SmartRequest(), SmartContext(), id_token])
        self.register_grant(RefreshGrant, [SmartContext()])
        self.register_grant(SystemGrant)
        token_endpoint = endpoints(config)["token_endpoint"]
        assertion = PrivateKeyJwt(token_endpoint, config.clock)
        self.register_client_auth_method(PrivateKeyJwt.CLIENT_AUTH_METHOD, assertion)
        for endpoint in (Revocation, Introspection, Registration):
            self.register_endpoint(endpoint)

    def grantable(self, client: RegisteredClient, asked: str | None, levels: Collection[str]) -> tuple[str, ...]:
        """The part of the asked scopes that this client can be granted."""
        return scopes.narrow(
            asked or "",
            style=self.config.scope_style,
            levels=levels,
            limit=client.config.scope,
            withheld=self.config.withhold_scopes,
        )

    def access(self) -> Access | None:
        """What the current request may do at the FHIR API: by `X-Sandbox-Admin: 1`, or by its bearer token."""
        if request.headers.get("X-Sandbox-Admin") == "1":
            return Access(frozenset(), admin=True)
        scheme, _, value = request.headers.get("Authorization", "").partition(" ")
        token = self.ledger.live_access(value.strip()) if scheme.lower() == "bearer" else None
        if token is None:
            return None
        owner = token.authorization
        note_client(request.environ, owner.client_id)
        return Access(frozenset(token.scope.split()), owner.patient, owner.user)

    def _find_client(self, client_id: str) -> RegisteredClient | None:
        client = self.clients.find(client_id)
        if client:
            note_client(request.environ, client_id)
        return client

    def _lifetime(self, _client: RegisteredClient, grant_type: str) -> int:
        lifetime = self.config.access_token_lifetime
        return min(lifetime, SYSTEM_TOKEN_SECONDS) if grant_type == SystemGrant.GRANT_TYPE else lifetime

    def _keep_token(self, token: dict[str, Any], oauth_request: Any) -> None:
        scope = token.get("scope", "")
        owner = oauth_request.user or Authorization(oauth_request.client.client_id, scope)
        self.ledger.add_token(token["access_token"], "access_token", owner, scope, token["expires_in"])
        if "refresh_token" in token:
            lifetime = self.config.refresh_token_lifetime
            self.ledger.add_token(token["refresh_token"], "refresh_token", owner, owner.scope, lifetime)


def _random(**_: Any) -> str:
    return secrets.token_urlsafe(32)
