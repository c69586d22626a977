"""The reading of a chart: all at once, each part failing for itself, and only what was granted."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, cast

import pytest

from ccm.chart import Gap
from smart_app.ehr.chart_reading import ChartReading, ChartRequest, read_chart
from smart_app.ehr.client import FhirClient, SearchResult
from smart_app.ehr.errors import EhrError, EhrRefused, EhrTimeout
from smart_app.ehr.granted import Granted

EVERYTHING = "patient/*.rs user/Practitioner.r"
REFUSED, SLOW = EhrRefused(400), EhrTimeout()
PATIENT = {"resourceType": "Patient", "id": "p1", "name": [{"text": "Ada"}]}
CONDITION = {"resourceType": "Condition", "id": "c1", "code": {"text": "Hypertension"}}
PLAN = {"resourceType": "CarePlan", "id": "cp1", "title": "Plan", "status": "active"}
NURSE = {"resourceType": "Practitioner", "id": "n1", "name": [{"text": "Nurse"}]}
VISIT = {"resourceType": "Encounter", "id": "e1", "status": "in-progress", "class": {"code": "AMB"}}
Answer = dict[str, Any] | EhrError


class Ehr:
    """An EHR that answers from a table: reads by "Type/id", searches by type; what is missing there is empty."""

    def __init__(self, answers: dict[str, Answer], meet: Callable[[], object] = lambda: None) -> None:
        self._answers = answers
        self._meet = meet
        self.asked: list[str] = []

    def read(self, path: str, *, deadline: float) -> dict[str, Any]:
        return self._answer(path, path)

    def search(self, kind: str, parameters: dict[str, str], *, part: str, deadline: float) -> SearchResult:
        assert parameters["patient"] == "p1"
        name = f"{kind}?category" if "category" in parameters else kind
        found = self._answer(name, kind)
        return SearchResult((found,) if found else ())

    def _answer(self, name: str, kind: str) -> dict[str, Any]:
        self.asked.append(name)
        self._meet()
        answer = self._answers.get(name, {})
        if isinstance(answer, EhrError):
            raise answer
        return answer


def chart_of(ehr: Ehr, scope: str = EVERYTHING, *, alongside: list[Callable[[], object]] | None = None) -> ChartReading:
    """What is read of the patient's chart, launched from a visit by a nurse."""
    request = ChartRequest("p1", "e1", "Practitioner/n1", Granted(scope), since="2025-10-24", deadline=1.0)
    return read_chart(cast(FhirClient, ehr), request, alongside or [])


def whole(**changes: Answer) -> dict[str, Answer]:
    """The answers of an EHR that works, some of them changed; a "/" is written as "__"."""
    answers: dict[str, Answer] = {
        "Patient/p1": PATIENT,
        "Condition": CONDITION,
        "CarePlan": PLAN,
        "Practitioner/n1": NURSE,
        "Encounter/e1": VISIT,
    }
    return answers | {name.replace("__", "/"): answer for name, answer in changes.items()}


def test_everything_is_asked_before_anything_has_answered() -> None:
    everybody = threading.Barrier(10)
    ehr = Ehr(whole(), meet=lambda: everybody.wait(timeout=5))
    reading = chart_of(ehr, alongside=[lambda: everybody.wait(timeout=5)] * 2)
    assert len(ehr.asked) == 8
    assert reading.chart.gaps == ()


def test_what_the_chart_holds_is_read() -> None:
    reading = chart_of(Ehr(whole()))
    assert (reading.chart.patient.name, reading.user_name) == ("Ada", "Nurse")
    assert [problem.text for problem in reading.chart.problems] == ["Hypertension"]
    assert [plan.title for plan in reading.chart.care_plans] == ["Plan"]
    assert reading.chart.encounter is not None
    assert (reading.chart.unread, reading.entries) == ((), ())


def test_without_the_patient_there_is_no_chart() -> None:
    with pytest.raises(EhrTimeout):
        chart_of(Ehr(whole(Patient__p1=SLOW)))


@pytest.mark.parametrize(
    ("kind", "part"),
    [
        ("Condition", "Conditions"),
        ("CarePlan", "Care plans"),
        ("Goal", "Goals"),
        ("Observation", "Time filed earlier"),
        ("Encounter", "Visits and stays"),
    ],
)
def test_a_part_that_fails_is_a_gap_and_nothing_else_is_missing(kind: str, part: str) -> None:
    reading = chart_of(Ehr(whole(**{kind: SLOW})))
    assert reading.chart.gaps == (Gap(part, "could not be read: The EHR did not answer in time."),)
    assert reading.chart.unread == (part,)
    shown = {"Condition": reading.chart.problems, "CarePlan": reading.chart.care_plans}
    assert [bool(rows) for name, rows in shown.items() if name != kind] == [True] * len(set(shown) - {kind})


def test_who_signed_in_and_the_visit_may_stay_unknown() -> None:
    reading = chart_of(Ehr(whole(Practitioner__n1=SLOW, Encounter__e1=REFUSED)))
    assert (reading.user_name, reading.chart.encounter, reading.chart.gaps) == ("", None, ())


def test_a_search_for_care_plans_that_wants_a_category_gets_one() -> None:
    answers = whole(CarePlan=REFUSED) | {"CarePlan?category": PLAN}
    assert [plan.title for plan in chart_of(Ehr(answers)).chart.care_plans] == ["Plan"]


@pytest.mark.parametrize("answer", [EhrRefused(403), EhrRefused(404), SLOW])
def test_any_other_refusal_of_care_plans_is_not_answered_with_a_category(answer: EhrError) -> None:
    ehr = Ehr(whole(CarePlan=answer))
    assert chart_of(ehr).chart.unread == ("Care plans",)
    assert "CarePlan?category" not in ehr.asked


def test_what_was_not_granted_is_not_asked() -> None:
    ehr = Ehr(whole())
    reading = chart_of(ehr, "patient/Patient.r patient/Condition.rs patient/CarePlan.rs patient/Observation.rs")
    assert {"Goal", "Encounter", "Encounter/e1", "Practitioner/n1"} & set(ehr.asked) == set()
    assert reading.chart.gaps == (Gap("Visits and stays", "the EHR did not grant us reading them"),)


def test_what_is_read_alongside_may_fail_for_itself() -> None:
    def failing() -> object:
        raise EhrTimeout

    assert chart_of(Ehr(whole()), alongside=[failing]).chart.gaps == ()
