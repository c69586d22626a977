"""Owns what was handed out: launch handles, authorizations, codes and tokens, each used as often as it may be."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Launch:
    """An app about to be opened from a chart. `expires_at` is POSIX seconds."""

    patient: str
    encounter: str
    user: str
    ask: bool
    need_patient_banner: bool
    expires_at: float


@dataclass(slots=True)
class Authorization:
    """What a user (or, for a system, nobody) let a client do; all its tokens end together when `revoked`."""

    client_id: str
    scope: str
    user: str = ""
    patient: str = ""
    encounter: str = ""
    need_patient_banner: bool = True
    revoked: bool = False


@dataclass(slots=True)
class Code:
    """An authorization code (the record that Authlib asks for its parts)."""

    value: str = field(repr=False)
    authorization: Authorization
    redirect_uri: str
    nonce: str
    code_challenge: str
    code_challenge_method: str
    issued_at: float
    expires_at: float
    used: bool = False

    def get_redirect_uri(self) -> str:
        """The redirect_uri that the token request must repeat, "" where none was sent."""
        return self.redirect_uri

    def get_scope(self) -> str:
        """The granted scopes."""
        return self.authorization.scope

    def get_nonce(self) -> str:
        """The client's nonce, for the id_token."""
        return self.nonce

    def get_auth_time(self) -> int:
        """When the user approved, POSIX seconds."""
        return int(self.issued_at)

    def get_acr(self) -> None:
        """No authentication context class is claimed."""

    def get_amr(self) -> None:
        """No authentication methods are claimed."""


@dataclass(slots=True)
class Token:
    """An access or refresh token (the record that Authlib asks for its parts)."""

    kind: str  # "access_token" or "refresh_token"
    authorization: Authorization
    scope: str
    issued_at: float
    expires_at: float
    clock: Callable[[], float] = field(repr=False)
    used: bool = False
    revoked: bool = False

    def check_client(self, client: object) -> bool:
        """Whether the token was issued to that client."""
        return getattr(client, "client_id", None) == self.authorization.client_id

    def get_scope(self) -> str:
        """The scopes of this token."""
        return self.scope

    def is_expired(self) -> bool:
        """Whether its time is over."""
        return self.clock() >= self.expires_at

    def is_revoked(self) -> bool:
        """Whether it, or its whole authorization, was taken back, or it was a refresh token and is used."""
        return self.revoked or self.used or self.authorization.revoked


class Ledger:
    """All launches, codes and tokens of one sandbox; every single use is decided under one lock."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock = clock
        self._lock = threading.Lock()
        self._launches: dict[str, Launch] = {}
        self._codes: dict[str, Code] = {}
        self._tokens: dict[str, Token] = {}

    def open_launch(self, launch: Launch) -> str:
        """Keeps a launch and gives its handle."""
        handle = secrets.token_urlsafe(24)
        with self._lock:
            self._launches[handle] = launch
        return handle

    def launch(self, handle: str) -> Launch | None:
        """The launch of that handle while it can still be used."""
        launch = self._launches.get(handle)
        return launch if launch and self.clock() < launch.expires_at else None

    def take_launch(self, handle: str) -> Launch | None:
        """The launch of that handle, once."""
        with self._lock:
            launch = self._launches.pop(handle, None)
        return launch if launch and self.clock() < launch.expires_at else None

    def add_code(self, code: Code) -> None:
        """Keeps a code until it is exchanged."""
        with self._lock:
            self._codes[code.value] = code

    def take_code(self, value: str, client_id: str) -> Code | None:
        """The code of that client, once; a second use takes back what the first one gave (RFC 6749 §4.1.2)."""
        with self._lock:
            code = self._codes.get(value)
            if code is None or code.authorization.client_id != client_id:
                return None
            if code.used:
                code.authorization.revoked = True
                return None
            code.used = True
        return code if self.clock() < code.expires_at else None

    def add_token(self, value: str, kind: str, authorization: Authorization, scope: str, lifetime: int) -> None:
        """Keeps an issued token; `lifetime` is seconds from now."""
        now = self.clock()
        token = Token(kind, authorization, scope, now, now + lifetime, self.clock)
        with self._lock:
            self._tokens[value] = token

    def token(self, value: str, kind: str | None = None) -> Token | None:
        """The token of that value (and kind), whatever its state."""
        token = self._tokens.get(value)
        return token if token and kind in (None, token.kind) else None

    def live_access(self, value: str) -> Token | None:
        """The access token of that value if it still opens anything."""
        token = self.token(value, "access_token")
        return None if token is None or token.is_expired() or token.is_revoked() else token

    def take_refresh(self, token: Token) -> bool:
        """Uses a refresh token, once; a second use takes back its whole family (RFC 9700 §4.14.2)."""
        with self._lock:
            if token.used:
                token.authorization.revoked = True
            if token.is_expired() or token.is_revoked():
                return False
            token.used = True
            return True
