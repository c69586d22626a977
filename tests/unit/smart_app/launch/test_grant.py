from __future__ import annotations

import base64
import hashlib
import json
import logging
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import responses

from smart_app.ehr.addresses import trusting
from smart_app.ehr.errors import (
    EhrBusy,
    EhrError,
    EhrRedirected,
    EhrRefused,
    EhrRubbish,
    EhrServerError,
    EhrTimeout,
    EhrUntrusted,
)
from smart_app.ehr.transport import Transport
from smart_app.launch.assertion import SigningKey
from smart_app.launch.grant import (
    GrantRefused,
    IssuerMismatch,
    RefreshRefused,
    TokenEndpoint,
    authorization_request,
    check_issuer,
)
from smart_app.launch.tokens import TokenResponse
from tests.unit.smart_app.ehr.raw_server import answering, dripping, ok, raw_server
from tests.unit.smart_app.launch.ehr import (
    BASE,
    CONFIGURATION,
    ISSUER,
    NOW,
    REDIRECT,
    TOKEN_ENDPOINT,
    ec_key,
    registration,
)

ANSWER: dict[str, Any] = {"access_token": "at", "token_type": "Bearer", "expires_in": 3600, "patient": "p1"}


@pytest.fixture
def ehr() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock() as mock:
        yield mock


def endpoint(**changes: Any) -> TokenEndpoint:
    key = SigningKey.from_jwk({**ec_key().as_dict(private=True), "alg": "ES384"})
    return TokenEndpoint(registration(**changes), CONFIGURATION, Transport(), key, NOW)


def exchanged(at: TokenEndpoint, code: str = "c1") -> TokenResponse:
    return at.exchange(code=code, code_verifier="v1", redirect_uri=REDIRECT, scope="launch openid")


def sent(ehr: responses.RequestsMock, call: int = -1) -> dict[str, str]:
    body = ehr.calls[call].request.body or ""
    text = body.decode() if isinstance(body, bytes) else str(body)
    return {name: values[0] for name, values in parse_qs(text).items()}


def test_the_browser_is_sent_with_everything_that_binds_the_answer_to_it() -> None:
    request = authorization_request(registration(), CONFIGURATION, REDIRECT, scope="launch openid", launch="l&1")
    query = {name: values[0] for name, values in parse_qs(urlsplit(request.url).query).items()}
    digest = hashlib.sha256(request.code_verifier.encode()).digest()
    assert query == {
        "response_type": "code",
        "client_id": "cadence",
        "redirect_uri": REDIRECT,
        "scope": "launch openid",
        "state": request.state,
        "nonce": request.nonce,
        "aud": BASE,
        "launch": "l&1",
        "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
        "code_challenge_method": "S256",
    }
    assert request.url.startswith(f"{CONFIGURATION.authorization_endpoint}?")


def test_no_two_requests_share_a_secret_and_each_is_long_enough() -> None:
    made = [authorization_request(registration(), CONFIGURATION, REDIRECT, scope="openid") for _ in range(50)]
    secrets = {secret for each in made for secret in (each.state, each.nonce, each.code_verifier)}
    assert len(secrets) == 150
    assert min(map(len, secrets)) >= 43
    assert not any(secret in repr(made) for secret in secrets)


def test_a_standalone_request_has_no_launch() -> None:
    request = authorization_request(registration(), CONFIGURATION, REDIRECT, scope="openid")
    assert "launch=" not in request.url


def test_a_code_is_exchanged_with_its_verifier(ehr: responses.RequestsMock) -> None:
    ehr.post(TOKEN_ENDPOINT, json=ANSWER | {"id_token": "a.b.c", "refresh_token": "rt", "scope": "openid"})
    token = exchanged(endpoint(), code="c+1/é=&x")
    assert sent(ehr) == {
        "grant_type": "authorization_code",
        "code": "c+1/é=&x",
        "code_verifier": "v1",
        "redirect_uri": REDIRECT,
        "client_id": "cadence",
    }
    assert token == TokenResponse("at", "rt", "a.b.c", NOW + 3600, "openid", patient="p1")
    headers = ehr.calls[0].request.headers
    assert headers["User-Agent"].startswith("Cadence")
    assert headers["Content-Length"] == str(len(ehr.calls[0].request.body or ""))


def test_a_secret_goes_in_the_header_or_in_the_body_as_registered(ehr: responses.RequestsMock) -> None:
    ehr.post(TOKEN_ENDPOINT, json=ANSWER)
    exchanged(endpoint(client_auth="client_secret_basic", client_secret="s3cret"))
    assert ehr.calls[0].request.headers["Authorization"] == "Basic " + base64.b64encode(b"cadence:s3cret").decode()
    assert "client_secret" not in sent(ehr)
    exchanged(endpoint(client_auth="client_secret_post", client_secret="s3cret"))
    assert sent(ehr)["client_secret"] == "s3cret"
    assert "Authorization" not in ehr.calls[1].request.headers


