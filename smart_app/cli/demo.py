"""Owns `ccm demo`: the sandbox EHR and the application side by side, seeded and registered, in one command."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import webbrowser
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import click

from ccm.staff import StaffRow
from smart_app.app import make_services
from smart_app.cli.db import prepare_database
from smart_app.cli.sandbox import CLIENT_ID
from smart_app.cli.wiring import settings_or_exit
from smart_app.keys import KeysMissing
from smart_app.registrations import Registration
from smart_app.services import Services
from smart_app.settings import Settings
from smart_app.store.registrations import add_registration, find_registration, first_practice, new_id, set_grant
from smart_app.store.staff import add_staff, read_register

ROLES = {
    "nurse": "coordinator",
    "physician": "practitioner",
    "biller": "biller",
    "lead": "lead",
    "admin": "admin",
}
BACKEND_SCOPE = "system/Observation.crus system/Encounter.crus system/DocumentReference.crus"
_FOLDER = Path("demo-data")
_CLINIC = "Larkspur Family Medicine"
_SINCE = date(2024, 1, 1)
_STAFF = (
    StaffRow(
        performer="Practitioner/nurse",
        name="Imani Okwuosa, RN",
        employer=_CLINIC,
        credential="RN",
        country="US",
        effective_from=_SINCE,
        licence_number="RN-004417",
        licence_state="NY",
        supervisor="Practitioner/physician",
    ),
    StaffRow(
        performer="Practitioner/physician",
        name="Henrik Solvang, MD",
        employer=_CLINIC,
        credential="MD",
        country="US",
        effective_from=_SINCE,
        licence_number="MD-208813",
        licence_state="NY",
    ),
    StaffRow("Practitioner/biller", "Priya Raghunathan, CPC", _CLINIC, "CPC", "US", _SINCE, clinical=False),
    StaffRow(
        performer="Practitioner/lead",
        name="Consuelo Marchetti, RN, MSN",
        employer=_CLINIC,
        credential="RN, MSN",
        country="US",
        effective_from=_SINCE,
        licence_number="RN-001902",
        licence_state="NY",
        supervisor="Practitioner/physician",
    ),
    StaffRow("Practitioner/admin", "Tobias Lindqvist", _CLINIC, "none", "US", _SINCE, clinical=False),
)
"""The sandbox's people, so that the demonstration's minutes count."""
_READY_SECONDS = 60


@click.command()
@click.option("--port", default=8000, show_default=True, help="Port of the application.")
@click.option("--ehr-port", default=8001, show_default=True, help="Port of the sandbox EHR.")
@click.option("--data", type=click.Path(path_type=Path, exists=True), help="Charts in place of the sandbox's own.")
@click.option("--no-browser", is_flag=True, help="Do not open a browser.")
def demo(port: int, ehr_port: int, data: Path | None, no_browser: bool) -> None:
    """Start a sandbox EHR and Cadence beside it, and open the EHR's patient list.

    Without CCM_DATABASE_URL the demonstration begins anew each time, in the folder demo-data.
    """
    for number in (port, ehr_port):
        _refuse_busy(number)
    environment = _environment(port)
    os.environ.update(environment)
    settings = settings_or_exit()
    try:
        prepare_database(settings)
    except KeysMissing as error:
        raise click.ClickException(str(error)) from None
    for number in (signal.SIGTERM, signal.SIGHUP):  # the second is a closed terminal, which gunicorn would outlive
        signal.signal(number, lambda *_: sys.exit(0))
    children = [_start("sandbox", *_sandbox_options(port, ehr_port, data))]
    try:
        _seed(settings, ehr_port)
        children.append(_start("serve"))
        _wait(children, [f"http://127.0.0.1:{ehr_port}/fhir/metadata", f"http://127.0.0.1:{port}/readyz"])
        _announce(port, ehr_port, settings)
        if not no_browser:
            webbrowser.open(f"http://127.0.0.1:{ehr_port}/")
        _watch(children)
    except KeyboardInterrupt:
        pass
    finally:
        _stop(children)


def _environment(port: int) -> dict[str, str]:
    environment = {"CCM_PUBLIC_URL": f"http://localhost:{port}", "CCM_BIND": f"127.0.0.1:{port}"}
    if "CCM_DATABASE_URL" not in os.environ:
        _FOLDER.mkdir(exist_ok=True)
        for left in _FOLDER.glob("cadence.*"):
            left.unlink()
        environment["CCM_DATABASE_URL"] = f"sqlite:///{_FOLDER.resolve()}/cadence.db"
    return environment


def _sandbox_options(port: int, ehr_port: int, data: Path | None) -> list[str]:
    options = ["--port", str(ehr_port), "--app-url", f"http://localhost:{port}"]
    return [*options, "--data", str(data.resolve())] if data else options


def _start(*arguments: str) -> subprocess.Popen[bytes]:
    output = subprocess.DEVNULL if arguments[0] == "sandbox" else None
    return subprocess.Popen([sys.executable, "-m", "smart_app.cli", *arguments], stdout=output)  # noqa: S603


def _seed(settings: Settings, ehr_port: int) -> None:
    services = make_services(settings)
    try:
        _register(services, ehr_port)
    finally:
        services.close()


def _register(services: Services, ehr_port: int) -> None:
    issuer = f"http://127.0.0.1:{ehr_port}/fhir"
    with services.store.writing() as session:
        registration = find_registration(session, issuer=issuer)
        if registration is None:
            registration = Registration(
                id=new_id(),
                issuer=issuer,
                name="Larkspur EHR",
                client_id=CLIENT_ID,
                backend_scope=BACKEND_SCOPE,
                frame_ancestors=(f"http://127.0.0.1:{ehr_port}", f"http://localhost:{ehr_port}"),
            )
            add_registration(
                session,
                registration,
                practice=_CLINIC,
                timezone="America/New_York",
                now=services.clock(),
            )
        for user, role in ROLES.items():
            set_grant(session, registration.id, f"Practitioner/{user}", role, services.clock())
        practice = first_practice(session, registration.id)
        known = {row.performer for row in read_register(session, practice.id)}
        add_staff(session, practice.id, [row for row in _STAFF if row.performer not in known], services.clock())


def _wait(children: Sequence[subprocess.Popen[bytes]], addresses: Sequence[str]) -> None:
    ends = time.monotonic() + _READY_SECONDS
    for address in addresses:
        while not _answers(address):
            if any(child.poll() is not None for child in children) or time.monotonic() > ends:
                raise click.ClickException("The demonstration did not start; the reason stands above.")
            time.sleep(0.05)


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=5) as answer:  # noqa: S310 - our own address
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _announce(port: int, ehr_port: int, settings: Settings) -> None:
    click.echo(f"Begin here, in the EHR:  http://127.0.0.1:{ehr_port}/")
    click.echo(f"Cadence itself:          http://localhost:{port}/")
    click.echo(f"Other commands beside it: CCM_DATABASE_URL={settings.database_url}")
    click.echo("All patients are synthetic. Ctrl-C stops both.")


def _watch(children: Sequence[subprocess.Popen[bytes]]) -> None:
    while all(child.poll() is None for child in children):
        time.sleep(0.5)
    raise click.ClickException("A part of the demonstration has ended; the reason stands above.")


def _stop(children: Sequence[subprocess.Popen[bytes]]) -> None:
    for child in children:
        if child.poll() is None:
            child.terminate()
    for child in children:
        child.wait()


def _refuse_busy(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            raise click.ClickException(f"Port {port} is in use: choose others with --port and --ehr-port.") from None
