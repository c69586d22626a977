"""The pace of the month: stages, what is due, who acts, caseloads and business days."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ccm import cadence as cd
from ccm import setup as su
from ccm.assessment import Stay
from ccm.cadence import absences
from ccm.records import Person, Struck
from ccm.touchpoints import TouchpointEvent
from tests.unit.ccm.cadence_support import BEN, CORA, SETUP, assessment, planned, situation, touch, worked
from tests.unit.ccm.records_support import ADMIN, COORDINATOR, LEAD, NURSE, OCTOBER, ZONE, Recorder, day


def test_a_month_goes_through_its_stages() -> None:
    tried, reached = touch("2026-10-05T09:00"), touch("2026-10-06T12:00", "reached")
    good, poor = worked(length=20), worked(length=20, note="ok")
    assert cd.stage(situation()) == "due"
    assert cd.stage(situation(touchpoints=(tried,))) == "attempted"
    assert cd.stage(situation(touchpoints=(tried, reached), count=19)) == "engaged"
    assert cd.stage(situation(touchpoints=(reached,), count=20, entries=(poor,))) == "threshold_met"
    blocked = assessment(20, (("enrolment__care_plan__copy_given_on", None),))
    assert cd.stage(situation(assessment=blocked, entries=(good,))) == "documented"
    assert cd.stage(situation(count=20, entries=(good,), in_the_way=("Visits: nobody has said.",))) == "documented"
    assert cd.stage(situation(count=20, entries=(good,))) == "ready"
    assert cd.stage(situation(count=20, entries=(good,), handed_off=True)) == "handed_off"


def test_an_entry_of_contact_engages_and_one_of_a_voicemail_attempts_unless_voided() -> None:
    call, voicemail = worked(), worked(activity="voicemail")
    void = replace(call, status="void")
    assert cd.stage(situation(entries=(call,))) == "engaged"
    assert cd.stage(situation(entries=(voicemail, void))) == "attempted"
    assert cd.stage(situation(entries=(void,))) == "due"


def test_a_touchpoint_of_another_month_engages_nobody() -> None:
    assert cd.stage(situation(touchpoints=(touch("2026-09-30T23:59", "reached"),))) == "due"


def test_the_outcome_of_a_linked_touchpoint_completes_the_note() -> None:
    entry = worked(length=20, note="Went through the whole week, as before")
    reached = touch("2026-10-06T12:00", "reached", entry=entry.entry.id)
    assert cd.stage(situation(count=20, entries=(entry,))) == "threshold_met"
    assert cd.stage(situation(count=20, entries=(entry,), touchpoints=(reached,))) == "ready"
    assert situation(entries=(entry,)).undocumented() == ((entry.entry, ("what came of the contact",)),)


@settings(deadline=None, max_examples=80)
@given(
    count=st.integers(0, 40),
    outcomes=st.lists(st.sampled_from(("no_answer", "voicemail", "reached", "declined")), max_size=4),
    note=st.sampled_from(("", "Spoke with the patient about breathing")),
    copy=st.booleans(),
)
def test_a_stage_holds_all_that_the_stages_before_it_do(count: int, outcomes: list[str], note: str, copy: bool) -> None:
    seen = situation(
        assessment=assessment(count, () if copy else (("enrolment__care_plan__copy_given_on", None),)),
        touchpoints=tuple(touch(f"2026-10-{place + 6:02d}T09:00", each) for place, each in enumerate(outcomes)),
        entries=(worked(length=count, note=note),) if count else (),
    )
    place = list(cd.STAGES).index(cd.stage(seen))
    assert (place >= 3) == (count >= 20)
    assert place < 4 or not seen.undocumented()
    assert place < 5 or seen.assessment.ready
    assert place != 2 or seen.contacted()
    assert place != 1 or (seen.attempted() and not seen.contacted())


def due(now: str, *touchpoints: TouchpointEvent, **fields: Any) -> tuple[str, str] | None:
    found = cd.next_due(SETUP.cadence, touchpoints, OCTOBER, day(now), ZONE, **fields)
    return (str(found.on), found.reason) if found else None


def test_the_first_attempt_is_due_by_the_day_of_the_cadence_or_soon_after_enrolment() -> None:
    assert due("2026-10-01") == ("2026-10-05", "first_attempt")
    assert due("2026-10-20") == ("2026-10-05", "first_attempt")
    assert due("2026-10-20", enrolled_on=day("2026-10-19")) == ("2026-10-23", "first_attempt")
    assert due("2026-10-31", enrolled_on=day("2026-10-30")) == ("2026-10-31", "first_attempt")


def test_without_contact_the_attempts_follow_each_other_until_they_are_used_up() -> None:
    tries = [touch(f"2026-10-{number:02d}T09:00") for number in (5, 9, 13)]
    assert due("2026-10-06", *tries[:1]) == ("2026-10-09", "next_attempt")
    assert due("2026-10-10", *tries[:2]) == ("2026-10-13", "next_attempt")
    assert due("2026-10-14", *tries) is None


def test_the_days_between_end_with_the_month() -> None:
    assert due("2026-10-30", touch("2026-10-29T09:00")) == ("2026-10-31", "next_attempt")
    assert due("2026-10-31", touch("2026-10-31T09:00")) is None
    assert due("2026-11-01", touch("2026-10-29T09:00")) is None


def test_after_a_contact_a_further_one_is_due_while_the_month_is_below_its_threshold() -> None:
    reached = touch("2026-10-05T09:00", "reached")
    assert due("2026-10-06", reached) == ("2026-10-12", "further_contact")
    assert due("2026-10-13", reached, touch("2026-10-12T09:00")) == ("2026-10-16", "further_contact")
    assert due("2026-10-06", reached, threshold_met=True) is None
    assert due("2026-10-06", other_contacts=(day("2026-10-05"),)) == ("2026-10-12", "further_contact")


def test_a_planned_day_stands_before_the_cadence_but_a_later_months_plan_does_not_hide_this_one() -> None:
    assert due("2026-10-06", planned("2026-10-20", "2026-10-02T09:00")) == ("2026-10-20", "planned")
    assert due("2026-10-06", planned("2026-11-05", "2026-10-02T09:00")) == ("2026-10-05", "first_attempt")
    assert due("2026-10-06", planned("2026-11-05", "2026-10-02T09:00"), threshold_met=True) == (
        "2026-11-05",
        "planned",
    )
    assert due("2026-10-21", planned("2026-10-20", "2026-10-02T09:00"), other_contacts=(day("2026-10-20"),)) == (
        "2026-10-27",
        "further_contact",
    )
    agreed = touch("2026-10-05T09:00", "reached", next_on="2026-10-08")
    assert due("2026-10-06", agreed) == ("2026-10-08", "planned")


def test_a_discharge_comes_before_all_else_until_somebody_is_reached() -> None:
    friday = (Stay(day("2026-10-01"), day("2026-10-09")),)  # the Monday after it is Columbus Day
    assert due("2026-10-10", planned("2026-10-20", "2026-10-02T09:00"), stays=friday) == (
        "2026-10-14",
        "discharge",
    )
    assert due("2026-10-12", touch("2026-10-12T09:00"), stays=friday) == ("2026-10-14", "discharge")
    assert due("2026-10-13", touch("2026-10-12T09:00", "reached"), stays=friday) == (
        "2026-10-19",
        "further_contact",
    )
    assert due("2026-10-31", stays=(Stay(day("2026-09-20"), day("2026-10-01")),)) == ("2026-10-05", "first_attempt")


def test_nobody_calls_a_patient_who_is_in_the_hospital() -> None:
    assert due("2026-10-08", stays=(Stay(day("2026-10-01"), day("2026-10-09")),)) is None
    assert due("2026-10-08", stays=(Stay(day("2026-10-08")),)) is None
    assert due("2026-10-07", stays=(Stay(day("2026-10-08")),)) == ("2026-10-05", "first_attempt")


def test_who_must_not_be_called_or_is_not_enrolled_has_nothing_due() -> None:
    assert due("2026-10-06", do_not_call=True) is None
    assert situation(status="withdrawn").due() is None
    assert situation(handed_off=True).due() is None
    found = situation(now="2026-10-02T09:00").due()
    assert found is not None
    assert found.text == "First attempt of the month"


def test_discharges_are_the_ends_of_stays() -> None:
    stays = (
        Stay(day("2026-10-03"), day("2026-10-09")),
        Stay(day("2026-10-20")),
        Stay(day("2026-09-01"), day("2026-09-02")),
    )
    assert cd.discharges(stays) == (day("2026-09-02"), day("2026-10-09"))


@settings(deadline=None, max_examples=80)
@given(
    days=st.lists(st.tuples(st.integers(1, 31), st.sampled_from(("no_answer", "voicemail", "reached"))), max_size=5),
    today=st.integers(1, 31),
    attempts=st.integers(1, 4),
    between=st.integers(1, 27),
)
def test_what_is_due_lies_in_the_month_and_after_the_last_attempt(
    days: list[tuple[int, str]], today: int, attempts: int, between: int
) -> None:
    pace = su.Cadence(5, attempts, between, 7)
    touchpoints = tuple(touch(f"2026-10-{number:02d}T09:00", outcome) for number, outcome in sorted(days))
    found = cd.next_due(pace, touchpoints, OCTOBER, date(2026, 10, today), ZONE)
    reached = any(outcome == "reached" for _, outcome in days)
    if found is None:
        assert days
        assert reached or len(days) >= attempts or max(days)[0] == 31
    else:
        assert found.on.month == 10
        assert not days or found.on.day > max(days)[0]
        assert (found.reason == "first_attempt") == (not days)
        assert reached or len(days) < attempts


HOLIDAYS_2026 = "01-01 01-19 02-16 05-25 06-19 07-03 09-07 10-12 11-11 11-26 12-25"


def test_federal_holidays_are_those_observed() -> None:
    assert cd.federal_holidays(2026) == {day(f"2026-{each}") for each in HOLIDAYS_2026.split()}
    assert day("2021-12-31") in cd.federal_holidays(2021)  # New Year's Day of 2022 was a Saturday
    assert day("2022-01-01") not in cd.federal_holidays(2022)
    assert day("2023-01-02") in cd.federal_holidays(2023)


def test_two_business_days_skip_weekends_and_holidays() -> None:
    assert cd.business_days_after(day("2026-11-24"), 2) == day("2026-11-27")  # over Thanksgiving
    assert cd.business_days_after(day("2026-11-27"), 2) == day("2026-12-01")
    assert cd.discharge_deadline(day("2026-12-24")) == day("2026-12-29")


@settings(deadline=None, max_examples=60)
@given(st.dates(date(1990, 1, 1), date(2100, 1, 1)), st.integers(1, 10))
def test_business_days_are_counted_one_by_one(first: date, count: int) -> None:
    last = cd.business_days_after(first, count)
    between = [first + timedelta(days=n) for n in range(1, (last - first).days + 1)]
    assert cd.is_business_day(last)
    assert sum(cd.is_business_day(each) for each in between) == count


def test_the_backup_acts_while_the_owner_is_away_and_nobody_is_lost() -> None:
    assert cd.acting(CORA, BEN, ()) == cd.Acting(CORA)
    assert cd.acting(CORA, BEN, {CORA.ref}) == cd.Acting(BEN, instead_of=CORA)
    assert cd.acting(CORA, BEN, {CORA.ref, BEN.ref}) == cd.Acting(CORA, away=True)
    assert cd.acting(CORA, None, {CORA.ref}) == cd.Acting(CORA, away=True)
    assert cd.acting(None, BEN, ()) == cd.Acting(BEN)
    assert cd.acting(None, None, ()) == cd.Acting(None)
    assert situation(coordinator=None, backup=None, away=frozenset({CORA.ref})).coordinating() == cd.Acting(
        BEN, instead_of=CORA
    )
    assert situation().responsible("bills") == cd.Acting(None)


def test_absences_cover_both_their_days_and_can_be_struck_out() -> None:
    record = Recorder(absences.append)
    record.add(absences.AbsenceRecorded(CORA, day("2026-11-24"), day("2026-11-27")), COORDINATOR)
    record.add(absences.AbsenceRecorded(BEN, day("2026-11-27"), day("2026-11-27")), LEAD)
    days = [sorted(absences.away_on(record.events, day(f"2026-11-{n}"))) for n in (23, 24, 27, 28)]
    assert days == [[], [CORA.ref], [BEN.ref, CORA.ref], []]
    assert len(absences.coming(record.events, day("2026-11-25"))) == 2
    record.add(Struck(0, "She stays"), LEAD)
    assert absences.away_on(record.events, day("2026-11-24")) == frozenset()
    plain = [json.loads(json.dumps(absences.event_to_dict(event))) for event in record.events]
    assert tuple(absences.event_from_dict(each) for each in plain) == record.events


@pytest.mark.parametrize(
    ("first_day", "last_day", "actor", "field"),
    [
        ("2026-11-25", "2026-11-26", NURSE, "person"),
        ("2026-11-26", "2026-11-25", COORDINATOR, "last_day"),
        ("2026-11-20", "2026-11-23", COORDINATOR, "last_day"),
        ("2026-11-25", "2036-11-25", ADMIN, "last_day"),
    ],
)
def test_an_absence_that_cannot_be_is_refused_by_field(first_day: str, last_day: str, actor: Any, field: str) -> None:
    body = absences.AbsenceRecorded(CORA, day(first_day), day(last_day))
    assert Recorder(absences.append).refusal(body, actor).field == field


def test_caseloads_count_each_coordinators_patients_against_the_capacity_and_those_of_nobody_first() -> None:
    setup = replace(SETUP, capacity=2, capacities=(su.Capacity(BEN, 5),))
    renamed = Person(CORA.ref, "Cora C. Coordinator")
    loads = cd.caseload([CORA, BEN, None, CORA, renamed], setup)
    assert [(load.coordinator, load.patients, load.capacity, load.over) for load in loads] == [
        (None, 1, 0, 1),
        (BEN, 1, 5, 0),
        (renamed, 3, 2, 1),
    ]
    assert cd.caseload([], setup) == ()
