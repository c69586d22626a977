"""Owns the FHIR API in front of another server: who may ask it for what, and how much of its answer is shown."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import requests
from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue

from sandbox_ehr.access import Access
from sandbox_ehr.fhir.references import is_id
from sandbox_ehr.fhir.scopes import patient_limit, refusal, visible
from sandbox_ehr.upstream import FHIR_JSON, Upstream

PASSED_REQUEST_HEADERS = (
    "Accept",
    "Content-Type",
    "If-Match",
    "If-None-Exist",
    "If-None-Match",
    "Prefer",
    "X-Request-Id",
)
PASSED_RESPONSE_HEADERS = ("Content-Type", "ETag", "Last-Modified", "Retry-After")
INTERACTIONS = {"GET": "read", "PUT": "update", "PATCH": "update", "POST": "create", "DELETE": "delete"}


def proxy_blueprint(
    upstream: Upstream, *, authorise: Callable[[], Access | None], smart_extension: dict[str, Any]
) -> Blueprint:
    """`/fhir/…` handed on to the other server, for whoever may.

    A single resource is checked before it is changed and before it is shown; a search shows the visible part.
    Transactions and operations are for the administrator only: their parts are not looked into.
    """
    blueprint = Blueprint("fhir", __name__)
    gate = Gate(upstream, authorise)

    @blueprint.get("/fhir/metadata")
    def metadata() -> ResponseReturnValue:
        answer = upstream.send("GET", "metadata", headers={"Accept": FHIR_JSON})
        statement = json.loads(upstream.text(answer))
        for rest in statement.get("rest") or ():
            rest["security"] = {"extension": [smart_extension]}
        return Response(json.dumps(statement), answer.status_code, content_type=FHIR_JSON)

    @blueprint.route("/fhir", defaults={"path": ""}, methods=["POST"])
    @blueprint.route("/fhir/<path:path>", methods=list(INTERACTIONS))
    def pass_on(path: str) -> ResponseReturnValue:
        return gate.answer(path)

    return blueprint


class Gate:
    """Decides about one request to the other server, and passes it."""

    def __init__(self, upstream: Upstream, authorise: Callable[[], Access | None]) -> None:
        self._upstream = upstream
        self._authorise = authorise

    def answer(self, path: str) -> ResponseReturnValue:
        """The other server's answer as far as the token reaches, else 401, 403 or 502 as an OperationOutcome."""
        access = self._authorise()
        if access is None:
            return _outcome(401, "login", "a valid access token is needed")
        kind, _, rest = path.partition("/")
        interaction = _interaction(request.method, rest)
        try:
            why = None if access.admin else self._refusal(access, interaction, kind, rest)
            if why:
                return _outcome(403, "forbidden", why)
            answer = self._pass(path, self._query(access, interaction, kind))
            if access.admin or interaction not in ("read", "search") or answer.status_code != 200:
                return self._copy(answer, self._upstream.text(answer))
            return self._shown(access, interaction, answer)
        except requests.RequestException:
            return _outcome(502, "transient", "the other server does not answer")

    def _refusal(self, access: Access, interaction: str, kind: str, rest: str) -> str | None:
        """Why the request must not be passed on, or None."""
        whole = ("", "_search") if interaction == "search" else ("",) if interaction == "create" else ()
        if not kind or request.method == "PATCH" or not (rest in whole or (rest and not whole and is_id(rest))):
            return "only reads, searches and writes of single, whole resources pass"
        pairs = [*request.args.items(multi=True), *request.form.items(multi=True)]
        why = refusal(access, interaction, kind, None, pairs)
        if why is None and interaction in ("create", "update"):
            body = request.get_json(force=True, silent=True)
            if not isinstance(body, dict) or body.get("resourceType") != kind:
                return f"the body is no {kind}"
            why = refusal(access, interaction, kind, body)
        if why is None and interaction in ("update", "delete"):
            stored = self._upstream.read(kind, rest)
            why = refusal(access, interaction, kind, stored) if stored else None
        return why

    def _query(self, access: Access, interaction: str, kind: str) -> str:
        """The query to pass on; a search that may show one patient only, says so."""
        query = self._upstream.rename_back(request.query_string.decode())
        patient = patient_limit(access, interaction, kind) if interaction == "search" else None
        name = "_id" if kind == "Patient" else "patient"
        if patient and not {name, "subject"} & {*request.args, *request.form}:
            query = f"{query}&{name}={patient}" if query else f"{name}={patient}"
        return query

    def _pass(self, path: str, query: str) -> requests.Response:
        headers = {name: request.headers[name] for name in PASSED_REQUEST_HEADERS if name in request.headers}
        body = request.get_data()
        if "json" in request.headers.get("Content-Type", ""):
            body = self._upstream.rename_back(body.decode()).encode()
        return self._upstream.send(request.method, quote(path, safe="/$"), query=query, body=body, headers=headers)

    def _shown(self, access: Access, interaction: str, answer: requests.Response) -> Response:
        """The answer without what the token does not reach."""
        try:
            resource = json.loads(self._upstream.text(answer))
        except ValueError:
            return _outcome(502, "exception", "the other server did not answer with JSON")
        if interaction == "read" and not visible(access, interaction, resource):
            return _outcome(403, "forbidden", "the granted scopes do not reach this resource")
        if interaction == "search":
            entries = resource.get("entry") or []
            kept = [one for one in entries if visible(access, interaction, one.get("resource") or {})]
            resource["entry"] = kept
            if len(kept) != len(entries):
                resource.pop("total", None)  # it would count what is not shown
        return self._copy(answer, json.dumps(resource))

    def _copy(self, answer: requests.Response, text: str) -> Response:
        response = Response(text, answer.status_code)
        for name in PASSED_RESPONSE_HEADERS:
            if name in answer.headers:
                response.headers[name] = answer.headers[name]
        for name in ("Location", "Content-Location"):
            if name in answer.headers:
                response.headers[name] = self._upstream.rename(answer.headers[name])
        return response


def _interaction(method: str, rest: str) -> str:
    if method == "POST":
        return "search" if rest == "_search" else "create"
    return "search" if method == "GET" and not rest else INTERACTIONS[method]


def _outcome(status: int, code: str, text: str) -> Response:
    issue = {"severity": "error", "code": code, "diagnostics": text}
    body = json.dumps({"resourceType": "OperationOutcome", "issue": [issue]})
    response = Response(body, status, content_type=FHIR_JSON)
    if status == 401:
        response.headers["WWW-Authenticate"] = 'Bearer realm="sandbox"'
    return response
