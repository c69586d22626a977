"""Single fields: what each takes, and that what it does not take is named and never raises."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from werkzeug.datastructures import MultiDict

from ccm.months import Month
from smart_app.panel.fields import TEXT_LENGTH, FieldReader
from smart_app.problems import Problem

ZONE = ZoneInfo("America/New_York")
NOW = 1795532400  # 2026-11-24 10:00 in New York


def reader(**fields: Any) -> FieldReader:
    return FieldReader(fields, ZONE, NOW)


def refused(read: FieldReader) -> list[str]:
    """The fields that were refused."""
    try:
        read.check()
    except Problem as problem:
        return [error.field for error in problem.errors]
    return []


@pytest.mark.parametrize(
    ("sent", "seconds"),
    [
        ("2026-11-02T09:00:00-05:00", 1793628000),
        ("2026-11-02T09:00", 1793628000),
        ("2026-11-02T14:00:00.25Z", 1793628000),
        ("2026-11-01T01:30", 1793511000),  # twice that night: the first
        ("", NOW),
        (None, NOW),
    ],
)
def test_a_time_has_its_zone_or_the_practices(sent: str | None, seconds: int) -> None:
    read = reader(at=sent)
    assert read.instant_or_now("at") == seconds
    assert refused(read) == []


@pytest.mark.parametrize("sent", ["yesterday", "2026-11-02", "2026-13-02T09:00", "9999-99-99T99:99Z", 7, ["x"], True])
def test_what_is_no_time_is_refused(sent: object) -> None:
    read = reader(at=sent)
    assert read.instant_or_now("at") == NOW
    assert refused(read) == ["at"]


@pytest.mark.parametrize(
    "read_it",
    [
        lambda read: read.text("x"),
        lambda read: read.choice("x", ["a"]),
        lambda read: read.many("x", ["a"]),
        lambda read: read.flag("x"),
        lambda read: read.number("x"),
        lambda read: read.day("x"),
        lambda read: read.month("x"),
    ],
)
@pytest.mark.parametrize("sent", [{"a": 1}, 1.5, -1, 10**12, float("nan"), [1], [["a"]], "\ud800x"])
def test_whatever_is_sent_is_read_or_refused(read_it: Callable[[FieldReader], object], sent: object) -> None:
    read = reader(x=sent)
    read_it(read)
    assert set(refused(read)) <= {"x"}


def test_text_loses_control_characters_and_keeps_its_lines() -> None:
    assert reader(x=" a\x00b\r\nc\u202e\ud800 ").text("x") == "ab\nc\u202e"


def test_text_past_its_length_is_refused() -> None:
    read = reader(x="x" * (TEXT_LENGTH + 1))
    read.text("x")
    assert refused(read) == ["x"]


def test_checkboxes_of_one_name_and_a_list_are_the_same() -> None:
    form = FieldReader(MultiDict([("x", "a"), ("x", "b")]), ZONE, NOW)
    assert form.many("x", "abc") == reader(x=["b", "a"]).many("x", "abc") == frozenset("ab")
    assert reader().many("x", "abc") == frozenset()


@pytest.mark.parametrize(("sent", "meant"), [(True, True), ("yes", True), ("on", True), ("no", False), (False, False)])
def test_yes_and_no_come_from_forms_and_json(sent: object, meant: bool) -> None:
    read = reader(x=sent)
    assert read.flag("x", required=True) is meant
    assert refused(read) == []


@pytest.mark.parametrize("sent", [None, "", "perhaps", 1])
def test_an_answer_that_is_required_is_not_guessed(sent: object) -> None:
    read = reader(x=sent)
    read.flag("x", required=True)
    assert refused(read) == ["x"]


def test_days_and_months_left_out_are_the_practices_own() -> None:
    read = reader()
    assert (read.day_or_today("x"), read.month("y")) == (date(2026, 11, 24), Month(2026, 11))
    assert read.day("x") is None
