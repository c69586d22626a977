"""Every real-shaped chart opens, and what could not be read of it is said on the panel."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from fhir_mappings.care_plan import read_care_plans
from fhir_mappings.condition import read_problems
from sandbox_ehr.config import SandboxConfig
from smart_app.store.launches import load_chart
from tests.charts import charts_dir
from tests.integration.browser import Browser
from tests.integration.clinic import Clinic
from tests.integration.clinic import clinic as running_clinic

Manifest = list[dict[str, str]]


@pytest.fixture(scope="module")
def manifest() -> Manifest:
    """The charts, one row each: `patient_id`, `name` and more."""
    with (charts_dir() / "manifest.csv").open(newline="", encoding="utf-8") as rows:
        return list(csv.DictReader(rows))


@pytest.fixture(scope="module")
def hospital(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory, key_file: Path) -> Iterator[Clinic]:
    """A clinic whose EHR holds all the charts, malformed rows included."""
    path = shutil.copy(sqlite_template, tmp_path_factory.mktemp("hospital") / "cadence.db")
    with running_clinic(f"sqlite:///{path}", key_file, ehr=SandboxConfig(data=charts_dir())) as running:
        yield running


def test_there_are_36_charts(manifest: Manifest) -> None:
    assert len({row["patient_id"] for row in manifest}) == 36


@pytest.mark.parametrize("number", range(36))
def test_the_chart_opens_and_its_gaps_are_said(
    hospital: Clinic, manifest: Manifest, browser: Browser, number: int
) -> None:
    patient = manifest[number]["patient_id"]
    panel = browser.open(hospital, patient)
    view = panel.view()
    assert view["patient"]["id"] == patient
    assert manifest[number]["name"].split()[-1] in view["patient"]["name"]
    with hospital.services.store.reading() as session:
        chart = load_chart(session, panel.launch)
    assert chart is not None
    assert [f"{gap.part}: {gap.reason}" for gap in chart.gaps] == view["notices"]
    conditions, plans = (hospital.search(kind, patient=patient) for kind in ("Condition", "CarePlan"))
    goals = hospital.search("Goal", patient=patient)
    problems, problem_gaps = read_problems(conditions)
    care_plans, plan_gaps = read_care_plans(plans, [*conditions, *goals])
    assert len(view["conditions"]) == len(problems)
    assert {plan["id"] for plan in view["care_plans"]} == {plan.id for plan in care_plans}
    assert {f"{gap.part}: {gap.reason}" for gap in (*problem_gaps, *plan_gaps)} <= set(view["notices"])


def test_rows_that_cannot_be_read_are_counted_in_a_notice(
    hospital: Clinic, manifest: Manifest, browser: Browser
) -> None:
    patient = manifest[0]["patient_id"]
    hospital.put({"resourceType": "Condition", "id": "nameless", "subject": {"reference": f"Patient/{patient}"}})
    assert "Problems: 1 row is without code or name" in browser.open(hospital, patient).view()["notices"]
