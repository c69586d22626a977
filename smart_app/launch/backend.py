"""Owns SMART Backend Services: a token of our own, for what no launch's token can file any more.

Authorization by client credentials with a signed assertion (SMART App Launch 2.2, "Backend Services"). Such tokens
live at most five minutes and are never refreshed, so they are kept in memory only.
"""

from __future__ import annotations

import threading
from urllib.parse import urlencode

from smart_app.ehr.errors import EhrError
from smart_app.ehr.transport import Transport
from smart_app.launch.assertion import ASSERTION_TYPE, ClientAssertion, SigningKey
from smart_app.launch.discovery import SmartConfiguration
from smart_app.launch.grant import GrantRefused
from smart_app.launch.tokens import TokenResponse, read_token_response
from smart_app.registrations import Registration

MARGIN_SECONDS = 60


class BackendTokens:
    """Backend tokens by registration. Safe to share between threads."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._lock = threading.Lock()
        self._kept: dict[str, TokenResponse] = {}

    def get(self, registration: Registration, configuration: SmartConfiguration, key: SigningKey, now: int) -> str:
        """A token that is valid for a minute at least. Raises `EhrError`."""
        with self._lock:
            kept = self._kept.get(registration.id)
            if kept is None or kept.expires_at - MARGIN_SECONDS <= now:
                kept = self._kept[registration.id] = self._ask(registration, configuration, key, now)
            return kept.access_token

    def forget(self, registration_id: str) -> None:
        """The EHR does not accept the token any more."""
        with self._lock:
            self._kept.pop(registration_id, None)

    def _ask(
        self, registration: Registration, configuration: SmartConfiguration, key: SigningKey, now: int
    ) -> TokenResponse:
        assertion = ClientAssertion(registration.client_id, configuration.token_endpoint, key, now)
        form = {
            "grant_type": "client_credentials",
            "scope": registration.backend_scope,
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": key.sign(assertion.claims()),
        }
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        reply = self._transport.request(
            "POST", configuration.token_endpoint, headers=headers, body=urlencode(form).encode()
        )
        try:
            answer = reply.json_object()
        except EhrError:
            reply.checked()  # a failure that is no OAuth error is told apart by its status
            raise
        if "error" in answer:
            raise GrantRefused(answer["error"], answer.get("error_description", ""))
        reply.checked()
        return read_token_response(answer, asked=registration.backend_scope, now=now)
