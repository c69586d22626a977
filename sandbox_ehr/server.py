"""Owns running a sandbox: bound to the loopback interface only, in the foreground or beside a test."""

from __future__ import annotations

import ipaddress
import threading
from collections.abc import Callable
from dataclasses import replace
from types import TracebackType
from typing import TYPE_CHECKING, Self

from sandbox_ehr.config import SandboxConfig
from sandbox_ehr.wire import Server

if TYPE_CHECKING:
    from flask import Flask

    from sandbox_ehr.app import Sandbox
    from sandbox_ehr.fhir import Store


def run(config: SandboxConfig, host: str, port: int, ready: Callable[[], None] | None = None) -> None:
    """Serves a sandbox until interrupted; calls `ready` once it answers.

    Raises ValueError for a host that is not loopback (the sandbox opens its store to a header), OSError for a port
    in use, and what `create_sandbox` raises.
    """
    address = loopback(host)
    server = Server(address, port)
    try:
        sandbox = _mount(server, config)[1]
        if ready:
            ready()
        try:
            server.serve_forever()
        finally:
            sandbox.close()
    except KeyboardInterrupt:
        return
    finally:
        server.close()


def loopback(host: str) -> str:
    """The address to bind for a loopback host name or address; raises ValueError for any other."""
    if host == "localhost":
        return "127.0.0.1"
    try:
        if ipaddress.ip_address(host).is_loopback:
            return host
    except ValueError:
        pass
    raise ValueError(f"the sandbox binds to the loopback interface only, not to {host!r}")


class SandboxServer:
    """A sandbox in a thread of its own, as a context manager; with port 0 its `base_url` follows the port given."""

    def __init__(self, config: SandboxConfig | None = None, *, port: int = 0) -> None:
        self._asked = config or SandboxConfig()
        self._port = port

    def __enter__(self) -> Self:
        self._server = Server("127.0.0.1", self._port)
        try:
            config = replace(self._asked, base_url=f"http://127.0.0.1:{self._server.port}")
            self.app, self._sandbox = _mount(self._server, config)
        except BaseException:
            self._server.close()
            raise
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.close()
        self._sandbox.close()

    @property
    def sandbox(self) -> Sandbox:
        """The parts of the running sandbox."""
        return self._sandbox

    @property
    def config(self) -> SandboxConfig:
        """The configuration, with the base_url that it got."""
        return self._sandbox.config

    @property
    def base_url(self) -> str:
        """The sandbox's address, without a trailing slash."""
        return self.config.base_url

    @property
    def fhir_base(self) -> str:
        """The FHIR base URL."""
        return self.config.fhir_base

    @property
    def store(self) -> Store:
        """The store, for a test that looks or changes things behind the API."""
        return self._sandbox.store


def _mount(server: Server, config: SandboxConfig) -> tuple[Flask, Sandbox]:
    from sandbox_ehr.app import create_sandbox  # late: keeps `ccm --help` quick

    app = create_sandbox(config)
    server.app = app
    return app, app.extensions["sandbox"]
