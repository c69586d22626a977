"""Owns the keeping of what an EHR publishes of itself, for a while.

Whoever needs a value that is being fetched waits for that one fetch, so a slow EHR is asked once and nobody waits
longer than its deadline. Several processes may each keep their own: nothing here is the only copy.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Generic, TypeVar

from smart_app.ehr.errors import EhrTemporary

Value = TypeVar("Value")

RETRY_SECONDS = 30.0


@dataclass(slots=True)
class _Kept(Generic[Value]):
    value: Value
    fresh_until: float
    usable_until: float


class FreshCache(Generic[Value]):
    """Values by key, each loaded anew after `lifetime` seconds.

    While the EHR is down an old value serves on for `grace` seconds. Where a value turns out not to serve (`again`),
    it is loaded anew at most once in `interval` seconds. `clock` gives seconds. Safe to share between threads.
    """

    def __init__(
        self,
        *,
        lifetime: float,
        grace: float = 3600.0,
        interval: float = 60.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._lifetime = lifetime
        self._grace = grace
        self._interval = interval
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: dict[str, _Kept[Value]] = {}
        self._loading: dict[str, Future[Value]] = {}
        self._renewed: dict[str, float] = {}

    def get(self, key: str, load: Callable[[], Value], *, again: bool = False) -> Value:
        """The value kept under `key`, loaded where needed. Raises what `load` raises."""
        with self._lock:
            kept = self._kept.get(key)
            if kept is not None and self._serves(key, kept, again):
                return kept.value
            under_way = self._loading.get(key)
            if under_way is None:
                future = self._loading[key] = Future()
                if kept is not None and again:
                    self._renewed[key] = self._clock()
        if under_way is not None:
            return under_way.result()
        self._load(key, load, future)
        return future.result()

    def known(self, key: str) -> Value | None:
        """The value kept under `key` if it may still serve, without loading anything."""
        with self._lock:
            kept = self._kept.get(key)
            return kept.value if kept is not None and self._clock() < kept.usable_until else None

    def _serves(self, key: str, kept: _Kept[Value], again: bool) -> bool:
        now = self._clock()
        if now >= kept.fresh_until:
            return False
        renewed = self._renewed.get(key)
        rested = renewed is None or now - renewed >= self._interval
        return not again or not (rested or key in self._loading)

    def _load(self, key: str, load: Callable[[], Value], future: Future[Value]) -> None:
        try:
            value = load()
        except BaseException as error:  # whoever waits must hear of it, whatever it is
            self._failed(key, error, future)
            return
        now = self._clock()
        with self._lock:
            self._kept[key] = _Kept(value, now + self._lifetime, now + self._lifetime + self._grace)
            del self._loading[key]
        future.set_result(value)

    def _failed(self, key: str, error: BaseException, future: Future[Value]) -> None:
        now = self._clock()
        with self._lock:
            kept = self._kept.get(key)
            del self._loading[key]
            serves = kept is not None and isinstance(error, EhrTemporary) and now < kept.usable_until
            if kept is not None and serves:
                kept.fresh_until = max(kept.fresh_until, now + RETRY_SECONDS)
        if kept is not None and serves:
            future.set_result(kept.value)
        else:
            future.set_exception(error)
