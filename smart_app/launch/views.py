"""Owns the addresses of a launch: `/launch` (from the chart), `/login` (standalone), `/callback`; our public keys."""

from __future__ import annotations

from flask import Blueprint, Response, g, jsonify, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from smart_app.cookies import BROWSER_COOKIE, browser_secret, set_browser_cookie, set_launch_cookie
from smart_app.headers import allow_framing
from smart_app.launch.assertion import SigningKey, public_jwks
from smart_app.launch.failures import LaunchFailure
from smart_app.launch.opening import (
    AUTHORIZATION_SECONDS,
    Callback,
    begin,
    complete,
    recall,
    trusted_registration,
)
from smart_app.launch.tokens import fhir_id
from smart_app.problems import Problem, respond
from smart_app.services import services
from smart_app.store.registrations import all_registrations

launch_pages = Blueprint("launch", __name__)
_JWKS_SECONDS = 300


@launch_pages.errorhandler(Problem)
def say_in_any_trusted_frame(problem: Problem) -> Response:
    """A message about a failed launch may appear in any registered EHR's frame: it holds no data and no buttons."""
    if "frame_ancestors" not in g:
        with services().store.reading() as session:
            registrations = all_registrations(session)
        allow_framing(
            sorted({origin for each in registrations if not each.disabled for origin in each.frame_ancestors})
        )
    return respond(problem)


@launch_pages.get("/launch")
def launch() -> AnyResponse:
    """The launch URL that the EHR calls with `iss` and `launch`."""
    issuer, launch_context = request.args.get("iss", ""), request.args.get("launch", "")
    if not issuer or not launch_context:
        raise LaunchFailure.incomplete()
    return _to_ehr(issuer, launch_context, patient="")


@launch_pages.get("/login")
def login() -> AnyResponse:
    """A standalone launch at the EHR `iss`; `patient` says whose chart is wanted, else the EHR asks."""
    issuer, patient = request.args.get("iss", ""), request.args.get("patient", "")
    if not issuer or (patient and not fhir_id(patient)):
        raise LaunchFailure.incomplete()
    return _to_ehr(issuer, None, patient=patient)


@launch_pages.get("/callback")
def callback() -> AnyResponse:
    """Where the EHR sends the browser back; opens the panel without leaving the code in the address."""
    returned = Callback(
        state=request.args.get("state", ""),
        code=request.args.get("code", ""),
        error=request.args.get("error", ""),
        issuer=request.args.get("iss"),
    )
    browser = request.cookies.get(BROWSER_COOKIE, "")
    authorization, registration = recall(services(), returned, browser)
    allow_framing(registration.frame_ancestors)
    opened = complete(services(), authorization, registration, returned, browser)
    response = redirect(f"/p/{opened.launch_id}/", 303)
    set_launch_cookie(response, opened.launch_id, opened.cookie, services().settings.session_hours * 3600)
    return response


@launch_pages.get("/.well-known/jwks.json")
def jwks() -> Response:
    """Our public keys, with which EHRs check our client assertions (RFC 7517)."""
    keys = [SigningKey.from_jwk(jwk) for jwk in services().keyring.signing]
    response = jsonify(public_jwks(keys))
    response.headers["Cache-Control"] = f"public, max-age={_JWKS_SECONDS}"
    return response


def _to_ehr(issuer: str, launch_context: str | None, *, patient: str) -> AnyResponse:
    registration = trusted_registration(services(), issuer)
    allow_framing(registration.frame_ancestors)
    browser = browser_secret()
    url = begin(services(), registration, launch=launch_context, patient=patient, browser=browser)
    response = redirect(url, 302)
    set_browser_cookie(response, browser, max(AUTHORIZATION_SECONDS, services().settings.session_hours * 3600))
    return response
