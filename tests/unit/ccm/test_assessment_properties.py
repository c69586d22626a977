"""The product against the second-by-second oracle, and laws that hold for every care month."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from ccm.assessment.upcoming import next_unit
from ccm.tables import NATIONAL_TABLES, money
from tests.unit.ccm.cases import DOCTOR, NURSE, OTHER_NURSE, assessed, care_month, claim, lost, minutes, own
from tests.unit.ccm.oracle import judge

quick = settings(deadline=None, max_examples=60)

# Months with a clock change, and zones whose clocks change at midnight or by half an hour.
PLACES = (
    ("2026-03", "America/New_York", (8, 9)),
    ("2026-11", "America/New_York", (1, 2)),
    ("2026-04", "Africa/Cairo", (23, 24)),
    ("2026-10", "Africa/Cairo", (29, 30)),
    ("2026-04", "Australia/Lord_Howe", (4, 5)),
    ("2025-09", "America/Santiago", (6, 7)),
    ("2026-02", "Asia/Kathmandu", (27, 28)),
    ("2025-12", "Pacific/Kiritimati", (30, 31)),
)


@st.composite
def an_instant(draw: st.DrawFn, month: str, zone: str, around: tuple[int, ...]) -> datetime:
    """Near a midnight of one of the days, or of the month's first, where rules begin and end."""
    day = draw(st.sampled_from((1, *around)))
    midnight = datetime.fromisoformat(f"{month}-{day:02d}T00:00:00").replace(tzinfo=ZoneInfo(zone))
    return midnight.astimezone(UTC) + timedelta(seconds=draw(st.integers(-1500, 1500)))


@st.composite
def an_entry(draw: st.DrawFn, place: tuple[str, str, tuple[int, ...]], number: int) -> dict[str, Any]:
    start = draw(an_instant(*place))
    end = start + timedelta(seconds=draw(st.integers(1, 1300)))
    offset = ZoneInfo(place[1]) if draw(st.booleans()) and start.second % 2 else UTC
    who, kind = draw(
        st.sampled_from(
            [
                (NURSE, "staff"),
                (OTHER_NURSE, "staff"),
                (DOCTOR, "practitioner"),
                (DOCTOR, "staff"),
                ("x", "non_clinical"),
                ("x", "outside_us"),
            ]
        )
    )
    common = st.sampled_from(["patient_contact", "documentation", "referral", "voicemail"])
    return {
        "id": f"e{draw(st.integers(0, 9))}-{number}",
        "start": start.astimezone(offset).isoformat(),
        "end": end.isoformat(),
        "performer": who,
        "performer_class": kind,
        "activity": draw(common),
        "programme": draw(st.sampled_from(["ccm", "ccm", "ccm", "rpm"])),
        "separate_from_visit": draw(st.booleans()),
        "voided": draw(st.sampled_from([False, False, False, True])),
    }


@st.composite
def a_care_month(draw: st.DrawFn) -> dict[str, Any]:
    place = draw(st.sampled_from(PLACES))
    month, _, around = place
    days = [f"{month}-{day:02d}" for day in (1, *around)]
    a_day = st.sampled_from(days)
    maybe_day = st.none() | a_day
    stays = st.builds(lambda first, last: {"from": first, "to": last}, a_day, maybe_day)
    case = care_month(*[draw(an_entry(place, number)) for number in range(draw(st.integers(0, 6)))])
    case |= {"month": month, "timezone": place[1]}
    case["policy"] = {
        "track": draw(st.sampled_from(["best", "staff", "complex", "practitioner"])),
        "date_of_service": draw(st.sampled_from(["month_end", "threshold"])),
    }
    case["patient"]["deceased_on"] = draw(st.none() | a_day)
    enrolment = case["enrolment"]
    enrolment["initiating_visit_required"] = draw(st.booleans())
    enrolment["initiating_visit_on"] = draw(st.sampled_from(["2024-11-01", None, *days]))
    given = draw(st.sampled_from(["2024-12-01T00:00:00Z", "2024-12-01T00:00:00Z", "near", None]))
    enrolment["consent"]["given_at"] = draw(an_instant(*place)).isoformat() if given == "near" else given
    enrolment["consent"]["withdrawn_on"] = draw(st.sampled_from([None, None, None, "2024-12-31", days[0]]))
    case["facts"] = {
        "mdm": draw(st.sampled_from([None, "low", "moderate"])),
        "inpatient": draw(st.lists(stays, max_size=2)) if draw(st.booleans()) else [],
        "visits": [{"on": day} for day in draw(st.lists(a_day, max_size=2))],
    }
    return case


