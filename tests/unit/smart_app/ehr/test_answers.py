from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from smart_app.ehr.answers import Reply, error_of, read_object, wait_of
from smart_app.ehr.errors import (
    EhrBusy,
    EhrError,
    EhrFatal,
    EhrRefused,
    EhrRubbish,
    EhrServerError,
    EhrTemporary,
    EhrTimeout,
)

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7),
        (" 0 ", 0),
        ("999999", 3600),
        ("99999999999999999999", None),
        ("Tue, 24 Nov 2026 12:02:00 GMT", 120),
        ("Tue, 24 Nov 2026 11:00:00 GMT", 0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 3600),
        ("-5", None),
        ("soon", None),
        ("", None),
    ],
)
def test_retry_after_is_read_as_seconds_or_date_and_bounded(header: str, seconds: float | None) -> None:
    assert wait_of(header, NOW) == seconds


@pytest.mark.parametrize(
    ("status", "kind", "unknown"),
    [
        (400, EhrRefused, False),
        (401, EhrRefused, False),
        (403, EhrRefused, False),
        (409, EhrRefused, False),
        (412, EhrRefused, False),
        (422, EhrRefused, False),
        (408, EhrTimeout, True),
        (429, EhrBusy, False),
        (503, EhrBusy, True),
        (500, EhrServerError, True),
        (504, EhrServerError, True),
    ],
)
def test_a_status_says_whether_to_try_again_and_whether_it_may_have_been_done(
    status: int, kind: type[EhrError], unknown: bool
) -> None:
    error = error_of(status, {})
    assert type(error) is kind
    assert error.outcome_unknown is unknown
    assert isinstance(error, EhrFatal if kind is EhrRefused else EhrTemporary)


def test_a_refusal_keeps_the_words_of_the_outcome_out_of_its_own_text() -> None:
    outcome = {"resourceType": "OperationOutcome", "issue": [{"code": "invalid", "details": {"text": "canary"}}]}
    error = error_of(422, {}, json.dumps(outcome).encode())
    assert isinstance(error, EhrRefused)
    assert error.detail == "invalid: canary"
    assert "canary" not in f"{error} {error!r}"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>Sign in</html>",
        b'{"resourceType": "Pat',
        b"[]",
        b'"text"',
        b"null",
        b"\xff\xfe\x00",
        b"[" * 100_000,
        b'{"n": ' + b"1" * 5000 + b"}",
    ],
)
def test_an_answer_that_is_no_json_object_is_rubbish(body: bytes) -> None:
    with pytest.raises(EhrRubbish):
        read_object(body)


def test_harmless_faults_of_json_are_read_past() -> None:
    assert read_object(b'\xef\xbb\xbf{"a": 1, "a": 2, "n": NaN, "i": -Infinity}') == {"a": 2, "n": None, "i": None}


def test_text_that_no_database_keeps_is_replaced_and_all_other_text_stays() -> None:
    body = rb'{"a": "x\u0000y", "b": ["\ud800", "\ud83d\ude00", "\\ud800"]}'
    assert read_object(body) == {"a": "x\ufffdy", "b": ["\ufffd", "\U0001f600", "\\ud800"]}


def test_a_reply_shows_neither_its_body_nor_its_address() -> None:
    reply = Reply(200, {"X": "canary"}, b"canary", "https://ehr.example/Patient?name=canary")
    assert "canary" not in repr(reply)
