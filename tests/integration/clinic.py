"""A clinic for tests: the sandbox EHR and the application on real sockets, a database, and one clock for both.

Nothing delivers by itself: a test calls `deliver`, so nothing sleeps and nothing races that is not meant to.
"""

from __future__ import annotations

import contextlib
import io
import threading
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

import requests
from flask import Flask
from jinja2.bccache import Bucket, BytecodeCache
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from ccm.staff import StaffRow
from sandbox_ehr.config import Client, SandboxConfig
from sandbox_ehr.server import SandboxServer
from smart_app.app import create_app
from smart_app.outbox.delivery import deliver_due
from smart_app.registrations import Registration
from smart_app.services import Services, services_of
from smart_app.settings import Settings
from smart_app.store.registrations import add_registration, first_practice, set_grant
from smart_app.store.staff import add_staff

NOW = 1795532400  # Tuesday 24 November 2026, 15:00 UTC
CLIENT_ID = "cadence"
CLIENT_SECRET = "client secret of the tests"
TIMEZONE = "America/New_York"
ADMIN = {"X-Sandbox-Admin": "1"}
ROLES = {"nurse": "coordinator", "physician": "practitioner", "biller": "biller", "admin": "admin"}
NURSE = StaffRow("Practitioner/nurse", "Imani Okwuosa, RN", "Larkspur", "RN", "US", date(2024, 1, 1))
STAFF = (
    NURSE,
    replace(NURSE, performer="Practitioner/physician", name="Henrik Solvang, MD", credential="MD"),
    replace(NURSE, performer="Practitioner/biller", name="Priya Raghunathan, CPC", credential="CPC"),
)
"""The staff register: everybody but the admin."""
Resource = dict[str, Any]


class Clock:
    """The time of EHR and application, in POSIX seconds: it stands still until it is moved."""

    def __init__(self, now: int = NOW) -> None:
        self.now = now

    def __call__(self) -> int:
        return self.now

    def advance(self, seconds: int) -> None:
        """Lets that time pass."""
        self.now += seconds


@dataclass(frozen=True, slots=True)
class Clinic:
    """One running clinic. `log` holds what the application has logged."""

    ehr: SandboxServer
    address: str
    app: Flask
    registration: Registration
    clock: Clock
    log: io.StringIO

    @property
    def services(self) -> Services:
        """The application's parts."""
        return services_of(self.app)

    def deliver(self) -> int:
        """Files what is due, as a worker would; returns how many rows were taken."""
        return deliver_due(self.services)

    def deliver_all(self) -> None:
        """Files what is due now and what is postponed, moving the clock over the pauses, until nothing is left."""
        for _ in range(20):
            while self.deliver():
                pass
            if not self.waiting():
                return
            self.clock.advance(70)
        raise AssertionError(f"still waiting: {self.waiting()}")

    def waiting(self) -> list[str]:
        """The ids of deliveries that are neither filed, held nor in need of attention."""
        with self.services.store.reading() as session:
            rows = session.connection().exec_driver_sql(
                "SELECT id FROM delivery WHERE state IN ('waiting', 'sending', 'unknown')"
            )
            return [row[0] for row in rows]

    def search(self, kind: str, **parameters: str) -> list[Resource]:
        """What the EHR holds, by FHIR search, asked as its administrator."""
        query = {"_count": "1000", **parameters}
        answer = requests.get(f"{self.ehr.fhir_base}/{kind}", params=query, headers=ADMIN, timeout=20)
        answer.raise_for_status()
        return [entry["resource"] for entry in answer.json().get("entry", [])]

    def put(self, resource: Resource) -> None:
        """Puts a resource into the EHR, as its administrator."""
        url = f"{self.ehr.fhir_base}/{resource['resourceType']}/{resource['id']}"
        requests.put(url, json=resource, headers=ADMIN, timeout=20).raise_for_status()

    def fault(self, method: str = "", path: str = "", **fault: Any) -> None:
        """Lets the EHR misbehave; see `sandbox_ehr.faults.Fault`."""
        body = {"method": method, "path": path, **fault}
        requests.post(f"{self.ehr.base_url}/_faults", json=body, timeout=20).raise_for_status()

    def heal(self) -> None:
        """Ends all faults."""
        requests.delete(f"{self.ehr.base_url}/_faults", timeout=20).raise_for_status()

    def asked(self, method: str = "", path: str = "") -> list[dict[str, Any]]:
        """The EHR's log of requests by that method whose path holds `path`."""
        rows = self.ehr.sandbox.traffic.log.rows()
        return [row for row in rows if method in ("", row["method"]) and path in row["path"]]

    def forget_requests(self) -> None:
        """Empties the EHR's log."""
        self.ehr.sandbox.traffic.log.clear()


