"""What a care month's JSON may say, and what is refused with the field's name."""

from __future__ import annotations

from typing import Any

import pytest

from ccm.assess_json import RefusedError, read_care_month
from smart_app.cli.assess import time_zone
from tests.unit.ccm.cases import assessed, care_month, minutes

GOOD = minutes(20)


def refused(case: object) -> RefusedError:
    with pytest.raises(RefusedError) as caught:
        read_care_month(case, time_zone)
    return caught.value


def with_entry(**fields: Any) -> dict[str, Any]:
    return care_month(GOOD, GOOD | {"id": "e2"} | fields)


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"surprise": 1}, "surprise"),
        ({"month": None}, "month"),
        ({"month": "2026-13"}, "month"),
        ({"month": "2026-00"}, "month"),
        ({"month": "2026-1"}, "month"),
        ({"month": "2026-10-01"}, "month"),
        ({"month": "２０２６-10"}, "month"),
        ({"month": "2024-12"}, "month"),
        ({"month": "2027-01"}, "month"),
        ({"month": "0000-01"}, "month"),
        ({"month": 202610}, "month"),
        ({"timezone": None}, "timezone"),
        ({"timezone": "Mars/Olympus"}, "timezone"),
        ({"timezone": "America"}, "timezone"),
        ({"timezone": "../etc/passwd"}, "timezone"),
        ({"timezone": "/etc/localtime"}, "timezone"),
        ({"timezone": "localtime"}, "timezone"),
        ({"timezone": "right/UTC"}, "timezone"),
        ({"timezone": "tzdata.zi"}, "timezone"),
        ({"timezone": "zone.tab"}, "timezone"),
        ({"timezone": "UTC\x00"}, "timezone"),
        ({"timezone": "-05:00"}, "timezone"),
        ({"policy": "best"}, "policy"),
        ({"policy__track": "pcm"}, "policy.track"),
        ({"policy__date_of_service": "today"}, "policy.date_of_service"),
        ({"policy__x": 1}, "policy.x"),
        ({"patient": None}, "patient"),
        ({"patient__id": None}, "patient.id"),
        ({"patient__id": "  "}, "patient.id"),
        ({"patient__id": 7}, "patient.id"),
        ({"patient__deceased_on": "2026-02-30"}, "patient.deceased_on"),
        ({"patient__deceased_on": "2026-W07-1"}, "patient.deceased_on"),
        ({"patient__deceased_on": "20261001"}, "patient.deceased_on"),
        ({"patient__deceased_on": "2026-10-01T00:00:00Z"}, "patient.deceased_on"),
        ({"patient__deceased_on": ""}, "patient.deceased_on"),
        ({"patient__name": "Ann"}, "patient.name"),
        ({"enrolment": None}, "enrolment"),
        ({"enrolment": []}, "enrolment"),
        ({"enrolment__status": None}, "enrolment.status"),
        ({"enrolment__status": "active"}, "enrolment.status"),
        ({"enrolment__status": ["enrolled"]}, "enrolment.status"),
        ({"enrolment__initiating_visit_required": None}, "enrolment.initiating_visit_required"),
        ({"enrolment__initiating_visit_required": 1}, "enrolment.initiating_visit_required"),
        ({"enrolment__withdrawn_on": "2026-10-01"}, "enrolment.withdrawn_on"),
        ({"enrolment__consent__given_at": "2026-03-02"}, "enrolment.consent.given_at"),
        ({"enrolment__consent__given_at": "2026-03-02T10:00:00"}, "enrolment.consent.given_at"),
        ({"enrolment__consent__method": "fax"}, "enrolment.consent.method"),
        ({"enrolment__consent__disclosures": ["availability", "x"]}, "enrolment.consent.disclosures[1]"),
        ({"enrolment__consent__disclosures": [["availability"]]}, "enrolment.consent.disclosures[0]"),
        ({"enrolment__consent__disclosures": [None]}, "enrolment.consent.disclosures[0]"),
        ({"enrolment__consent__disclosures": "availability"}, "enrolment.consent.disclosures"),
        ({"enrolment__billing_practitioner__npi": 1234567893}, "enrolment.billing_practitioner.npi"),
        ({"enrolment__conditions": [{"icd10": "I10", "x": 1}]}, "enrolment.conditions[0].x"),
        ({"enrolment__conditions": [{"expected_months": 12.0}]}, "enrolment.conditions[0].expected_months"),
        ({"enrolment__conditions": [{"expected_months": True}]}, "enrolment.conditions[0].expected_months"),
        ({"enrolment__conditions": [{"expected_months": -1}]}, "enrolment.conditions[0].expected_months"),
        ({"enrolment__conditions": [{}, {"significant_risk": "yes"}]}, "enrolment.conditions[1].significant_risk"),
        ({"enrolment__conditions": {}}, "enrolment.conditions"),
        ({"enrolment__care_plan__elements": ["goals", "vibes"]}, "enrolment.care_plan.elements[1]"),
        ({"facts__mdm": "extreme"}, "facts.mdm"),
        ({"facts__services": [{}]}, "facts.services[0].code"),
        ({"facts__services": [{"code": "G0181", "on": "soon"}]}, "facts.services[0].on"),
        ({"facts__inpatient": [{"to": "2026-10-02"}]}, "facts.inpatient[0].from"),
        ({"facts__visits": [None]}, "facts.visits[0]"),
        ({"facts__visits": ["2026-10-02"]}, "facts.visits[0]"),
        ({"facts__billed_elsewhere": 0}, "facts.billed_elsewhere"),
        ({"entries": {}}, "entries"),
        ({"entries": [[]]}, "entries[0]"),
    ],
)
def test_unknown_fields_and_values_are_refused_by_name(changes: dict[str, Any], path: str) -> None:
    assert refused(care_month(GOOD, **changes)).path == path


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"id": None}, "id"),
        ({"id": ""}, "id"),
        ({"performer": None}, "performer"),
        ({"performer_class": "nurse"}, "performer_class"),
        ({"performer_class": {}}, "performer_class"),
        ({"activity": "phone"}, "activity"),
        ({"activity": None}, "activity"),
        ({"programme": "CCM"}, "programme"),
        ({"separate_from_visit": "no"}, "separate_from_visit"),
        ({"voided": 0}, "voided"),
        ({"minutes": 20}, "minutes"),
        ({"end": GOOD["start"]}, "end"),
        ({"end": "2026-10-06T11:59:59-04:00"}, "end"),
        ({"end": "2026-10-07T12:00:01-04:00"}, "end"),
        ({"end": "2026-10-07T12:00:01-04:00", "voided": True}, "end"),
        ({"end": None}, "end"),
        ({"end": 1791302400}, "end"),
    ],
)
def test_an_entrys_fields_are_refused_with_its_index(fields: dict[str, Any], path: str) -> None:
    assert refused(with_entry(**fields)).path == f"entries[1].{path}"


