"""Owns the loop that empties the outbox: a thread beside the web process, or `ccm worker` on its own."""

from __future__ import annotations

import threading

from sqlalchemy.exc import SQLAlchemyError

from smart_app.logs import log
from smart_app.outbox.delivery import deliver_due
from smart_app.services import Services


class Worker:
    """Delivers until stopped; survives a database or an EHR that is away for a while."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._since = services.clock()
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
            return deliver_due(self._services, since=self._since)
        except SQLAlchemyError as error:
            log.error("database_away", kind=type(error).__name__)
            return 0
