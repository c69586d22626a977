"""Owns the log of the requests that the sandbox saw: enough to count and order them, never a token."""

from __future__ import annotations

import threading
from collections import deque
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

KEPT = 20_000
SECRET_PARAMETERS = frozenset(
    {
        "access_token",
        "client_assertion",
        "client_secret",
        "code",
        "code_challenge",
        "code_verifier",
        "id_token_hint",
        "launch",
        "nonce",
        "refresh_token",
        "state",
        "token",
    }
)


class RequestLog:
    """The newest requests, oldest first."""

    def __init__(self) -> None:
        self._rows: deque[dict[str, Any]] = deque(maxlen=KEPT)
        self._lock = threading.Lock()

    def add(self, *, method: str, path: str, query: str, at: float, **more: object) -> None:
        """Adds a request; `at` is the POSIX time of its arrival, kept as UTC in ISO 8601."""
        time = datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")
        row = {"method": method, "path": path + _without_secrets(query), "time": time, **more}
        with self._lock:
            self._rows.append(row)

    def rows(self) -> list[dict[str, Any]]:
        """A copy of the log."""
        with self._lock:
            return list(self._rows)

    def clear(self) -> None:
        """Empties the log."""
        with self._lock:
            self._rows.clear()


def _without_secrets(query: str) -> str:
    if not query:
        return ""
    parameters = parse_qsl(query, keep_blank_values=True)
    if not any(name in SECRET_PARAMETERS for name, _ in parameters):
        return "?" + query
    kept = [(name, "***" if name in SECRET_PARAMETERS else value) for name, value in parameters]
    return "?" + urlencode(kept, safe="*/:", quote_via=quote)
