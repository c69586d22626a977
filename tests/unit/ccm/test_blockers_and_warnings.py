"""Every blocker and warning from both sides: what raises it, and the nearest case that does not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ccm.assess_json import read_care_month
from ccm.assessment import assess
from ccm.assessment.blockers import BLOCKERS
from ccm.assessment.warnings import WARNINGS
from ccm.tables import NATIONAL_TABLES
from smart_app.cli.assess import time_zone
from tests.unit.ccm.cases import assessed, care_month, codes, minutes, own

ROW = care_month()["enrolment"]["conditions"][0]
OTHER = ROW | {"icd10": "I10"}


def service(code: str, **fields: Any) -> dict[str, Any]:
    return {"facts__services": [{"code": code, **fields}]}


def conditions(*rows: dict[str, Any]) -> dict[str, Any]:
    return {"enrolment__conditions": list(rows)}


RAISED: list[tuple[str, dict[str, Any]]] = [
    *[("not_enrolled", {"enrolment__status": status}) for status in ("candidate", "invited", "declined", "withdrawn")],
    ("consent_missing", {"enrolment__consent": None}),
    ("consent_missing", {"enrolment__consent__given_at": None}),
    ("consent_missing", {"enrolment__consent__given_at": "2026-11-01T00:00:00-04:00"}),
    ("consent_disclosures_missing", {"enrolment__consent__disclosures": None}),
    (
        "consent_disclosures_missing",
        {"enrolment__consent__disclosures": ["availability", "cost_sharing", "right_to_stop"]},
    ),
    ("consent_withdrawn", {"enrolment__consent__withdrawn_on": "2026-09-30"}),
    ("initiating_visit_missing", {"enrolment__initiating_visit_on": None}),
    ("initiating_visit_missing", {"enrolment__initiating_visit_on": "2026-11-01"}),
    ("initiating_visit_missing", {"enrolment__initiating_visit_on": "2025-03-01"}),
    ("conditions_fewer_than_two", conditions()),
    ("conditions_fewer_than_two", conditions(ROW)),
    ("conditions_fewer_than_two", conditions(ROW, ROW)),
    ("conditions_fewer_than_two", conditions(ROW, ROW | {"icd10": "e119"})),
    ("conditions_not_attested", conditions(ROW, OTHER | {"icd10": None})),
    ("conditions_not_attested", conditions(ROW | {"icd10": None}, OTHER | {"icd10": None})),
    ("conditions_not_attested", conditions(ROW, OTHER | {"attested_on": None})),
    ("conditions_not_attested", conditions(ROW, OTHER | {"attested_by": " "})),
    ("conditions_not_attested", conditions(ROW, OTHER | {"expected_months": 11})),
    ("conditions_not_attested", conditions(ROW, OTHER | {"expected_months": None})),
    ("conditions_not_attested", conditions(ROW, OTHER | {"significant_risk": False})),
    ("conditions_not_attested", conditions(ROW, ROW, OTHER | {"significant_risk": None})),
    ("care_plan_missing", {"enrolment__care_plan": None}),
    ("care_plan_missing", {"enrolment__care_plan__established_on": None}),
    ("care_plan_missing", {"enrolment__care_plan__established_on": "2026-11-01"}),
    ("care_plan_copy_missing", {"enrolment__care_plan": None}),
    ("care_plan_copy_missing", {"enrolment__care_plan__copy_given_on": None}),
    ("billing_practitioner_missing", {"enrolment__billing_practitioner": None}),
    ("billing_practitioner_missing", {"enrolment__billing_practitioner__id": None}),
    ("billing_practitioner_missing", {"enrolment__billing_practitioner__npi": None}),
    ("billing_practitioner_missing", {"enrolment__billing_practitioner__npi": "1234567890"}),
    ("billing_practitioner_missing", {"enrolment__billing_practitioner__npi": "123456789"}),
    ("mdm_missing", {"policy": {"track": "complex"}}),
    ("mdm_missing", {"policy": {"track": "complex"}, "facts__mdm": "low"}),
    *[("service_conflict", service(code)) for code in ("G0181", "G0182", "90951", "90960", "90970", "g0181")],
    ("service_conflict", service("G0181", on="2026-10-31", same_practitioner=False)),
    *[
        ("service_conflict", service(code, same_practitioner=True))
        for code in ("G0556", "G0557", "G0558", "99424", "99425", "99426", "99427")
    ],
    ("billed_elsewhere", {"facts__billed_elsewhere": True}),
    ("care_plan_incomplete", {"enrolment__care_plan__elements": ["problem_list", "goals"]}),
    ("care_plan_incomplete", {"enrolment__care_plan": {}}),
    ("pcm_other_practitioner", service("99426")),
    ("pcm_other_practitioner", service("99424", on="2026-10-01", same_practitioner=False)),
    ("consent_details_missing", {"enrolment__consent__method": None}),
    ("consent_details_missing", {"enrolment__consent__obtained_by": None}),
    ("inpatient_stay_open", {"facts__inpatient": [{"from": "2026-10-31"}]}),
]

NOT_RAISED: list[tuple[str, dict[str, Any]]] = [
    ("not_enrolled", {"enrolment__status": "withdrawn", "enrolment__consent__withdrawn_on": "2026-10-01"}),
    ("not_enrolled", {"enrolment__status": "withdrawn", "enrolment__consent__withdrawn_on": "2027-01-01"}),
    ("consent_missing", {"enrolment__consent__given_at": "2026-10-31T23:59:59-04:00"}),
    ("consent_disclosures_missing", {"enrolment__consent__given_at": None, "enrolment__consent__disclosures": None}),
    ("consent_withdrawn", {"enrolment__consent__withdrawn_on": "2026-10-01"}),
    ("initiating_visit_missing", {"enrolment__initiating_visit_on": "2026-10-31"}),
    ("initiating_visit_missing", {"enrolment__initiating_visit_on": "2025-03-02"}),
    ("initiating_visit_missing", {"enrolment__initiating_visit_on": "2020-01-01", "enrolment__consent": None}),
    (
        "initiating_visit_missing",
        {"enrolment__initiating_visit_on": None, "enrolment__initiating_visit_required": False},
    ),
    ("conditions_fewer_than_two", conditions(ROW | {"icd10": None}, ROW | {"icd10": None})),
    ("conditions_fewer_than_two", conditions(ROW, ROW | {"icd10": None})),
    ("conditions_not_attested", conditions(ROW)),
    ("conditions_not_attested", conditions(ROW, OTHER | {"expected_months": 12})),
    ("conditions_not_attested", conditions(ROW, OTHER | {"attested_by": None}, OTHER)),
    ("care_plan_missing", {"enrolment__care_plan__established_on": "2026-10-31"}),
    ("mdm_missing", {"policy": {"track": "complex"}, "facts__mdm": "moderate"}),
    ("mdm_missing", {"policy": {"track": "staff"}}),
    ("service_conflict", service("G0181", on="2026-09-30")),
    ("service_conflict", service("G0181", on="2026-11-01")),
    *[("service_conflict", service(code)) for code in ("G0179", "G0556", "99426", "90950", "90971")],
    *[("service_conflict", service(code, same_practitioner=True)) for code in ("99495", "99457", "99484", "G0179")],
    ("care_plan_incomplete", {"enrolment__care_plan": None}),
    ("pcm_other_practitioner", service("99426", same_practitioner=True)),
    ("pcm_other_practitioner", service("99426", on="2026-09-30")),
    ("inpatient_stay_open", {"facts__inpatient": [{"from": "2026-10-01", "to": "2026-10-02"}]}),
    ("inpatient_stay_open", {"facts__inpatient": [{"from": "2026-11-01"}]}),
]


def found(changes: dict[str, Any]) -> list[str]:
    result = assessed(care_month(minutes(20), **changes))
    return codes(result["blockers"]) + codes(result["warnings"])


@pytest.mark.parametrize(("code", "changes"), RAISED)
def test_a_finding_is_raised(code: str, changes: dict[str, Any]) -> None:
    assert code in found(changes)


@pytest.mark.parametrize(("code", "changes"), NOT_RAISED)
def test_a_finding_is_not_raised(code: str, changes: dict[str, Any]) -> None:
    assert code not in found(changes)


def test_a_withdrawal_in_an_earlier_month_excludes_every_second() -> None:
    result = assessed(care_month(minutes(20), enrolment__consent__withdrawn_on="2026-09-30"))
    assert [row["reason"] for row in result["excluded"]] == ["after_withdrawal_month"]


def test_below_threshold_is_said_unless_decision_making_is_missing() -> None:
    assert codes(assessed(care_month(minutes(19)))["blockers"]) == ["below_threshold"]
    assert codes(assessed(care_month(minutes(70), policy={"track": "complex"}))["blockers"]) == ["mdm_missing"]
    short = care_month(minutes(59), policy={"track": "complex"}, facts__mdm="high")
    assert codes(assessed(short)["blockers"]) == ["below_threshold"]


def test_lines_stay_while_blockers_stand() -> None:
    result = assessed(care_month(minutes(20), enrolment__care_plan=None))
    assert (result["ready"], result["amount"]) == (False, "66.13")


def test_an_unrecorded_decision_level_is_told_only_where_it_matters() -> None:
    assert codes(assessed(care_month(minutes(60)))["warnings"]) == ["decision_making_unknown"]
    assert codes(assessed(care_month(minutes(59)))["warnings"]) == []
    assert codes(assessed(care_month(minutes(60), facts__mdm="none"))["warnings"]) == []
    assert codes(assessed(care_month(minutes(60), policy={"track": "staff"}))["warnings"]) == []


def test_an_estimated_amount_is_told_where_it_is_billed() -> None:
    assert codes(assessed(care_month(own(30)))["warnings"]) == ["amount_estimated"]
    assert codes(assessed(care_month(own(30), policy={"track": "staff"}))["warnings"]) == []


def test_what_the_practice_has_not_attested_is_told() -> None:
    case = read_care_month(care_month(minutes(20)), time_zone)
    result = assess(replace(case, missing_attestations=("24/7 access", "a care-team member")))
    assert [finding.text for finding in result.warnings] == [
        "The practice has not attested: 24/7 access and a care-team member."
    ]


def test_every_blocker_and_warning_has_a_citation_and_is_tried_here() -> None:
    known = {code for code, _ in (*BLOCKERS, *WARNINGS)}
    assert all(table.citations.keys() == known for table in NATIONAL_TABLES)
    elsewhere = {"below_threshold", "decision_making_unknown", "amount_estimated", "attestations_missing"}
    assert {code for code, _ in RAISED} == known - elsewhere


def test_texts_and_rules_are_never_empty() -> None:
    result = assessed({**care_month(minutes(5)), "enrolment": {"status": "invited", "initiating_visit_required": True}})
    assert len(result["blockers"]) == 8
    assert all(finding["text"].endswith(".") and finding["rule"] for finding in result["blockers"])


def test_the_billing_practitioner_without_an_id_has_no_own_time() -> None:
    case = care_month(own(40), enrolment__billing_practitioner={"npi": "1234567893"})
    assert assessed(case)["tracks"]["practitioner"]["minutes"] == 0
