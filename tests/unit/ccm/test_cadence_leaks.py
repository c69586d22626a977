"""Leaks and the honest pace: each where it is, nowhere else, with somebody who is to mend it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ccm import cadence as cd
from ccm import follow_ups as fu
from ccm.assessment import Stay
from ccm.cadence import Leak, Situation
from ccm.records import Event
from tests.unit.ccm.cadence_support import BEN, CORA, DORA, EVA, RITA, assessment, planned, situation, touch, worked
from tests.unit.ccm.records_support import COORDINATOR, at, day

TRIES = tuple(touch(f"2026-10-{number:02d}T09:00") for number in (5, 9, 13))


def codes(seen: Situation) -> list[str]:
    return [leak.code for leak in cd.leaks(seen)]


def only(seen: Situation) -> Leak:
    (leak,) = cd.leaks(seen)
    return leak


def test_a_month_that_runs_well_has_no_leak() -> None:
    assert (
        cd.leaks(situation(count=20, entries=(worked(length=20),), touchpoints=(touch("2026-10-06T12:00", "reached"),)))
        == ()
    )
    assert cd.leaks(situation()) == ()


def test_outreach_is_unfinished_once_the_next_attempt_is_overdue() -> None:
    assert codes(situation("2026-10-09T10:00", touchpoints=TRIES[:1])) == []
    leak = only(situation("2026-10-10T10:00", touchpoints=TRIES[:1]))
    assert (leak.code, leak.text) == (
        "outreach_unfinished",
        "1 of 3 attempts made, no contact, and the next one is overdue.",
    )
    assert leak.owner == cd.Acting(CORA)
    assert (
        codes(situation("2026-10-10T10:00", touchpoints=(*TRIES[:1], planned("2026-10-20", "2026-10-06T09:00")))) == []
    )
    assert codes(situation("2026-11-02T10:00", touchpoints=TRIES[:1])) == ["outreach_unfinished"]
    assert codes(situation("2026-10-10T10:00", touchpoints=TRIES[:1], do_not_call=True)) == []


def test_an_invitation_without_an_answer_is_outreach_unfinished_too() -> None:
    invited: dict[str, Any] = {"status": "invited", "status_since": date(2026, 10, 6)}
    assert codes(situation("2026-10-13T10:00", **invited)) == []
    leak = only(situation("2026-10-14T10:00", **invited))
    assert (leak.code, leak.owner) == ("outreach_unfinished", cd.Acting(EVA))


def test_attempts_that_reached_nobody_are_a_leak_once_they_are_used_up() -> None:
    assert codes(situation(touchpoints=TRIES)) == ["attempts_without_contact"]
    assert codes(situation(touchpoints=TRIES, entries=(worked(),), count=18)) == []
    assert codes(situation(touchpoints=(*TRIES[:2], touch("2026-10-13T09:00", "reached")))) == []
    assert codes(situation(touchpoints=TRIES, status="withdrawn")) == []


@pytest.mark.parametrize(
    ("count", "today", "found"),
    [(15, 26, True), (19, 31, True), (14, 28, False), (20, 28, False), (17, 25, False)],
)
def test_fifteen_to_nineteen_minutes_are_a_leak_in_the_months_last_days(count: int, today: int, found: bool) -> None:
    seen = situation(f"2026-10-{today}T10:00", count, entries=(worked(),))
    assert ("near_threshold" in codes(seen)) == found


def test_a_month_near_its_threshold_is_told_what_care_to_look_for_and_not_to_find_minutes() -> None:
    leak = only(situation("2026-10-31T10:00", 19, entries=(worked(),)))
    assert leak.text == "19 of 20 minutes, the last day."
    assert "care" in leak.todo
    assert codes(situation("2026-11-01T10:00", 19, entries=(worked(),))) == []


def test_a_fixed_track_is_near_its_own_threshold_and_not_where_only_the_decision_is_missing() -> None:
    practitioner = assessment(19, (("policy__track", "practitioner"),))
    assert codes(situation("2026-10-30T10:00", assessment=practitioner, entries=(worked(),))) == []
    complex_track = (("policy__track", "complex"),)
    near, undecided = assessment(56, complex_track), assessment(86, complex_track)
    assert codes(situation("2026-10-30T10:00", assessment=near, entries=(worked(),))) == ["near_threshold"]
    assert codes(situation("2026-10-30T10:00", assessment=undecided, entries=(worked(),))) == []


def test_minutes_without_consent_go_to_who_enrols() -> None:
    without = assessment(12, (("enrolment__consent", None),))
    leak = only(situation(assessment=without, entries=(worked(),)))
    assert (leak.code, leak.text) == ("minutes_without_consent", "12 min of work without consent: it does not count.")
    assert leak.owner == cd.Acting(EVA)


def test_an_entry_is_not_in_the_chart_when_it_needs_attention_or_waits_too_long() -> None:
    stuck, waits = worked(status="attention"), worked("2026-10-14T08:30", 10, status="waiting")
    assert codes(situation("2026-10-14T09:40", entries=(waits,))) == []
    leak = only(situation("2026-10-14T09:41", entries=(stuck, waits)))
    assert (leak.text, leak.owner) == ("2 entries are not in the chart.", cd.Acting(DORA))


def follow_up(due_on: str) -> fu.FollowUpEvent:
    return Event(at("2026-10-01T09:00"), COORDINATOR, fu.FollowUpOpened("Send the refill", day(due_on), CORA, BEN))


def test_each_overdue_follow_up_is_a_leak_of_its_owner_or_of_the_backup() -> None:
    tasks = (follow_up("2026-10-13"), follow_up("2026-10-14"))
    leak = only(situation(follow_ups=tasks))
    assert (leak.text, leak.owner) == ("Overdue for 1 day: Send the refill", cd.Acting(CORA))
    away = only(situation(follow_ups=tasks, away=frozenset({CORA.ref})))
    assert away.owner == cd.Acting(BEN, instead_of=CORA)


def test_minutes_need_somebody_who_is_there_to_answer_for_the_month() -> None:
    work = (worked(),)
    assert codes(situation(coordinator=None, backup=None)) == []
    leak = only(situation(coordinator=None, backup=None, entries=work))
    assert (leak.code, leak.owner) == ("nobody_responsible", cd.Acting(RITA))
    assert codes(situation(entries=work, away=frozenset({CORA.ref}))) == []
    gone = only(situation(entries=work, away=frozenset({CORA.ref, BEN.ref, "Practitioner/other"})))
    assert gone.text == "Cora Coordinator is away, and nobody stands in."


def test_an_entry_is_late_when_recorded_more_than_48_hours_after_the_work() -> None:
    in_time = worked("2026-10-06T12:00", 18, recorded="2026-10-08T12:18")
    late = worked("2026-10-06T12:00", 18, recorded="2026-10-09T12:19")
    assert codes(situation(entries=(in_time,))) == []
    leak = only(situation(entries=(in_time, late)))
    assert leak.text == "1 entry is recorded more than 48 hours after the work, up to 3 days."
    assert codes(situation(entries=(replace(late, status="void"),))) == []


def test_after_the_hand_off_only_what_can_still_be_mended_is_a_leak() -> None:
    seen = situation(
        "2026-11-20T10:00",
        handed_off=True,
        touchpoints=TRIES,
        entries=(worked(status="attention", recorded="2026-11-18T10:00"),),
        follow_ups=(follow_up("2026-10-13"),),
    )
    assert codes(seen) == ["not_in_chart", "follow_up_overdue"]


@settings(deadline=None, max_examples=80)
@given(
    day_of_month=st.integers(1, 31),
    count=st.integers(0, 25),
    tries=st.integers(0, 3),
    away=st.frozensets(st.sampled_from((CORA.ref, BEN.ref, DORA.ref, RITA.ref))),
    coordinator=st.sampled_from((CORA, None)),
    status=st.sampled_from(("filed", "waiting", "attention")),
)
def test_every_leak_is_known_said_once_per_matter_and_has_somebody(
    *, day_of_month: int, count: int, tries: int, away: frozenset[str], coordinator: Any, status: str
) -> None:
    seen = situation(
        f"2026-10-{day_of_month:02d}T10:00",
        count,
        touchpoints=TRIES[:tries],
        entries=(worked(activity="documentation", status=status),) if count else (),
        follow_ups=(follow_up("2026-10-13"),),
        coordinator=coordinator,
        away=away,
    )
    found = cd.leaks(seen)
    assert [leak.code for leak in found] == sorted({leak.code for leak in found}, key=list(cd.LEAKS).index)
    assert all(leak.owner.person is not None and leak.text and leak.todo for leak in found)


def signs(seen: Situation) -> list[str]:
    return [leak.code for leak in cd.pace(seen)]


def test_a_discharge_without_contact_in_two_business_days_is_a_sign() -> None:
    friday = (Stay(day("2026-10-01"), day("2026-10-09")),)
    assert signs(situation("2026-10-14T23:00", stays=friday)) == []
    assert signs(situation("2026-10-15T00:00", stays=friday)) == ["discharge_without_contact"]
    in_time, late = touch("2026-10-14T09:00", "reached"), touch("2026-10-15T09:00", "reached")
    assert signs(situation("2026-10-20T10:00", stays=friday, touchpoints=(in_time,))) == []
    assert signs(situation("2026-10-20T10:00", stays=friday, touchpoints=(late,))) == ["discharge_without_contact"]
    assert signs(situation("2026-10-20T10:00", stays=(Stay(day("2026-09-20"), day("2026-09-29")),))) == []


def test_identical_notes_are_a_sign_whatever_their_capitals_and_blanks() -> None:
    first, second = (
        worked("2026-10-06T12:00", note="Monthly call  done"),
        worked("2026-10-07T12:00", note="monthly call done"),
    )
    assert signs(situation(entries=(first, second))) == ["identical_notes"]
    assert signs(situation(entries=(first, replace(second, status="void")))) == []
    assert signs(situation(entries=(worked(note=""), worked("2026-10-07T12:00", note=" ")))) == []


def test_more_than_half_of_the_work_in_the_last_five_days_is_a_sign() -> None:
    early, late = worked("2026-10-26T23:50", 20, "early"), worked("2026-10-27T12:00", 10, "late")
    assert signs(situation("2026-10-31T10:00", entries=(early, late))) == ["work_at_the_end"]
    half = replace(early, entry=replace(early.entry, start=early.entry.start - 600))
    assert (
        signs(
            situation(
                "2026-10-31T10:00", entries=(half, replace(late, entry=replace(late.entry, end=late.entry.end - 600)))
            )
        )
        == []
    )
    assert signs(situation("2026-10-31T10:00", entries=(late,))) == []
