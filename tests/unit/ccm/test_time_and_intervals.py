"""Intervals, months in their zones, instants, and the NPI's check digit."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ccm.instants import parse_instant
from ccm.intervals import Interval, nth_second, subtract, total, union
from ccm.months import Month, local_day, local_month, month_of, parse_month
from ccm.npi import npi_is_valid

spans = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), max_size=6)


def seconds(intervals: list[Interval]) -> set[int]:
    return {second for start, end in intervals for second in range(start, end)}


@settings(deadline=None)
@given(spans)
def test_a_union_holds_the_same_seconds_sorted_and_apart(intervals: list[Interval]) -> None:
    merged = union(intervals)
    assert seconds(merged) == seconds(intervals)
    assert all(start < end for start, end in merged)
    assert all(before[1] < after[0] for before, after in pairwise(merged))
    assert total(merged) == len(seconds(intervals))


@settings(deadline=None)
@given(spans, spans)
def test_a_difference_holds_the_seconds_that_are_not_in_the_holes(kept: list[Interval], holes: list[Interval]) -> None:
    assert seconds(list(subtract(union(kept), union(holes)))) == seconds(kept) - seconds(holes)


@settings(deadline=None)
@given(spans)
def test_the_nth_second_counts_from_one(intervals: list[Interval]) -> None:
    merged = union(intervals)
    found = [nth_second(merged, n + 1) for n in range(total(merged))]
    assert found == sorted(seconds(intervals))
    for missing in (0, total(merged) + 1):
        with pytest.raises(ValueError, match="fewer"):
            nth_second(merged, missing)


@pytest.mark.parametrize(
    ("month", "zone", "hours"),
    [
        (Month(2026, 10), "America/New_York", 31 * 24),
        (Month(2026, 11), "America/New_York", 30 * 24 + 1),
        (Month(2026, 3), "America/New_York", 31 * 24 - 1),
        (Month(2026, 4), "Australia/Lord_Howe", 30 * 24 + 0.5),
        (Month(2026, 4), "Africa/Cairo", 30 * 24 - 1),
        (Month(2026, 2), "Asia/Kathmandu", 28 * 24),
    ],
)
def test_a_month_is_as_long_as_its_zone_makes_it(month: Month, zone: str, hours: float) -> None:
    start, end = local_month(month, ZoneInfo(zone)).interval
    assert end - start == hours * 3600


@pytest.mark.parametrize("zone", ["Africa/Cairo", "America/Santiago", "America/Havana", "Asia/Beirut", "UTC"])
@pytest.mark.parametrize("year", [2025, 2026])
def test_every_day_begins_at_its_first_second_even_without_a_midnight(zone: str, year: int) -> None:
    place = ZoneInfo(zone)
    for number in range(1, 13):
        month = local_month(Month(year, number), place)
        for index, start in enumerate(month.day_starts[:-1]):
            day = date(year, number, index + 1)
            assert (local_day(start, place), month.day_of(start)) == (day, day)
            assert local_day(start - 1, place) < day


def test_days_outside_the_month_are_clipped_to_its_ends() -> None:
    month = local_month(Month(2026, 10), ZoneInfo("America/New_York"))
    start, end = month.interval
    assert (month.start_of(date.min), month.end_of(date.min)) == (start, start)
    assert (month.start_of(date.max), month.end_of(date.max)) == (end, end)
    assert month.end_of(date(2026, 10, 6)) == month.start_of(date(2026, 10, 7))
    with pytest.raises(ValueError, match="day"):
        month.day_of(start - 1)
    with pytest.raises(ValueError, match="day"):
        month.day_of(end)


def test_months_are_read_written_and_follow_each_other() -> None:
    assert str(parse_month("2026-09")) == "2026-09"
    assert parse_month("2025-12").next() == Month(2026, 1) > Month(2025, 12)
    assert month_of(parse_instant("2026-11-01T03:59:59Z"), ZoneInfo("America/New_York")) == Month(2026, 10)
    with pytest.raises(OverflowError):
        local_month(Month(9999, 12), ZoneInfo("UTC"))


@given(st.integers(-30_000_000_000, 32_000_000_000))
def test_an_instant_reads_back_whatever_its_offset(second: int) -> None:
    for offset in (0, -4, 14):
        zone = timezone(timedelta(hours=offset))
        assert parse_instant(datetime.fromtimestamp(second, zone).isoformat()) == second


@pytest.mark.parametrize("npi", ["1234567893", "1245319599", "1003000126"])
def test_an_npi_with_its_check_digit_is_valid(npi: str) -> None:
    assert npi_is_valid(npi)
    assert not npi_is_valid(npi[:-1] + str((int(npi[-1]) + 1) % 10))


@pytest.mark.parametrize("npi", ["", "123456789", "12345678930", "123456789x", "１２３４５６７８９３", " 1234567893"])
def test_what_is_not_ten_digits_is_no_npi(npi: str) -> None:
    assert not npi_is_valid(npi)
