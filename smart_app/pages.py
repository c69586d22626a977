"""Owns the pages that need no launch: the home page, and what load balancers and monitors ask."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, make_response, render_template
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from smart_app.services import services
from smart_app.store.registrations import all_registrations
from smart_app.store.schema import is_current

pages = Blueprint("pages", __name__)


@pages.get("/")
def home() -> str:
    """What this is and how to open it."""
    return render_template("home.html")


@pages.get("/healthz")
def healthz() -> Response:
    """200 while the process answers."""
    return jsonify(status="ok")


@pages.get("/readyz")
def readyz() -> tuple[Response, int]:
    """200 when launches can be served: the database has the newest schema and an EHR is registered; else 503."""
    checks = {"database": is_current(services().store.engine), "registration": False}
    if checks["database"]:
        with services().store.reading() as session:
            checks["registration"] = any(not each.disabled for each in all_registrations(session))
    return jsonify(checks), 200 if all(checks.values()) else 503


@pages.get("/metrics")
def metrics() -> Response:
    """Counters of this process in the Prometheus text format; no patient data."""
    response = make_response(generate_latest())
    response.content_type = CONTENT_TYPE_LATEST
    return response
