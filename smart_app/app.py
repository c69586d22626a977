"""Owns the wiring: makes the Flask application from its settings. Nothing is opened when this module is imported."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from flask import Flask

from smart_app import headers, problems
from smart_app.admin.views import admin_pages
from smart_app.clock import Clock, system_clock
from smart_app.ehr.addresses import host_of
from smart_app.ehr.capabilities import CapabilitiesCache
from smart_app.ehr.transport import Transport
from smart_app.keys import load_keyring
from smart_app.launch.backend import BackendTokens
from smart_app.launch.discovery import DiscoveryCache
from smart_app.launch.identity import JwksCache
from smart_app.launch.views import launch_pages
from smart_app.logs import configure_logs
from smart_app.pages import pages
from smart_app.panel.programme_views import programme_pages
from smart_app.panel.views import panel_pages
from smart_app.services import Services, install
from smart_app.settings import Settings, load_settings
from smart_app.store.engine import Store
from smart_app.store.registrations import all_registrations
from smart_app.store.vault import Vault

MAX_REQUEST_BYTES = 256 * 1024


def create_app(settings: Settings | None = None, clock: Clock = system_clock) -> Flask:
    """The application. Raises `SettingsError` or `KeysMissing` where it could not serve safely."""
    settings = settings or load_settings()
    configure_logs(settings.log_level)
    app = Flask("smart_app", static_folder=str(static_folder()), static_url_path="/static")
    app.config["MAX_CONTENT_LENGTH"] = MAX_REQUEST_BYTES
    app.json.sort_keys = False  # type: ignore[attr-defined]
    install(app, make_services(settings, clock))
    headers.install(app)
    problems.install(app)
    for blueprint in (pages, launch_pages, panel_pages, programme_pages, admin_pages):
        app.register_blueprint(blueprint)
    return app


def make_services(settings: Settings, clock: Clock = system_clock) -> Services:
    """The parts of an application or a worker. Raises `KeysMissing`."""
    keyring = load_keyring(settings)
    store = Store(settings.database_url, Vault(keyring.encryption))
    transport = Transport(
        trusts_host=_registered_hosts(store),
        ca_bundle=str(settings.ca_bundle or ""),
        deadline=settings.ehr_deadline_seconds,
    )
    return Services(
        settings=settings,
        keyring=keyring,
        store=store,
        clock=clock,
        transport=transport,
        discovery=DiscoveryCache(transport),
        jwks=JwksCache(transport),
        capabilities=CapabilitiesCache(transport),
        backend=BackendTokens(transport),
    )


def _registered_hosts(store: Store) -> Callable[[str], bool]:
    """Only hosts that an admin has registered may have private addresses."""

    def trusts(host: str) -> bool:
        with store.reading() as session:
            return any(host_of(each.issuer) == host for each in all_registrations(session) if not each.disabled)

    return trusts


def static_folder() -> Path:
    """Where our CSS and JavaScript are: inside the package when installed, beside it in a checkout."""
    packaged = Path(__file__).parent / "static"
    return packaged if packaged.is_dir() else Path(__file__).parent.parent / "static"
