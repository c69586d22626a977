"""Owns the three grants: authorization code with PKCE and SMART context, refresh with rotation, and system clients."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from authlib.oauth2.rfc6749 import InvalidGrantError, InvalidRequestError, InvalidScopeError, grants
from authlib.oauth2.rfc7636 import CodeChallenge

from sandbox_ehr.authorization import scopes
from sandbox_ehr.authorization.ledger import Authorization, Code, Token
from sandbox_ehr.config import CLIENT_AUTH_METHODS

PEOPLE = ("patient", "user")


@dataclass(frozen=True, slots=True)
class Approval:
    """What the user decided: who they are, whose chart, and which scopes."""

    user: str
    scopes: tuple[str, ...]
    patient: str = ""
    encounter: str = ""
    need_patient_banner: bool = True


class PkceForAll(CodeChallenge):  # type: ignore[misc]
    """PKCE with S256 from every client; Authlib itself binds only public ones."""

    SUPPORTED_CODE_CHALLENGE_METHOD = ("S256",)

    def validate_code_challenge(self, grant: Any, redirect_uri: Any) -> None:
        """Refuses an authorization request without both parameters (SMART App Launch 2.2; RFC 7636 §4.3)."""
        data = grant.request.payload.data
        if not data.get("code_challenge") or not data.get("code_challenge_method"):
            raise InvalidRequestError("PKCE is required: send code_challenge and code_challenge_method=S256.")
        super().validate_code_challenge(grant, redirect_uri)


class SmartRequest:
    """Checks what SMART adds to an authorization request: `aud`, `state`, `launch` and at least one usable scope."""

    def __call__(self, grant: Any) -> None:
        """Hooks into the validation after Authlib knows the client and its redirect_uri."""
        grant.register_hook("after_validate_authorization_request_payload", self.validate)

    def validate(self, grant: Any, _: Any) -> None:
        """Raises the OAuth error that is sent to the client."""
        server, data = grant.server, grant.request.payload.data
        asked = (grant.request.payload.scope or "").split()
        if data.get("aud") != server.config.fhir_base:
            raise InvalidRequestError("aud must be the FHIR base URL, exactly.")
        if not data.get("state"):
            raise InvalidRequestError("state is required.")
        if ("launch" in asked) != bool(data.get("launch")):
            raise InvalidRequestError("The launch scope and the launch parameter come together.")
        if data.get("launch") and server.ledger.launch(data["launch"]) is None:
            raise InvalidRequestError("This launch is unknown, used or too old.")
        if not server.grantable(grant.request.client, grant.request.payload.scope, PEOPLE):
            raise InvalidScopeError()


class SmartContext:
    """Puts the launch context beside the access token (SMART App Launch 2.2, "Launch context arrives")."""

    def __call__(self, grant: Any) -> None:
        """Hooks into the making of the token response."""
        grant.register_hook("after_create_token_response", self.add)

    def add(self, grant: Any, response: tuple[int, dict[str, Any], Any]) -> None:
        """Adds the context to the response's body."""
        config, authorization = grant.server.config, grant.request.user
        context: dict[str, Any] = {"tenant": config.tenant, "smart_style_url": config.base_url + "/smart-style.json"}
        if authorization.patient:
            context |= {"patient": authorization.patient, "need_patient_banner": authorization.need_patient_banner}
        if authorization.encounter:
            context["encounter"] = authorization.encounter
        response[1].update({key: value for key, value in context.items() if key not in config.withhold_context})


class CodeGrant(grants.AuthorizationCodeGrant):  # type: ignore[misc]
    """Authorization code; the code is used up by its first presentation, right or wrong."""

    TOKEN_ENDPOINT_AUTH_METHODS = CLIENT_AUTH_METHODS

    def save_authorization_code(self, code: str, request: Any) -> None:
        """Keeps the code with what was approved; a launch is used here, once."""
        data, approval, ledger = request.payload.data, request.user, self.server.ledger
        if data.get("launch") and ledger.take_launch(data["launch"]) is None:
            raise InvalidRequestError("This launch was used.", redirect_uri=request.payload.redirect_uri)
        now = ledger.clock()
        authorization = Authorization(
            request.client.client_id,
            " ".join(approval.scopes),
            approval.user,
            approval.patient,
            approval.encounter,
            approval.need_patient_banner,
        )
        ledger.add_code(
            Code(
                code,
                authorization,
                request.payload.redirect_uri,
                data.get("nonce", ""),
                data["code_challenge"],
                data["code_challenge_method"],
                now,
                now + self.server.config.code_lifetime,
            )
        )

    def query_authorization_code(self, code: str, client: Any) -> Code | None:
        """The code, once."""
        taken: Code | None = self.server.ledger.take_code(code, client.client_id)
        return taken

    def delete_authorization_code(self, authorization_code: Code) -> None:
        """Nothing to do: the ledger remembers used codes, to recognise a replay."""

    def authenticate_user(self, authorization_code: Code) -> Authorization:
        """The authorization behind the code."""
        return authorization_code.authorization

    def generate_token(self, **asked: Any) -> dict[str, Any]:
        """A token, with a refresh token only where its scope was granted."""
        asked["include_refresh_token"] = asked["include_refresh_token"] and _refreshes(asked["scope"])
        token: dict[str, Any] = super().generate_token(**asked)
        return token


class RefreshGrant(grants.RefreshTokenGrant):  # type: ignore[misc]
    """Each refresh token is used once and replaced; reuse ends the family."""

    TOKEN_ENDPOINT_AUTH_METHODS = CLIENT_AUTH_METHODS
    INCLUDE_NEW_REFRESH_TOKEN = True

    def authenticate_refresh_token(self, refresh_token: str) -> Token | None:
        """The refresh token, if it is this client's; its state is judged when it is used."""
        token: Token | None = self.server.ledger.token(refresh_token, "refresh_token")
        return token

    def authenticate_user(self, refresh_token: Token) -> Authorization:
        """Uses the refresh token; raises InvalidGrantError where it is expired, revoked or used before."""
        if not self.server.ledger.take_refresh(refresh_token):
            raise InvalidGrantError("The refresh token is expired, revoked or was used before.")
        return refresh_token.authorization

    def revoke_old_credential(self, refresh_token: Token) -> None:
        """Nothing to do: the old token was used up when it was presented."""


class SystemGrant(grants.ClientCredentialsGrant):  # type: ignore[misc]
    """SMART Backend Services: a client acts for itself with `system/` scopes and a signed assertion."""

    TOKEN_ENDPOINT_AUTH_METHODS = ("private_key_jwt",)

    def validate_requested_scope(self) -> None:
        """Raises InvalidScopeError where no asked scope can be granted."""
        if not self._granted():
            raise InvalidScopeError()

    def generate_token(self, **asked: Any) -> dict[str, Any]:
        """A token for the part of the scopes that can be granted."""
        token: dict[str, Any] = super().generate_token(**{**asked, "scope": " ".join(self._granted())})
        return token

    def _granted(self) -> tuple[str, ...]:
        granted: tuple[str, ...] = self.server.grantable(self.client, self.request.payload.scope, ("system",))
        return granted


def _refreshes(scope: str) -> bool:
    return any(asked in scopes.REFRESH for asked in scope.split())
