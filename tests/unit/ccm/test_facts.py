"""Facts of the month: unknown is not none, each has its source and who confirmed it, stays span months."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ccm import facts as fa
from ccm.assessment.care_month import Facts, Service, Stay
from ccm.chart import LaunchEncounter
from ccm.months import Month
from ccm.records import Event, Person, Struck
from fhir_mappings.encounter import read_launch_encounter
from tests.charts import charts_dir
from tests.unit.ccm.records_support import (
    ADMIN,
    BILLER,
    DECEMBER,
    DOCTOR,
    DR_DAY,
    DR_NEW,
    IMPORT,
    LEAD,
    NOVEMBER,
    NURSE,
    OCTOBER,
    SEPTEMBER,
    ZONE,
    Recorder,
    day,
)

MODERATE = fa.DecisionMakingSet(NOVEMBER, "moderate", "Insulin changed after two lows", DR_DAY, day("2026-11-20"))
STAY = fa.StayRecorded("s1", "person", "inpatient", day("2026-10-28"), day("2026-11-03"))


def opened(record: Recorder, month: Month = NOVEMBER, proposals: tuple[fa.Proposal, ...] = ()) -> list[str]:
    return [answer.question for answer in fa.open_questions(record.events, month, ZONE, proposals)]


def test_what_nobody_answered_is_open_in_plain_words() -> None:
    answers = fa.open_questions((), NOVEMBER, ZONE)
    assert [answer.question for answer in answers] == list(fa.QUESTIONS)
    assert answers[0].open == "Level of medical decision making: nobody has recorded it."
    assert answers[1].open.endswith("nobody has recorded any or confirmed that there were none.")
    assert fa.facts_of((), NOVEMBER) == Facts()


def test_each_question_is_answered_by_a_fact_or_by_confirming_none() -> None:
    record = Recorder(fa.append)
    record.add(MODERATE, DOCTOR)
    record.add(fa.Confirmed(NOVEMBER, "stays"))
    record.add(fa.VisitRecorded("v1", "person", day("2026-11-05")))
    record.add(fa.Confirmed(NOVEMBER, "services"), BILLER)
    assert opened(record) == ["billed_elsewhere"]
    record.add(fa.BilledElsewhereSet(NOVEMBER, False), BILLER)
    assert opened(record) == []
    assert fa.facts_of(record.events, NOVEMBER) == Facts("moderate", visits=(day("2026-11-05"),))
    answer = fa.answers(record.events, NOVEMBER, ZONE)[1]
    assert (answer.by, answer.early) == (NURSE, True)
    assert len(opened(record, OCTOBER)) == 5


def test_only_a_practitioner_sets_and_changes_moderate_or_high_decision_making() -> None:
    record = Recorder(fa.append)
    assert record.refusal(MODERATE, NURSE).field == "level"
    assert record.refusal(MODERATE, LEAD).field == "level"
    record.add(replace(MODERATE, level="low", rationale=""), NURSE)
    record.add(MODERATE, DOCTOR)
    assert record.refusal(replace(MODERATE, level="none"), NURSE).field == "level"
    record.add(replace(MODERATE, level="high"), DOCTOR)
    assert fa.facts_of(record.events, NOVEMBER).decision_making == "high"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"rationale": " "}, "rationale"),
        ({"practitioner": Person("", "")}, "practitioner"),
        ({"practitioner": DR_NEW}, "practitioner"),
        ({"on": day("2026-11-25")}, "on"),
        ({"on": day("2026-10-31")}, "on"),
        ({"month": DECEMBER}, "month"),
        ({"level": "extreme"}, "level"),
    ],
)
def test_a_decision_needs_its_rationale_name_and_day(change: dict[str, Any], field: str) -> None:
    assert Recorder(fa.append).refusal(replace(MODERATE, **change), DOCTOR).field == field


def test_a_stay_belongs_to_each_month_that_it_touches() -> None:
    record = Recorder(fa.append)
    record.add(STAY)
    stay = Stay(day("2026-10-28"), day("2026-11-03"))
    found = [fa.facts_of(record.events, month).stays for month in (SEPTEMBER, OCTOBER, NOVEMBER, DECEMBER)]
    assert found == [(), (stay,), (stay,), ()]


def test_an_open_stay_is_closed_by_recording_it_again() -> None:
    record = Recorder(fa.append)
    record.add(replace(STAY, last_day=None), now="2026-10-29T09:00")
    assert fa.facts_of(record.events, DECEMBER).stays == (Stay(day("2026-10-28"), None),)
    assert "stays" in opened(record, NOVEMBER), "said before the month had begun"
    record.add(STAY)
    assert fa.facts_of(record.events, DECEMBER).stays == ()
    assert "stays" not in opened(record, NOVEMBER)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (replace(STAY, last_day=day("2026-10-27")), "last_day"),
        (replace(STAY, first_day=day("2026-11-25")), "first_day"),
        (replace(STAY, last_day=day("2026-11-25")), "last_day"),
        (replace(STAY, kind="hotel"), "kind"),
        (replace(STAY, source="rumour"), "source"),
        (replace(STAY, key=""), "key"),
        (fa.VisitRecorded("v", "person", day("2026-11-25")), "on"),
        (fa.ServiceRecorded("x", "person", NOVEMBER, "home health", False), "code"),
        (fa.ServiceRecorded("x", "person", NOVEMBER, "G0181", False, day("2026-10-31")), "on"),
        (fa.ServiceRecorded("x", "person", DECEMBER, "G0181", False), "month"),
        (fa.BilledElsewhereSet(DECEMBER, True), "month"),
        (fa.Confirmed(DECEMBER, "stays"), "month"),
        (fa.Confirmed(NOVEMBER, "weather"), "question"),
        (fa.Confirmed(NOVEMBER, "decision_making"), "question"),
        (fa.Confirmed(NOVEMBER, "billed_elsewhere"), "question"),
        (fa.ProposalRejected("Encounter/1", ""), "reason"),
    ],
)
def test_what_cannot_be_is_refused_by_field(body: object, field: str) -> None:
    assert Recorder(fa.append).refusal(body).field == field


def test_a_biller_answers_what_is_billed_and_nothing_clinical_and_an_admin_nothing() -> None:
    record = Recorder(fa.append)
    assert "Your role" in record.refusal(STAY, BILLER).reason
    assert "clinical" in record.refusal(fa.Confirmed(NOVEMBER, "stays"), BILLER).reason
    assert "Your role" in record.refusal(fa.Confirmed(NOVEMBER, "services"), ADMIN).reason
    record.add(fa.ServiceRecorded("x", "person", NOVEMBER, "G0181", False, day("2026-11-05")), BILLER)
    assert fa.facts_of(record.events, NOVEMBER).services == (Service("G0181", day("2026-11-05"), False),)


def test_a_key_names_one_fact_of_one_month() -> None:
    record = Recorder(fa.append)
    service = fa.ServiceRecorded("x", "person", OCTOBER, "G0181", False)
    record.add(service)
    record.add(replace(service, code="G0182"))
    assert record.refusal(replace(service, month=NOVEMBER)).field == "key"
    assert record.refusal(replace(STAY, key="x")).field == "key"
    assert [each.code for each in fa.facts_of(record.events, OCTOBER).services] == ["G0182"]


def test_what_an_import_recorded_counts_and_waits_for_a_person() -> None:
    record = Recorder(fa.append)
    record.add(replace(STAY, source="import"), IMPORT)
    assert len(fa.facts_of(record.events, NOVEMBER).stays) == 1
    (answer,) = [each for each in fa.open_questions(record.events, NOVEMBER, ZONE) if each.question == "stays"]
    assert answer.open.endswith("1 found in the chart or an import waits for a person.")
    record.add(fa.Confirmed(NOVEMBER, "stays"))
    assert "stays" not in opened(record)
    record.add(replace(STAY, key="s2", source="import"), IMPORT)
    assert "stays" in opened(record), "recorded after the confirmation"


def test_an_import_does_not_undo_what_a_person_said() -> None:
    record = Recorder(fa.append)
    record.add(STAY)
    assert record.refusal(replace(STAY, source="import"), IMPORT).reason == "was recorded by a person"
    record.add(fa.ProposalRejected("s1", "another patient"))
    assert record.refusal(replace(STAY, source="import"), IMPORT).reason == "was rejected by a person"
    assert record.refusal(replace(STAY, key="s3"), IMPORT).field == "source"
    assert fa.facts_of(record.events, NOVEMBER).stays == ()


INPATIENT = LaunchEncounter("1", "in-progress", "IMP", "2026-11-10T23:30:00-05:00", "")


def test_a_stay_of_the_chart_counts_at_once_and_waits_for_a_person() -> None:
    proposals = fa.stays_from_chart([INPATIENT], ZONE)
    record = Recorder(fa.append)
    record.add(fa.Confirmed(NOVEMBER, "stays"))
    assert fa.facts_of(record.events, NOVEMBER, proposals).stays == (Stay(day("2026-11-10"), None),)
    assert "stays" in opened(record, NOVEMBER, proposals)
    record.add(fa.StayRecorded("Encounter/1", "chart", "inpatient", day("2026-11-10")))
    assert "stays" not in opened(record, NOVEMBER, proposals)
    assert len(fa.facts_of(record.events, NOVEMBER, proposals).stays) == 1
    discharged = fa.stays_from_chart([replace(INPATIENT, status="finished", end="2026-11-13")], ZONE)
    assert "stays" in opened(record, NOVEMBER, discharged), "the chart knows of a discharge"


def test_a_rejected_proposal_neither_counts_nor_waits() -> None:
    proposals = fa.stays_from_chart([INPATIENT], ZONE)
    record = Recorder(fa.append)
    record.add(fa.ProposalRejected("Encounter/1", "observation only"))
    record.add(fa.Confirmed(NOVEMBER, "stays"))
    assert fa.facts_of(record.events, NOVEMBER, proposals) == Facts()
    assert "stays" not in opened(record, NOVEMBER, proposals)


def test_a_visit_of_the_chart_waits_without_counting() -> None:
    office = LaunchEncounter("2", "finished", "AMB", "2026-11-10T10:00:00-05:00", "2026-11-10T10:30:00-05:00")
    proposals = fa.visits_from_chart([office, INPATIENT, replace(office, class_code="VR")], ZONE)
    assert [each.key for each in proposals] == ["Encounter/2"]
    record = Recorder(fa.append)
    record.add(fa.Confirmed(NOVEMBER, "visits"))
    assert fa.facts_of(record.events, NOVEMBER, proposals).visits == ()
    assert "visits" in opened(record, NOVEMBER, proposals)


def test_days_of_the_chart_are_the_practices_days() -> None:
    late = replace(INPATIENT, start="2026-11-01T03:30:00Z", end="2026-11-02T04:30:00Z")
    (stay,) = fa.stays_from_chart([late], ZONE)
    assert (stay.first_day, stay.last_day) == (day("2026-10-31"), day("2026-11-01"))
    assert stay.touches(OCTOBER)
    assert stay.touches(NOVEMBER)
    assert not stay.touches(DECEMBER)


@pytest.mark.parametrize(
    "changes",
    [
        {"class_code": "AMB"},
        {"class_code": "OBSENC"},
        {"class_code": ""},
        {"status": "cancelled"},
        {"status": "planned"},
    ],
)
def test_what_is_no_stay_proposes_none(changes: dict[str, str]) -> None:
    assert fa.stays_from_chart([replace(INPATIENT, **changes)], ZONE) == ()


@pytest.mark.parametrize("start", ["", "2026-11", "2026"])
def test_a_stay_without_its_first_day_waits_in_every_month_until_somebody_decides(start: str) -> None:
    proposals = fa.stays_from_chart([replace(INPATIENT, start=start)], ZONE)
    record = Recorder(fa.append)
    record.add(fa.Confirmed(NOVEMBER, "stays"))
    assert fa.facts_of(record.events, NOVEMBER, proposals).stays == ()
    assert "stays" in opened(record, NOVEMBER, proposals)
    record.add(fa.ProposalRejected("Encounter/1", "of ten years ago"))
    assert "stays" not in opened(record, NOVEMBER, proposals)
    assert fa.visits_from_chart([replace(INPATIENT, class_code="AMB", start=start)], ZONE) == ()


def test_a_finished_stay_without_end_bars_no_later_month() -> None:
    proposals = fa.stays_from_chart([replace(INPATIENT, status="finished")], ZONE)
    assert fa.facts_of((), NOVEMBER, proposals).stays == ()
    assert fa.answers((), NOVEMBER, ZONE, proposals)[1].proposals == proposals
    assert fa.answers((), DECEMBER, ZONE, proposals)[1].proposals == ()


def test_the_real_charts_inpatient_encounters_are_proposed() -> None:
    with gzip.open(charts_dir() / "resolved" / "Encounter.ndjson.gz", "rt", encoding="utf-8") as lines:
        read = [read_launch_encounter(json.loads(line)) for line in lines]
    encounters = [each for each in read if each is not None]
    stays = fa.stays_from_chart(encounters, ZONE)
    assert len(stays) == sum(each.class_code == "IMP" for each in encounters) == 55
    assert sum(each.first_day is None for each in stays) == 2
    assert not any(each.touches(NOVEMBER) for each in stays if each.first_day)


_DAYS = st.integers(0, 140).map(lambda offset: date(2026, 7, 1) + timedelta(days=offset))
_MONTHS = st.sampled_from([Month(2026, 8), SEPTEMBER, OCTOBER, NOVEMBER])
_KEYS = st.sampled_from(["a", "b", "c"])
_BODIES = st.one_of(
    st.builds(
        lambda key, on, length: fa.StayRecorded(key, "person", "nursing", on, None if length is None else on + length),
        _KEYS,
        _DAYS,
        st.sampled_from([None, timedelta(0), timedelta(5)]),
    ),
    st.builds(fa.VisitRecorded, st.sampled_from(["v", "w"]), st.just("person"), _DAYS),
    st.builds(
        fa.ServiceRecorded, st.sampled_from(["x", "y"]), st.just("person"), _MONTHS, st.just("G0181"), st.booleans()
    ),
    st.builds(fa.BilledElsewhereSet, _MONTHS, st.booleans()),
    st.builds(
        fa.DecisionMakingSet,
        _MONTHS,
        st.sampled_from(["none", "low"]),
        st.just(""),
        st.just(DR_DAY),
        st.just(day("2026-11-20")),
    ),
    st.builds(fa.Confirmed, _MONTHS, st.sampled_from(sorted(fa.QUESTIONS))),
    st.builds(fa.ProposalRejected, _KEYS, st.just("no")),
    st.builds(Struck, st.integers(0, 6), st.just("error")),
)


@settings(deadline=None, max_examples=150)
@given(st.lists(_BODIES, max_size=9))
def test_whatever_is_recorded_folds_and_reads_back(bodies: list[Any]) -> None:
    record = Recorder(fa.append)
    for body in bodies:
        made = record.try_to(body, NURSE)
        if isinstance(made, Event):
            record.events = (*record.events, made)
    for month in (SEPTEMBER, OCTOBER, NOVEMBER, DECEMBER):
        found = fa.facts_of(record.events, month)
        assert all(stay.first_day < month.next().first_day for stay in found.stays)
        assert len(fa.answers(record.events, month, ZONE)) == 5
    plain = json.loads(json.dumps([fa.event_to_dict(event) for event in record.events]))
    assert tuple(map(fa.event_from_dict, plain)) == record.events


@settings(deadline=None, max_examples=100)
@given(st.lists(_BODIES, max_size=8))
def test_facts_of_november_leave_october_alone(bodies: list[Any]) -> None:
    record = Recorder(fa.append)
    for body in bodies:
        made = record.try_to(body, NURSE)
        if not isinstance(made, Event):
            continue
        about = getattr(body, "month", None) or getattr(body, "on", None) or getattr(body, "first_day", None)
        new = getattr(body, "key", "") not in {getattr(event.body, "key", None) for event in record.events}
        if about in (NOVEMBER,) or (isinstance(about, date) and about >= NOVEMBER.first_day and new):
            assert fa.facts_of((*record.events, made), OCTOBER) == fa.facts_of(record.events, OCTOBER)
        record.events = (*record.events, made)