@contextlib.contextmanager
def clinic(
    database_url: str,
    key_file: Path,
    *,
    ehr: SandboxConfig | None = None,
    clock: Clock | None = None,
    registration: dict[str, Any] | None = None,
    **settings: Any,
) -> Iterator[Clinic]:
    """A running clinic on a migrated database. `registration` and `settings` replace fields of theirs."""
    clock, log = clock or Clock(), io.StringIO()
    with _bound() as (server, address), _authlib_at(clock):
        fields = {"client_auth": "private_key_jwt"} | (registration or {})
        client = _client(address, fields["client_auth"])
        config = replace(
            ehr or SandboxConfig(),
            clock=clock,
            clients=(client,),
            app_launch_url=f"{address}/launch",
            app_login_url=f"{address}/login",
        )
        with SandboxServer(config) as sandbox, contextlib.redirect_stderr(log):
            values = {"database_url": database_url, "key_file": key_file, "public_url": address, **settings}
            server.app = app = create_app(Settings(**values), clock)
            app.jinja_env.bytecode_cache = _COMPILED
            services = services_of(app)
            try:
                trusted = _register(services, sandbox, fields)
                with _serving(server):
                    yield Clinic(sandbox, address, app, trusted, clock, log)
            finally:
                services.close()


def register(services: Services, registration: Registration, *, timezone: str = TIMEZONE) -> None:
    """Trusts an EHR, with one practice, and gives its people their roles."""
    with services.store.writing() as session:
        add_registration(session, registration, practice="Larkspur", timezone=timezone, now=services.clock())
        for user, role in ROLES.items():
            set_grant(session, registration.id, f"Practitioner/{user}", role, services.clock())
        add_staff(session, first_practice(session, registration.id).id, STAFF, services.clock())


def _register(services: Services, sandbox: SandboxServer, fields: dict[str, Any]) -> Registration:
    values: dict[str, Any] = {
        "id": str(uuid.uuid4()),
        "issuer": sandbox.fhir_base,
        "name": "Larkspur EHR",
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
        "frame_ancestors": (sandbox.base_url,),
    }
    registration = Registration(**(values | fields))
    register(services, registration)
    return registration


def _client(address: str, method: str) -> Client:
    """The application as the EHR knows it."""
    secret = CLIENT_SECRET if method.startswith("client_secret") else ""
    keys = f"{address}/.well-known/jwks.json" if method == "private_key_jwt" else ""
    return Client(CLIENT_ID, (f"{address}/callback",), auth_method=method, client_secret=secret, jwks_uri=keys)


class _Compiled(BytecodeCache):
    """The compiled templates of all clinics of a run, for compiling takes longer than most tests."""

    def __init__(self) -> None:
        self._code: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if code := self._code.get(bucket.key):
            bucket.bytecode_from_string(code)

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._code[bucket.key] = bucket.bytecode_to_string()


_COMPILED = _Compiled()


class _Quiet(WSGIRequestHandler):
    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Nothing: what the application logs is what is tested."""


@contextlib.contextmanager
def _authlib_at(clock: Clock) -> Iterator[None]:
    """The EHR's Authlib at the clinic's time: id_tokens and assertions it dates by the machine's clock otherwise."""
    time = SimpleNamespace(time=clock)
    with mock.patch("authlib.oidc.core.grants._legacy.time", time), mock.patch("joserfc._rfc7519.claims.time", time):
        yield


@contextlib.contextmanager
def _bound() -> Iterator[tuple[BaseWSGIServer, str]]:
    """A server that holds its port but has no application yet, and its address: another site than the EHR's."""
    server = make_server("127.0.0.1", 0, _not_ready, threaded=True, request_handler=_Quiet)
    try:
        yield server, f"http://localhost:{server.server_port}"
    finally:
        server.server_close()


@contextlib.contextmanager
def _serving(server: BaseWSGIServer) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()


def _not_ready(_: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
    start_response("503 Service Unavailable", [("Content-Length", "0")])
    return []
