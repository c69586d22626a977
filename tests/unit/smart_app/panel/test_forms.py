"""Reading what people send: times of day in the practice's zone, and text that any database and chart can hold."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smart_app.panel.forms import ManualEntry, read_manual_entry, read_reason, read_timer_action
from smart_app.problems import Problem

NOW = 1_795_532_400  # 24 November 2026, 15:00 UTC
NEW_YORK = ZoneInfo("America/New_York")
FORM = {"minutes": "5", "activity": "referral", "modality": "chart", "key": "k"}


def read(now: int = NOW, **fields: Any) -> ManualEntry:
    """A manual entry of these fields, the rest being valid."""
    return read_manual_entry({**FORM, **fields}, NEW_YORK, now)


def wrong(now: int = NOW, **fields: Any) -> set[str]:
    """The fields that are refused."""
    with pytest.raises(Problem) as refusal:
        read(now, **fields)
    assert refusal.value.status == 422
    return {error.field for error in refusal.value.errors}


@pytest.mark.parametrize(
    ("day", "time", "utc"),
    [
        ("2026-11-24", "09:30", "2026-11-24T14:30:00"),
        ("2026-07-01", "09:30", "2026-07-01T13:30:00"),
        ("2026-11-01", "01:30", "2026-11-01T05:30:00"),  # comes twice: the first is meant
        ("2026-03-08", "02:30", "2026-03-08T07:30:00"),  # never comes: the clock was put forward over it
        ("2026-11-24", "09:30:15", "2026-11-24T14:30:15"),
    ],
)
def test_a_time_of_day_is_the_practice_s(day: str, time: str, utc: str) -> None:
    expected = datetime.fromisoformat(utc).replace(tzinfo=UTC).timestamp()
    assert read(local_date=day, local_time=time).start == expected


@pytest.mark.parametrize(
    ("day", "time"),
    [("", ""), ("2026-11-24", ""), ("", "09:30"), ("24.11.2026", "09:30"), ("2026-11-24", "09:30Z"), (None, None)],
)
def test_a_day_or_time_that_is_none_is_refused(day: str | None, time: str | None) -> None:
    assert wrong(local_date=day, local_time=time) == {"start"}


def test_an_entry_lasts_as_long_as_was_said() -> None:
    entry = read(start="2026-11-24T09:30:00-05:00", minutes=12)
    assert (entry.start, entry.end - entry.start) == (NOW - 1800, 720)


def test_a_clock_that_is_a_minute_fast_is_forgiven() -> None:
    assert wrong(start="2026-11-24T10:01:01-05:00") >= {"start"}
    assert read(start="2026-11-24T09:56:00-05:00").end == NOW + 60
    assert wrong(start="2026-11-24T09:56:01-05:00") == {"minutes"}


@given(st.text(st.characters(codec=None), max_size=300))
def test_a_note_holds_whatever_a_person_wrote_and_no_control_characters(text: str) -> None:
    note = read(start="2026-11-24T09:30:00-05:00", note=text).note
    assert not [c for c in note if (ord(c) < 32 and c not in "\n\t\r") or ord(c) == 127 or 0xD800 <= ord(c) < 0xE000]
    assert note == note.strip()
    note.encode()
    again = read(start="2026-11-24T09:30:00-05:00", note=note).note
    assert again == note


@given(st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20), st.lists(st.integers())))
def test_no_value_of_any_field_does_anything_but_pass_or_be_named(value: Any) -> None:
    for field in ("start", "local_date", "minutes", "activity", "modality", "note", "key"):
        fields = {"start": "2026-11-24T09:30:00-05:00"} if field != "local_date" else {"local_time": "09:30"}
        named: set[str] = set()
        try:
            read(**{**fields, field: value})
        except Problem as problem:
            named = {error.field for error in problem.errors}
        assert named <= {field, "start"}


def test_a_press_on_the_timer_leaves_what_was_not_sent_as_it_is() -> None:
    action = read_timer_action({"action": "stop", "activity": "", "note": ""})
    assert (action.action, action.activity, action.modality, action.note) == ("stop", None, None, None)


@pytest.mark.parametrize("reason", [None, "", "  ", "\x00\x01", 5, ["x"]])
def test_a_reason_must_say_something(reason: Any) -> None:
    with pytest.raises(Problem) as refusal:
        read_reason({"reason": reason})
    assert [error.field for error in refusal.value.errors] == ["reason"]
