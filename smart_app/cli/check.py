"""Owns `ccm check`: what an EHR allows, in plain words, before the first minute is kept."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass

import click

from fhir_mappings.capability import Capabilities, read_capabilities
from smart_app.cli.wiring import settings_or_exit
from smart_app.ehr.addresses import is_callable, trusting
from smart_app.ehr.client import FhirClient
from smart_app.ehr.errors import EhrError
from smart_app.ehr.granted import Granted
from smart_app.ehr.ladder import LEDGER_ONLY, RUNG_LABELS, choose_rung
from smart_app.ehr.transport import Transport
from smart_app.launch.discovery import SmartConfiguration, discover
from smart_app.launch.grant import PKCE
from smart_app.launch.scopes import asked
from smart_app.registrations import CLIENT_AUTH_METHODS

EXIT_CODES = {"ok": 0, "warn": 1, "fail": 2}


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the check: "ok", "warn" or "fail", what was found, and what to do ("" where nothing)."""

    level: str
    subject: str
    found: str
    to_do: str = ""


@click.command()
@click.argument("issuer")
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
@click.pass_context
def check(context: click.Context, issuer: str, as_json: bool) -> None:
    """Say what the EHR at ISSUER (its FHIR base URL) allows; it need not be registered.

    Exit code 0: all well, 1: warnings, 2: failures.
    """
    if not is_callable(issuer):
        raise click.BadParameter("must be an https:// URL (http:// only on loopback)", param_hint="ISSUER")
    settings = settings_or_exit()
    transport = Transport(
        trusts_host=trusting(issuer),
        ca_bundle=str(settings.ca_bundle or ""),
        deadline=settings.ehr_deadline_seconds,
    )
    try:
        findings = list(examine(issuer.removesuffix("/"), transport))
    finally:
        transport.close()
    if as_json:
        click.echo(json.dumps({"issuer": issuer, "findings": [asdict(finding) for finding in findings]}, indent=2))
    else:
        for finding in findings:
            click.echo(f"{finding.level:<5} {finding.subject}: {finding.found}")
            if finding.to_do:
                click.echo(f"      {finding.to_do}")
    context.exit(max(EXIT_CODES[finding.level] for finding in findings))


def examine(issuer: str, transport: Transport) -> Iterator[Finding]:
    """Everything that can be told without signing in, in the order of a launch."""
    try:
        configuration = discover(issuer, transport)
    except EhrError as error:
        yield Finding("fail", "Sign-in", str(error), "The address must be the EHR's FHIR base URL, and reachable.")
        return
    yield Finding("ok", "Sign-in", "the EHR publishes how to sign in (SMART)")
    yield from _sign_in(configuration)
    try:
        capabilities = read_capabilities(FhirClient(issuer, transport).capabilities())
    except EhrError as error:
        yield Finding("fail", "Capabilities", str(error), "Without its CapabilityStatement no minute can be filed.")
        return
    yield _write_back(configuration, capabilities)


def _sign_in(configuration: SmartConfiguration) -> Iterator[Finding]:
    if PKCE in configuration.code_challenge_methods:
        yield Finding("ok", "PKCE", "S256")
    else:
        yield Finding("warn", "PKCE", "S256 is not advertised", "It is sent all the same; ask the EHR to advertise it.")
    methods = [method for method in CLIENT_AUTH_METHODS if method in configuration.auth_methods]
    if methods or not configuration.auth_methods:
        yield Finding("ok", "Client", f"may sign in by {', '.join(methods) or 'a method it does not list'}")
    else:
        yield Finding("fail", "Client", "no way of signing in that we know", "Ask the EHR for private_key_jwt.")


def _write_back(configuration: SmartConfiguration, capabilities: Capabilities) -> Finding:
    """The rung that a launch would get if everything asked for were granted, from a visit and without one."""
    granted = Granted(asked(configuration, write_back="best"))
    on_visit, without = (
        choose_rung(capabilities, granted, policy="best", launch_encounter=visit) for visit in (True, False)
    )
    found = f"time would be filed as {RUNG_LABELS[without.code]}. {without.why}"
    if on_visit.code != without.code:
        found = (
            f"time would be filed as {RUNG_LABELS[on_visit.code]} where the chart is opened from a visit, else as "
            f"{RUNG_LABELS[without.code]}. {on_visit.why}"
        )
    if without.code == LEDGER_ONLY:
        return Finding("warn", "Write-back", found, "Ask the EHR whether it can accept an Observation or a note.")
    return Finding("ok", "Write-back", found)
