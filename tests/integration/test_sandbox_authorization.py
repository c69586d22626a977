"""The sandbox's authorization server over HTTP: what it grants, and what it refuses."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import requests
from joserfc import jwt
from joserfc.jwk import KeySet

from sandbox_ehr.config import SandboxConfig
from sandbox_ehr.server import SandboxServer, run
from tests.integration.sandbox_client import CLIENTS, REDIRECT, SCOPE, App, app_at, error_of, query_of


@dataclass
class Clock:
    """A clock that stands until it is moved."""

    offset: float = 0.0

    def __call__(self) -> float:
        return time.time() + self.offset


@pytest.fixture(scope="module")
def server() -> Iterator[SandboxServer]:
    with SandboxServer(SandboxConfig(clients=CLIENTS)) as running:
        yield running


@pytest.fixture
def app(server: SandboxServer) -> Iterator[App]:
    with app_at(server) as client:
        yield client


def test_an_ehr_launch_ends_in_a_token_with_patient_and_context(app: App) -> None:
    answer = app.authorize(launch=app.launch())
    back = query_of(answer.headers["Location"])
    assert answer.headers["Location"].startswith(REDIRECT + "?")
    assert back["state"] == "state-1"
    assert back["iss"] == app.server.fhir_base
    response = app.exchange(back["code"])
    token = response.json()
    assert response.headers["Cache-Control"] == "no-store"
    assert token["token_type"] == "Bearer"
    assert token["expires_in"] == 3600
    assert token["patient"] == "albarracin-marisol"
    assert token["need_patient_banner"] is True
    assert token["tenant"] == app.server.config.tenant
    assert token["scope"].split() == SCOPE.split()
    assert "encounter" not in token
    assert app.session.get(token["smart_style_url"], timeout=5).json()["color_highlight"]
    assert app.read(token["access_token"]) == 200
    assert app.read(token["access_token"], "Patient/sallow-piet") in (403, 404)


def test_without_a_token_or_with_a_wrong_one_the_fhir_api_answers_401(app: App) -> None:
    assert app.session.get(f"{app.server.fhir_base}/Patient/sallow-piet", timeout=5).status_code == 401
    assert app.read("no-such-token") == 401


@pytest.mark.parametrize("client_id", ["public", "basic", "post", "keys"])
@pytest.mark.parametrize(
    "changes",
    [
        {"code_challenge": None, "code_challenge_method": None},
        {"code_challenge": None},
        {"code_challenge_method": None},
        {"code_challenge_method": "plain"},
        {"code_challenge": "short"},
    ],
    ids=str,
)
def test_every_client_must_send_pkce_with_s256(server: SandboxServer, client_id: str, changes: dict[str, Any]) -> None:
    with app_at(server, client_id) as app:
        answer = app.authorize(launch=app.launch(), **changes)
    assert error_of(answer) == "invalid_request"
    assert query_of(answer.headers["Location"])["state"] == "state-1"
    assert query_of(answer.headers["Location"])["iss"] == server.fhir_base


def test_a_wrong_or_missing_code_verifier_is_refused(app: App) -> None:
    assert error_of(app.exchange(app.code(), code_verifier="w" * 43)) == "invalid_grant"
    assert error_of(app.exchange(app.code(), code_verifier="")) == "invalid_request"


def test_a_replayed_code_is_refused_and_takes_back_its_tokens(app: App) -> None:
    code = app.code()
    token = app.exchange(code).json()["access_token"]
    assert app.read(token) == 200
    assert error_of(app.exchange(code)) == "invalid_grant"
    assert app.read(token) == 401


def test_a_code_belongs_to_its_client_and_redirect_uri(server: SandboxServer, app: App) -> None:
    code = app.code()
    with app_at(server, "post") as other:
        form = {"client_id": "post", "client_secret": "s3cret", "code_verifier": app.verifier}
        assert error_of(other.exchange(code, **form)) == "invalid_grant"
    assert error_of(app.exchange(code, redirect_uri=REDIRECT + "/")) == "invalid_grant"


@pytest.mark.parametrize(
    "changes",
    [
        {"redirect_uri": REDIRECT + "/"},
        {"redirect_uri": "https://evil.example/"},
        {"redirect_uri": 'https://evil.example/"\u202e'},
        {"redirect_uri": None},
        {"client_id": "nobody"},
        {"client_id": None},
    ],
    ids=str,
)
def test_an_unknown_client_or_redirect_uri_is_a_page_without_redirect(app: App, changes: dict[str, Any]) -> None:
    answer = app.authorize(launch=app.launch(), **changes)
    assert answer.status_code == 400
    assert "Location" not in answer.headers
    assert "text/html" in answer.headers["Content-Type"]


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"aud": None}, "invalid_request"),
        ({"aud": "http://127.0.0.1:1/fhir"}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"scope": "nothing known"}, "invalid_request"),
        ({"scope": "launch nothing.known"}, "ok"),
        ({"scope": "launch patient/Observation."}, "ok"),
        ({"state": None}, "invalid_request"),
        ({"scope": SCOPE.replace("launch ", "")}, "invalid_request"),
        ({"launch": "never-issued"}, "invalid_request"),
    ],
    ids=str,
)
def test_a_bad_authorization_request_is_told_to_the_client(app: App, changes: dict[str, Any], error: str) -> None:
    answer = app.authorize(**{"launch": app.launch(), **changes})
    back = query_of(answer.headers["Location"])
    assert back.get("error", "ok") == error
    assert back["iss"] == app.server.fhir_base


def test_a_scope_that_cannot_be_granted_at_all_is_invalid(app: App) -> None:
    assert error_of(app.authorize(scope="system/*.rs nothing.known")) == "invalid_scope"


def test_a_launch_opens_one_authorization_only(app: App) -> None:
    launch = app.launch()
    assert app.authorize(launch=launch).status_code == 302
    assert error_of(app.authorize(launch=launch)) == "invalid_request"


def test_launches_codes_and_tokens_expire() -> None:
    clock = Clock()
    with SandboxServer(SandboxConfig(clients=CLIENTS, clock=clock)) as server, app_at(server) as app:
        launch, code, token = app.launch(), app.code(), app.tokens()
        clock.offset = 301
        assert error_of(app.authorize(launch=launch)) == "invalid_request"
        assert error_of(app.exchange(code)) == "invalid_grant"
        assert app.read(token["access_token"]) == 200
        clock.offset = 3600
        assert app.read(token["access_token"]) == 401
        assert app.refresh(token["refresh_token"]).status_code == 200


def test_a_refresh_replaces_its_token_and_repeats_the_context(app: App) -> None:
    first = app.tokens()
    second = app.refresh(first["refresh_token"]).json()
    assert second["refresh_token"] != first["refresh_token"]
    assert second["patient"] == "albarracin-marisol"
    assert app.read(second["access_token"]) == 200
    narrow = app.refresh(second["refresh_token"], scope="patient/Patient.rs").json()
    assert narrow["scope"] == "patient/Patient.rs"
    assert error_of(app.refresh(narrow["refresh_token"], scope="patient/*.cruds")) == "invalid_scope"
    assert app.refresh(narrow["refresh_token"]).json()["scope"].split() == SCOPE.split()


def test_a_refresh_token_used_twice_ends_its_family(app: App) -> None:
    first = app.tokens()
    second = app.refresh(first["refresh_token"]).json()
    assert error_of(app.refresh(first["refresh_token"])) == "invalid_grant"
    assert app.read(second["access_token"]) == 401
    assert error_of(app.refresh(second["refresh_token"])) == "invalid_grant"


def test_no_refresh_token_comes_without_its_scope(app: App) -> None:
    assert "refresh_token" not in app.tokens(scope="launch patient/Patient.rs")
    assert "refresh_token" in app.tokens(scope="launch patient/Patient.rs online_access")


@pytest.mark.parametrize("algorithm", ["RS256", "RS384", "ES384"])
def test_the_id_token_is_signed_and_names_the_user(algorithm: str) -> None:
    config = SandboxConfig(clients=CLIENTS, id_token_algorithm=algorithm)
    with SandboxServer(config) as server, app_at(server) as app:
        known = app.session.get(f"{server.fhir_base}/.well-known/smart-configuration", timeout=5).json()
        before = app.session.get(known["jwks_uri"], timeout=5).json()
        raw = app.tokens(launch=app.launch(user="physician"))["id_token"]
        token = jwt.decode(raw, KeySet.import_key_set(before), algorithms=[algorithm])
        assert all("d" not in key for key in before["keys"])
        assert token.claims["iss"] == known["issuer"] == server.fhir_base
        assert token.claims["aud"] == "public"
        assert token.claims["nonce"] == "nonce-1"
        assert token.claims["exp"] > token.claims["iat"]
        assert token.claims["fhirUser"] == f"{server.fhir_base}/Practitioner/physician"
        assert token.claims["name"] == "Henrik Solvang, MD"
        assert app.session.post(f"{server.base_url}/_keys/rotate", timeout=5).status_code == 204
        after = app.session.get(known["jwks_uri"], timeout=5).json()
        rotated = app.tokens()["id_token"]
        assert jwt.decode(rotated, KeySet.import_key_set(after), algorithms=[algorithm]).header["kid"] not in {
            key["kid"] for key in before["keys"]
        }


def test_no_id_token_without_openid_and_no_name_without_fhir_user(app: App) -> None:
    assert "id_token" not in app.tokens(scope="launch patient/Patient.rs")
    keys = KeySet.import_key_set(app.session.get(f"{app.server.base_url}/auth/jwks.json", timeout=5).json())
    raw = app.tokens(scope="launch openid patient/Patient.rs", nonce=None)["id_token"]
    claims = jwt.decode(raw, keys, algorithms=["RS256"]).claims
    assert claims["sub"] == "nurse"
    assert not {"fhirUser", "name", "nonce"} & set(claims)


def test_scopes_and_context_can_be_withheld() -> None:
    config = SandboxConfig(
        clients=CLIENTS,
        withhold_scopes=frozenset({"patient/Observation.cu", "offline_access"}),
        withhold_context=frozenset({"patient"}),
    )
    with SandboxServer(config) as server, app_at(server) as app:
        token = app.tokens()
    assert "patient/Observation.rs" in token["scope"].split()
    assert "patient/Encounter.crus" in token["scope"].split()
    assert "refresh_token" not in token
    assert "patient" not in token


@pytest.mark.parametrize(
    ("style", "granted"),
    [
        ("both", "launch patient/Observation.read patient/Encounter.rs"),
        ("v1", "launch patient/Observation.read"),
        ("v2", "launch patient/Encounter.rs"),
    ],
)
def test_both_forms_of_scope_are_understood_unless_set_otherwise(style: Any, granted: str) -> None:
    with SandboxServer(SandboxConfig(clients=CLIENTS, scope_style=style)) as server, app_at(server) as app:
        token = app.tokens(scope="launch patient/Observation.read patient/Encounter.rs")
        known = app.session.get(f"{server.fhir_base}/.well-known/smart-configuration", timeout=5).json()
    assert token["scope"] == granted
    assert ("permission-v1" in known["capabilities"]) == (style != "v2")


def test_the_open_visit_comes_with_the_launch_unless_another_is_named(app: App) -> None:
    patient = "ferreby-constance"
    assert app.tokens(launch=app.launch(patient))["encounter"] == f"{patient}-encounter-1"
    assert app.tokens(launch=app.launch(patient, encounter="other"))["encounter"] == "other"
    assert "encounter" not in app.tokens(launch=app.launch(patient, encounter=""))
    assert app.tokens(launch=app.launch(patient, banner="0"))["need_patient_banner"] is False


STANDALONE = "openid fhirUser launch/patient launch/encounter patient/Patient.rs"


def test_a_standalone_launch_asks_for_a_patient_or_takes_the_one_named(app: App) -> None:
    page = app.authorize(scope=STANDALONE)
    assert page.status_code == 200
    assert 'value="okada.june"' in page.text
    answer = app.session.post(
        f"{app.server.base_url}/auth/authorize",
        params=app.request(scope=STANDALONE),
        data={"patient": "okada.june", "decision": "allow"},
        allow_redirects=False,
        timeout=5,
    )
    token = app.exchange(query_of(answer.headers["Location"])["code"]).json()
    assert token["patient"] == "okada.june"
    named = app.authorize(scope=STANDALONE, patient="ferreby-constance", login_hint="lead")
    token = app.exchange(query_of(named.headers["Location"])["code"]).json()
    assert token["patient"] == "ferreby-constance"
    assert token["encounter"] == "ferreby-constance-encounter-1"
    assert error_of(app.authorize(scope=STANDALONE, patient="nobody")) == "invalid_request"
    assert error_of(app.authorize(scope=STANDALONE, prompt="none")) == "interaction_required"


def test_a_standalone_launch_for_a_user_needs_no_patient(app: App) -> None:
    answer = app.authorize(scope="openid fhirUser user/Patient.rs", login_hint="lead")
    token = app.exchange(query_of(answer.headers["Location"])["code"]).json()
    assert "patient" not in token
    assert app.read(token["access_token"], "Patient/sallow-piet") == 200


def test_a_launch_with_ask_shows_what_is_asked_and_takes_no_for_an_answer(app: App) -> None:
    url = f"{app.server.base_url}/auth/authorize"
    launch = app.launch(ask="1")
    page = app.authorize(launch=launch)
    assert page.status_code == 200
    assert "Read, search, add and change Observation records of this patient" in page.text
    parameters = app.request(launch=launch)
    refused = app.session.post(url, params=parameters, data={"decision": "refuse"}, allow_redirects=False, timeout=5)
    assert error_of(refused) == "access_denied"
    assert query_of(refused.headers["Location"])["state"] == "state-1"
    form = {
        "decision": "allow",
        "user": "biller",
        "scopes_shown": "1",
        "granted_scope": ["launch", "openid", "fhirUser"],
    }
    allowed = app.session.post(url, params=parameters, data=form, allow_redirects=False, timeout=5)
    token = app.exchange(query_of(allowed.headers["Location"])["code"]).json()
    assert token["scope"].split() == ["openid", "fhirUser", "launch"]
    keys = KeySet.import_key_set(app.session.get(f"{app.server.base_url}/auth/jwks.json", timeout=5).json())
    assert jwt.decode(token["id_token"], keys, algorithms=["RS256"]).claims["sub"] == "biller"


def test_the_issuer_is_the_same_by_any_host_name(server: SandboxServer) -> None:
    port = server.base_url.rpartition(":")[2]
    for host in ("localhost", "127.0.0.1"):
        answer = requests.get(f"http://{host}:{port}/launch/okada.june", allow_redirects=False, timeout=5)
        assert answer.headers["Location"].startswith(server.config.app_launch_url + "?")
        assert query_of(answer.headers["Location"])["iss"] == server.fhir_base
        discovered = requests.get(f"http://{host}:{port}/fhir/.well-known/smart-configuration", timeout=5).json()
        assert discovered["issuer"] == server.fhir_base


def test_two_sandboxes_in_one_process_share_nothing(server: SandboxServer, app: App) -> None:
    with SandboxServer(SandboxConfig(clients=CLIENTS)) as second, app_at(second) as other:
        token = other.tokens()["access_token"]
        assert other.read(token) == 200
        assert app.read(token) == 401
        second.store.put({"resourceType": "Patient", "id": "only-there"})
        assert server.store.read("Patient", "only-there") is None
        assert error_of(app.authorize(launch=other.launch(), aud=server.fhir_base)) == "invalid_request"


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "example.org", "::"])
def test_it_binds_to_loopback_only(host: str) -> None:
    with pytest.raises(ValueError, match="loopback"):
        run(SandboxConfig(), host, 0)
