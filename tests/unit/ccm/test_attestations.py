"""Attestations: who may attest what, what stands as of a month, and that later ones leave earlier months alone."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ccm import attestations as at
from ccm.months import Month
from ccm.records import Actor, Event, Struck
from tests.unit.ccm import records_support as rs
from tests.unit.ccm.records_support import BILLER, COORDINATOR, DOCTOR, LEAD, NOVEMBER, NURSE, OCTOBER, Recorder, day

DIABETES = at.Attested(
    "E11.9", "Type 2 diabetes", 999, True, "A1c 9.8, two admissions", day("2026-11-03"), day("2019-05-01")
)


@pytest.mark.parametrize("actor", [NURSE, COORDINATOR, DOCTOR])
def test_clinicians_coordinators_and_practitioners_attest(actor: Actor) -> None:
    record = Recorder(at.append)
    record.add(DIABETES, actor)
    (stands,) = at.as_of(record.events, NOVEMBER)
    assert (stands.icd10, stands.attested_by, stands.expected_months) == ("E11.9", actor.name, 999)


@pytest.mark.parametrize("actor", [BILLER, LEAD, rs.ADMIN])
def test_nobody_else_attests(actor: Actor) -> None:
    assert "attest" in Recorder(at.append).refusal(DIABETES, actor).reason


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"icd10": "44054006"}, "icd10"),
        ({"icd10": "E1"}, "icd10"),
        ({"icd10": ""}, "icd10"),
        ({"text": " "}, "text"),
        ({"expected_months": 11}, "expected_months"),
        ({"expected_months": 1000}, "expected_months"),
        ({"significant_risk": False}, "significant_risk"),
        ({"rationale": ""}, "rationale"),
        ({"on": day("2026-11-25")}, "on"),
        ({"since": day("2026-11-04")}, "since"),
        ({"since": day("2026-12-04")}, "since"),
    ],
)
def test_an_attestation_that_lacks_something_is_refused_by_field(change: dict[str, Any], field: str) -> None:
    assert Recorder(at.append).refusal(replace(DIABETES, **change)).field == field


@pytest.mark.parametrize(
    ("written", "code"),
    [("e119", "E11.9"), (" E11.65 ", "E11.65"), ("I10", "I10"), ("i1a.0", "I1A.0"), ("C7A.00", "C7A.00")],
)
def test_codes_are_spelt_one_way(written: str, code: str) -> None:
    assert at.normal_code(written) == code


def test_of_one_code_the_newest_stands() -> None:
    record = Recorder(at.append)
    record.add(DIABETES)
    record.add(replace(DIABETES, icd10="e119", rationale="worse"), DOCTOR)
    (stands,) = at.attested_on(record.events, day("2026-11-24"))
    assert (stands.body.rationale, stands.number, stands.by) == ("worse", 1, DOCTOR)


def test_an_attestation_of_today_can_speak_of_the_month_before_without_being_dated_back() -> None:
    record = Recorder(at.append)
    record.add(DIABETES)
    (stands,) = at.as_of(record.events, OCTOBER)
    assert stands.attested_on == day("2026-11-03")
    record.add(replace(DIABETES, icd10="I10", since=day("2026-11-01")))
    assert [row.icd10 for row in at.as_of(record.events, OCTOBER)] == ["E11.9"]
    assert [row.icd10 for row in at.as_of(record.events, NOVEMBER)] == ["E11.9", "I10"]


def test_a_withdrawn_attestation_carries_no_later_month() -> None:
    record = Recorder(at.append)
    record.add(DIABETES)
    assert record.refusal(at.AttestationWithdrawn("I10", day("2026-11-20"), "wrong")).field == "icd10"
    assert record.refusal(at.AttestationWithdrawn("E11.9", day("2026-11-20"), "")).field == "reason"
    record.add(at.AttestationWithdrawn("e11.9", day("2026-11-20"), "remission"))
    assert at.as_of(record.events, NOVEMBER) == ()
    assert len(at.as_of(record.events, OCTOBER)) == 1
    record.add(replace(DIABETES, on=day("2026-11-24"), since=day("2026-11-24")))
    assert len(at.as_of(record.events, NOVEMBER)) == 1


def test_an_attestation_of_the_wrong_patient_is_struck_out() -> None:
    record = Recorder(at.append)
    record.add(DIABETES)
    record.add(Struck(0, "wrong patient"), LEAD)
    assert at.as_of(record.events, NOVEMBER) == ()


_DAYS = st.integers(0, 140).map(lambda offset: date(2026, 7, 1) + timedelta(days=offset))
_CODES = st.sampled_from(["E11.9", "i10", "N18.30"])
_BODIES = st.one_of(
    st.builds(lambda code, since: replace(DIABETES, icd10=code, on=day("2026-11-24"), since=since), _CODES, _DAYS),
    st.builds(at.AttestationWithdrawn, _CODES, _DAYS, st.just("x")),
    st.builds(Struck, st.integers(0, 5), st.just("x")),
)


@settings(deadline=None, max_examples=100)
@given(st.lists(_BODIES, max_size=7))
def test_each_attestation_folds_reads_back_and_leaves_earlier_months_alone(bodies: list[Any]) -> None:
    record = Recorder(at.append)
    for body in bodies:
        made = record.try_to(body, NURSE)
        if not isinstance(made, Event):
            continue
        for month in (Month(2026, 8), rs.SEPTEMBER, OCTOBER):
            if getattr(body, "since", getattr(body, "on", date.min)) >= month.next().first_day:
                assert at.as_of((*record.events, made), month) == at.as_of(record.events, month)
        record.events = (*record.events, made)
    plain = json.loads(json.dumps([at.event_to_dict(event) for event in record.events]))
    assert tuple(map(at.event_from_dict, plain)) == record.events
    assert len({row.icd10 for row in at.as_of(record.events, NOVEMBER)}) == len(at.as_of(record.events, NOVEMBER))