@pytest.mark.parametrize(
    "start",
    [
        "2026-10-06T12:00:00",
        "2026-10-06",
        "2026-10-06T12:00:00.5-04:00",
        "2026-10-06T12:00:00.000-04:00",
        "2026-10-06T12:00:00,5Z",
        "2026-10-06t12:00:00Z",
        "2026-10-06T12:00:00z",
        "2026-10-06 12:00:00Z",
        "2026-10-06T12:00:00 Z",
        "2026-10-06T12:00:00Z\n",
        "2026-10-06T12Z",
        "20261006T120000Z",
        "2026-W41-2T12:00:00Z",
        "2026-279T12:00:00Z",
        "2026-02-29T12:00:00Z",
        "2026-10-06T24:00:00Z",
        "2026-10-06T25:00:00Z",
        "2026-10-06T23:60:00Z",
        "2026-12-31T23:59:60Z",
        "2026-10-06T12:00:00-0400",
        "2026-10-06T12:00:00-04",
        "2026-10-06T12:00:00-04:00:30",
        "2026-10-06T12:00:00+24:00",
        "2026-10-06T12:00:00-04:60",
        "2026-10-06T12:00:00−04:00",
        "２０２６-10-06T12:00:00Z",
        "0001-01-01T00:00:00Z",
        "+2026-10-06T12:00:00Z",
        "",
        "noon",
    ],
)
def test_a_time_in_any_other_shape_is_refused(start: str) -> None:
    assert refused(with_entry(start=start)).path == "entries[1].start"


