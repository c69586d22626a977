"""Owns the addresses of administration that need no sign-in yet: the first admin's one-time link."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, make_response, render_template, request
from sqlalchemy.exc import IntegrityError
from werkzeug.wrappers import Response

from smart_app.admin.bootstrap import link_is_good, use_link
from smart_app.ehr.addresses import is_callable
from smart_app.problems import FieldError, Problem, unusable
from smart_app.registrations import CLIENT_AUTH_METHODS, Registration
from smart_app.services import services
from smart_app.store.registrations import new_id

admin_pages = Blueprint("admin", __name__, url_prefix="/admin")
_REQUIRED = ("issuer", "name", "client_id", "timezone", "admin")
_PERSON = re.compile(r"[A-Za-z]+/[A-Za-z0-9.-]{1,64}", re.ASCII)
_ORIGIN = re.compile(r"https?://[A-Za-z0-9.-]+(:\d{1,5})?", re.ASCII)


@admin_pages.get("/bootstrap/<token>")
def first_registration(token: str) -> Response:
    """The form with which the first EHR is registered; opening it does not use the link up."""
    with services().store.reading() as session:
        if not link_is_good(session, token, services().clock()):
            raise _link_over()
    settings = services().settings
    return make_response(
        render_template(
            "admin/first_registration.html",
            auth_methods=CLIENT_AUTH_METHODS,
            launch_url=settings.launch_url,
            redirect_uri=settings.redirect_uri,
            jwks_uri=f"{settings.public_url}/.well-known/jwks.json",
        )
    )


@admin_pages.post("/bootstrap/<token>")
def register_first(token: str) -> Response:
    """Registers the EHR and names its first admin; the token in the address is the proof of who may."""
    registration, practice, timezone, person = _read(request.form)
    try:
        with services().store.writing() as session:
            good = use_link(
                session,
                token,
                registration,
                practice=practice,
                timezone=timezone,
                admin=person,
                now=services().clock(),
            )
    except IntegrityError:
        raise Problem(409, "This EHR is registered already", "Start Cadence from a chart of that EHR.") from None
    if not good:
        raise _link_over()
    return make_response(
        render_template(
            "message.html",
            title="The EHR is registered",
            what_happened=f"{registration.name} is registered",
            what_lost="",
            what_next="Sign in to the EHR as the administrator you named, and start Cadence from a patient's chart.",
        ),
        201,
    )


def _read(fields: Mapping[str, Any]) -> tuple[Registration, str, str, str]:
    values = {name: _text(fields, name) for name in (*_REQUIRED, "client_auth", "client_secret")}
    errors = [FieldError(name, "must not be empty") for name in _REQUIRED if not values[name]]
    if values["issuer"] and not is_callable(values["issuer"]):
        errors.append(FieldError("issuer", "must be an https:// URL"))
    if values["admin"] and not _PERSON.fullmatch(values["admin"]):
        errors.append(FieldError("admin", "must be named as the EHR's sign-in does, such as Practitioner/123"))
    if values["timezone"] and not _is_zone(values["timezone"]):
        errors.append(FieldError("timezone", "must be an IANA time zone such as America/Chicago"))
    ancestors = tuple(str(fields.get("frame_ancestors", "")).split())
    if not all(_ORIGIN.fullmatch(each) for each in ancestors):
        errors.append(FieldError("frame_ancestors", "must be origins such as https://ehr.example.org"))
    method = values["client_auth"] or "private_key_jwt"
    if method not in CLIENT_AUTH_METHODS:
        errors.append(FieldError("client_auth", f"must be one of {', '.join(CLIENT_AUTH_METHODS)}"))
    if method.startswith("client_secret") and not values["client_secret"]:
        errors.append(FieldError("client_secret", "is needed for this way of signing in"))
    if errors:
        raise unusable(*errors)
    registration = Registration(
        id=new_id(),
        issuer=values["issuer"].removesuffix("/"),
        name=values["name"],
        client_id=values["client_id"],
        client_auth=method,
        client_secret=values["client_secret"],
        frame_ancestors=ancestors,
    )
    practice = _text(fields, "practice") or registration.name
    return registration, practice, values["timezone"], values["admin"]


def _text(fields: Mapping[str, Any], name: str) -> str:
    return str(fields.get(name, "")).replace("\0", "").strip()


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ValueError, LookupError, OSError):
        return False
    return True


def _link_over() -> Problem:
    return Problem(
        404,
        "This link is not good any more",
        "It works once and for 15 minutes: ask for a new one with ccm admin bootstrap.",
    )
