"""Owns `ccm serve`: the application under gunicorn, with a delivery thread in each process unless told otherwise."""

from __future__ import annotations

import threading
from typing import Any

import click
from flask import Flask
from gunicorn.app.base import BaseApplication

from smart_app.app import create_app
from smart_app.cli.wiring import opened_services, settings_or_exit
from smart_app.indicator import warm
from smart_app.outbox.worker import Worker
from smart_app.services import services_of
from smart_app.settings import Settings


@click.command()
def serve() -> None:
    """Serve the application (CCM_BIND, CCM_WEB_WORKERS, CCM_WEB_THREADS)."""
    settings = settings_or_exit()
    with opened_services(settings):
        pass  # a missing key or an old schema is said once here, not by every process
    _Server(settings).run()


class _Server(BaseApplication):  # type: ignore[misc]
    """gunicorn, set up from our settings alone."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._worker: Worker | None = None
        super().__init__()

    def load_config(self) -> None:
        options: dict[str, Any] = {
            "bind": self._settings.bind,
            "workers": self._settings.web_workers,
            "threads": self._settings.web_threads,
            "worker_class": "gthread",
            "timeout": 60,
            "graceful_timeout": 30,
            "keepalive": 5,
            "loglevel": "warning",
            "post_worker_init": lambda worker: self._start_delivery(worker.app.wsgi()),
            "worker_exit": lambda _server, _worker: self._stop_delivery(),
        }
        for name, value in options.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        return create_app(self._settings)

    def _start_delivery(self, app: Flask) -> None:
        threading.Thread(target=warm, name="indicator", daemon=True).start()  # so that no clinician waits for it
        if self._settings.delivery == "thread":
            self._worker = Worker(services_of(app))
            self._worker.start()

    def _stop_delivery(self) -> None:
        if self._worker is not None:
            self._worker.stop()
