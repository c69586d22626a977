"""Owns how failures are said: one exception with a status and plain words, answered as a page or as problem details.

A page says what happened, whether anything was lost, and what to do next; JSON callers get RFC 9457. Neither carries
patient data, tokens or anything that the request sent.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from flask import Flask, Response, jsonify, make_response, render_template, request
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException

RETRY_AFTER_SECONDS = 5
NOTHING_LOST = "Nothing was lost: minutes already saved are kept."


@dataclass(frozen=True, slots=True)
class FieldError:
    """One field of the input that cannot be used, and why."""

    field: str
    message: str


@dataclass(eq=False)
class Problem(Exception):
    """An answer other than success. `title` says what happened, `next_step` what to do."""

    status: int
    title: str
    next_step: str = ""
    lost: str = NOTHING_LOST
    errors: tuple[FieldError, ...] = ()
    retry_after: int | None = None
    headers: dict[str, str] = field(default_factory=dict)


def wants_json() -> bool:
    """Whether the caller asked for JSON rather than for a page."""
    best = request.accept_mimetypes.best_match(("text/html", "application/json"), default="text/html")
    return request.is_json or best == "application/json"


def unusable(*errors: FieldError) -> Problem:
    """The answer to input that cannot be used: 422, each field named."""
    return Problem(
        422,
        "Some of the input cannot be used",
        "Correct it and send it again: " + "; ".join(f"{error.field}: {error.message}" for error in errors),
        lost="Nothing was saved.",
        errors=errors,
    )


def not_open() -> Problem:
    """The answer for every launch that this browser does not hold: the same for wrong, foreign and unknown ids."""
    return Problem(
        404,
        "This page is not open in this browser",
        "Open the patient's chart in the EHR and start Cadence from there. If that page is inside the EHR's window "
        "and this message stays, the browser blocked our cookie: open Cadence in a window of its own.",
    )


def respond(problem: Problem) -> Response:
    """The problem as a page, or as application/problem+json."""
    if wants_json():
        response = jsonify(_details(problem))
        response.content_type = "application/problem+json"
    else:
        response = make_response(
            render_template(
                "message.html",
                title=problem.title,
                what_happened=problem.title,
                what_lost=problem.lost,
                what_next=problem.next_step,
            )
        )
    response.status_code = problem.status
    if problem.retry_after is not None:
        response.headers["Retry-After"] = str(problem.retry_after)
    response.headers.extend(problem.headers)
    return response


def install(app: Flask) -> None:
    """Answers every failure of the application as a problem."""
    app.before_request(_refuse_nul)
    app.register_error_handler(Problem, respond)
    app.register_error_handler(HTTPException, lambda error: respond(_from_http(error)))
    for away in (OperationalError, InterfaceError, PoolTimeout):
        app.register_error_handler(away, _database_away)
    app.register_error_handler(Exception, _unexpected)


def _refuse_nul() -> None:
    """No id or address holds a NUL, and PostgreSQL's text cannot; what is in a body is read field by field."""
    if any("\0" in text for text in (request.path, *request.args.values())):
        raise Problem(400, "The request could not be understood", "Go back and try again.")


def _details(problem: Problem) -> dict[str, object]:
    details: dict[str, object] = {"type": "about:blank", "title": problem.title, "status": problem.status}
    if problem.next_step:
        details["detail"] = f"{problem.next_step} {problem.lost}".strip()
    if problem.errors:
        details["errors"] = [{"field": error.field, "message": error.message} for error in problem.errors]
    return details


_HTTP_WORDS = {
    404: ("There is no such page", "Open Cadence from the patient's chart in the EHR."),
    405: ("This page does not take that kind of request", "Go back and use the buttons of the page."),
    413: ("That is more than one form can hold", "Shorten the text and send it again."),
    415: ("That form of data is not understood here", "Send a form, or JSON as application/json."),
}


def _from_http(error: HTTPException) -> Problem:
    status = error.code or 500
    title, next_step = _HTTP_WORDS.get(status, ("The request could not be understood", "Go back and try again."))
    return Problem(status, title, next_step)


def _database_away(error: Exception) -> Response:
    """Locked, full or not there. A unit of work is whole or not at all, and what is sent again is not saved twice."""
    from smart_app.logs import log

    log.error("database_away", kind=type(error).__name__, where=_where(error), endpoint=request.endpoint)
    return respond(
        Problem(
            503,
            "The database is away; nothing was saved",
            "Send it again in a moment: if it was saved after all, it is not saved twice.",
            lost="What was saved before is kept.",
            retry_after=RETRY_AFTER_SECONDS,
        )
    )


def _unexpected(error: Exception) -> Response:
    from smart_app.logs import log

    log.error("unexpected_error", kind=type(error).__name__, where=_where(error), endpoint=request.endpoint)
    return respond(
        Problem(500, "Something went wrong on our side", "Try again; if it stays, tell whoever runs Cadence for you.")
    )


def _where(error: Exception) -> str:
    """File and line of the failure; never the message, which may hold patient data."""
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_code.co_filename.rsplit('/', 1)[-1]}:{trace.tb_lineno}" if trace else ""
