"""Owns the clock: the one place that reads the time, handed to everything that needs it."""

from __future__ import annotations

import time
from collections.abc import Callable

Clock = Callable[[], int]
"""Returns the present as POSIX seconds (UTC)."""


def system_clock() -> int:
    """The server's time, in whole POSIX seconds."""
    return int(time.time())
