"""Owns the authorization code grant with PKCE, and its refresh (RFC 6749, RFC 7636, RFC 9207; SMART App Launch 2.2).

Authlib's session speaks the protocol; the transport's adapter is mounted on it, so deadline, size limit, address
guard and the refusal of redirects hold here too. How Authlib is handled, and why: it does not check statuses (we do,
before it parses), its own assertion repeats a `jti` (ours does not), it resends the scope that was asked for on
refresh (we hand it the granted one), and PKCE needs the verifier on both legs.
"""

from __future__ import annotations

import hmac
import json
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from authlib.common.errors import AuthlibBaseError
from authlib.integrations.requests_client import OAuth2Session
from requests import Response

from fhir_mappings.tolerant import line
from smart_app.ehr.answers import error_of, read_object
from smart_app.ehr.errors import EhrFatal, EhrRubbish
from smart_app.ehr.transport import Transport
from smart_app.launch.assertion import ClientAssertion, SigningKey
from smart_app.launch.discovery import SmartConfiguration
from smart_app.launch.tokens import TokenResponse, read_token_response
from smart_app.registrations import Registration

PKCE: Final = "S256"
_ERROR_CODE = re.compile(r"[a-z_]{1,40}")
_WHOLE = re.compile(r"[0-9]{1,9}")


class GrantRefused(EhrFatal):
    """The authorization server said no. `error` is its code (RFC 6749, 4.1.2.1 and 5.2) or "unknown".

    `description` is its own wording, shortened; it may name people, so it is not part of `str()`.
    """

    def __init__(self, error: object, description: object = "") -> None:
        self.error = error if isinstance(error, str) and _ERROR_CODE.fullmatch(error) else "unknown"
        self.description = line(description)[:200]
        super().__init__(f"The EHR refused the sign-in ({self.error}).")


class RefreshRefused(GrantRefused):
    """The refresh token is used, revoked or expired ("invalid_grant"): only a new launch helps."""


class IssuerMismatch(GrantRefused):
    """The answer came from another authorization server than the one that was asked (RFC 9207, section 2.4)."""

    def __init__(self) -> None:
        super().__init__("issuer_mismatch")


@dataclass(frozen=True, slots=True)
class AuthorizationRequest:
    """Where to send the browser, and what to remember until it comes back."""

    url: str = field(repr=False)
    state: str = field(repr=False)
    nonce: str = field(repr=False)
    code_verifier: str = field(repr=False)


def authorization_request(
    registration: Registration,
    configuration: SmartConfiguration,
    redirect_uri: str,
    *,
    scope: str,
    launch: str | None = None,
    prompt: str | None = None,
) -> AuthorizationRequest:
    """A new authorization request. `launch` is the EHR's launch parameter, echoed; None in a standalone launch.

    State, nonce and verifier have 256 random bits or more each.
    """
    verifier = secrets.token_urlsafe(48)
    session = OAuth2Session(registration.client_id, code_challenge_method=PKCE)
    url, state = session.create_authorization_url(
        configuration.authorization_endpoint,
        state=secrets.token_urlsafe(32),
        code_verifier=verifier,
        redirect_uri=redirect_uri,
        scope=scope,
        aud=registration.issuer,
        launch=launch,
        nonce=(nonce := secrets.token_urlsafe(32)),
        prompt=prompt,
    )
    return AuthorizationRequest(url, state, nonce, verifier)


@dataclass(frozen=True, slots=True)
class TokenEndpoint:
    """The token endpoint of one EHR, asked as one client at one time. `now` is in POSIX seconds.

    `key` signs where the registration says private_key_jwt, and is None otherwise. Everything raises EhrError.
    """

    registration: Registration
    configuration: SmartConfiguration
    transport: Transport
    key: SigningKey | None
    now: int

    def exchange(self, *, code: str, code_verifier: str, redirect_uri: str, scope: str) -> TokenResponse:
        """Tokens for an authorization code. `scope` is what was asked. Raises GrantRefused."""
        return self._ask(
            lambda session: session.fetch_token(
                self.configuration.token_endpoint,
                grant_type="authorization_code",
                code=code,
                code_verifier=code_verifier,
                redirect_uri=redirect_uri,
                allow_redirects=False,
            ),
            scope,
        )

    def refresh(self, *, refresh_token: str, scope: str) -> TokenResponse:
        """New tokens for a refresh token, which is then spent. `scope` is what was granted.

        An EHR that does not rotate gives none: then the old one stands in the answer. Raises RefreshRefused where
        only a new launch helps; after a failure with `outcome_unknown` the token may be spent.
        """
        try:
            return self._ask(
                lambda session: session.refresh_token(
                    self.configuration.token_endpoint,
                    refresh_token=refresh_token,
                    scope=scope,
                    allow_redirects=False,
                ),
                scope,
            )
        except GrantRefused as refusal:
            if refusal.error == "invalid_grant":
                raise RefreshRefused(refusal.error, refusal.description) from None
            raise

    def _ask(self, ask: Callable[[OAuth2Session], Mapping[str, Any]], scope: str) -> TokenResponse:
        session = self._session()  # never closed: that would close the connections of everybody
        try:
            return read_token_response(ask(session), asked=scope, now=self.now)
        except AuthlibBaseError as error:
            refusal = GrantRefused(error.error, error.description)
        raise refusal

    def _session(self) -> OAuth2Session:
        session = OAuth2Session(
            self.registration.client_id,
            self.registration.client_secret or None,
            token_endpoint_auth_method=self.registration.client_auth,
            trust_env=False,
        )
        session.headers.clear()
        session.mount("https://", self.transport.adapter)
        session.mount("http://", self.transport.adapter)
        session.register_compliance_hook("access_token_response", _checked)
        session.register_compliance_hook("refresh_token_response", _checked)
        if self.registration.client_auth == "private_key_jwt":
            session.register_client_auth_method(("private_key_jwt", self._assertion()))
        return session

    def _assertion(self) -> ClientAssertion:
        if self.key is None:
            raise ValueError("private_key_jwt needs a signing key")
        endpoint = self.configuration.token_endpoint
        return ClientAssertion(self.registration.client_id, endpoint, self.key, self.now)


def expected_issuer(registration: Registration, configuration: SmartConfiguration) -> str:
    """Who the authorization server says it is: the registration's override, else discovery, else the FHIR base."""
    return registration.token_issuer or configuration.issuer or registration.issuer


def check_issuer(received: str | None, configuration: SmartConfiguration, registration: Registration) -> None:
    """Check the `iss` of an authorization response, None where it had none. Raises IssuerMismatch.

    It must match exactly where present, and must be present where the server promises it (RFC 9207, section 2.4).
    """
    if received is None and not configuration.sends_iss:
        return
    expected = expected_issuer(registration, configuration)
    if not hmac.compare_digest((received or "").encode(errors="replace"), expected.encode()):
        raise IssuerMismatch


def _checked(response: Response) -> Response:
    """Name a failure before Authlib parses it: only OAuth's own errors and successes go through.

    They go through as we read them, without a lifetime that Authlib would fail on.
    """
    status = response.status_code
    if status == 429 or status >= 500:
        raise error_of(status, response.headers, response.content)
    try:
        answer = read_object(response.content)
    except EhrRubbish:
        if status >= 400:
            raise error_of(status, response.headers) from None
        raise
    if not 200 <= status < 300 and "error" not in answer:
        raise error_of(status, response.headers)
    answer.pop("expires_at", None)
    if not _WHOLE.fullmatch(str(answer.get("expires_in"))):
        answer.pop("expires_in", None)
    response._content, response.encoding = json.dumps(answer).encode(), "utf-8"
    return response