@pytest.mark.parametrize(
    ("start", "why"),
    [
        ("2026-10-06T12:00:00", "no time zone"),
        ("2026-10-06T12:00:00.5Z", "fractional seconds"),
        ("2026-02-29T12:00:00Z", "must be a time"),
        ("noon", "such as 2026-10-02T14:00:00-04:00"),
    ],
)
def test_a_refused_time_says_what_is_wrong(start: str, why: str) -> None:
    assert why in refused(with_entry(start=start)).reason


@pytest.mark.parametrize(
    "start",
    [
        "2026-10-06T16:00:00Z",
        "2026-10-06T16:00:00+00:00",
        "2026-10-06T16:00:00-00:00",
        "2026-10-06T21:45:00+05:45",
        "2026-10-06T12:00-04:00",
    ],
)
def test_one_instant_may_be_written_with_any_offset(start: str) -> None:
    assert assessed(care_month(GOOD | {"start": start}))["counted_seconds"] == 1200


def test_absent_and_null_are_the_same() -> None:
    sparse = {
        "month": "2026-10",
        "timezone": "America/New_York",
        "patient": {"id": "p1"},
        "enrolment": {"status": "enrolled", "initiating_visit_required": False},
        "entries": [GOOD],
    }
    nulls = {
        **sparse,
        "policy": {"track": None, "date_of_service": None},
        "patient": {"id": "p1", "deceased_on": None},
        "enrolment": sparse["enrolment"]
        | dict.fromkeys(("consent", "initiating_visit_on", "billing_practitioner", "conditions", "care_plan")),
        "facts": dict.fromkeys(("mdm", "services", "inpatient", "visits", "billed_elsewhere")),
        "entries": [GOOD | dict.fromkeys(("programme", "separate_from_visit", "voided"))],
    }
    assert assessed(nulls) == assessed(sparse) == assessed({**sparse, "facts": None, "policy": None})


def test_an_entry_of_exactly_24_hours_is_taken() -> None:
    result = assessed(care_month(GOOD | {"end": "2026-10-07T12:00:00-04:00"}))
    assert result["counted_seconds"] == 24 * 3600


def test_dates_are_not_checked_against_each_other() -> None:
    case = care_month(
        minutes(20, day=6),
        facts__inpatient=[{"from": "2026-10-08", "to": "2026-10-02"}, {"from": "0001-01-01", "to": "0001-01-02"}],
        patient__deceased_on="9999-12-31",
        enrolment__consent__withdrawn_on="9999-12-31",
    )
    assert assessed(case)["ready"]


def test_the_same_id_twice_is_summed_and_never_counted_twice() -> None:
    result = assessed(care_month(GOOD, GOOD, GOOD))
    assert result["counted_seconds"] == 1200
    assert result["excluded"] == [{"entry": GOOD["id"], "seconds": 2400, "reason": "overlap"}]


def test_a_refusal_shows_no_value_and_stays_on_one_line() -> None:
    refusal = refused(care_month(GOOD | {"activity": "Ann Smith"}))
    assert "Ann Smith" not in str(refusal)
    strange = refused(care_month(GOOD | {"a\nb\u2028" + "x" * 500: 1}))
    assert len(str(strange).splitlines()) == 1
    assert len(str(strange)) < 200


@pytest.mark.parametrize("value", [None, 7, "x", [], [{}], True])
def test_what_is_not_an_object_is_refused(value: object) -> None:
    assert refused(value).path == ""
