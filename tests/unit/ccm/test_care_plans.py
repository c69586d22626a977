"""The care plan: its versions and copies, and which of the chart's plans is proposed as the CCM plan."""

from __future__ import annotations

import gzip
import json
from collections import defaultdict
from typing import Any

import pytest

from ccm import care_plans as cp
from ccm.assessment.care_month import CARE_PLAN_ELEMENTS
from ccm.chart import CarePlan
from ccm.records import Struck
from fhir_mappings.care_plan import read_care_plans
from tests.charts import charts_dir
from tests.unit.ccm.records_support import BILLER, LEAD, NOVEMBER, OCTOBER, Recorder, day

TODAY = day("2026-11-24")
SOME = frozenset({"goals", "problem_list"})
ALL = frozenset(CARE_PLAN_ELEMENTS)


def established(on: str = "2026-10-05") -> Recorder:
    record = Recorder(cp.append)
    record.add(cp.PlanEstablished(day(on), SOME))
    return record


def test_without_a_plan_there_is_none() -> None:
    assert cp.as_of((), NOVEMBER) is None
    record = established("2026-11-02")
    assert cp.as_of(record.events, OCTOBER) is None


def test_a_plan_that_is_not_established_has_no_version() -> None:
    assert cp.versions([]) == ()


def test_each_month_has_the_version_of_its_last_day() -> None:
    record = established()
    record.add(cp.PlanRevised(day("2026-11-10"), ALL, "New goal for the blood pressure"))
    october, november = cp.as_of(record.events, OCTOBER), cp.as_of(record.events, NOVEMBER)
    assert october is not None
    assert november is not None
    assert (october.elements, november.elements) == (SOME, ALL)
    assert november.established_on == day("2026-10-05")
    assert [version.number for version in cp.versions(record.events)] == [1, 2]


def test_copies_belong_to_the_version_of_their_day_and_the_first_is_what_a_claim_needs() -> None:
    record = established()
    record.add(cp.CopyGiven(day("2026-11-03"), "portal", "patient"))
    record.add(cp.PlanRevised(day("2026-11-10"), ALL, "Reviewed, nothing to change"))
    record.add(cp.CopyGiven(day("2026-11-10"), "paper", "caregiver", "Dora Doe"))
    made = cp.as_of(record.events, OCTOBER)
    assert made is not None
    assert made.copy_given_on == day("2026-11-03")
    assert [[copy.body.form for copy in version.copies] for version in cp.versions(record.events)] == [
        ["portal"],
        ["paper"],
    ]


def test_what_cannot_be_is_refused_by_field() -> None:
    record = Recorder(cp.append)
    assert "No care plan" in record.refusal(cp.CopyGiven(TODAY, "paper", "patient")).reason
    assert "No care plan" in record.refusal(cp.PlanRevised(TODAY, ALL, "x")).reason
    assert record.refusal(cp.PlanEstablished(day("2026-11-25"), ALL)).field == "on"
    assert record.refusal(cp.PlanEstablished(TODAY, frozenset({"poem"}))).field == "elements"
    assert "Your role" in record.refusal(cp.PlanEstablished(TODAY, ALL), BILLER).reason
    record.add(cp.PlanEstablished(TODAY, ALL))
    assert "record a revision" in record.refusal(cp.PlanEstablished(TODAY, ALL)).reason
    assert record.refusal(cp.PlanRevised(day("2026-11-23"), ALL, "x")).field == "on"
    assert record.refusal(cp.PlanRevised(TODAY, ALL, "")).field == "change"
    assert record.refusal(cp.CopyGiven(TODAY, "fax", "patient")).field == "form"
    assert record.refusal(cp.CopyGiven(TODAY, "mail", "neighbour")).field == "to"
    assert record.refusal(cp.CopyGiven(day("2026-11-23"), "mail", "patient")).field == "on"


def test_a_plan_established_in_error_is_struck_out_and_established_anew() -> None:
    record = established()
    record.add(Struck(0, "another patient's"), LEAD)
    assert cp.as_of(record.events, NOVEMBER) is None
    record.add(cp.PlanEstablished(day("2026-11-20"), ALL))
    assert len(cp.versions(record.events)) == 1


def test_events_read_back_as_they_were_written() -> None:
    record = established()
    record.add(cp.PlanChosen("1"))
    record.add(cp.PlanRevised(TODAY, ALL, "x"))
    record.add(cp.CopyGiven(TODAY, "paper", "patient"))
    plain = json.loads(json.dumps([cp.event_to_dict(event) for event in record.events]))
    assert tuple(map(cp.event_from_dict, plain)) == record.events


def plan(plan_id: str = "1", title: str = "Diabetes self management plan", **fields: Any) -> CarePlan:
    return CarePlan(plan_id, title, **({"status": "active", "intent": "order"} | fields))


def proposed(*plans: CarePlan) -> str | None:
    found, _ = cp.choose_ccm_plan(plans, TODAY, None)
    return found.id if found else None


