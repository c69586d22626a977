"""Owns revocation (RFC 7009), introspection (RFC 7662) and dynamic registration (RFC 7591)."""

from __future__ import annotations

import secrets
from typing import Any

from authlib.oauth2.rfc6749 import InvalidRequestError
from authlib.oauth2.rfc7009 import RevocationEndpoint
from authlib.oauth2.rfc7591 import ClientRegistrationEndpoint
from authlib.oauth2.rfc7662 import IntrospectionEndpoint

from sandbox_ehr.authorization.clients import RegisteredClient
from sandbox_ehr.authorization.ledger import Token
from sandbox_ehr.config import CLIENT_AUTH_METHODS, GRANT_TYPES, Client

DEFAULT_GRANT_TYPES = ["authorization_code"]


class AnyTokenMixin:
    """Finds a token by its value alone; a hint of its type, also a wrong one, changes nothing (RFC 7009 §2.1)."""

    server: Any

    def check_params(self, request: Any, client: RegisteredClient) -> None:
        """Raises InvalidRequestError where no token is named."""
        del client
        if "token" not in request.form:
            raise InvalidRequestError("token is missing.")

    def query_token(self, token_string: str, token_type_hint: str | None) -> Token | None:
        """The token of that value."""
        del token_type_hint
        token: Token | None = self.server.ledger.token(token_string)
        return token


class Revocation(AnyTokenMixin, RevocationEndpoint):  # type: ignore[misc]
    """Takes back one access token, or with a refresh token the whole authorization."""

    CLIENT_AUTH_METHODS = CLIENT_AUTH_METHODS

    def revoke_token(self, token: Token, request: Any) -> None:
        """Marks it as taken back."""
        del request
        token.revoked = True
        if token.kind == "refresh_token":
            token.authorization.revoked = True


class Introspection(AnyTokenMixin, IntrospectionEndpoint):  # type: ignore[misc]
    """Tells a confidential client about its own tokens."""

    CLIENT_AUTH_METHODS = ("client_secret_basic", "client_secret_post", "private_key_jwt")

    def check_permission(self, token: Token, client: RegisteredClient, request: Any) -> bool:
        """Whether the token is the client's own."""
        del request
        return token.check_client(client)

    def introspect_token(self, token: Token) -> dict[str, Any]:
        """What SMART's token introspection adds is the launch context."""
        authorization = token.authorization
        base = self.server.config.fhir_base
        about: dict[str, Any] = {
            "active": True,
            "client_id": authorization.client_id,
            "scope": token.scope,
            "iss": base,
            "iat": int(token.issued_at),
            "exp": int(token.expires_at),
        }
        if authorization.user:
            about |= {"sub": authorization.user, "fhirUser": f"{base}/Practitioner/{authorization.user}"}
        context = {"patient": authorization.patient, "encounter": authorization.encounter}
        return about | {key: value for key, value in context.items() if value}


class Registration(ClientRegistrationEndpoint):  # type: ignore[misc]
    """Registers any client that asks: the sandbox holds no real patient."""

    def authenticate_token(self, request: Any) -> str:
        """Registration is open."""
        del request
        return "open"

    def get_server_metadata(self) -> dict[str, Any]:
        """What a client may ask for; scopes are narrowed when it asks for a token."""
        return {
            "token_endpoint_auth_methods_supported": list(CLIENT_AUTH_METHODS),
            "grant_types_supported": list(GRANT_TYPES),
            "response_types_supported": ["code"],
        }

    def generate_client_info(self, request: Any) -> dict[str, Any]:
        """The client's id, and a secret where its method uses one."""
        info: dict[str, Any] = {
            "client_id": secrets.token_urlsafe(16),
            "client_id_issued_at": int(self.server.ledger.clock()),
        }
        method = request.payload.data.get("token_endpoint_auth_method", "client_secret_basic")
        if method.startswith("client_secret"):
            info |= {"client_secret": secrets.token_urlsafe(32), "client_secret_expires_at": 0}
        return info

    def save_client(
        self, client_info: dict[str, Any], client_metadata: dict[str, Any], request: Any
    ) -> RegisteredClient:
        """Keeps the client in memory."""
        del request
        client_metadata.setdefault("grant_types", DEFAULT_GRANT_TYPES)
        client = Client(
            client_id=client_info["client_id"],
            redirect_uris=tuple(client_metadata.get("redirect_uris", ())),
            name=client_metadata.get("client_name", ""),
            auth_method=client_metadata["token_endpoint_auth_method"],
            client_secret=client_info.get("client_secret", ""),
            jwks_uri=client_metadata.get("jwks_uri", ""),
            jwks=client_metadata.get("jwks"),
            scope=client_metadata.get("scope", ""),
            grant_types=tuple(client_metadata["grant_types"]),
        )
        registered: RegisteredClient = self.server.clients.add(client)
        return registered
