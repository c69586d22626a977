"""Owns the assembly: one Flask application per sandbox, sharing nothing with any other."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Flask, Response

from sandbox_ehr.authorization.discovery import smart_extension
from sandbox_ehr.authorization.page import AuthorizePage, authorize_blueprint
from sandbox_ehr.authorization.routes import auth_blueprint
from sandbox_ehr.authorization.server import SmartServer
from sandbox_ehr.charts import Charts, StoreCharts
from sandbox_ehr.config import PATIENTS, SandboxConfig
from sandbox_ehr.fhir import PROFILES, Store, fhir_blueprint, load_path
from sandbox_ehr.pages import Pages, pages_blueprint
from sandbox_ehr.people import People
from sandbox_ehr.proxy import proxy_blueprint
from sandbox_ehr.traffic import Traffic, traffic_blueprint
from sandbox_ehr.upstream import Upstream
from sandbox_ehr.users import staff_resources


@dataclass(frozen=True, slots=True)
class Sandbox:
    """The parts of one sandbox, for tests and for its server: `app.extensions["sandbox"]`."""

    config: SandboxConfig
    store: Store
    smart: SmartServer
    traffic: Traffic
    upstream: Upstream | None

    def close(self) -> None:
        """Lets go of connections to another server."""
        if self.upstream:
            self.upstream.close()


def create_sandbox(config: SandboxConfig) -> Flask:
    """A sandbox EHR as a WSGI application, its patients loaded.

    Raises ValueError for an unknown profile, OSError or ValueError for data that cannot be read, and
    requests.RequestException where an upstream server cannot be reached.
    """
    if config.profile not in PROFILES:
        raise ValueError(f"profile is one of {', '.join(PROFILES)}")
    app = Flask("sandbox_ehr")
    store = Store()
    upstream = Upstream(config.upstream, config.base_url) if config.upstream else None
    charts: Charts = upstream or StoreCharts(store)
    people = People(charts)
    smart = SmartServer(config, people)
    traffic = Traffic(app.wsgi_app, config.clock)
    app.wsgi_app = traffic  # type: ignore[method-assign]
    sandbox = app.extensions["sandbox"] = Sandbox(config, store, smart, traffic, upstream)
    app.register_blueprint(traffic_blueprint(traffic))
    app.register_blueprint(auth_blueprint(smart))
    app.register_blueprint(authorize_blueprint(AuthorizePage(smart, charts, people)))
    app.register_blueprint(pages_blueprint(Pages(config, charts, people, smart.ledger)))
    app.register_error_handler(RecursionError, lambda _: ("The body is nested too deeply.", 400))
    app.after_request(_protect)
    _serve_fhir(app, sandbox)
    return app


def _serve_fhir(app: Flask, sandbox: Sandbox) -> None:
    config, authorise = sandbox.config, sandbox.smart.access
    extension = smart_extension(config)
    if sandbox.upstream:
        sandbox.upstream.prepare()
        app.register_blueprint(proxy_blueprint(sandbox.upstream, authorise=authorise, smart_extension=extension))
        return
    for resource in staff_resources():
        sandbox.store.put(resource)
    load_path(sandbox.store, config.data or PATIENTS)
    app.register_blueprint(
        fhir_blueprint(
            sandbox.store,
            base_url=config.fhir_base,
            profile=config.profile,
            authorise=authorise,
            smart_extension=extension,
        )
    )


def _protect(response: Response) -> Response:
    """Pages run no script and take nothing from elsewhere but the framed app."""
    if response.mimetype == "text/html":
        policy = "default-src 'none'; style-src 'self'; img-src 'self'; frame-src http: https:; base-uri 'none'"
        response.headers.setdefault("Content-Security-Policy", policy)
        response.headers.setdefault("Referrer-Policy", "same-origin")
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
    return response
