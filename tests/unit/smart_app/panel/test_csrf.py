"""The token that proves that a form came from the page of its own launch."""

from __future__ import annotations

import pytest
from flask import Flask

from smart_app.panel.csrf import check_csrf, csrf_token
from smart_app.problems import Problem

APP = Flask(__name__)
TOKEN = csrf_token("secret", "launch", "cookie")


def test_it_is_the_launch_s_the_browser_s_and_the_installation_s_own() -> None:
    others = {
        csrf_token("other", "launch", "cookie"),
        csrf_token("secret", "other", "cookie"),
        csrf_token("secret", "launch", "other"),
    }
    assert csrf_token("secret", "launch", "cookie") == TOKEN
    assert len(others | {TOKEN}) == 4


@pytest.mark.parametrize(
    "request_of",
    [{"headers": {"X-CSRF-Token": TOKEN}}, {"data": {"csrf_token": TOKEN}}],
    ids=["header", "field"],
)
def test_it_is_taken_from_a_header_or_a_field(request_of: dict[str, dict[str, str]]) -> None:
    with APP.test_request_context(method="POST", **request_of):
        check_csrf(TOKEN)


@pytest.mark.parametrize(
    "request_of",
    [
        {},
        {"headers": {"X-CSRF-Token": TOKEN[:-1]}},
        {"headers": {"X-CSRF-Token": TOKEN.upper()}},
        {"data": {"csrf_token": TOKEN + "0"}},
        {"data": {"csrf_token": "é"}},
        {"query_string": {"csrf_token": TOKEN}},
        {"headers": {"X-CSRF-Token": "wrong"}, "data": {"csrf_token": TOKEN}},
    ],
)
def test_anything_else_is_refused(request_of: dict[str, dict[str, str]]) -> None:
    with APP.test_request_context(method="POST", **request_of), pytest.raises(Problem) as refusal:
        check_csrf(TOKEN)
    assert (refusal.value.status, refusal.value.lost) == (403, "Nothing was saved.")
