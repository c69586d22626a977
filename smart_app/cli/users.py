"""Owns `ccm users`: who has which role, by EHR and FHIR reference."""

from __future__ import annotations

import click

from smart_app.cli.wiring import opened_services
from smart_app.registrations import Registration
from smart_app.roles import ROLES
from smart_app.services import Services
from smart_app.store.engine import UnitOfWork
from smart_app.store.registrations import find_registration, grants, revoke_grant, set_grant

_REFERENCE = "as the EHR's sign-in names them, such as Practitioner/123"


@click.group()
def users() -> None:
    """Roles of the people who sign in through an EHR."""


@users.command()
@click.argument("issuer")
@click.argument("user")
@click.argument("role", type=click.Choice(list(ROLES)))
def grant(issuer: str, user: str, role: str) -> None:
    """Give USER of the EHR at ISSUER a role; it replaces an earlier one."""
    with opened_services() as services, services.store.writing() as session:
        registration = _registration(session, issuer)
        set_grant(session, registration.id, _person(user), role, services.clock())
    click.echo(f"{user} is {ROLES[role].lower()}.")


@users.command("list")
def list_() -> None:
    """List every role that was given."""
    with opened_services() as services, services.store.reading() as session:
        for issuer, user, role in grants(session):
            click.echo(f"{issuer}\t{user}\t{role}")


@users.command()
@click.argument("issuer")
@click.argument("user")
def revoke(issuer: str, user: str) -> None:
    """Take the role of USER away; the registration's default role remains, and open launches of USER end."""
    with opened_services() as services:
        _revoke(services, issuer, _person(user))
    click.echo(f"{user} has no role of their own any more.")


def _revoke(services: Services, issuer: str, user: str) -> None:
    from smart_app.store.launches import end_launches_of

    with services.store.writing() as session:
        registration = _registration(session, issuer)
        if not revoke_grant(session, registration.id, user):
            raise click.ClickException(f"{user} has no role to take away.")
        end_launches_of(session, registration.id, user, services.clock())


def _registration(session: UnitOfWork, issuer: str) -> Registration:
    registration = find_registration(session, issuer=issuer.removesuffix("/"))
    if registration is None:
        raise click.ClickException(f"{issuer} is not registered.")
    return registration


def _person(user: str) -> str:
    kind, _, identifier = user.partition("/")
    if not kind.isalpha() or not identifier:
        raise click.BadParameter(f"{user!r} is not a reference {_REFERENCE}", param_hint="USER")
    return user
