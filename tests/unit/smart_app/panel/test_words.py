"""The panel's words for times, ages and amounts."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from smart_app.panel import words

NEW_YORK = ZoneInfo("America/New_York")


def at(text: str) -> int:
    """POSIX seconds of a UTC time."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


@pytest.mark.parametrize(
    ("start", "end", "said"),
    [
        ("2026-11-24T15:12:00", "2026-11-24T15:21:00", "24 Nov, 10:12–10:21"),
        ("2026-11-25T04:50:00", "2026-11-25T05:10:00", "24 Nov, 23:50–25 Nov, 00:10"),
        ("2026-11-01T05:30:00", "2026-11-01T06:30:00", "1 Nov, 01:30–01:30"),  # the hour that comes twice
        ("2026-03-08T06:59:00", "2026-03-08T07:01:00", "8 Mar, 01:59–03:01"),  # the hour that never comes
    ],
)
def test_when_work_was_done(start: str, end: str, said: str) -> None:
    assert words.when(at(start), at(end), NEW_YORK) == said


def test_an_instant_carries_the_offset_of_its_day() -> None:
    assert words.iso_local(at("2026-11-01T05:30:00"), NEW_YORK) == "2026-11-01T01:30:00-04:00"
    assert words.iso_local(at("2026-11-01T06:30:00"), NEW_YORK) == "2026-11-01T01:30:00-05:00"


@pytest.mark.parametrize(
    ("iso", "said"),
    [
        ("1941-07-29", "29 Jul 1941"),
        ("1941-07-29T10:00:00Z", "29 Jul 1941"),
        ("1941-07", "Jul 1941"),
        ("1941", "1941"),
        ("", ""),
        ("1941-13-01", ""),
        ("1941-xx", ""),
        ("soon", "soon"),
    ],
)
def test_a_day_as_exact_as_it_is_known(iso: str, said: str) -> None:
    assert words.day_words(iso) == said


@pytest.mark.parametrize(
    ("born", "age"),
    [("1954-11-24", 72), ("1954-11-25", 71), ("2026-11-24", 0), ("1954-11", None), ("1954", None), ("", None)],
)
def test_an_age_in_completed_years_where_the_day_is_known(born: str, age: int | None) -> None:
    assert words.age_on(born, date(2026, 11, 24)) == age


def test_who_was_born_on_the_29th_of_february_is_older_from_the_1st_of_march() -> None:
    assert [words.age_on("1940-02-29", day) for day in (date(2026, 2, 28), date(2026, 3, 1))] == [85, 86]


@pytest.mark.parametrize(
    ("start", "end", "said"),
    [
        ("2025-02-03", "2026-03-04", "3 Feb 2025 – 4 Mar 2026"),
        ("2025-02-03", "", "since 3 Feb 2025"),
        ("", "2026-03", "until Mar 2026"),
        ("", "", ""),
    ],
)
def test_a_period(start: str, end: str, said: str) -> None:
    assert words.period_words(start, end) == said


def test_minutes_are_counted_as_people_do() -> None:
    assert [words.minutes_words(number) for number in (0, 1, 20)] == ["0 minutes", "1 minute", "20 minutes"]
