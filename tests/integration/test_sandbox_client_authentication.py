"""The sandbox's authorization server over HTTP: how clients prove themselves, and what they may ask beside tokens."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from json import dumps
from threading import Thread
from typing import Any

import pytest
import requests
from joserfc.jwk import OctKey

from sandbox_ehr.config import SandboxConfig
from sandbox_ehr.server import SandboxServer
from tests.integration.sandbox_client import CLIENTS, EC, JWKS, REDIRECT, RSA, App, app_at, error_of


@pytest.fixture(scope="module")
def server() -> Iterator[SandboxServer]:
    with SandboxServer(SandboxConfig(clients=CLIENTS)) as running:
        yield running


@pytest.fixture
def app(server: SandboxServer) -> Iterator[App]:
    with app_at(server) as client:
        yield client


def test_clients_prove_themselves_by_their_own_method_only(server: SandboxServer) -> None:
    with app_at(server, "basic") as app:
        assert app.exchange(app.code(), ("basic", "a:b c%d")).status_code == 200
        wrong = app.exchange(app.code(), ("basic", "wrong"))
        assert (wrong.status_code, error_of(wrong)) == (401, "invalid_client")
        assert "Basic" in wrong.headers["WWW-Authenticate"]
        assert error_of(app.exchange(app.code())) == "invalid_client"
        assert error_of(app.exchange(app.code(), client_secret="a:b c%d")) == "invalid_client"
    with app_at(server, "post") as app:
        assert app.exchange(app.code(), client_secret="s3cret").status_code == 200
        assert error_of(app.exchange(app.code(), client_secret="")) == "invalid_client"
        assert error_of(app.exchange(app.code(), ("post", "s3cret"))) == "invalid_client"


@pytest.mark.parametrize(("key", "algorithm"), [(RSA, "RS384"), (EC, "ES384")])
def test_a_signed_assertion_authenticates(server: SandboxServer, key: Any, algorithm: str) -> None:
    with app_at(server, "keys") as app:
        assert app.exchange(app.code(), **app.assertion(key, algorithm)).status_code == 200


def bad_assertions() -> dict[str, Any]:
    """What may be wrong with an assertion, as arguments of App.assertion."""
    now = int(time.time())
    secret = OctKey.import_key(b"k" * 48, {"kid": "rsa-1"})
    return {
        "expired": {"exp": now - 10},
        "long-lived": {"exp": now + 3600},
        "no-exp": {"exp": None},
        "text-exp": {"exp": "soon"},
        "other-audience": {"aud": "https://other.example/token"},
        "other-issuer": {"iss": "public"},
        "unknown-client": {"sub": "nobody", "iss": "nobody"},
        "number-as-client": {"sub": 7},
        "no-jti": {"jti": None},
        "RS256": {"key": RSA, "algorithm": "RS256"},
        "HS256": {"key": secret, "algorithm": "HS256"},
        "wrong-kid": {"key": type(EC).generate_key("P-384", {"kid": "rsa-1"})},
        "unknown-kid": {"key": type(EC).generate_key("P-384", {"kid": "other"})},
        "wrong-key": {"key": type(EC).generate_key("P-384", {"kid": "ec-1"})},
    }


@pytest.mark.parametrize("what", sorted(bad_assertions()))
def test_a_bad_assertion_is_refused(server: SandboxServer, what: str) -> None:
    with app_at(server, "keys") as app:
        assert error_of(app.exchange(app.code(), **app.assertion(**bad_assertions()[what]))) == "invalid_client"


def test_garbage_in_place_of_an_assertion_is_refused(server: SandboxServer) -> None:
    with app_at(server, "keys") as app:
        form = app.assertion()
        for garbage in ("x", "a.b.c", form["client_assertion"][:-8], "é.ü.ß"):
            assert error_of(app.exchange(app.code(), **form | {"client_assertion": garbage})) == "invalid_client"


def test_a_jti_is_used_once(server: SandboxServer) -> None:
    with app_at(server, "keys") as app:
        form = app.assertion()
        assert app.exchange(app.code(), **form).status_code == 200
        assert error_of(app.exchange(app.code(), **form)) == "invalid_client"


def test_keys_are_fetched_from_the_clients_jwks_uri_and_again_for_a_new_kid(server: SandboxServer) -> None:
    published: dict[str, Any] = {"keys": [key for key in JWKS["keys"] if key["kid"] == "rsa-1"]}

    class Jwks(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(dumps(published).encode())

        def log_message(self, format: str, *args: object) -> None: ...

    with HTTPServer(("127.0.0.1", 0), Jwks) as publisher:
        thread = Thread(target=publisher.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        url = f"http://127.0.0.1:{publisher.server_port}/jwks.json"
        server.sandbox.smart.clients.add(replace(CLIENTS[3], client_id="fetched", jwks=None, jwks_uri=url))
        try:
            with app_at(server, "fetched") as app:
                assert app.exchange(app.code(), **app.assertion(RSA, "RS384")).status_code == 200
                assert error_of(app.exchange(app.code(), **app.assertion(EC))) == "invalid_client"
                published["keys"] = [key for key in JWKS["keys"] if key["kid"] == "ec-1"]
                assert app.exchange(app.code(), **app.assertion(EC)).status_code == 200
        finally:
            publisher.shutdown()
            thread.join()
    with app_at(server, "fetched") as app:
        unreachable = app.assertion(type(EC).generate_key("P-384", {"kid": "newer"}))
        assert error_of(app.exchange(app.code(), **unreachable)) == "invalid_client"


def test_a_system_client_gets_system_scopes_for_five_minutes(server: SandboxServer) -> None:
    with app_at(server, "keys") as app:
        asked = {"grant_type": "client_credentials", "scope": "system/Observation.crus patient/*.rs openid"}
        token = app.token(**asked, **app.assertion()).json()
        assert token["scope"] == "system/Observation.crus"
        assert token["expires_in"] == 300
        assert "refresh_token" not in token
        assert app.read(token["access_token"], "Observation?patient=sallow-piet") == 200
        assert app.read(token["access_token"], "Patient/sallow-piet") == 403
        nothing = app.token(grant_type="client_credentials", scope="user/*.rs", **app.assertion())
        assert error_of(nothing) == "invalid_scope"
    with app_at(server, "basic") as app:
        answer = app.token(("basic", "a:b c%d"), grant_type="client_credentials", scope="system/*.rs")
        assert error_of(answer) == "invalid_client"


def test_a_refresh_token_taken_back_ends_the_authorization(app: App) -> None:
    token = app.tokens()
    url = f"{app.server.base_url}/auth/revoke"
    anonymous = app.session.post(url, data={"token": token["refresh_token"]}, timeout=5)
    assert error_of(anonymous) == "invalid_client"
    answer = app.session.post(url, data={"token": token["refresh_token"], "client_id": "public"}, timeout=5)
    assert answer.status_code == 200
    assert app.read(token["access_token"]) == 401
    unknown = {"token": "unknown", "token_type_hint": "other", "client_id": "public"}
    assert app.session.post(url, data=unknown, timeout=5).status_code == 200
    assert error_of(app.session.post(url, data={"client_id": "public"}, timeout=5)) == "invalid_request"


def test_introspection_tells_a_client_about_its_own_tokens(server: SandboxServer, app: App) -> None:
    url = f"{server.base_url}/auth/introspect"
    foreign = app.tokens()["access_token"]
    with app_at(server, "basic") as own:
        auth = ("basic", "a:b c%d")
        token = own.exchange(own.code(), auth).json()["access_token"]
        about = own.session.post(url, data={"token": token}, auth=auth, timeout=5).json()
        assert about["active"] is True
        assert about["patient"] == "albarracin-marisol"
        assert about["client_id"] == "basic"
        assert about["fhirUser"] == f"{server.fhir_base}/Practitioner/nurse"
        for other in (foreign, "unknown"):
            assert own.session.post(url, data={"token": other}, auth=auth, timeout=5).json() == {"active": False}
        own.session.post(f"{server.base_url}/auth/revoke", data={"token": token}, auth=auth, timeout=5)
        assert own.session.post(url, data={"token": token}, auth=auth, timeout=5).json() == {"active": False}
    assert (
        error_of(app.session.post(url, data={"token": foreign, "client_id": "public"}, timeout=5)) == "invalid_client"
    )


def test_a_client_can_register_itself(server: SandboxServer) -> None:
    url = f"{server.base_url}/auth/register"
    with requests.Session() as session:
        asked = {"client_name": "New", "redirect_uris": [REDIRECT], "grant_types": ["authorization_code"]}
        answer = session.post(url, json=asked, timeout=5)
        assert answer.status_code == 201
        secret = answer.json()
        keyed = {**asked, "token_endpoint_auth_method": "private_key_jwt", "jwks": dict(JWKS)}
        assert "client_secret" not in session.post(url, json=keyed, timeout=5).json()
        wrongs: tuple[Any, ...] = (
            [],
            {**asked, "redirect_uris": ["not a url"]},
            {**asked, "token_endpoint_auth_method": "tls"},
        )
        for wrong in wrongs:
            assert session.post(url, json=wrong, timeout=5).status_code == 400
        for broken in ("{", "[" * 100_000):
            headers = {"Content-Type": "application/json"}
            assert session.post(url, data=broken, headers=headers, timeout=5).status_code == 400
    with app_at(server, secret["client_id"]) as app:
        assert app.exchange(app.code(), (secret["client_id"], secret["client_secret"])).status_code == 200


@pytest.mark.parametrize(
    "form", [{}, {"grant_type": "pässword"}, {"grant_type": "authorization_code"}, {"code": "\x00"}]
)
def test_the_token_endpoint_never_fails_on_odd_input(app: App, form: dict[str, str]) -> None:
    assert error_of(app.token(**form)) in ("unsupported_grant_type", "invalid_client", "invalid_request")
