"""Enrolment: who may do what from which state, which consent is in force, and what a month is assessed by."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ccm import enrolment as en
from ccm.assessment import CareMonth, assess
from ccm.assessment.care_month import DISCLOSURES
from ccm.months import Month, local_day
from ccm.records import Actor, Event, Person, Struck, known_at
from tests.unit.ccm.records_support import (
    ADMIN,
    BILLER,
    COORDINATOR,
    DOCTOR,
    DR_DAY,
    DR_NEW,
    LEAD,
    NOVEMBER,
    NPI,
    NURSE,
    OCTOBER,
    SEPTEMBER,
    ZONE,
    Recorder,
    at,
    day,
)

ALL = frozenset(DISCLOSURES)


def consent(when: str, disclosures: frozenset[str] = ALL, practitioner: str = "") -> en.ConsentGiven:
    return en.ConsentGiven(at(when), "verbal", Person(NURSE.ref, NURSE.name), disclosures, practitioner=practitioner)


def enrolled(on: str = "2026-09-01") -> Recorder:
    """Dr Day bills, consent and enrolment on one day."""
    record = Recorder(en.append)
    record.add(en.BillingPractitionerNamed(DR_DAY, NPI, day(on)), DOCTOR, f"{on}T09:00")
    record.add(consent(f"{on}T09:30"), now=f"{on}T09:31")
    record.add(en.Enrolled(day(on)), now=f"{on}T09:32")
    return record


def blockers(record: Recorder, month: Month) -> set[str]:
    case = CareMonth(month, ZONE, "p1", en.as_of(record.events, month, ZONE))
    return {finding.code for finding in assess(case).blockers}


def test_a_patient_without_events_is_a_candidate_who_needs_a_visit_until_somebody_says_otherwise() -> None:
    state = en.state_on((), day("2026-11-24"), ZONE)
    assert (state.status, state.consent, state.visit_required) == ("candidate", None, True)
    assert state.consent_needed == "Ask for consent: none is recorded."
    assert en.as_of((), NOVEMBER, ZONE).initiating_visit_required


def test_a_candidate_is_invited_consents_and_is_enrolled() -> None:
    record = Recorder(en.append)
    record.add(en.Invited(day("2026-11-20")))
    record.add(consent("2026-11-24T09:00"))
    record.add(en.Enrolled(day("2026-11-24")))
    state = en.state_on(record.events, day("2026-11-24"), ZONE)
    assert (state.status, state.since, state.consent_needed) == ("enrolled", day("2026-11-24"), "")
    assert state.consent is not None
    assert state.consent.number == 1


@pytest.mark.parametrize("actor", [BILLER, ADMIN])
def test_biller_and_admin_may_record_nothing_of_an_enrolment(actor: Actor) -> None:
    record = enrolled()
    assert record.refusal(en.Withdrawn(day("2026-11-24"), "moved"), actor).reason.startswith("Your role")
    assert en.open_actions(record.events, actor.role, day("2026-11-24")) == frozenset()


def test_only_practitioner_and_lead_name_who_bills() -> None:
    named = en.BillingPractitionerNamed(DR_DAY, NPI, day("2026-11-01"))
    record = Recorder(en.append)
    assert "may not" in record.refusal(named, NURSE).reason
    assert "may not" in record.refusal(named, COORDINATOR).reason
    record.add(named, LEAD)


def test_the_billing_practitioners_npi_must_hold() -> None:
    named = en.BillingPractitionerNamed(DR_DAY, "1234567890", day("2026-11-01"))
    assert Recorder(en.append).refusal(named, LEAD).field == "npi"


def test_enrolment_needs_consent_before_it() -> None:
    record = Recorder(en.append)
    assert record.refusal(en.Enrolled(day("2026-11-24"))).field == "consent"
    record.add(consent("2026-11-24T09:00"))
    late = record.refusal(en.Enrolled(day("2026-11-20")))
    assert (late.field, late.reason) == ("consent", "The consent was given after 2026-11-20: enrol from that day on.")


def test_enrolment_needs_all_four_disclosures() -> None:
    record = Recorder(en.append)
    record.add(consent("2026-11-24T09:00", ALL - {"cost_sharing"}))
    refusal = record.refusal(en.Enrolled(day("2026-11-24")))
    assert (refusal.field, refusal.reason) == ("disclosures", "The patient has not been told: cost sharing.")
    record.add(consent("2026-11-24T09:30"))
    record.add(en.Enrolled(day("2026-11-24")))


def test_nothing_lies_in_the_future() -> None:
    record = Recorder(en.append)
    assert record.refusal(en.Invited(day("2026-11-25"))).field == "on"
    assert record.refusal(consent("2026-11-24T10:01")).field == "given_at"
    assert record.refusal(en.InitiatingVisitHeld(day("2026-11-25"), "awv", "person", True)).field == "on"
    assert record.refusal(en.InitiatingVisitNeed("new_patient", day("2026-11-25"))).field == "effective_on"


def test_the_day_is_the_practices_day() -> None:
    record = Recorder(en.append)
    assert record.refusal(en.Invited(day("2026-11-25")), now="2026-11-24T23:59").field == "on"
    record.add(en.Invited(day("2026-11-25")), now="2026-11-25T00:00")


def test_a_paper_consent_of_last_week_counts_from_last_week_and_says_when_it_was_recorded() -> None:
    record = Recorder(en.append)
    record.add(consent("2026-10-12T09:00"), now="2026-11-03T10:00")
    record.add(en.Enrolled(day("2026-10-12")), now="2026-11-03T10:01")
    made = en.as_of(record.events, OCTOBER, ZONE)
    assert (made.status, made.consent and made.consent.given_at) == ("enrolled", at("2026-10-12T09:00"))
    assert record.events[0].at == at("2026-11-03T10:00")
    assert known_at(record.events, at("2026-11-01T00:00")) == ()


def test_states_change_only_as_they_may() -> None:
    record = Recorder(en.append)
    assert (
        record.refusal(en.Withdrawn(day("2026-11-24"), "x")).reason == "The patient is candidate: this cannot follow."
    )
    assert record.refusal(en.Declined(day("2026-11-24"), " ")).field == "reason"
    record.add(en.Declined(day("2026-11-10"), "not now"))
    assert record.refusal(en.Invited(day("2026-11-09"))).field == "on"
    record.add(en.Invited(day("2026-11-20")))


def test_a_withdrawn_patients_month_can_be_billed_and_later_ones_cannot() -> None:
    record = enrolled()
    record.add(en.Withdrawn(day("2026-10-10"), "moved"), now="2026-10-10T12:00")
    assert "consent_missing" not in blockers(record, OCTOBER)
    assert "not_enrolled" not in blockers(record, OCTOBER)
    assert {"not_enrolled", "consent_withdrawn"} <= blockers(record, NOVEMBER)
    assert en.as_of(record.events, SEPTEMBER, ZONE).status == "enrolled"


def test_who_withdrew_and_was_invited_again_in_the_same_month_left_it_withdrawn() -> None:
    record = enrolled()
    record.add(en.Withdrawn(day("2026-10-10"), "moved"), now="2026-10-10T12:00")
    record.add(en.Invited(day("2026-10-20")), now="2026-10-20T12:00")
    assert "not_enrolled" not in blockers(record, OCTOBER)


def test_enrolling_again_needs_a_new_consent() -> None:
    record = enrolled()
    record.add(en.Withdrawn(day("2026-10-10"), "moved"), now="2026-10-10T12:00")
    refusal = record.refusal(en.Enrolled(day("2026-11-24")))
    assert refusal.reason == "The patient withdrew on 2026-10-10: enrolling again needs a new consent."
    assert record.refusal(en.Enrolled(day("2026-10-12")), now="2026-10-12T12:00").field == "consent"
    record.add(consent("2026-11-20T09:00"))
    record.add(en.Enrolled(day("2026-11-20")))
    made = en.as_of(record.events, NOVEMBER, ZONE)
    assert made.consent is not None
    assert (made.consent.given_at, made.consent.withdrawn_on) == (at("2026-11-20T09:00"), None)
    assert not {"not_enrolled", "consent_missing", "consent_withdrawn"} & blockers(record, NOVEMBER)


def test_who_comes_back_in_the_month_of_the_withdrawal_loses_none_of_it() -> None:
    record = enrolled()
    record.add(en.Withdrawn(day("2026-10-10"), "moved"), now="2026-10-10T12:00")
    record.add(consent("2026-10-20T09:00"), now="2026-10-20T12:00")
    record.add(en.Enrolled(day("2026-10-20")), now="2026-10-20T12:00")
    october, november = (en.as_of(record.events, month, ZONE).consent for month in (OCTOBER, NOVEMBER))
    assert october is not None
    assert november is not None
    assert (october.given_at, november.given_at) == (at("2026-09-01T09:30"), at("2026-10-20T09:00"))


def test_consent_is_never_renewed_by_the_year_and_asking_again_moves_nothing() -> None:
    record = enrolled("2024-09-03")
    assert "consent_missing" not in blockers(record, NOVEMBER)
    record.add(consent("2026-11-10T09:00"))
    made = en.as_of(record.events, NOVEMBER, ZONE).consent
    assert made is not None
    assert made.given_at == at("2024-09-03T09:30")
    assert [version.number for version in en.consent_versions(record.events, ZONE)] == [1, 2]


def test_a_change_of_billing_practitioner_ends_the_consent_and_leaves_earlier_months_alone() -> None:
    record = enrolled()
    before = en.as_of(record.events, OCTOBER, ZONE)
    record.add(en.BillingPractitionerNamed(DR_NEW, NPI, day("2026-11-01")), LEAD)
    assert "consent_missing" in blockers(record, NOVEMBER)
    assert en.as_of(record.events, OCTOBER, ZONE) == before
    needed = en.state_on(record.events, day("2026-11-24"), ZONE).consent_needed
    assert needed == "Ask for a new consent: the last one was given for another billing practitioner."
    record.add(consent("2026-11-24T09:00"))
    assert "consent_missing" not in blockers(record, NOVEMBER)
    ended = en.consent_versions(record.events, ZONE)[0]
    assert (ended.ended_on, ended.ended_by) == (day("2026-10-31"), "practitioner_change")


def test_a_change_inside_a_month_blocks_that_month_too() -> None:
    record = enrolled()
    record.add(en.BillingPractitionerNamed(DR_NEW, NPI, day("2026-11-15")), LEAD)
    assert "consent_missing" in blockers(record, NOVEMBER)


def test_a_change_planned_for_the_next_month_with_its_consent_loses_nothing() -> None:
    record = enrolled()
    planned = en.BillingPractitionerNamed(DR_NEW, NPI, day("2026-12-01"))
    record.add(planned, LEAD)
    record.add(consent("2026-11-24T09:00", practitioner=DR_NEW.ref))
    november, december = (en.as_of(record.events, month, ZONE) for month in (NOVEMBER, Month(2026, 12)))
    assert november.consent is not None
    assert november.consent.given_at == at("2026-09-01T09:30")
    assert november.billing_practitioner is not None
    assert november.billing_practitioner.id == DR_DAY.ref
    assert december.consent is not None
    assert december.consent.given_at == at("2026-11-24T09:00")


def test_a_consent_does_not_come_back_with_the_earlier_practitioner() -> None:
    record = enrolled()
    record.add(en.BillingPractitionerNamed(DR_NEW, NPI, day("2026-10-01")), LEAD)
    record.add(en.BillingPractitionerNamed(DR_DAY, NPI, day("2026-11-01")), LEAD)
    assert "consent_missing" in blockers(record, NOVEMBER)


def test_a_corrected_npi_is_no_change_of_practitioner() -> None:
    record = enrolled()
    record.add(en.BillingPractitionerNamed(DR_DAY, "1245319599", day("2026-11-01")), LEAD)
    assert "consent_missing" not in blockers(record, NOVEMBER)


def test_the_consent_in_force_on_a_day_is_known() -> None:
    record = enrolled()
    assert en.consent_on(record.events, day("2026-08-31"), ZONE) is None
    found = en.consent_on(record.events, day("2026-09-01"), ZONE)
    assert found is not None
    assert found.practitioner == DR_DAY.ref


def test_a_consent_that_lacks_a_disclosure_blocks_until_a_complete_one_begins() -> None:
    record = Recorder(en.append)
    record.add(consent("2026-10-05T09:00", ALL - {"right_to_stop"}), now="2026-10-05T10:00")
    record.add(consent("2026-11-05T09:00"), now="2026-11-05T10:00")
    record.add(en.Enrolled(day("2026-11-05")), now="2026-11-05T10:00")
    assert "consent_disclosures_missing" in blockers(record, OCTOBER)
    made = en.as_of(record.events, NOVEMBER, ZONE).consent
    assert made is not None
    assert made.given_at == at("2026-11-05T09:00")


def test_the_initiating_visit_that_serves_the_consent_is_the_one_assessed() -> None:
    record = enrolled()
    for on in ("2024-05-01", "2026-03-02", "2026-11-10"):
        record.add(en.InitiatingVisitHeld(day(on), "awv", "chart", True, "Encounter/1"))
    assert en.as_of(record.events, NOVEMBER, ZONE).initiating_visit_on == day("2026-03-02")
    assert "initiating_visit_missing" not in blockers(record, NOVEMBER)


def test_an_initiating_visit_needs_ccm_discussed_and_its_encounter() -> None:
    record = Recorder(en.append)
    assert record.refusal(en.InitiatingVisitHeld(day("2026-11-02"), "em", "person", False)).field == "ccm_discussed"
    assert record.refusal(en.InitiatingVisitHeld(day("2026-11-02"), "em", "chart", True)).field == "encounter"
    assert record.refusal(en.InitiatingVisitHeld(day("2026-11-02"), "99211", "person", True)).field == "kind"


def test_a_patient_seen_within_the_year_needs_no_initiating_visit() -> None:
    record = enrolled()
    assert "initiating_visit_missing" in blockers(record, NOVEMBER)
    record.add(en.InitiatingVisitNeed("seen_within_year", day("2026-09-01")))
    assert "initiating_visit_missing" not in blockers(record, NOVEMBER)
    said = en.state_on(record.events, day("2026-11-24"), ZONE).visit_need
    assert said is not None
    assert said.by == NURSE


def test_coordinator_and_backup_are_two_people() -> None:
    record = Recorder(en.append)
    cora = Person(COORDINATOR.ref, COORDINATOR.name)
    assert record.refusal(en.CoordinatorNamed(cora, cora, day("2026-11-01")), COORDINATOR).field == "backup"
    record.add(en.CoordinatorNamed(cora, Person(NURSE.ref, NURSE.name), day("2026-11-01")), COORDINATOR)
    state = en.state_on(record.events, day("2026-11-24"), ZONE)
    assert (state.coordinator, state.backup) == (cora, Person(NURSE.ref, NURSE.name))


def test_what_was_recorded_in_error_is_struck_out_and_stays_to_be_seen() -> None:
    record = enrolled()
    assert "Only Nora Nurse" in record.refusal(Struck(1, "wrong patient"), COORDINATOR).reason
    assert record.refusal(Struck(1, ""), NURSE).field == "reason"
    record.add(Struck(1, "wrong patient"), LEAD)
    assert "consent_missing" in blockers(record, NOVEMBER)
    assert len(record.events) == 4
    assert record.refusal(Struck(1, "again"), LEAD).field == "number"
    assert record.refusal(Struck(3, "undo"), LEAD).field == "number"
    assert record.refusal(Struck(9, "what"), LEAD).field == "number"


def test_only_the_last_change_of_status_can_be_struck_out() -> None:
    record = enrolled()
    record.add(en.Withdrawn(day("2026-11-10"), "moved"))
    assert record.refusal(Struck(2, "error"), LEAD).field == "number"
    record.add(Struck(3, "wrong patient"), LEAD)
    assert en.state_on(record.events, day("2026-11-24"), ZONE).status == "enrolled"


def test_the_actions_open_to_a_role_follow_the_status() -> None:
    record = enrolled()
    today = day("2026-11-24")
    assert "withdrawn" in en.open_actions(record.events, "clinician", today)
    assert not {"enrolled", "billing_practitioner_named"} & en.open_actions(record.events, "clinician", today)
    assert "enrolled" in en.open_actions((), "coordinator", today)


def test_consents_with_a_representative_read_back_as_they_were_written() -> None:
    record = enrolled()
    body = en.ConsentGiven(
        at("2026-11-02T09:00"),
        "written",
        Person(NURSE.ref, NURSE.name),
        ALL,
        representative=en.Representative("Dora Doe", "daughter"),
        interpreter="Ines",
        language="es",
        script="3",
    )
    record.add(body)
    kept = [json.loads(json.dumps(en.event_to_dict(event))) for event in record.events]
    assert tuple(map(en.event_from_dict, kept)) == record.events


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "unheard_of"},
        {"kind": ["invited"]},
        {"at": "1"},
        {"at": True},
        {"by": {"ref": "x", "name": "y"}},
        {"body": {"on": "2026-02-30"}},
        {"body": {"on": 5}},
        {"body": {}},
        {"body": {"on": "2026-11-02", "more": 1}},
        {"extra": 1},
    ],
)
def test_a_stored_event_that_is_not_whole_is_refused(change: dict[str, Any]) -> None:
    plain = {"kind": "invited", "at": 1, "by": {"ref": "r", "name": "n", "role": "lead"}, "body": {"on": "2026-11-02"}}
    assert isinstance(en.event_from_dict(plain), Event)
    with pytest.raises(ValueError, match=r"\w"):
        en.event_from_dict(plain | change)


_DAYS = st.integers(0, 150).map(lambda offset: date(2026, 7, 1) + timedelta(days=offset))
_BODIES = st.one_of(
    st.builds(en.Invited, _DAYS),
    st.builds(en.Declined, _DAYS, st.just("no")),
    st.builds(en.Enrolled, _DAYS),
    st.builds(en.Withdrawn, _DAYS, st.just("moved")),
    st.builds(
        lambda on, told, whom: consent(f"{on}T12:00", told, whom),
        _DAYS,
        st.sampled_from([ALL, ALL, ALL - {"cost_sharing"}]),
        st.sampled_from(["", "", DR_NEW.ref]),
    ),
    st.builds(en.InitiatingVisitHeld, _DAYS, st.just("awv"), st.just("person"), st.just(True)),
    st.builds(en.InitiatingVisitNeed, st.sampled_from(sorted(en.VISIT_NEEDS)), _DAYS),
    st.builds(en.BillingPractitionerNamed, st.sampled_from([DR_DAY, DR_NEW]), st.just(NPI), _DAYS),
    st.builds(Struck, st.integers(0, 8), st.just("error")),
)


def _recorded(bodies: list[Any]) -> tuple[Event[Any], ...]:
    """What the guard lets through, recorded at the end."""
    events: tuple[Event[Any], ...] = ()
    for body in bodies:
        made = en.append(events, body, LEAD, at("2026-12-01T10:00"), ZONE)
        if isinstance(made, Event):
            events = (*events, made)
    return events


def _first_day(body: Any) -> date:
    if isinstance(body, en.ConsentGiven):
        return local_day(body.given_at, ZONE)
    if isinstance(body, Struck):
        return date.min
    day_of: date = getattr(body, "on", None) or body.effective_on
    return day_of


@settings(deadline=None, max_examples=150)
@given(st.lists(_BODIES, max_size=9))
def test_whatever_is_recorded_folds_and_reads_back(bodies: list[Any]) -> None:
    events = _recorded(bodies)
    for month in (SEPTEMBER, OCTOBER, NOVEMBER):
        assert en.as_of(events, month, ZONE).status in ("candidate", "invited", "enrolled", "declined", "withdrawn")
        en.state_on(events, month.first_day, ZONE)
    assert tuple(en.event_from_dict(en.event_to_dict(event)) for event in events) == events


@settings(deadline=None, max_examples=150)
@given(st.lists(_BODIES, max_size=9), _BODIES)
def test_what_takes_effect_later_leaves_earlier_months_as_they_were(bodies: list[Any], later: Any) -> None:
    events = _recorded(bodies)
    made = en.append(events, later, LEAD, at("2026-12-01T10:00"), ZONE)
    if isinstance(made, Event):
        for month in (Month(2026, 8), SEPTEMBER, OCTOBER):
            if _first_day(later) >= month.next().first_day:
                assert en.as_of((*events, made), month, ZONE) == en.as_of(events, month, ZONE)
