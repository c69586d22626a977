"""Owns the loop that empties the outbox: a thread beside the web process, or `ccm worker` on its own."""

from __future__ import annotations

import threading

from sqlalchemy.exc import SQLAlchemyError

from smart_app.logs import log
from smart_app.outbox.delivery import deliver_due
from smart_app.services import Services
from smart_app.store.launches import sweep_launches

SWEEP_SECONDS = 60


class Worker:
    """Delivers until stopped; survives a database or an EHR that is away for a while."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._since = services.clock()
        self._next_sweep = 0
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def run(self) -> None:
        """Delivers in the present thread until `stop`."""
        while not self._stopping.is_set():
            if not self._round():
                self._stopping.wait(self._services.settings.delivery_pause_seconds)

    def start(self) -> None:
        """Delivers in a thread of its own."""
        self._thread = threading.Thread(target=self.run, name="delivery", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Ends after the delivery under way."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()

    def _round(self) -> int:
        try:
            self._sweep()
            return deliver_due(self._services, since=self._since)
        except SQLAlchemyError as error:
            log.error("database_away", kind=type(error).__name__)
        except Exception as error:  # whatever it is, the next round may succeed, and nobody else delivers
            log.error("delivery_round_failed", kind=type(error).__name__)
        return 0

    def _sweep(self) -> None:
        """Once in a while: what launches leave behind when nobody signs out."""
        now = self._services.clock()
        if now < self._next_sweep:
            return
        self._next_sweep = now + SWEEP_SECONDS
        idle_before = now - self._services.settings.session_idle_minutes * 60
        with self._services.store.writing() as session:
            sweep_launches(session, idle_before=idle_before, now=now)
