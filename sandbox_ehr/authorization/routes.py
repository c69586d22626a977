"""Owns the addresses under /auth: the machine-readable ones here, the authorization page beside."""

from __future__ import annotations

from collections.abc import Callable

from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import InvalidRequestError
from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue

from sandbox_ehr.authorization.discovery import openid_configuration, smart_configuration
from sandbox_ehr.authorization.server import SmartServer


def auth_blueprint(server: SmartServer) -> Blueprint:
    """Token, introspection, revocation, registration, keys and discovery."""
    blueprint = Blueprint("auth", __name__)

    @blueprint.post("/auth/token")
    def token() -> ResponseReturnValue:
        return _proper(server, server.create_token_response)

    @blueprint.post("/auth/introspect")
    def introspect() -> ResponseReturnValue:
        return _proper(server, lambda: server.create_endpoint_response("introspection"))

    @blueprint.post("/auth/revoke")
    def revoke() -> ResponseReturnValue:
        return _proper(server, lambda: server.create_endpoint_response("revocation"))

    @blueprint.post("/auth/register")
    def register() -> ResponseReturnValue:
        if not isinstance(request.get_json(silent=True), dict):
            return jsonify(error="invalid_client_metadata", error_description="Send a JSON object."), 400
        return _proper(server, lambda: server.create_endpoint_response("client_registration"))

    @blueprint.get("/auth/jwks.json")
    def jwks() -> ResponseReturnValue:
        answer = jsonify(server.keys.jwks())
        answer.cache_control.max_age = 60
        return answer

    @blueprint.post("/_keys/rotate")
    def rotate_keys() -> ResponseReturnValue:
        server.keys.rotate()
        return "", 204

    @blueprint.get("/fhir/.well-known/smart-configuration")
    def discover_smart() -> ResponseReturnValue:
        return jsonify(smart_configuration(server.config))

    @blueprint.get("/fhir/.well-known/openid-configuration")
    def discover_openid() -> ResponseReturnValue:
        return jsonify(openid_configuration(server.config))

    return blueprint


def _proper(server: SmartServer, respond: Callable[[], Response]) -> ResponseReturnValue:
    """The response, or an OAuth error for input on which Authlib raises ValueError (it puts input into descriptions
    that RFC 6749 limits to ASCII)."""
    try:
        return respond()
    except OAuth2Error as error:
        return server.handle_error_response(None, error)  # type: ignore[no-any-return]
    except (ValueError, TypeError, AttributeError):
        return server.handle_error_response(None, InvalidRequestError("The request cannot be read."))  # type: ignore[no-any-return]
