"""Owns the parts that `create_app` wires together and that every request uses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from flask import Flask, current_app

from smart_app.clock import Clock
from smart_app.ehr.capabilities import CapabilitiesCache
from smart_app.ehr.transport import Transport
from smart_app.keys import Keyring
from smart_app.launch.backend import BackendTokens
from smart_app.launch.discovery import DiscoveryCache
from smart_app.launch.identity import JwksCache
from smart_app.settings import Settings
from smart_app.store.engine import Store

_NAME = "cadence"


@dataclass(frozen=True, slots=True)
class Services:
    """One application's parts; tests make one with a clock and a store of their own."""

    settings: Settings
    keyring: Keyring
    store: Store
    clock: Clock
    transport: Transport
    discovery: DiscoveryCache
    jwks: JwksCache
    capabilities: CapabilitiesCache
    backend: BackendTokens

    def close(self) -> None:
        """Closes connections to the database and to EHRs."""
        self.store.close()
        self.transport.close()


def install(app: Flask, parts: Services) -> None:
    """Makes the parts the application's own."""
    app.extensions[_NAME] = parts


def services() -> Services:
    """The parts of the application that answers the present request."""
    return services_of(current_app)


def services_of(app: Flask) -> Services:
    """The parts of an application."""
    return cast(Services, app.extensions[_NAME])
