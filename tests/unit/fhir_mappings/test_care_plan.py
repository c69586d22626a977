from __future__ import annotations

from typing import Any

import pytest

from ccm.chart import CarePlan, Gap
from fhir_mappings.care_plan import ROWS_LIMIT, TEXT_LIMIT, read_care_plans

ASSESS_PLAN = {"coding": [{"code": "assess-plan", "display": "Assessment and Plan of Treatment"}]}


def plan(**elements: Any) -> dict[str, Any]:
    return {"resourceType": "CarePlan", "id": "cp1", "status": "active", "intent": "plan"} | elements


def read(*resources: Any, related: tuple[Any, ...] = ()) -> CarePlan:
    found, gaps = read_care_plans(resources, related)
    assert gaps == ()
    assert len(found) == 1
    return found[0]


def activity(text: str, **detail: Any) -> dict[str, Any]:
    return {"detail": {"code": {"text": text}} | detail}


def test_title_status_categories_and_dates_are_read() -> None:
    read_plan = read(
        plan(
            title="CKD care plan",
            category=[ASSESS_PLAN],
            period={"start": "2018-06-01", "end": "2019"},
            meta={"lastUpdated": "2019-01-01T00:00:00Z"},
        )
    )
    assert read_plan == CarePlan(
        id="cp1",
        title="CKD care plan",
        status="active",
        intent="plan",
        categories=("assess-plan",),
        period_start="2018-06-01",
        period_end="2019",
        last_updated="2019-01-01T00:00:00Z",
    )


@pytest.mark.parametrize(
    ("elements", "title"),
    [
        ({"category": [ASSESS_PLAN, {"text": "Dementia management"}]}, "Dementia management"),
        ({"category": [ASSESS_PLAN], "addresses": [{"display": "Gout"}]}, "Care plan for Gout"),
        ({"category": [ASSESS_PLAN], "activity": [activity("Diet"), activity("Walks")]}, "Care plan: Diet, Walks"),
        ({"category": [ASSESS_PLAN], "description": "Slow the progression."}, "Slow the progression."),
        ({"category": [ASSESS_PLAN]}, "Assessment and Plan of Treatment"),
        ({"category": [{"coding": [{"code": "assess-plan"}]}]}, "Care plan"),
        ({}, "Care plan"),
    ],
)
def test_a_plan_without_title_gets_one_from_what_it_says(elements: dict[str, Any], title: str) -> None:
    assert read(plan(**elements)).title == title


def test_goals_are_found_among_related_results_and_contained_resources() -> None:
    contained = {"resourceType": "Goal", "id": "g2", "description": {"text": "Walk daily"}}
    related = {"resourceType": "Goal", "id": "g1", "description": {"text": "A1c below 7"}}
    goals = [
        {"reference": "https://ehr.example/fhir/Goal/g1/_history/2", "display": "A1c"},
        {"reference": "#g2"},
        {"reference": "Goal/g3"},
        {"display": "Sleep well"},
    ]
    listed = {"resourceType": "Goal", "id": "g3", "description": {"text": "Less salt"}}
    read_plan = read(plan(goal=goals, contained=[contained]), listed, related=(related,))
    assert read_plan.goals == ("A1c below 7", "Walk daily", "Less salt", "Sleep well")


def test_addresses_are_texts_where_known_and_references_where_not() -> None:
    known = {"resourceType": "Condition", "id": "c1", "code": {"text": "Gout"}}
    addresses = [{"reference": "Condition/c1"}, {"reference": "Condition/c2"}, {"display": "Asthma"}]
    assert read(plan(addresses=addresses), related=(known,)).addresses == ("Gout", "Condition/c2", "Asthma")


def test_activities_come_from_code_description_and_reference() -> None:
    medication = {"resourceType": "MedicationRequest", "id": "m1", "medicationCodeableConcept": {"text": "Lisinopril"}}
    activities = [
        activity("Blood pressure", description="Every morning."),
        activity("Diet", description="diet"),
        {"detail": {"description": "Walk."}},
        {"reference": {"reference": "MedicationRequest/m1"}},
        {"reference": {"reference": "ServiceRequest/s1", "display": "Eye examination"}},
        activity("Diet"),
        activity("Never", status="entered-in-error"),
    ]
    expected = ("Blood pressure: Every morning.", "Diet", "Walk.", "Lisinopril", "Eye examination")
    assert read(plan(activity=activities), related=(medication,)).activities == expected


def test_references_that_lead_to_no_words_are_a_gap() -> None:
    row = plan(goal=[{"reference": "Goal/x"}], activity=[{"reference": {"reference": "ServiceRequest/x"}}, {}])
    _, gaps = read_care_plans([row, "text"])
    assert gaps == (
        Gap("Care plans", "1 row is unreadable"),
        Gap("Care plans", "3 goals or activities are named without words"),
    )


def test_a_goal_entered_in_error_is_left_out() -> None:
    goal = {"resourceType": "Goal", "id": "g", "lifecycleStatus": "entered-in-error", "description": {"text": "No"}}
    assert read(plan(goal=[{"reference": "Goal/g", "display": "No"}]), goal).goals == ()


def test_a_plan_entered_in_error_is_left_out() -> None:
    assert read_care_plans([plan(status="entered-in-error", title="x")]) == ((), ())


def test_the_narrative_is_used_only_if_the_plan_says_nothing_else() -> None:
    text = {"div": "<div>Plan for <b>rest</b><script>alert(1)</script></div>"}
    assert read(plan(text=text)).activities == ("Plan for rest",)
    assert read(plan(text=text, title="Rest")).activities == ()


def test_a_huge_plan_is_bounded_and_says_so() -> None:
    row = plan(
        text={"div": "<div>" + "x " * 2_500_000},
        title="y" * 10_000,
        activity=[activity(f"{n} " + "z" * 1000) for n in range(ROWS_LIMIT + 1)],
    )
    (found,), gaps = read_care_plans([row])
    assert len(found.activities) == ROWS_LIMIT
    assert max(map(len, found.activities)) == TEXT_LIMIT
    assert gaps == (Gap("Care plans", f"only the first {ROWS_LIMIT} goals and activities of a plan are shown"),)
