"""How failures are said: as a page to people and as problem details to programs, and never with what was sent."""

from __future__ import annotations

import json

import pytest
from flask import Flask, abort
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from smart_app import problems
from smart_app.app import static_folder
from smart_app.problems import FieldError, Problem, not_open, unusable, wants_json

JSON, HTML = "application/json", "text/html"


@pytest.fixture(scope="module")
def client() -> FlaskClient:
    """An application that fails in each way."""
    app = Flask("smart_app", static_folder=str(static_folder()))
    problems.install(app)

    @app.route("/<what>", methods=["GET", "POST"])
    def fail(what: str) -> str:
        if what == "unusable":
            raise unusable(FieldError("minutes", "must be a number"), FieldError("note", "<b>too long</b>"))
        if what == "closed":
            raise not_open()
        if what == "busy":
            raise Problem(502, "The EHR is busy", retry_after=7, headers={"X-More": "1"})
        if what == "bug":
            raise KeyError("Marisol Albarracin")
        if what != "json":
            abort(int(what))
        return str(wants_json())

    return app.test_client()


def get(client: FlaskClient, path: str, accept: str) -> TestResponse:
    """The answer to a request that wants this kind of content."""
    return client.get(path, headers={"Accept": accept} if accept else {})


@pytest.mark.parametrize(
    ("accept", "wanted"),
    [
        ("", False),
        ("*/*", False),
        (HTML, False),
        (JSON, True),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", False),
        ("application/json, text/html;q=0.5", True),
        ("application/json;q=0.5, text/html", False),
        ("image/png", False),
    ],
)
def test_a_page_is_the_answer_unless_json_is_wanted_more(client: FlaskClient, accept: str, wanted: bool) -> None:
    assert get(client, "/json", accept).text == str(wanted)


def test_who_sends_json_is_answered_in_json(client: FlaskClient) -> None:
    assert client.post("/json", json={}).text == "True"


def test_problem_details_name_every_field(client: FlaskClient) -> None:
    answer = get(client, "/unusable", JSON)
    assert (answer.status_code, answer.content_type) == (422, "application/problem+json")
    details = json.loads(answer.text)
    assert details["type"] == "about:blank"
    assert details["status"] == 422
    assert details["errors"] == [
        {"field": "minutes", "message": "must be a number"},
        {"field": "note", "message": "<b>too long</b>"},
    ]


def test_a_page_says_what_happened_what_was_lost_and_what_to_do(client: FlaskClient) -> None:
    answer = get(client, "/unusable", HTML)
    assert (answer.status_code, answer.mimetype) == (422, HTML)
    for words in ("Some of the input cannot be used", "Nothing was saved.", "minutes: must be a number"):
        assert words in answer.text
    assert "<b>too long" not in answer.text


@pytest.mark.parametrize("accept", [JSON, HTML])
def test_when_to_come_back_is_a_header(client: FlaskClient, accept: str) -> None:
    answer = get(client, "/busy", accept)
    assert (answer.status_code, answer.headers["Retry-After"], answer.headers["X-More"]) == (502, "7", "1")


@pytest.mark.parametrize("accept", [JSON, HTML])
@pytest.mark.parametrize("status", [400, 404, 405, 413, 415])
def test_what_the_framework_refuses_is_said_in_our_words(client: FlaskClient, accept: str, status: int) -> None:
    answer = get(client, f"/{status}", accept)
    assert answer.status_code == status
    assert "The browser (or proxy) sent a request" not in answer.text
    assert "Werkzeug" not in answer.text


@pytest.mark.parametrize("accept", [JSON, HTML])
def test_a_failure_of_ours_tells_nobody_what_it_was_about(
    client: FlaskClient, accept: str, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = get(client, "/bug", accept)
    written = capsys.readouterr()
    assert answer.status_code == 500
    for place in (answer.text, str(answer.headers), written.out, written.err):
        assert "Marisol" not in place
        assert "Traceback" not in place


def test_a_nul_in_an_address_is_refused_on_every_database(client: FlaskClient) -> None:
    assert [client.get(path).status_code for path in ("/a%00b", "/json?x=%00", "/json?x=0")] == [400, 400, 200]


def test_nothing_of_the_request_is_told_back(client: FlaskClient) -> None:
    answer = client.get("/404?name=canary", headers={"Accept": JSON, "X-Canary": "canary"})
    assert "canary" not in answer.text
