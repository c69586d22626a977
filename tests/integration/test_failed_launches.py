"""Launches that do not open: a page that says what happened and what to do, and nothing given away."""

from __future__ import annotations

import json
import logging
import socket
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from typing import Any
from unittest import mock
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import pytest
import requests

from sandbox_ehr.config import SandboxConfig
from smart_app.ehr.wire import DeadlineAdapter
from tests.integration.browser import Browser
from tests.integration.clinic import Clinic, register
from tests.integration.conftest import OpenClinic

PATIENT = "albarracin-marisol"
NAMES = ("Albarracin", "Marisol", "LK-10001", "Okwuosa")


@pytest.fixture(autouse=True)
def all_logs(caplog: pytest.LogCaptureFixture) -> None:
    """What libraries would log is looked at too (but the debugging of Authlib, which the EHR runs on)."""
    caplog.set_level(logging.INFO)


@pytest.fixture
def clinic(shared_clinic: Clinic) -> Iterator[Clinic]:
    """The module's clinic, healthy again afterwards."""
    yield shared_clinic
    shared_clinic.heal()


def secrets_of(clinic: Clinic) -> set[str]:
    """All codes and tokens that the EHR has issued."""
    ledger = clinic.ehr.sandbox.smart.ledger
    return {*ledger._codes, *ledger._tokens}


def check(answer: requests.Response, status: int, clinic: Clinic, caplog: pytest.LogCaptureFixture) -> None:
    """The answer has that status, says what to do, and neither it nor any log gives anything away."""
    assert answer.status_code == status, answer.text
    assert "What to do" in answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    query = dict(parse_qsl(urlsplit(answer.url).query))
    private = {
        *NAMES,
        *secrets_of(clinic),
        *(query[name] for name in ("state", "code") if len(query.get(name, "")) > 8),
    }
    for place in (answer.text, str(answer.headers), clinic.log.getvalue(), caplog.text):
        assert "Traceback" not in place
        assert not [each for each in private if each in place]


def test_an_unknown_ehr_is_refused_without_asking_anybody(
    clinic: Clinic, browser: Browser, caplog: pytest.LogCaptureFixture
) -> None:
    base, host = clinic.ehr.fhir_base, urlsplit(clinic.ehr.fhir_base).netloc
    for issuer in (
        "https://unknown.example/fhir",
        "http://169.254.169.254/fhir",
        f"http://{host}@evil.example/fhir",
        f"http://evil.example/{host}/fhir",
        base.replace("127.0.0.1", "127.0.0.2"),
        base.replace("127.0.0.1", "localhost"),
        base.upper(),
        f"{base}/Patient",
        f"{base}?x=y",
        f"{base}#",
        f" {base}",
        f"{base}//",
        "javascript:alert(1)",
    ):
        with mock.patch.object(DeadlineAdapter, "exchange", side_effect=AssertionError("asked")):
            for path in ("launch", "login"):
                url = f"{clinic.address}/{path}?iss={quote(issuer, safe='')}&launch=abc"
                check(browser.get(url), 400, clinic, caplog)


@pytest.mark.parametrize("query", ["", "?iss=", "?launch=abc", "?iss={base}", "?iss={base}&launch="])
def test_a_call_that_says_too_little_is_refused(
    clinic: Clinic, browser: Browser, caplog: pytest.LogCaptureFixture, query: str
) -> None:
    check(browser.get(f"{clinic.address}/launch{query.format(base=clinic.ehr.fhir_base)}"), 400, clinic, caplog)


def changed(url: str, **changes: str | None) -> str:
    """The URL with parameters of its query replaced, or taken out where None."""
    parts = urlsplit(url)
    query: dict[str, str | None] = dict(parse_qsl(parts.query))
    kept = {name: value for name, value in (query | changes).items() if value is not None}
    return parts._replace(query=urlencode(kept)).geturl()


def test_a_state_serves_once(clinic: Clinic, browser: Browser, caplog: pytest.LogCaptureFixture) -> None:
    callback = browser.callback(clinic, PATIENT)
    assert browser.get(callback).status_code == 200
    check(browser.get(callback), 400, clinic, caplog)


def test_a_state_serves_in_its_own_browser_only(
    clinic: Clinic, browser: Browser, other_browser: Browser, caplog: pytest.LogCaptureFixture
) -> None:
    callback = browser.callback(clinic, PATIENT)
    other_browser.callback(clinic, PATIENT)
    check(other_browser.get(callback), 400, clinic, caplog)
    assert browser.get(callback).status_code == 200


@pytest.mark.parametrize("state", [None, "", "guess", "x" * 2000])
def test_a_missing_or_guessed_state_is_refused(
    clinic: Clinic, browser: Browser, caplog: pytest.LogCaptureFixture, state: str | None
) -> None:
    check(browser.get(changed(browser.callback(clinic, PATIENT), state=state)), 400, clinic, caplog)


