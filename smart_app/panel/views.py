"""Owns the panel's addresses; each view reads its input, calls one service and answers as page or JSON."""

from __future__ import annotations

import secrets
from dataclasses import asdict
from typing import Any

from flask import Blueprint, Response, jsonify, make_response, redirect, render_template
from werkzeug.wrappers import Response as AnyResponse

from smart_app.cookies import drop_launch_cookie
from smart_app.panel.access import OpenPanel, open_for_change, open_panel
from smart_app.panel.forms import (
    ManualEntry,
    read_amendment,
    read_manual_entry,
    read_reason,
    read_timer_action,
    sent,
)
from smart_app.panel.programme_json import programme_json
from smart_app.panel.reading import read_panel
from smart_app.panel.timing import press
from smart_app.panel.view import EntryView, PanelView
from smart_app.problems import FieldError, Problem, unusable, wants_json
from smart_app.roles import performer_class
from smart_app.services import services
from smart_app.store.launches import end_launch
from smart_app.store.ledger import EntryVoided, KeyReused, Work, add_entry, amend_entry, void_entry
from smart_app.store.outbox import corrected_by_hand

panel_pages = Blueprint("panel", __name__, url_prefix="/p/<launch_id>")


@panel_pages.get("/")
def show(launch_id: str) -> Response:
    """The panel, as a page or as JSON."""
    view = read_panel(open_panel(services(), launch_id))
    if wants_json():
        return jsonify(panel_json(view))
    return make_response(render_template("panel/panel.html", panel=view, entry_key=secrets.token_urlsafe(16)))


@panel_pages.post("/timer")
def press_timer(launch_id: str) -> AnyResponse:
    """start, pause, resume, stop, discard or keep (a sign of life)."""
    panel = open_for_change(services(), launch_id)
    action = read_timer_action(sent())
    with panel.services.store.writing() as session:
        pressed = press(session, panel.launch, action, panel.moment)
    if not wants_json():
        return _back(panel)
    timer = _timer_json(read_panel(panel))
    return jsonify(timer=timer, entries=list(pressed.entries), paused_elsewhere=pressed.paused_elsewhere)


@panel_pages.post("/entries")
def add_manual_entry(launch_id: str) -> AnyResponse:
    """An entry by hand: 201 when new, 200 when the same key was sent again."""
    panel = open_for_change(services(), launch_id)
    manual = read_manual_entry(sent(), panel.zone, panel.now)
    try:
        with panel.services.store.writing() as session:
            entry_id, new = add_entry(session, panel.launch, _work(panel, manual), panel.now)
    except KeyReused:
        raise _key_reused() from None
    if not wants_json():
        return _back(panel)
    return jsonify(id=entry_id, new=new, entry=_entry_json(panel, entry_id)), 201 if new else 200  # type: ignore[return-value]


@panel_pages.post("/entries/<entry_id>/void")
def void(launch_id: str, entry_id: str) -> AnyResponse:
    """Marks an entry void, with the reason; it is kept."""
    panel = open_for_change(services(), launch_id)
    reason = read_reason(sent())
    with panel.services.store.writing() as session:
        if not void_entry(session, panel.launch, entry_id, reason=reason, now=panel.now):
            raise _no_such_entry()
    return jsonify(id=entry_id, status="void") if wants_json() else _back(panel)


@panel_pages.post("/entries/<entry_id>/amend")
def amend(launch_id: str, entry_id: str) -> AnyResponse:
    """Replaces what an entry says; the original is kept."""
    panel = open_for_change(services(), launch_id)
    manual, reason = read_amendment(sent(), panel.zone, panel.now)
    try:
        with panel.services.store.writing() as session:
            found = amend_entry(session, panel.launch, entry_id, _work(panel, manual), reason=reason, now=panel.now)
    except EntryVoided:
        raise Problem(409, "A void entry cannot be corrected", "Enter the time again as a new entry.") from None
    if not found:
        raise _no_such_entry()
    return jsonify(id=entry_id, entry=_entry_json(panel, entry_id)) if wants_json() else _back(panel)


@panel_pages.post("/entries/<entry_id>/corrected")
def corrected(launch_id: str, entry_id: str) -> AnyResponse:
    """A person has made the correction in the chart that the EHR does not let us make."""
    panel = open_for_change(services(), launch_id)
    with panel.services.store.writing() as session:
        if not corrected_by_hand(session, panel.launch, entry_id, panel.now):
            raise _no_such_entry()
    return jsonify(id=entry_id, entry=_entry_json(panel, entry_id)) if wants_json() else _back(panel)


@panel_pages.post("/logout")
def log_out(launch_id: str) -> AnyResponse:
    """Ends the launch in this browser; a running timer goes on."""
    panel = open_for_change(services(), launch_id)
    with panel.services.store.writing() as session:
        end_launch(session, panel.launch.id, panel.now)
    if wants_json():
        response = jsonify(ended=True)
    else:
        response = make_response(
            render_template(
                "message.html",
                title="You are signed out of this chart",
                what_happened="You are signed out of this chart",
                what_lost="Nothing was lost: saved minutes are kept, and a timer that was running goes on.",
                what_next="Open the patient's chart in the EHR and start Cadence to come back.",
            )
        )
    drop_launch_cookie(response, launch_id)
    return response


def panel_json(view: PanelView) -> dict[str, Any]:
    """The panel as its JSON contract has it."""
    return {
        "patient": {"id": view.banner.patient_id, **asdict(view.banner)},
        "month": view.month.month,
        "this_month": asdict(view.month),
        "assessment": view.assessment,
        "entries": [asdict(entry) for entry in view.entries],
        "timer": _timer_json(view),
        "conditions": [asdict(condition) for condition in view.conditions],
        "care_plans": [asdict(plan) for plan in view.care_plans],
        "enrolment": view.enrolment,
        "writeback": asdict(view.writeback),
        **programme_json(view.programme),
        "notices": list(view.notices),
        "csrf_token": view.csrf_token,
    }


def _timer_json(view: PanelView) -> dict[str, Any]:
    return {"running": view.timer.state == "running", **asdict(view.timer)}


def _back(panel: OpenPanel) -> AnyResponse:
    return redirect(f"/p/{panel.launch.id}/", 303)


def _work(panel: OpenPanel, manual: ManualEntry) -> Work:
    return Work(
        start=manual.start,
        end=manual.end,
        activity=manual.activity,
        modality=manual.modality,
        note=manual.note,
        key=f"manual:{manual.key}",
        source="manual",
        performer_class=performer_class(panel.launch.role),
    )


def _no_such_entry() -> Problem:
    return Problem(404, "There is no such entry in this chart", "Reload the panel.")


def _entry_json(panel: OpenPanel, entry_id: str) -> dict[str, Any] | None:
    entries: tuple[EntryView, ...] = read_panel(panel).entries
    return next((asdict(entry) for entry in entries if entry.id == entry_id), None)


def _key_reused() -> Problem:
    problem = unusable(FieldError("key", "was used for another entry; reload the panel for a fresh one"))
    problem.status = 409
    return problem