@quick
@given(a_care_month())
def test_every_second_is_judged_as_the_oracle_judges_it(case: dict[str, Any]) -> None:
    result, expected = assessed(case), judge(case)
    assert result["counted_seconds"] == expected["counted_seconds"]
    assert lost(result) == expected["excluded"]
    assert {name: track["minutes"] for name, track in result["tracks"].items()} == expected["minutes"]


@quick
@given(a_care_month())
def test_counted_and_excluded_seconds_are_the_entries_whole_length(case: dict[str, Any]) -> None:
    result = assessed(case)
    whole = sum(
        (datetime.fromisoformat(e["end"]) - datetime.fromisoformat(e["start"])).total_seconds() for e in case["entries"]
    )
    assert result["counted_seconds"] + sum(row["seconds"] for row in result["excluded"]) == whole


days = st.integers(1, 28)
lengths = st.integers(1, 75 * 60)
work = st.lists(st.tuples(days, lengths, st.booleans()), max_size=5, unique_by=lambda row: row[0])


def month_of_work(rows: list[tuple[int, int, bool]], **changes: Any) -> dict[str, Any]:
    made = [(own if mine else minutes)(seconds / 60, day) for day, seconds, mine in rows]
    return care_month(*made, **changes)


@quick
@given(work, st.sampled_from([None, "low", "high"]), st.sampled_from(["best", "staff", "complex", "practitioner"]))
def test_tracks_lines_amounts_and_days_are_the_oracles(
    rows: list[tuple[int, int, bool]], level: str | None, track: str
) -> None:
    case = month_of_work(rows, facts__mdm=level, policy={"track": track, "date_of_service": "threshold"})
    result, expected = assessed(case), judge(case)
    seen = {"track": result["track"], "claim": claim(result), "amount": result["amount"]}
    assert seen == {name: expected[name] for name in seen}
    assert result["date_of_service"] == expected["date_of_service"]


@quick
@given(work, days, lengths)
def test_more_work_never_earns_less(rows: list[tuple[int, int, bool]], day: int, seconds: int) -> None:
    before = assessed(month_of_work(rows, facts__mdm="high"))
    more = [*rows, (day, seconds, False)]
    after = assessed(care_month(*month_of_work(more)["entries"], facts__mdm="high"))
    assert after["counted_seconds"] >= before["counted_seconds"]
    assert float(after["amount"]) >= float(before["amount"])


@quick
@given(work, st.randoms(use_true_random=False))
def test_the_order_of_entries_changes_nothing(rows: list[tuple[int, int, bool]], shuffler: Any) -> None:
    case = month_of_work(rows)
    before = assessed(case)
    shuffler.shuffle(case["entries"])
    after = assessed(case)
    assert lost(after) == lost(before)
    assert {**after, "excluded": []} == {**before, "excluded": []}


@quick
@given(st.sampled_from([rule for table in NATIONAL_TABLES for rule in table.tracks]), st.integers(0, 1500))
def test_the_next_unit_is_earned_by_just_the_minutes_it_names(rule: Any, worked: int) -> None:
    upcoming = next_unit(rule, worked)
    if upcoming is None:
        assert rule.further_units(worked) == rule.further.most
        return
    reached = worked + upcoming.minutes_needed
    earns = [m >= rule.base.minutes and (1 + rule.further_units(m)) for m in (worked, reached - 1, reached)]
    assert int(earns[0]) == int(earns[1]) == int(earns[2]) - 1


@given(st.integers(0, 10**7))
def test_money_has_two_places_and_loses_no_cent(cents: int) -> None:
    dollars, rest = money(cents).split(".")
    assert len(rest) == 2
    assert int(dollars) * 100 + int(rest) == cents
