"""The cookies: closed to scripts, to plain HTTP and to every other launch, and allowed in the EHR's frame."""

from __future__ import annotations

import pytest
from flask import Flask
from werkzeug.wrappers import Response

from smart_app.cookies import browser_secret, drop_launch_cookie, set_browser_cookie, set_launch_cookie

APP = Flask(__name__)


def parts(response: Response) -> dict[str, str]:
    """The attributes of the only cookie that a response sets, names in lower case."""
    (cookie,) = response.headers.getlist("Set-Cookie")
    pairs = (part.strip().partition("=") for part in cookie.split(";"))
    return {name.lower() if number else name: value for number, (name, _, value) in enumerate(pairs)}


def test_every_cookie_may_be_sent_in_a_foreign_frame_and_be_read_by_no_script() -> None:
    browser, launch, dropped = Response(), Response(), Response()
    set_browser_cookie(browser, "secret", 60)
    set_launch_cookie(launch, "abc", "secret", 60)
    drop_launch_cookie(dropped, "abc")
    for response in (browser, launch, dropped):
        attributes = parts(response)
        assert {"secure", "httponly", "partitioned"} <= attributes.keys()
        assert attributes["samesite"] == "None"
        assert "domain" not in attributes


def test_a_launch_s_cookie_is_for_that_launch() -> None:
    launch, dropped = Response(), Response()
    set_launch_cookie(launch, "abc", "secret", 3600)
    drop_launch_cookie(dropped, "abc")
    assert (parts(launch)["path"], parts(launch)["max-age"], parts(launch)["ccm_launch"]) == (
        "/p/abc/",
        "3600",
        "secret",
    )
    assert (parts(dropped)["path"], parts(dropped)["max-age"], parts(dropped)["ccm_launch"]) == ("/p/abc/", "0", "")


def test_a_browser_keeps_its_secret_and_gets_a_fresh_one_for_anything_odd() -> None:
    kept = "k" * 43
    with APP.test_request_context(headers={"Cookie": f"ccm_browser={kept}"}):
        assert browser_secret() == kept
    fresh = set()
    for odd in ("", "short", "k" * 44):
        with APP.test_request_context(headers={"Cookie": f"ccm_browser={odd}"}):
            fresh.add(browser_secret())
    assert len(fresh) == 3
    assert {len(secret) for secret in fresh} == {43}


@pytest.mark.parametrize("launch_id", ["A-b_9", "x" * 24])
def test_a_path_ends_with_a_slash_so_that_no_other_launch_begins_with_it(launch_id: str) -> None:
    response = Response()
    set_launch_cookie(response, launch_id, "secret", 1)
    assert parts(response)["path"] == f"/p/{launch_id}/"
