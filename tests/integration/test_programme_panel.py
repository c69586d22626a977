"""The programme on the panel, over HTTP: from a candidate to a month that is ready, and what must not get there."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
import requests

from ccm.staff import StaffRow
from smart_app.store.registrations import first_practice
from smart_app.store.staff import add_staff
from tests.integration.browser import Browser, Panel
from tests.integration.clinic import Clinic

PATIENT = "albarracin-marisol"
NPI = "2487652309"
DISCLOSURES = ["availability", "cost_sharing", "one_practitioner", "right_to_stop"]
ELEMENTS = [
    "problem_list", "prognosis", "goals", "cognitive_functional", "symptoms", "interventions", "medications",
    "environment", "caregiver", "coordination", "review", "revision",
]  # fmt: skip
NURSE = StaffRow("Practitioner/nurse", "Imani Okwuosa, RN", "Larkspur", "RN", "US", date(2024, 1, 1))
PHYSICIAN = replace(NURSE, performer="Practitioner/physician", name="Henrik Solvang, MD", credential="MD")
CONSENT = {
    "action": "consent_given",
    "given_at": "2026-11-02T09:00:00-05:00",
    "method": "verbal",
    "disclosures": DISCLOSURES,
}
HOSTILE = "\"><script>alert(1)</script><img src=x onerror='alert(2)'>{{ 7 * 7 }}"


@pytest.fixture
def staffed(clinic: Clinic) -> Clinic:
    """A clinic whose nurse and physician are in the staff register."""
    employ(clinic, NURSE, PHYSICIAN)
    return clinic


def employ(clinic: Clinic, *rows: StaffRow) -> None:
    """Puts people into the clinic's staff register."""
    with clinic.services.store.writing() as session:
        add_staff(session, first_practice(session, clinic.registration.id).id, rows, clinic.clock())


def post(panel: Panel, path: str, status: int = 201, **fields: Any) -> dict[str, Any]:
    """The JSON answer to a change, which must have this status."""
    answer = panel.post(path, fields)
    assert answer.status_code == status, answer.text
    return dict(answer.json())


def attest(panel: Panel, icd10: str, text: str, **fields: Any) -> dict[str, Any]:
    """Attests one condition."""
    values = {
        "action": "attested",
        "icd10": icd10,
        "text": text,
        "expected_months": 999,
        "significant_risk": True,
        "rationale": "Two admissions in a year.",
    }
    return post(panel, "conditions", **(values | fields))


def enrol(panel: Panel) -> dict[str, Any]:
    """Consent and enrolment of the panel's patient, by whoever has the panel open."""
    post(panel, "enrolment", **CONSENT)
    return post(panel, "enrolment", action="enrolled", on="2026-11-02")


def name_biller(clinic: Clinic, browser: Browser, patient: str = PATIENT, **fields: Any) -> None:
    """The physician names themselves, in a browser of their own."""
    panel = browser.open(clinic, patient, user="physician")
    values = {"action": "billing_practitioner_named", "billing_practitioner": "Practitioner/physician", "npi": NPI}
    post(panel, "enrolment", **(values | {"effective_on": "2026-11-01"} | fields))


def complete(clinic: Clinic, browser: Browser, other: Browser) -> Panel:
    """The nurse's panel of a patient with all in place but the time."""
    name_biller(clinic, other)
    panel = browser.open(clinic, PATIENT)
    post(panel, "enrolment", action="initiating_visit_need", need="new_patient", effective_on="2026-01-20")
    post(
        panel,
        "enrolment",
        action="initiating_visit_held",
        initiating_visit_on="2026-01-20",
        kind="em",
        ccm_discussed=True,
        encounter="Encounter/marisol-visit",
    )
    enrol(panel)
    attest(panel, "E11.9", "Type 2 diabetes mellitus")
    attest(panel, "i10", "Essential hypertension")
    post(panel, "care-plan", action="plan_established", established_on="2026-11-03", elements=ELEMENTS)
    post(panel, "care-plan", action="copy_given", copy_given_on="2026-11-04", form="portal")
    return panel


def codes(findings: list[dict[str, Any]]) -> list[str]:
    """The codes of blockers or warnings."""
    return [finding["code"] for finding in findings]


def test_a_patient_enrolled_on_the_panel_with_twenty_counted_minutes_is_ready(
    staffed: Clinic, browser: Browser, other_browser: Browser
) -> None:
    panel = complete(staffed, browser, other_browser)
    assert codes(panel.view()["assessment"]["blockers"]) == ["below_threshold"]
    panel.entry(minutes=20)
    view = panel.view()
    assessment = view["assessment"]
    assert assessment["blockers"] == []
    assert assessment["ready"] is True
    assert [(line["code"], line["units"]) for line in assessment["lines"]] == [("99490", 1)]
    assert view["enrolment"]["status"] == "enrolled"
    assert view["entries"][0]["counted_seconds"] == 1200