def test_a_persons_choice_wins_and_is_said_to_be_one() -> None:
    plans = [plan("1", "CCM care plan"), plan("2", "Fracture care", status="completed")]
    record = Recorder(cp.append)
    assert cp.chosen_plan(record.events) is None
    record.add(cp.PlanChosen("2"))
    found, reason = cp.choose_ccm_plan(plans, TODAY, cp.chosen_plan(record.events))
    assert (found, reason) == (plans[1], cp.CHOSEN)
    assert cp.choose_ccm_plan(plans, TODAY, "")[0] is None
    gone, why = cp.choose_ccm_plan(plans, TODAY, "3")
    assert gone is None
    assert "choose again" in why


def test_without_a_choice_a_plan_is_only_proposed() -> None:
    _, reason = cp.choose_ccm_plan([plan()], TODAY, None)
    assert reason.startswith("Proposed:")
    assert reason.endswith("Confirm that it is the CCM care plan.")


@pytest.mark.parametrize(
    "unfit",
    [
        plan(status="completed"),
        plan(status="on-hold"),
        plan(status="draft"),
        plan(status=""),
        plan(intent="proposal"),
        plan(period_end="2026-11-23"),
        plan(period_end="2026-10"),
        plan(period_end="2025"),
        plan(title="Fracture care"),
        plan(title="Routine antenatal care"),
        plan(title="Care plan", categories=("225358003", "734163000")),
        plan(title="Respiratory therapy", addresses=("Acute bronchitis (disorder)",)),
        plan(title="Inpatient care plan", addresses=("Chronic congestive heart failure",)),
        plan(title="Care plan"),
        plan(title="Self care", categories=("assess-plan",)),
    ],
)
def test_plans_that_are_over_not_begun_or_for_something_that_passes_are_not_proposed(unfit: CarePlan) -> None:
    assert proposed(unfit) is None


@pytest.mark.parametrize(
    "fit",
    [
        plan(period_end="2026-11-24"),
        plan(period_end="2026-11"),
        plan(period_end="2026-11-24T23:00:00Z"),
        plan(title="Care plan", categories=("38717003",)),
        plan(title="Care plan", categories=("734163000",)),
        plan(title="Care plan", addresses=("Acute on chronic heart failure", "Fracture of ankle")),
    ],
)
def test_plans_in_force_for_something_chronic_are_proposed(fit: CarePlan) -> None:
    assert proposed(fit) == "1"


def test_the_widest_then_the_newest_plan_is_proposed() -> None:
    one = plan("one", addresses=("Diabetes",), period_start="2020")
    newer = plan("newer", addresses=("Asthma",), period_start="2024-02")
    two = plan("two", addresses=("Diabetes", "Asthma"), period_start="2010")
    whole = plan("whole", "Chronic care management plan", period_start="2001")
    assert proposed(one, newer) == "newer"
    assert proposed(newer, two, one) == "two"
    assert proposed(two, whole, newer) == "whole"


def test_a_problem_known_to_be_chronic_makes_its_plan_fit() -> None:
    gout = plan(title="Care plan", addresses=("Gout",))
    assert cp.choose_ccm_plan([gout], TODAY, None)[0] is None
    assert cp.choose_ccm_plan([gout], TODAY, None, chronic={"gout"})[0] == gout


def test_an_empty_chart_says_so() -> None:
    assert cp.choose_ccm_plan([], TODAY, None) == (None, "The chart holds no care plan.")


def test_of_the_real_charts_no_passing_or_ended_plan_is_proposed() -> None:
    folder = charts_dir() / "resolved"

    def rows(name: str) -> list[dict[str, Any]]:
        with gzip.open(folder / f"{name}.ndjson.gz", "rt", encoding="utf-8") as lines:
            return [json.loads(line) for line in lines]

    related, by_patient = rows("Goal") + rows("Condition"), defaultdict(list)
    for row in rows("CarePlan"):
        by_patient[row["subject"]["reference"]].append(row)
    titles = {}
    for patient, plans in by_patient.items():
        found, _ = cp.choose_ccm_plan(read_care_plans(plans, related)[0], TODAY, None)
        titles[patient] = found.title if found else None
    assert titles["Patient/85"] == "Heart failure self management plan"
    assert titles["Patient/cc-pat-betsy"] == "CKD Care Plan"
    assert titles["Patient/va-pat-dan"] == "Primary Care"
    assert titles["Patient/e62229aa-7327-48d5-bbe8-6b8295de0e55"] is None
    assert titles["Patient/310e765a-4210-790a-5591-e96358fd282a"] is None
    passing = ("racture", "antenatal", "Wound", "Burn", "Head injury", "Physical therapy", "Respiratory", "Terminal")
    assert not [title for title in titles.values() if title and any(word in title for word in passing)]
    assert sum(title is not None for title in titles.values()) >= 12