def test_a_signing_client_makes_a_new_assertion_for_every_request(ehr: responses.RequestsMock) -> None:
    ehr.post(TOKEN_ENDPOINT, json=ANSWER)
    at = endpoint(client_auth="private_key_jwt")
    exchanged(at)
    at.refresh(refresh_token="rt", scope="openid")
    assertions = [sent(ehr, call)["client_assertion"] for call in (0, 1)]
    ids = [json.loads(base64.urlsafe_b64decode(each.split(".")[1] + "=="))["jti"] for each in assertions]
    assert ids[0] != ids[1]
    for call in ehr.calls:
        assert call.request.headers["Content-Length"] == str(len(call.request.body or ""))
        assert "Authorization" not in call.request.headers


def test_a_refresh_asks_for_the_granted_scope_and_keeps_the_token_that_is_not_replaced(
    ehr: responses.RequestsMock,
) -> None:
    ehr.post(TOKEN_ENDPOINT, json=ANSWER)
    token = endpoint().refresh(refresh_token="rt", scope="openid patient/Patient.r")
    assert sent(ehr) == {
        "grant_type": "refresh_token",
        "refresh_token": "rt",
        "scope": "openid patient/Patient.r",
        "client_id": "cadence",
    }
    assert (token.refresh_token, token.scope) == ("rt", "openid patient/Patient.r")


def test_a_revoked_refresh_token_is_told_apart_from_other_refusals(ehr: responses.RequestsMock) -> None:
    ehr.post(TOKEN_ENDPOINT, status=400, json={"error": "invalid_grant", "error_description": "canary"})
    with pytest.raises(RefreshRefused) as caught:
        endpoint().refresh(refresh_token="rt", scope="openid")
    assert caught.value.description == "canary"
    assert "canary" not in f"{caught.value} {caught.value!r}"
    ehr.upsert("POST", TOKEN_ENDPOINT, status=401, json={"error": "invalid_client"})
    with pytest.raises(GrantRefused) as other:
        endpoint().refresh(refresh_token="rt", scope="openid")
    assert type(other.value) is GrantRefused
    assert other.value.error == "invalid_client"


@pytest.mark.parametrize("error", [{"a": 1}, ["x"], "<script>", "x" * 99, 7, None])
def test_an_error_code_that_oauth_does_not_know_is_not_repeated(error: Any, ehr: responses.RequestsMock) -> None:
    ehr.post(TOKEN_ENDPOINT, status=400, json={"error": error, "error_description": {"x": 1}})
    with pytest.raises(GrantRefused) as caught:
        exchanged(endpoint())
    assert "script" not in str(caught.value)


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (500, "{}", EhrServerError),
        (503, "", EhrBusy),
        (429, '{"error": "slow_down"}', EhrBusy),
        (403, "<html>", EhrRefused),
        (404, "{}", EhrRefused),
        (200, "<html>", EhrRubbish),
        (200, "[]", EhrRubbish),
        (200, '{"access_token": "at"', EhrRubbish),
        (200, "[" * 100_000, EhrRubbish),
        (302, "", EhrRedirected),
    ],
)
def test_a_token_endpoint_that_does_not_speak_oauth_is_named(
    status: int, body: str, kind: type[EhrError], ehr: responses.RequestsMock
) -> None:
    ehr.post(TOKEN_ENDPOINT, status=status, body=body, headers={"Location": "https://evil.example"})
    with pytest.raises(kind) as caught:
        exchanged(endpoint(), code="canary")
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize(
    "change",
    [
        {"token_type": "mac"},
        {"token_type": None},
        {"access_token": ""},
        {"access_token": None},
        {"access_token": "a b"},
        {"access_token": "a\r\nX: y"},
        {"access_token": {"a": 1}},
    ],
    ids=str,
)
def test_a_token_response_without_a_usable_bearer_token_is_rubbish(
    change: dict[str, Any], ehr: responses.RequestsMock
) -> None:
    ehr.post(TOKEN_ENDPOINT, json=ANSWER | change)
    with pytest.raises(EhrRubbish):
        exchanged(endpoint())


