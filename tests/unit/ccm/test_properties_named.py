"""The laws of a care month, each by the name that the rules give it, in eight zones at both month ends."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.ccm.cases import DOCTOR, NURSE, OTHER_NURSE, assessed, care_month, claim, codes, minutes, own

quick = settings(deadline=None, max_examples=40)

# Zone, month, the month after, and the night in which the clocks change (the first of the month where none do).
PLACES = (
    ("America/New_York", "2026-11", "2026-12", 1),
    ("Europe/Berlin", "2026-03", "2026-04", 29),
    ("Asia/Kathmandu", "2026-04", "2026-05", 1),
    ("Australia/Lord_Howe", "2026-04", "2026-05", 5),
    ("America/St_Johns", "2026-03", "2026-04", 8),
    ("Pacific/Apia", "2026-06", "2026-07", 1),
    ("Africa/Casablanca", "2026-02", "2026-03", 15),
    ("America/Sao_Paulo", "2026-10", "2026-11", 1),
)
EARLY_CONSENT = {"enrolment__consent__given_at": "2025-01-02T10:00:00Z", "enrolment__initiating_visit_required": False}
Place = tuple[str, str, str, int]


def local(month: str, day: int, zone: str) -> datetime:
    """The first instant of a local day that has a midnight."""
    return datetime.fromisoformat(f"{month}-{day:02d}T00:00:00").replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


@st.composite
def entries_near_the_edges(draw: st.DrawFn, place: Place) -> list[dict[str, Any]]:
    """Work around both month ends and in the night of a clock change, often of two people at once."""
    zone, month, after, night = place
    edges = [local(month, 1, zone), local(month, night, zone) + timedelta(hours=2), local(after, 1, zone)]
    made = []
    for number in range(draw(st.integers(1, 5))):
        start = draw(st.sampled_from(edges)) + timedelta(seconds=draw(st.integers(-3000, 3000)))
        who = draw(st.sampled_from([(NURSE, "staff"), (OTHER_NURSE, "staff"), (DOCTOR, "practitioner")]))
        made.append(
            {
                "id": f"e{number}",
                "start": start.isoformat(),
                "end": (start + timedelta(seconds=draw(st.integers(1, 4000)))).isoformat(),
                "performer": who[0],
                "performer_class": who[1],
                "activity": "patient_contact",
            }
        )
    return made


def length(entry: dict[str, Any]) -> int:
    span = datetime.fromisoformat(entry["end"]) - datetime.fromisoformat(entry["start"])
    return round(span.total_seconds())


def of_month(entries: list[dict[str, Any]], place: Place, month: str, **changes: Any) -> dict[str, Any]:
    return assessed(care_month(*entries, month=month, timezone=place[0], **(EARLY_CONSENT | changes)))


def span_of(entries: list[dict[str, Any]]) -> set[int]:
    """The POSIX seconds of entries, one by one: the union."""
    instants = [(datetime.fromisoformat(e["start"]), datetime.fromisoformat(e["end"])) for e in entries]
    return {second for start, end in instants for second in range(int(start.timestamp()), int(end.timestamp()))}


@pytest.mark.parametrize("place", PLACES, ids=[place[0] for place in PLACES])
@settings(deadline=None, max_examples=12)
@given(data=st.data())
def test_in_eight_zones_the_month_counts_the_union_of_its_own_seconds(place: Place, data: st.DataObject) -> None:
    entries = data.draw(entries_near_the_edges(place))
    zone, month, after, _ = place
    inside = range(int(local(month, 1, zone).timestamp()), int(local(after, 1, zone).timestamp()))
    result = of_month(entries, place, month)
    assert result["counted_seconds"] == sum(second in inside for second in span_of(entries))
    assert result["counted_seconds"] <= sum(length(entry) for entry in entries)
    assert result["counted_seconds"] + sum(row["seconds"] for row in result["excluded"]) == sum(map(length, entries))


@pytest.mark.parametrize("place", PLACES, ids=[place[0] for place in PLACES])
@settings(deadline=None, max_examples=12)
@given(data=st.data())
def test_a_month_and_its_neighbour_never_share_a_second(place: Place, data: st.DataObject) -> None:
    entries = data.draw(entries_near_the_edges(place))
    whole = span_of(entries)
    ends = local(place[2], 1, place[0]).timestamp()
    begins = local(place[1], 1, place[0]).timestamp()
    this, following = (of_month(entries, place, month)["counted_seconds"] for month in place[1:3])
    assert this + following == sum(second >= begins for second in whole)
    assert following == sum(second >= ends for second in whole)


a_place = st.sampled_from(PLACES)


@quick
@given(a_place.flatmap(lambda place: st.tuples(st.just(place), entries_near_the_edges(place))), st.randoms())
def test_the_order_of_overlapping_entries_does_not_matter(
    made: tuple[Place, list[dict[str, Any]]], shuffler: Any
) -> None:
    place, entries = made
    shuffled = list(entries)
    shuffler.shuffle(shuffled)
    before, after = (of_month(rows, place, place[1]) for rows in (entries, shuffled))
    by_entry = [sorted(map(str, result.pop("excluded"))) for result in (before, after)]
    assert (before, by_entry[0]) == (after, by_entry[1])


@quick
@given(a_place.flatmap(lambda place: st.tuples(st.just(place), entries_near_the_edges(place))))
def test_adding_counted_time_never_lowers_the_minutes_of_any_track(made: tuple[Place, list[dict[str, Any]]]) -> None:
    place, entries = made
    fewer = of_month(entries[:-1], place, place[1])["tracks"]
    more = of_month(entries, place, place[1])["tracks"]
    assert all(more[name]["minutes"] >= fewer[name]["minutes"] for name in fewer)


@quick
@given(a_place.flatmap(lambda place: st.tuples(st.just(place), entries_near_the_edges(place))))
def test_voiding_an_entry_undoes_it(made: tuple[Place, list[dict[str, Any]]]) -> None:
    place, entries = made
    without = of_month(entries[:-1], place, place[1])
    voided = of_month([*entries[:-1], entries[-1] | {"voided": True}], place, place[1])
    rows = [row for row in voided["excluded"] if row["entry"] == entries[-1]["id"]]
    assert rows == [{"entry": entries[-1]["id"], "seconds": length(entries[-1]), "reason": "voided"}]
    rest = [row for row in voided["excluded"] if row not in rows]
    assert {**voided, "excluded": rest} == without


THRESHOLDS = {"99490": 20, "99439": 20, "99487": 60, "99489": 30, "99491": 30, "99437": 30}
CAPS = {"99490": 1, "99439": 2, "99487": 1, "99489": 10, "99491": 1, "99437": 2}
worked = st.integers(1, 480 * 60)


@quick
@given(
    worked,
    st.booleans(),
    st.sampled_from([None, "low", "moderate", "high"]),
    st.sampled_from(["best", "staff", "complex", "practitioner"]),
    st.sampled_from(["2025", "2026"]),
)
def test_no_code_stands_below_its_threshold_and_caps_hold(
    seconds: int, mine: bool, level: str | None, track: str, year: str
) -> None:
    work = (own if mine else minutes)(seconds / 60)
    work = {name: value.replace("2026-", f"{year}-") for name, value in work.items()}
    changes = {"month": f"{year}-10", "facts__mdm": level, "policy": {"track": track}} | EARLY_CONSENT
    billed = claim(assessed(care_month(work, **changes)))
    assert all(units <= CAPS[code] for code, units in billed.items())
    assert sum(THRESHOLDS[code] * units for code, units in billed.items()) * 60 <= seconds
    assert not ({"99487", "99489"} & billed.keys() and level not in ("moderate", "high"))


def test_a_second_works_for_one_programme_only() -> None:
    for programme in ("pcm", "bhi", "rpm", "tcm", "em"):
        result = assessed(care_month(minutes(20, programme=programme)))
        assert (result["counted_seconds"], result["lines"]) == (0, [])
        assert [row["reason"] for row in result["excluded"]] == ["other_programme"]


def test_the_practitioners_own_time_counts_for_staff_and_complex_alike() -> None:
    tracks = assessed(care_month(own(60), facts__mdm="high"))["tracks"]
    assert {name: track["minutes"] for name, track in tracks.items()} == {
        "staff": 60,
        "complex": 60,
        "practitioner": 60,
    }


def test_one_track_is_billed_per_patient_and_month() -> None:
    for level in (None, "high"):
        result = assessed(care_month(own(120), facts__mdm=level))
        families = {code: code in ("99487", "99489") for code in claim(result)}
        assert len(set(families.values())) == 1
        assert {line["code"] for line in result["lines"]} == {
            line["code"] for line in result["tracks"][result["track"]]["lines"]
        }


def test_a_withdrawal_bars_later_months_and_not_its_own() -> None:
    withdrawn = {"enrolment__status": "withdrawn", "enrolment__consent__withdrawn_on": "2026-10-31"}
    assert assessed(care_month(minutes(20), **withdrawn))["ready"]
    november = {"month": "2026-11"} | withdrawn
    later = assessed(care_month(minutes(20), **november))
    assert {"not_enrolled", "consent_withdrawn"} <= set(codes(later["blockers"]))
