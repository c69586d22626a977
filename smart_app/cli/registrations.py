"""Owns `ccm registrations`: the EHRs that this installation trusts."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TextIO
from zoneinfo import ZoneInfo

import click
from sqlalchemy.exc import IntegrityError

from smart_app.cli.wiring import opened_services
from smart_app.ehr.addresses import is_callable
from smart_app.registrations import CLIENT_AUTH_METHODS, WRITE_BACK_POLICIES, Registration
from smart_app.roles import ROLES
from smart_app.store.registrations import (
    add_registration,
    all_registrations,
    disable_registration,
    find_registration,
    first_practice,
    new_id,
)


@click.group()
def registrations() -> None:
    """The EHRs that this installation trusts."""


@registrations.command()
@click.argument("issuer")
@click.option("--name", required=True, help="What people call this EHR.")
@click.option("--client-id", required=True, help="The client id that the EHR gave this installation.")
@click.option("--client-auth", type=click.Choice(CLIENT_AUTH_METHODS), default="private_key_jwt", show_default=True)
@click.option("--secret-file", type=click.File(), help="File with the client secret ('-' reads standard input).")
@click.option("--signing-algorithm", type=click.Choice(["ES384", "RS384"]), default="ES384", show_default=True)
@click.option("--token-issuer", default="", help="Issuer of id_tokens where it is neither discovered nor ISSUER.")
@click.option("--frame-ancestor", "frame_ancestors", multiple=True, help="Origin that may frame the panel; repeat.")
@click.option("--write-back", type=click.Choice(WRITE_BACK_POLICIES), default="best", show_default=True)
@click.option("--backend-scope", default="", help="System scopes of Backend Services, if the EHR granted any.")
@click.option("--default-role", type=click.Choice(list(ROLES)), default="clinician", show_default=True)
@click.option("--practice", help="Name of the practice; by default the EHR's name.")
@click.option("--timezone", required=True, help="The practice's IANA time zone, such as America/Chicago.")
def add(issuer: str, timezone: str, practice: str | None, secret_file: TextIO | None, **fields: object) -> None:
    """Trust the EHR whose FHIR base URL is ISSUER."""
    _check(issuer, timezone)
    secret = secret_file.read().strip() if secret_file else ""
    registration = Registration(id=new_id(), issuer=issuer.removesuffix("/"), client_secret=secret, **fields)  # type: ignore[arg-type]
    if registration.client_auth.startswith("client_secret") and not secret:
        raise click.UsageError(f"--client-auth {registration.client_auth} needs --secret-file.")
    with opened_services() as services:
        try:
            with services.store.writing() as session:
                add_registration(
                    session,
                    registration,
                    practice=practice or registration.name,
                    timezone=timezone,
                    now=services.clock(),
                )
        except IntegrityError:
            raise click.ClickException(f"{registration.issuer} is registered already.") from None
    click.echo(f"{registration.issuer} is registered.")


@registrations.command("list")
def list_() -> None:
    """List the registered EHRs."""
    with opened_services() as services, services.store.reading() as session:
        for each in all_registrations(session):
            state = "disabled" if each.disabled else "enabled"
            click.echo(f"{each.issuer}\t{each.name}\t{state}")


@registrations.command()
@click.argument("issuer")
def show(issuer: str) -> None:
    """Show one registration as JSON, without its secret."""
    with opened_services() as services, services.store.reading() as session:
        registration = find_registration(session, issuer=issuer.removesuffix("/"))
        if registration is None:
            raise click.ClickException(f"{issuer} is not registered.")
        practice = first_practice(session, registration.id)
    shown = asdict(registration)
    shown["client_secret"] = "set" if registration.client_secret else ""
    click.echo(json.dumps(shown | {"practice": practice.name, "timezone": practice.timezone}, indent=2))


@registrations.command()
@click.argument("issuer")
def disable(issuer: str) -> None:
    """Stop launches from ISSUER; what was filed stays."""
    with opened_services() as services, services.store.writing() as session:
        if not disable_registration(session, issuer.removesuffix("/"), services.clock()):
            raise click.ClickException(f"{issuer} is not registered.")
    click.echo(f"{issuer} is disabled.")


def _check(issuer: str, timezone: str) -> None:
    if not is_callable(issuer):
        raise click.BadParameter("must be an https:// URL (http:// only on loopback)", param_hint="ISSUER")
    try:
        ZoneInfo(timezone)
    except (ValueError, LookupError, OSError):
        raise click.BadParameter("is not an IANA time zone", param_hint="--timezone") from None