@pytest.mark.parametrize(
    ("given", "seconds"),
    [
        (60, 60),
        ("60", 60),
        (None, 300),
        (0, 0),
        (-5, 300),
        (1.5, 300),
        (10**8, 86400),
        ("soon", 300),
        ([1], 300),
        (1e400, 300),
    ],
)
def test_an_access_tokens_end_is_reckoned_from_our_own_clock(
    given: Any, seconds: int, ehr: responses.RequestsMock
) -> None:
    ehr.post(TOKEN_ENDPOINT, json=ANSWER | {"expires_in": given, "expires_at": {"x": 1}, "token_type": "bearer"})
    assert exchanged(endpoint()).expires_at == NOW + seconds


def test_the_launch_context_is_read_and_what_is_odd_in_it_reads_as_absent(ehr: responses.RequestsMock) -> None:
    context: dict[str, Any] = {
        "encounter": "e1",
        "need_patient_banner": False,
        "smart_style_url": "https://ehr.example/style.json",
        "tenant": "t",
        "intent": "i",
        "fhirContext": [{"reference": "Task/1"}, "odd"],
    }
    ehr.post(TOKEN_ENDPOINT, json=ANSWER | context)
    token = exchanged(endpoint())
    assert (token.encounter, token.need_patient_banner, token.tenant, token.intent) == ("e1", False, "t", "i")
    assert (token.smart_style_url, token.fhir_context) == ("https://ehr.example/style.json", ({"reference": "Task/1"},))
    odd = {"patient": "../x", "encounter": ["e"], "smart_style_url": "javascript:x", "fhirContext": 7}
    ehr.upsert("POST", TOKEN_ENDPOINT, json=ANSWER | odd)
    token = exchanged(endpoint())
    assert (token.patient, token.encounter, token.smart_style_url, token.fhir_context) == ("", "", "", ())
    assert token.need_patient_banner
    assert token.scope == "launch openid"


def test_a_token_response_hides_its_tokens_and_its_patient() -> None:
    shown = repr(
        TokenResponse("canary-a", "canary-r", "canary-i", NOW, "openid", patient="canary-p", encounter="canary-e")
    )
    assert "canary" not in shown


def test_the_token_request_keeps_the_deadline() -> None:
    with raw_server(dripping(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n", b" ")) as server:
        at = replace(
            endpoint(),
            configuration=replace(CONFIGURATION, token_endpoint=f"{server.url}/token"),
            transport=Transport(trusts_host=trusting(server.url), deadline=0.15),
        )
        started = time.monotonic()
        with pytest.raises(EhrTimeout) as caught:
            exchanged(at)
        assert time.monotonic() - started < 1
        assert caught.value.outcome_unknown


def test_one_token_request_leaves_the_connection_open_for_the_next(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    body = json.dumps(ANSWER).encode()
    with raw_server(answering(ok(body), ok(body))) as server:
        transport = Transport(trusts_host=trusting(server.url))
        configuration = replace(CONFIGURATION, token_endpoint=f"{server.url}/token")
        for _ in range(2):
            exchanged(replace(endpoint(), configuration=configuration, transport=transport), code="canary")
        assert server.connections == 1
        transport.close()
    assert "canary" not in caplog.text


def test_a_token_endpoint_inside_a_private_network_is_not_called() -> None:
    for url in ("https://10.0.0.1/token", "https://169.254.169.254/token", "http://127.0.0.1:9/token"):
        configuration = replace(CONFIGURATION, token_endpoint=url)
        with pytest.raises(EhrUntrusted):
            exchanged(replace(endpoint(), configuration=configuration))


@pytest.mark.parametrize(
    ("received", "promised", "override", "holds"),
    [
        (ISSUER, False, "", True),
        (None, False, "", True),
        (None, True, "", False),
        ("", False, "", False),
        (f"{ISSUER}/", False, "", False),
        ("https://evil.example", True, "", False),
        ("https://evil.example/é\ud800", True, "", False),
        (BASE, False, "", False),
        ("https://tenant.example", False, "https://tenant.example", True),
        (ISSUER, False, "https://tenant.example", False),
    ],
)
def test_an_answer_from_another_authorization_server_is_refused(
    received: str | None, promised: bool, override: str, holds: bool
) -> None:
    configuration = replace(CONFIGURATION, sends_iss=promised)
    if holds:
        check_issuer(received, configuration, registration(token_issuer=override))
        return
    with pytest.raises(IssuerMismatch):
        check_issuer(received, configuration, registration(token_issuer=override))


def test_an_ehr_that_does_not_name_itself_is_held_to_be_its_fhir_base() -> None:
    check_issuer(BASE, replace(CONFIGURATION, issuer=""), registration())
    with pytest.raises(IssuerMismatch):
        check_issuer(ISSUER, replace(CONFIGURATION, issuer=""), registration())
