"""Owns the addresses of a patient's programme: enrolment, conditions, care plan and facts of the month."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from flask import Blueprint, jsonify, redirect
from werkzeug.wrappers import Response

from smart_app.panel.access import OpenPanel, open_for_change
from smart_app.panel.forms import sent
from smart_app.panel.programme_forms import (
    CARE_PLAN_ACTIONS,
    CONDITION_ACTIONS,
    ENROLMENT_ACTIONS,
    FACT_ACTIONS,
    FIELD_NAMES,
    Asked,
    Reader,
    read_body,
    token_of,
)
from smart_app.panel.programme_json import section_json
from smart_app.panel.reading import read_panel
from smart_app.problems import FieldError, Problem, unusable, wants_json
from smart_app.programme.recording import NotRecorded, Recorded, actor_of, record
from smart_app.programme.streams import ATTESTATIONS, CARE_PLAN, ENROLMENT, FACTS, Stream
from smart_app.services import services
from smart_app.store.records import RecordsChanged
from smart_app.store.staff import read_register

programme_pages = Blueprint("programme", __name__, url_prefix="/p/<launch_id>")
B = TypeVar("B")


@programme_pages.post("/enrolment")
def change_enrolment(launch_id: str) -> Response:
    """Status, consent, initiating visit, billing practitioner, coordinator."""
    panel = open_for_change(services(), launch_id)
    return _answer(panel, "enrolment", _record(panel, ENROLMENT, ENROLMENT_ACTIONS))


@programme_pages.post("/conditions")
def change_conditions(launch_id: str) -> Response:
    """A clinician's attestation of a chronic condition, and its end."""
    panel = open_for_change(services(), launch_id)
    return _answer(panel, "conditions", _record(panel, ATTESTATIONS, CONDITION_ACTIONS))


@programme_pages.post("/care-plan")
def change_care_plan(launch_id: str) -> Response:
    """Which plan it is, its versions, the copy given."""
    panel = open_for_change(services(), launch_id)
    return _answer(panel, "care_plan", _record(panel, CARE_PLAN, CARE_PLAN_ACTIONS))


@programme_pages.post("/facts")
def change_facts(launch_id: str) -> Response:
    """The answers to the five questions of a month."""
    panel = open_for_change(services(), launch_id)
    return _answer(panel, "facts", _record(panel, FACTS, FACT_ACTIONS))


def _record(panel: OpenPanel, stream: Stream[B], actions: Mapping[str, Reader[B]]) -> Recorded:
    fields = sent()
    with panel.services.store.reading() as session:
        asked = Asked(actor_of(panel.launch), read_register(session, panel.practice.id))
    body = read_body(fields, actions, asked, panel.zone, panel.now)
    token = token_of(fields, panel.launch.user_id)
    try:
        return record(panel.services.store, panel.launch, stream, body, token=token, now=panel.now)
    except NotRecorded as refused:
        raise _problem(refused, str(fields["action"])) from None
    except RecordsChanged:
        raise _changed_meanwhile() from None


def _answer(panel: OpenPanel, section: str, recorded: Recorded) -> Response:
    if not wants_json():
        return redirect(f"/p/{panel.launch.id}/#{section.replace('_', '-')}", 303)
    answer: dict[str, Any] = {"new": recorded.new, "number": recorded.number}
    response = jsonify(answer | section_json(read_panel(panel), section))
    response.status_code = 201 if recorded.new else 200
    return response


def _problem(refused: NotRecorded, action: str) -> Problem:
    refusal = refused.refusal
    if refused.forbidden:
        return Problem(403, "Your role may not record this", refusal.reason, lost="Nothing was saved.")
    field = FIELD_NAMES.get(action, {}).get(refusal.field, refusal.field)
    return unusable(FieldError(field or "action", refusal.reason))


def _changed_meanwhile() -> Problem:
    return Problem(
        409,
        "Somebody else has just changed this record",
        "Reload the panel, look at what was recorded, and enter it again if it is still needed.",
        lost="Nothing of yours was saved.",
    )
