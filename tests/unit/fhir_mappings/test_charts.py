"""Every real-shaped chart reads whole: what is not shown is a gap or falls under a stated rule."""

from __future__ import annotations

import gzip
import json
from collections import defaultdict
from functools import cache
from pathlib import Path
from typing import Any

from ccm.chart import Gap
from fhir_mappings.bundle import entries
from fhir_mappings.care_plan import read_care_plans
from fhir_mappings.condition import read_problems
from fhir_mappings.observation import read_filed_time
from fhir_mappings.patient import NO_NAME, read_patient
from fhir_mappings.practitioner import practitioner_name
from tests.charts import charts_dir

Rows = list[dict[str, Any]]


@cache
def lines_of(path: Path) -> Rows:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def resources(resource_type: str) -> Rows:
    return lines_of(charts_dir() / "resolved" / f"{resource_type}.ndjson.gz")


def by_patient(resource_type: str) -> dict[str, Rows]:
    found: dict[str, Rows] = defaultdict(list)
    for row in resources(resource_type):
        found[row["subject"]["reference"].removeprefix("Patient/")].append(row)
    return found


def code(row: dict[str, Any], element: str) -> str:
    codes = [coding["code"] for coding in row.get(element, {}).get("coding", [])]
    return codes[0] if codes else ""


def test_every_patient_has_a_name_and_none_has_an_old_one() -> None:
    read = {row["id"]: read_patient(row) for row in resources("Patient")}
    assert len(read) == 36
    assert NO_NAME not in {patient.name for patient in read.values()}
    assert read["e0b236fd-7db2-40a6-bd55-9efcea1f29af"].name == "Rose Pink Fhir"
    assert read["example"].name == "Amy V. Baxter, PharmD"


def test_no_social_security_number_is_read_as_record_number() -> None:
    assert not [patient for patient in map(read_patient, resources("Patient")) if patient.mrn.count("-") == 2]
    assert read_patient(next(row for row in resources("Patient") if row["id"] == "pdmp-ky-clark-kent")).mrn == ""


def test_every_active_condition_of_every_chart_is_in_exactly_one_problem() -> None:
    for rows in by_patient("Condition").values():
        problems, gaps = read_problems(rows)
        active = [row["id"] for row in rows if code(row, "clinicalStatus") in ("active", "")]
        assert sorted(each for problem in problems for each in problem.ids) == sorted(active)
        assert gaps == ()


def test_no_problem_of_any_chart_stands_twice() -> None:
    for rows in by_patient("Condition").values():
        problems, _ = read_problems(rows)
        concepts = [problem.snomed() for problem in problems if problem.snomed()]
        assert len(concepts) == len(set(concepts))


def test_every_care_plan_of_every_chart_has_a_title() -> None:
    goals, conditions = resources("Goal"), resources("Condition")
    read = 0
    for rows in by_patient("CarePlan").values():
        plans, gaps = read_care_plans(rows, [*goals, *conditions])
        read += len(plans)
        assert all(plan.title for plan in plans)
        assert set(gaps) <= {Gap("Care plans", "6 goals or activities are named without words")}
    assert read == len(resources("CarePlan"))


def test_every_practitioner_has_a_name() -> None:
    assert all(map(practitioner_name, resources("Practitioner")))


def test_no_observation_of_the_charts_is_taken_for_ours() -> None:
    assert read_filed_time(resources("Observation")) == ()


def test_every_bundle_reads_whole() -> None:
    for path in sorted((charts_dir() / "bundles").glob("*.json.gz")):
        bundle = json.loads(gzip.decompress(path.read_bytes()))
        page = entries(bundle)
        assert (len(page.resources), page.gaps) == (len(bundle["entry"]), ())
        read_problems(page.resources)
        read_care_plans(page.resources)


def test_the_orphans_are_counted_as_gaps() -> None:
    orphans = lines_of(charts_dir() / "malformed-orphans.ndjson.gz")
    rows = [row for row in orphans if row["resourceType"] == "Condition"]
    problems, gaps = read_problems(orphans)
    assert problems == ()
    assert gaps == (Gap("Problems", f"{len(rows)} rows are without code or name"),)
    plans, _ = read_care_plans(orphans)
    assert plans[0].title.startswith("Care plan for Prostate cancer (HCC), Current moderate episode")