def test_a_state_left_lying_is_refused(open_clinic: OpenClinic, browser: Browser, caplog: Any) -> None:
    clinic = open_clinic()
    callback = browser.callback(clinic, PATIENT)
    clinic.clock.advance(601)
    check(browser.get(callback), 400, clinic, caplog)


@pytest.mark.parametrize("error", ["access_denied", "server_error", "<script>alert(1)</script>", "x" * 5000])
def test_a_refused_authorization_is_said(
    clinic: Clinic, browser: Browser, caplog: pytest.LogCaptureFixture, error: str
) -> None:
    callback = changed(
        browser.callback(clinic, PATIENT), code=None, error=error, error_description="Marisol Albarracin said no"
    )
    answer = browser.get(callback)
    check(answer, 403, clinic, caplog)
    assert "<script>alert" not in answer.text


@pytest.mark.parametrize("issuer", [None, "", "https://evil.example/fhir"])
def test_an_answer_from_another_ehr_is_refused(
    clinic: Clinic, browser: Browser, caplog: pytest.LogCaptureFixture, issuer: str | None
) -> None:
    clinic.forget_requests()
    callback = changed(browser.callback(clinic, PATIENT), iss=issuer)
    check(browser.get(callback), 403, clinic, caplog)
    assert clinic.asked("POST", "/auth/token") == []


def test_a_stolen_code_does_not_serve_in_another_sign_in(
    clinic: Clinic, browser: Browser, other_browser: Browser, caplog: pytest.LogCaptureFixture
) -> None:
    stolen = dict(parse_qsl(urlsplit(browser.callback(clinic, PATIENT)).query))["code"]
    check(
        other_browser.get(changed(other_browser.callback(clinic, "ferreby-constance"), code=stolen)),
        403,
        clinic,
        caplog,
    )


@pytest.mark.parametrize("code", ["rubbish", None, "", "x" * 5000])
def test_a_code_that_the_ehr_did_not_give_is_refused(
    clinic: Clinic, browser: Browser, caplog: pytest.LogCaptureFixture, code: str | None
) -> None:
    check(browser.get(changed(browser.callback(clinic, PATIENT), code=code)), 403, clinic, caplog)


TOKEN = {"access_token": "canary-access-token", "token_type": "Bearer", "expires_in": 300, "scope": "launch openid"}
HTML = {"body": "<html>Marisol Albarracin</html>", "content_type": "text/html"}
FAILURES: dict[str, tuple[str, dict[str, Any], int]] = {
    "token 500": ("/auth/token", {"status": 500}, 502),
    "token 503": ("/auth/token", {"status": 503}, 502),
    "token 429": ("/auth/token", {"status": 429, "headers": {"Retry-After": "7"}}, 502),
    "token 404": ("/auth/token", {"status": 404}, 502),
    "token 401": ("/auth/token", {"status": 401, "body": {"error": "invalid_client"}}, 403),
    "token 302": ("/auth/token", {"status": 302, "headers": {"Location": "https://evil.example/"}}, 502),
    "token dropped": ("/auth/token", {"drop_response": True}, 502),
    "token truncated": ("/auth/token", {"truncate": True}, 502),
    "token as HTML": ("/auth/token", HTML, 502),
    "token empty": ("/auth/token", {"body": ""}, 502),
    "token a list": ("/auth/token", {"body": [TOKEN]}, 502),
    "token of another type": ("/auth/token", {"body": {**TOKEN, "token_type": "mac"}}, 502),
    "token without a token": ("/auth/token", {"body": {"token_type": "Bearer"}}, 502),
    "token a number": ("/auth/token", {"body": {**TOKEN, "access_token": 7}}, 502),
    "token without a patient": ("/auth/token", {"body": TOKEN}, 403),
    "token with an odd patient": ("/auth/token", {"body": {**TOKEN, "patient": "../Patient"}}, 403),
    "token with a long patient": ("/auth/token", {"body": {**TOKEN, "patient": "p" * 65}}, 403),
    "token that opens nothing": ("/auth/token", {"body": {**TOKEN, "patient": PATIENT}}, 502),
    "keys 500": ("/auth/jwks.json", {"status": 500, "times": 2}, 502),
    "keys rubbish": ("/auth/jwks.json", {"body": {"keys": "none"}, "times": 2}, 403),
    "patient 404": ("/fhir/Patient", {"status": 404}, 502),
    "patient 401": ("/fhir/Patient", {"status": 401}, 502),
    "patient 500": ("/fhir/Patient", {"status": 500}, 502),
    "patient dropped": ("/fhir/Patient", {"drop_response": True, "times": 2}, 502),
    "patient truncated": ("/fhir/Patient", {"truncate": True}, 502),
    "patient as HTML": ("/fhir/Patient", HTML, 502),
    "patient an outcome": ("/fhir/Patient", {"body": {"resourceType": "OperationOutcome"}}, 502),
    "patient null": ("/fhir/Patient", {"body": "null"}, 502),
}


