"""Mistakes found in other products of this kind, each as a case that it would fail."""

from __future__ import annotations

import pytest

from tests.unit.ccm.cases import OTHER_NURSE, assessed, care_month, claim, codes, entry, lost, minutes, own, reasons


def test_thirty_seconds_are_not_rounded_up_to_a_minute() -> None:
    result = assessed(care_month(minutes(19.5)))
    assert result["tracks"]["staff"]["minutes"] == 19
    assert result["lines"] == []


def test_one_second_short_of_twenty_minutes_earns_nothing() -> None:
    case = care_month(entry("2026-10-06T12:00:00-04:00", 20 * 60 - 1))
    assert assessed(case)["next"] == {"code": "99490", "minutes_needed": 1, "text": "1 more minute reaches 99490"}
    assert claim(assessed(care_month(minutes(20)))) == {"99490": 1}


def test_seconds_are_summed_before_they_are_floored() -> None:
    result = assessed(care_month(*[minutes(2.5, day) for day in range(5, 13)]))
    assert result["tracks"]["staff"]["minutes"] == 20


@pytest.mark.parametrize(
    ("worked", "units"), [(39, 0), (40, 1), (59, 1), (60, 2), (79, 2), (80, 2), (100, 2), (1400, 2)]
)
def test_99439_is_capped_at_two(worked: int, units: int) -> None:
    result = assessed(care_month(minutes(worked)))
    assert claim(result) == {"99490": 1} | ({"99439": units} if units else {})
    assert (result["next"] is None) == (units == 2)


def test_time_of_another_month_does_not_count() -> None:
    result = assessed(
        care_month(minutes(15), entry("2026-09-30T12:00:00-04:00", 600), entry("2026-11-01T12:00:00-05:00", 600))
    )
    assert result["counted_seconds"] == 15 * 60
    assert reasons(result) == {"outside_month": 1200}


def test_an_entry_over_the_months_end_is_split_at_local_midnight() -> None:
    over = entry("2026-10-31T23:50:00-04:00", 1800)
    assert assessed(care_month(over))["counted_seconds"] == 600
    assert assessed(care_month(over, month="2026-11"))["counted_seconds"] == 1200


def test_two_staff_members_at_the_same_time_count_once() -> None:
    result = assessed(care_month(minutes(15, id="a"), minutes(15, id="b", performer=OTHER_NURSE)))
    assert result["counted_seconds"] == 15 * 60
    assert lost(result) == {("b", "overlap"): 900}


def test_of_two_entries_the_earlier_started_keeps_the_second() -> None:
    early = entry("2026-10-06T12:00:00-04:00", 600, id="z")
    late = entry("2026-10-06T12:05:00-04:00", 600, id="a")
    assert lost(assessed(care_month(late, early))) == {("a", "overlap"): 300}


def test_an_excluded_entry_takes_no_second_from_another() -> None:
    case = care_month(minutes(20, id="a", voided=True), minutes(20, id="b"))
    assert lost(assessed(case)) == {("a", "voided"): 1200}


def test_time_without_consent_does_not_count() -> None:
    result = assessed(care_month(minutes(30), enrolment__consent=None))
    assert result["counted_seconds"] == 0
    assert reasons(result) == {"before_consent": 1800}
    assert "consent_missing" in codes(result["blockers"])


def test_time_before_the_consent_does_not_count_to_the_second() -> None:
    result = assessed(care_month(minutes(30), enrolment__consent__given_at="2026-10-06T12:10:01-04:00"))
    assert reasons(result) == {"before_consent": 601}
    assert result["counted_seconds"] == 1199
    assert codes(result["blockers"]) == ["below_threshold"]


def test_consent_is_not_renewed_every_year() -> None:
    case = care_month(
        minutes(20),
        enrolment__consent__given_at="2019-01-15T09:00:00-05:00",
        enrolment__initiating_visit_on="2018-12-01",
    )
    assert assessed(case)["ready"]


def test_99439_is_never_billed_with_99487() -> None:
    fixed = {"policy": {"track": "complex"}, "facts__mdm": "moderate"}
    assert claim(assessed(care_month(minutes(89), **fixed))) == {"99487": 1}
    assert claim(assessed(care_month(minutes(89), facts__mdm="moderate"))) == {"99490": 1, "99439": 2}
    assert claim(assessed(care_month(minutes(90), facts__mdm="high"))) == {"99487": 1, "99489": 1}


def test_99487_needs_decision_making_and_not_a_third_condition() -> None:
    assert assessed(care_month(minutes(60), facts__mdm="moderate"))["ready"]
    assert claim(assessed(care_month(minutes(60), facts__mdm="low"))) == {"99490": 1, "99439": 2}


@pytest.mark.parametrize(("worked", "units"), [(59, 0), (60, 1), (89, 1), (90, 2), (300, 2)])
def test_99437_is_thirty_minutes_and_capped_at_two(worked: int, units: int) -> None:
    result = assessed(care_month(own(worked), policy={"track": "practitioner"}))
    assert claim(result) == {"99491": 1} | ({"99437": units} if units else {})


def test_one_month_is_not_billed_by_two_practices() -> None:
    result = assessed(care_month(minutes(20), facts__billed_elsewhere=True))
    assert codes(result["blockers"]) == ["billed_elsewhere"]
    assert not result["ready"]
    assert result["lines"]


def test_staff_time_never_enters_the_practitioners_own_track() -> None:
    result = assessed(care_month(minutes(40), own(29), own(30, 8, performer="Practitioner/another-doctor")))
    assert result["tracks"]["practitioner"]["minutes"] == 29
    assert result["tracks"]["staff"]["minutes"] == 99


def test_the_practitioners_own_track_keeps_time_that_staff_share() -> None:
    result = assessed(care_month(minutes(30, 7, id="a"), own(30, 7, id="b")))
    assert lost(result) == {("b", "overlap"): 1800}
    assert result["tracks"]["practitioner"]["minutes"] == 30
    assert result["track"] == "practitioner"


def test_nobodys_time_is_taken_twice_on_the_day_the_clocks_go_back() -> None:
    # 1 November 2026, New York: 01:30 comes twice, an hour apart.
    first = entry("2026-11-01T01:30:00-04:00", 600, id="a")
    second = entry("2026-11-01T01:30:00-05:00", 600, id="b")
    result = assessed(care_month(first, second, month="2026-11"))
    assert result["counted_seconds"] == 1200
    assert result["excluded"] == []
