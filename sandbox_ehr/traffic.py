"""Owns the edge of the application: every request passes here, meets its fault, and is logged."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response

from sandbox_ehr.faults import Fault, Faults, parse_fault
from sandbox_ehr.request_log import RequestLog
from sandbox_ehr.wire import DropConnectionError, WSGIApp

_NOTES = "sandbox.notes"  # a dict, since werkzeug hands the application a copy of the environment
FAULTY = ("/fhir", "/auth")
UNLOGGED = ("/_", "/static/", "/favicon.ico")


class Traffic:
    """WSGI middleware around the whole application.

    Faults meet /fhir and /auth only.
    """

    def __init__(self, app: WSGIApp, clock: Callable[[], float]) -> None:
        self._app = app
        self._clock = clock
        self.faults = Faults()
        self.log = RequestLog()

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answers one request; raises DropConnectionError where a fault wants no answer."""
        method, path, query = environ["REQUEST_METHOD"], environ["PATH_INFO"], environ["QUERY_STRING"]
        arrived = self._clock()
        fault = self.faults.take(method, path, query) if path.startswith(FAULTY) else None
        notes: dict[str, str] = {}
        environ[_NOTES] = notes
        response, dropped = self._respond(environ, fault)
        if not path.startswith(UNLOGGED):
            self.log.add(
                method=method,
                path=path,
                query=query,
                at=arrived,
                status=response.status_code,
                client=notes.get("client", ""),
                request_id=environ.get("HTTP_X_REQUEST_ID", ""),
                fault=fault is not None,
                dropped=dropped,
            )
        if dropped:
            raise DropConnectionError
        return response(environ, start_response)

    def _respond(self, environ: dict[str, Any], fault: Fault | None) -> tuple[Response, bool]:
        if fault:
            fault.wait()
        response = (fault and fault.instead()) or Response.from_app(self._app, environ, buffered=True)
        try:
            return (fault.spoil(response) if fault else response), False
        except DropConnectionError:
            return response, True


def note_client(environ: dict[str, Any], client_id: str) -> None:
    """Tells the log which client the request came from."""
    environ[_NOTES]["client"] = client_id


def traffic_blueprint(traffic: Traffic) -> Blueprint:
    """`/_faults` and `/_log`, with which a test sets up faults and sees what was asked of the sandbox."""
    blueprint = Blueprint("traffic", __name__)

    @blueprint.post("/_faults")
    def add_fault() -> ResponseReturnValue:
        asked = request.get_json(force=True, silent=True)
        try:
            fault = parse_fault(asked)
        except ValueError as error:
            return jsonify(error=str(error)), 400
        traffic.faults.add(fault)
        return jsonify(asked), 201

    @blueprint.delete("/_faults")
    def clear_faults() -> ResponseReturnValue:
        traffic.faults.clear()
        return "", 204

    @blueprint.get("/_log")
    def show_log() -> ResponseReturnValue:
        return jsonify(traffic.log.rows())

    @blueprint.delete("/_log")
    def clear_log() -> ResponseReturnValue:
        traffic.log.clear()
        return "", 204

    return blueprint