@pytest.mark.parametrize(("path", "fault", "status"), FAILURES.values(), ids=FAILURES.keys())
def test_an_ehr_that_fails_is_said(
    clinic: Clinic, browser: Browser, caplog: pytest.LogCaptureFixture, *, path: str, fault: dict[str, Any], status: int
) -> None:
    callback = browser.callback(clinic, PATIENT)
    clinic.services.jwks._fresh._kept.clear()
    clinic.fault("", path, **fault)
    answer = browser.get(callback)
    check(answer, status, clinic, caplog)
    assert "canary-access-token" not in answer.text + clinic.log.getvalue()
    if "Retry-After" in fault.get("headers", {}):
        assert answer.headers["Retry-After"] == "7"


def test_why_a_launch_failed_stands_in_the_log(open_clinic: OpenClinic, browser: Browser) -> None:
    clinic = open_clinic()
    clinic.fault("POST", "/auth/token", status=401, body={"error": "invalid_client", "error_description": "Marisol"})
    assert browser.launch(clinic, PATIENT).status_code == 403
    (row,) = [json.loads(line) for line in clinic.log.getvalue().splitlines()]
    assert (row["event"], row["kind"], row["level"]) == ("launch_failed", "GrantRefused", "warning")
    assert row["why"] == "The EHR refused the sign-in (invalid_client)."


def test_an_id_token_is_needed(open_clinic: OpenClinic, browser: Browser, caplog: pytest.LogCaptureFixture) -> None:
    clinic = open_clinic(ehr=SandboxConfig(withhold_scopes=frozenset({"openid"})))
    check(browser.launch(clinic, PATIENT), 403, clinic, caplog)


def test_an_ehr_that_gives_no_patient_opens_no_panel(
    open_clinic: OpenClinic, browser: Browser, caplog: pytest.LogCaptureFixture
) -> None:
    clinic = open_clinic(ehr=SandboxConfig(withhold_context=frozenset({"patient"})))
    check(browser.launch(clinic, PATIENT), 403, clinic, caplog)


@pytest.mark.parametrize("accept", ["text/html", "application/json"])
def test_programs_are_told_as_well(clinic: Clinic, browser: Browser, accept: str) -> None:
    answer = browser.get(f"{clinic.address}/launch?iss=https://unknown.example&launch=x", headers={"Accept": accept})
    assert answer.status_code == 400
    if accept == "application/json":
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert answer.json()["title"] == "This EHR is not registered here"


DISCOVERY = {
    "500": {"status": 500},
    "429": {"status": 429},
    "HTML": {"body": "<html></html>", "content_type": "text/html"},
    "a list": {"body": []},
    "nothing in it": {"body": {}},
    "endpoints elsewhere by HTTP": {"body": {"authorization_endpoint": "http://evil.example/", "token_endpoint": "x"}},
    "truncated": {"truncate": True},
    "dropped": {"drop_response": True, "times": 2},
    "a redirect": {"status": 302, "headers": {"Location": "https://evil.example/"}},
}


@pytest.mark.parametrize("fault", DISCOVERY.values(), ids=DISCOVERY.keys())
def test_an_ehr_that_cannot_be_discovered_is_said(
    open_clinic: OpenClinic, browser: Browser, caplog: pytest.LogCaptureFixture, fault: dict[str, Any]
) -> None:
    clinic = open_clinic()
    clinic.fault("GET", "/.well-known/smart-configuration", **fault)
    check(browser.launch(clinic, PATIENT), 502, clinic, caplog)
    clinic.heal()
    assert browser.launch(clinic, PATIENT).status_code == 200


def test_an_ehr_that_is_down_is_said(clinic: Clinic, browser: Browser, caplog: pytest.LogCaptureFixture) -> None:
    with closing(socket.socket()) as unused:
        unused.bind(("127.0.0.1", 0))
        issuer = f"http://127.0.0.1:{unused.getsockname()[1]}/fhir"
        register(clinic.services, replace(clinic.registration, id="down", issuer=issuer))
        check(browser.get(f"{clinic.address}/launch?iss={issuer}&launch=x"), 502, clinic, caplog)


@pytest.mark.parametrize(
    "path", ["/.well-known/smart-configuration", "/auth/token", "/fhir/Patient", "/auth/jwks.json"]
)
def test_an_ehr_that_is_too_slow_is_said_at_the_deadline(
    open_clinic: OpenClinic, browser: Browser, caplog: pytest.LogCaptureFixture, path: str
) -> None:
    clinic = open_clinic(ehr_deadline_seconds=0.3)
    clinic.fault("", path, delay_ms=700, times=-1)
    check(browser.launch(clinic, PATIENT), 504, clinic, caplog)


def test_an_ehr_that_answers_a_byte_at_a_time_is_too_slow(
    open_clinic: OpenClinic, browser: Browser, caplog: pytest.LogCaptureFixture
) -> None:
    clinic = open_clinic(ehr_deadline_seconds=0.3)
    clinic.fault("GET", "/fhir/Patient", trickle_ms=5)
    check(browser.launch(clinic, PATIENT), 504, clinic, caplog)
