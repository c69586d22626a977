"""Owns the FHIR API over HTTP: addresses, negotiation of content, headers, and errors as OperationOutcome."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

from flask import Blueprint, Response, request
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from sandbox_ehr.access import Access
from sandbox_ehr.fhir import bundles, reading, writing
from sandbox_ehr.fhir.capability import capability_statement
from sandbox_ehr.fhir.outcome import FhirError, outcome
from sandbox_ehr.fhir.profiles import BY_NAME
from sandbox_ehr.fhir.references import Resource
from sandbox_ehr.fhir.server import Answer, Server
from sandbox_ehr.fhir.store import Store

logger = logging.getLogger(__name__)

CONTENT_TYPE = "application/fhir+json"
LARGEST_BODY = 5 * 1024 * 1024

_JSON_TYPES = (CONTENT_TYPE, "application/json", "application/json+fhir", "text/json")
_JSON_FORMATS = (*_JSON_TYPES, "json")
_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


def fhir_blueprint(
    store: Store,
    *,
    base_url: str,
    profile: str,
    authorise: Callable[[], Access | None],
    smart_extension: dict[str, Any],
) -> Blueprint:
    """The FHIR R4 API under `/fhir`.

    `base_url` is the FHIR base as applications know it (`http://127.0.0.1:8001/fhir`), whatever address a request came
    by. `profile` is one of PROFILES. `authorise` is called within each request and gives its
    rights, None for no valid token. `smart_extension` is the `oauth-uris` extension for the CapabilityStatement.
    Raises KeyError for an unknown profile.
    """
    server = Server(store, base_url.rstrip("/"), BY_NAME[profile])
    statement = capability_statement(server.profile, server.base, smart_extension, datetime.now(UTC))
    blueprint = Blueprint("fhir", __name__, url_prefix="/fhir")

    @blueprint.before_request
    def negotiate() -> None:
        request.max_content_length = LARGEST_BODY
        if (request.content_length or 0) > LARGEST_BODY:
            raise RequestEntityTooLarge
        _check_accept()

    @blueprint.get("/metadata")
    def metadata() -> Response:
        return _respond(Answer(200, statement))

    @blueprint.route("/", methods=_METHODS, defaults={"path": ""}, strict_slashes=False)
    @blueprint.route("/<path:path>", methods=_METHODS)
    def interact(path: str) -> Response:
        access = authorise()
        if access is None:
            raise _unauthorised()
        try:
            return _respond(_dispatch(server, access, path.rstrip("/").split("/") if path else []))
        except (FhirError, HTTPException):
            raise
        except Exception:
            logger.exception("an interaction failed")
            raise FhirError(500, "exception", "the server failed") from None

    blueprint.register_error_handler(FhirError, _refused)
    blueprint.register_error_handler(RequestEntityTooLarge, _too_large)
    return blueprint


def _dispatch(server: Server, access: Access, path: list[str]) -> Answer:
    """Finds the interaction that method and address name (FHIR R4, http.html#summary)."""
    match request.method, path:
        case "POST", []:
            server.permit_bundles(access)
            answer = bundles.process(server, access, _body(), minimal=_prefers("return=minimal"))
        case "GET" | "HEAD", [kind]:
            answer = reading.search(server, access, kind, _query(), strict=_prefers("handling=strict"))
        case "POST", [kind, "_search"]:
            answer = reading.search(server, access, kind, _query() + _form(), strict=_prefers("handling=strict"))
        case "POST", [kind]:
            server.permit(access, "create", kind)
            answer = writing.create(server, access, kind, _body(), request.headers.get("If-None-Exist"))
        case "GET" | "HEAD", [kind, id_]:
            answer = reading.read(server, access, kind, id_)
        case "PUT", [kind, id_]:
            server.permit(access, "update", kind)
            answer = writing.update(server, access, kind, id_, _body(), request.headers.get("If-Match"))
        case "DELETE", [kind, id_]:
            answer = writing.delete(server, access, kind, id_, request.headers.get("If-Match"))
        case "GET" | "HEAD", [kind, id_, "_history", version]:
            answer = reading.vread(server, access, kind, id_, version)
        case _, ([] | [_] | [_, _]):
            raise server.no_method(access, request.method, path)
        case _:
            raise FhirError(404, "not-found", "there is nothing at this address")
    return answer


def _query() -> list[tuple[str, str]]:
    return parse_qsl(request.query_string.decode("utf-8", "replace"), keep_blank_values=True)


def _form() -> list[tuple[str, str]]:
    if request.mimetype not in ("application/x-www-form-urlencoded", ""):
        raise FhirError(415, "not-supported", "_search takes application/x-www-form-urlencoded")
    return list(request.form.items(multi=True))


def _body() -> Resource:
    """The JSON object of the request. Raises FhirError 400 for anything else, 413 and 415."""
    if request.mimetype not in (*_JSON_TYPES, ""):
        raise FhirError(415, "not-supported", f"a body is {CONTENT_TYPE}")
    try:
        body = json.loads(request.get_data(), parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise FhirError(400, "structure", "the body is no JSON") from error
    if not isinstance(body, dict):
        raise FhirError(400, "structure", "the body is no JSON object")
    return body


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON number")


def _prefers(preference: str) -> bool:
    """Whether a preference is among those of the Prefer header (RFC 7240)."""
    given = request.headers.get("Prefer", "").replace(";", ",").split(",")
    return preference in (one.strip().lower() for one in given)


def _check_accept() -> None:
    """Raises FhirError 406 where the caller takes no JSON; `_format` goes before the Accept header."""
    wanted = request.args.get("_format", "").partition(";")[0].replace(" ", "+")
    if wanted:
        fits = wanted in _JSON_FORMATS
    else:
        accepted = [mime.partition(";")[0].strip().lower() for mime, quality in request.accept_mimetypes if quality]
        fits = not accepted or any(mime in (*_JSON_TYPES, "*/*", "application/*") for mime in accepted)
    if not fits:
        raise FhirError(406, "not-supported", f"this server speaks {CONTENT_TYPE}")


def _respond(answer: Answer) -> Response:
    """The HTTP form of an answer, its body by `Prefer: return` and `If-None-Match`."""
    resource, status = answer.resource, answer.status
    if request.method == "GET" and "ETag" in answer.headers:
        if request.headers.get("If-None-Match") == answer.headers["ETag"]:
            resource, status = None, 304
    elif "Location" in answer.headers and resource is not None:
        if _prefers("return=minimal"):
            resource = None
        elif _prefers("return=operationoutcome"):
            name = f"{resource['resourceType']}/{resource['id']}"
            resource = outcome("informational", f"{name} is stored", severity="information")
    response = Response(status=status, headers=answer.headers)
    if resource is not None:
        response.data = json.dumps(resource, separators=(",", ":"))
        response.content_type = f"{CONTENT_TYPE}; charset=utf-8"
    else:
        response.headers.pop("Content-Type", None)
    response.headers.setdefault("Cache-Control", "no-store")
    return response


def _unauthorised() -> FhirError:
    """401; with a token that does not hold, it says so (RFC 6750, section 3.1)."""
    challenge = 'Bearer realm="fhir"'
    if "Authorization" in request.headers:
        challenge += ', error="invalid_token"'
    return FhirError(401, "login", "a valid access token is needed", {"WWW-Authenticate": challenge})


def _refused(error: FhirError) -> Response:
    return _respond(Answer(error.status, outcome(error.code, error.text), error.headers))


def _too_large(_: RequestEntityTooLarge) -> Response:
    return _refused(FhirError(413, "too-long", f"a body has at most {LARGEST_BODY} bytes"))
