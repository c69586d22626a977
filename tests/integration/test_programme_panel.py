"""The programme on the panel, over HTTP: from a candidate to a month that is ready, and what must not get there."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from ccm.staff import StaffRow
from fhir_mappings.codes import MONTH_TIME
from smart_app.store.registrations import first_practice
from smart_app.store.staff import add_staff
from tests.integration.browser import Browser, Panel
from tests.integration.clinic import NURSE, Clinic

PATIENT = "albarracin-marisol"
NPI = "2487652309"
DISCLOSURES = ["availability", "cost_sharing", "one_practitioner", "right_to_stop"]
ELEMENTS = [
    "problem_list", "prognosis", "goals", "cognitive_functional", "symptoms", "interventions", "medications",
    "environment", "caregiver", "coordination", "review", "revision",
]  # fmt: skip
CONSENT = {
    "action": "consent_given",
    "given_at": "2026-11-02T09:00:00-05:00",
    "method": "verbal",
    "disclosures": DISCLOSURES,
}
HOSTILE = "\"><script>alert(1)</script><img src=x onerror='alert(2)'>{{ 7 * 7 }}"


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
    clinic: Clinic, browser: Browser, other_browser: Browser
) -> None:
    panel = complete(clinic, browser, other_browser)
    assert codes(panel.view()["assessment"]["blockers"]) == ["below_threshold"]
    panel.entry(minutes=20)
    view = panel.view()
    assessment = view["assessment"]
    assert assessment["blockers"] == []
    assert assessment["ready"] is True
    assert [(line["code"], line["units"]) for line in assessment["lines"]] == [("99490", 1)]
    assert view["enrolment"]["status"] == "enrolled"
    assert view["entries"][0]["counted_seconds"] == 1200


def test_the_chart_total_follows_a_consent_that_was_recorded_later(clinic: Clinic, browser: Browser) -> None:
    panel = browser.open(clinic, PATIENT)
    panel.entry(minutes=12)
    clinic.deliver_all()
    assert total(clinic) == 0
    post(panel, "enrolment", action="initiating_visit_need", need="seen_within_year", effective_on="2026-11-01")
    post(panel, "enrolment", **CONSENT)
    clinic.deliver_all()
    assert total(clinic) == 12


def total(clinic: Clinic) -> float:
    """The counted minutes of the month's one total in the chart."""
    found = [each for each in clinic.search("Observation", patient=PATIENT) if has_code(each, MONTH_TIME)]
    (observation,) = [each for each in found if each["status"] != "entered-in-error"]
    return float(observation["valueQuantity"]["value"])


def has_code(resource: dict[str, Any], code: str) -> bool:
    """Whether the resource's first code is this one."""
    return bool(resource["code"]["coding"][0]["code"] == code)


def test_a_withdrawal_keeps_its_own_month_and_ends_the_next(
    clinic: Clinic, browser: Browser, other_browser: Browser
) -> None:
    panel = complete(clinic, browser, other_browser)
    panel.entry(minutes=20)
    post(panel, "enrolment", action="withdrawn", withdrawn_on="2026-11-24", reason="Moves away.")
    view = panel.view()
    assert view["enrolment"]["status"] == "withdrawn"
    assert view["assessment"]["ready"] is True
    clinic.clock.advance(9 * 86400)
    panel = browser.open(clinic, PATIENT)
    assert {"not_enrolled", "consent_withdrawn"} <= set(codes(panel.view()["assessment"]["blockers"]))
    refused = post(panel, "enrolment", 422, action="enrolled")
    assert [error["field"] for error in refused["errors"]] == ["consent"]
    post(panel, "enrolment", **(CONSENT | {"given_at": "2026-12-03T08:00"}))
    assert post(panel, "enrolment", action="enrolled")["enrolment"]["status"] == "enrolled"


def test_another_billing_practitioner_needs_a_new_consent(
    clinic: Clinic, browser: Browser, other_browser: Browser
) -> None:
    employ(clinic, replace(NURSE, performer="Practitioner/np", name="Ada Moreau, NP", credential="NP"))
    panel = complete(clinic, browser, other_browser)
    name_biller(clinic, other_browser, billing_practitioner="Practitioner/np", effective_on="2026-11-24")
    view = panel.view()
    assert "consent_missing" in codes(view["assessment"]["blockers"])
    assert "another billing practitioner" in view["enrolment"]["consent"]["needed"]
    answer = post(panel, "enrolment", **(CONSENT | {"given_at": "2026-11-24T09:00:00-05:00"}))
    assert answer["enrolment"]["consent"]["needed"] == ""
    assert "consent_missing" not in codes(answer["assessment"]["blockers"])


def test_unknown_is_not_none_until_a_person_says_so(clinic: Clinic, browser: Browser) -> None:
    panel = browser.open(clinic, PATIENT)
    assert "Facts of the month" in panel.page()
    assert "0 of 5 answered" in panel.page()
    for question in ("stays", "visits", "services"):
        answer = post(panel, "facts", action="confirmed", question=question)
    assert [fact["question"] for fact in answer["facts"] if fact["open"]] == ["decision_making", "billed_elsewhere"]
    refused = post(panel, "facts", 422, action="confirmed", question="billed_elsewhere")
    assert refused["errors"][0]["field"] == "question"
    post(panel, "facts", action="billed_elsewhere_set", billed_elsewhere=False)
    answer = post(panel, "facts", action="decision_making_set", mdm="none")
    assert [fact for fact in answer["facts"] if fact["open"]] == []
    assert answer["facts"][0]["answered_by"] == "Imani Okwuosa, RN"


def stay_in_chart(clinic: Clinic, **period: str) -> None:
    """An inpatient stay of the patient in the EHR."""
    clinic.put(
        {
            "resourceType": "Encounter",
            "id": "stay-1",
            "status": "finished" if "end" in period else "in-progress",
            "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "IMP"},
            "subject": {"reference": f"Patient/{PATIENT}"},
            "period": period,
        }
    )


def test_a_stay_in_the_chart_bars_time_at_once_and_waits_for_a_person(clinic: Clinic, browser: Browser) -> None:
    stay_in_chart(clinic, start="2026-11-23T10:00:00-05:00")
    panel = browser.open(clinic, PATIENT)
    enrol(panel)
    post(panel, "enrolment", action="initiating_visit_need", need="seen_within_year", effective_on="2026-11-01")
    panel.entry(minutes=20)
    view = panel.view()
    assert [part["reason"] for part in view["assessment"]["excluded"]] == ["inpatient"]
    assert "inpatient_stay_open" in codes(view["assessment"]["warnings"])
    stay_in_chart(clinic, start="2026-11-20T10:00:00-05:00", end="2026-11-23T18:00:00-05:00")
    panel = browser.open(clinic, PATIENT)
    assert panel.view()["assessment"]["counted_seconds"] == 1200
    answer = post(panel, "facts", action="confirmed", question="stays")
    stays = answer["facts"][1]
    assert (stays["open"], [fact["text"] for fact in stays["facts"]]) == ("", ["Inpatient, 20 Nov 2026 – 23 Nov 2026"])
    post(panel, "facts", action="proposal_rejected", fact="Encounter/stay-1", reason="It was an observation stay.")
    assert browser.open(clinic, PATIENT).view()["assessment"]["counted_seconds"] == 1200


def test_what_a_role_may_not_record_is_forbidden(clinic: Clinic, browser: Browser, other_browser: Browser) -> None:
    biller = other_browser.open(clinic, PATIENT, user="biller")
    post(biller, "enrolment", 403, **CONSENT)
    post(biller, "enrolment", 403, action="enrolled")
    post(biller, "care-plan", 403, action="plan_established", elements=ELEMENTS)
    post(biller, "facts", 403, action="confirmed", question="stays")
    post(biller, "facts", 201, action="confirmed", question="services")
    attestation = {"icd10": "I10", "text": "Hypertension", "expected_months": 12, "rationale": "Two strokes."}
    post(biller, "conditions", 403, action="attested", significant_risk=True, **attestation)
    nurse = browser.open(clinic, PATIENT)
    post(nurse, "enrolment", 403, action="billing_practitioner_named", billing_practitioner="Practitioner/x", npi=NPI)
    post(nurse, "facts", 403, action="decision_making_set", mdm="moderate", rationale="Three drugs changed.")
    assert nurse.view()["enrolment"]["actions"] == sorted(nurse.view()["enrolment"]["actions"])
    assert "billing_practitioner_named" not in nurse.view()["enrolment"]["actions"]
    page = biller.page()
    assert "Record consent</summary>" not in page
    assert "For: clinical staff" in page


@pytest.mark.parametrize(
    ("path", "field", "fields"),
    [
        ("enrolment", "action", {"action": "abolished"}),
        ("enrolment", "action", {}),
        ("enrolment", "given_at", CONSENT | {"given_at": "2027-01-01T00:00:00Z"}),
        ("enrolment", "given_at", CONSENT | {"given_at": "tomorrow"}),
        ("enrolment", "method", CONSENT | {"method": "telepathic"}),
        ("enrolment", "disclosures", CONSENT | {"disclosures": ["everything"]}),
        ("enrolment", "relationship", CONSENT | {"representative": "Noor"}),
        ("enrolment", "action", {"action": "withdrawn", "reason": "No more."}),
        ("enrolment", "reason", {"action": "declined", "reason": " "}),
        ("enrolment", "initiating_visit_on", {"action": "initiating_visit_held", "initiating_visit_on": "2027-01-01",
                                              "kind": "em", "ccm_discussed": True}),
        ("enrolment", "ccm_discussed", {"action": "initiating_visit_held", "kind": "em"}),
        ("enrolment", "number", {"action": "struck", "number": 7, "reason": "Wrong patient."}),
        ("conditions", "icd10", {"action": "attested", "icd10": "sugar", "text": "Diabetes", "expected_months": 12,
                                 "significant_risk": True, "rationale": "Frail."}),
        ("conditions", "expected_months", {"action": "attested", "icd10": "I10", "text": "Hypertension",
                                           "expected_months": 3, "significant_risk": True, "rationale": "Frail."}),
        ("conditions", "significant_risk", {"action": "attested", "icd10": "I10", "text": "Hypertension",
                                            "expected_months": 12, "rationale": "Frail."}),
        ("care-plan", "elements", {"action": "plan_established", "elements": ["hope"]}),
        ("care-plan", "action", {"action": "copy_given", "form": "paper"}),
        ("care-plan", "established_on", {"action": "plan_established", "established_on": "2026-02-30"}),
        ("facts", "from", {"action": "stay_recorded"}),
        ("facts", "to", {"action": "stay_recorded", "inpatient": {"from": "2026-11-05", "to": "2026-11-04"}}),
        ("facts", "code", {"action": "service_recorded", "code": "??"}),
        ("facts", "month", {"action": "confirmed", "question": "stays", "month": "2027-01"}),
        ("facts", "billed_elsewhere", {"action": "billed_elsewhere_set"}),
        ("facts", "mdm", {"action": "decision_making_set", "mdm": "extreme"}),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_refused_with_its_field(
    shared_clinic: Clinic, browser: Browser, path: str, field: str, fields: dict[str, Any]
) -> None:
    panel = browser.open(shared_clinic, "okada.june")
    answer = post(panel, path, 422, **fields)
    assert field in [error["field"] for error in answer["errors"]]


def test_the_same_form_sent_twice_is_recorded_once(clinic: Clinic, browser: Browser) -> None:
    panel = browser.open(clinic, PATIENT)
    first = post(panel, "enrolment", key="k1", **CONSENT)
    again = post(panel, "enrolment", 200, key="k1", **CONSENT)
    assert (first["new"], again["new"]) == (True, False)
    assert again["number"] == first["number"]
    assert again["enrolment"]["consent"]["version"] == 1
    other = post(panel, "enrolment", key="k1", **(CONSENT | {"method": "written"}))
    assert other["number"] == 1


def test_people_who_record_at_once_lose_nothing(either_clinic: Clinic, browser: Browser) -> None:
    panel = browser.open(either_clinic, PATIENT)
    several = [{"action": "service_recorded", "code": f"9949{number}", "key": f"k{number}"} for number in range(6)]
    with ThreadPoolExecutor(6) as pool:
        statuses = list(pool.map(lambda fields: panel.post("facts", fields).status_code, several))
    assert set(statuses) <= {201, 409}
    services = next(each for each in facts_of(panel) if each["question"] == "services")
    assert len(services["facts"]) == statuses.count(201) >= 1
    again = [panel.post("facts", fields).status_code for fields in several]
    assert again == [{201: 200, 409: 201}[status] for status in statuses]


def test_thirty_clicks_record_one_consent(either_clinic: Clinic, browser: Browser) -> None:
    panel = browser.open(either_clinic, PATIENT)
    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda _: panel.post("enrolment", CONSENT | {"key": "k"}), range(30)))
    assert Counter(answer.status_code for answer in answers) == {201: 1, 200: 29}
    assert {answer.json()["enrolment"]["consent"]["version"] for answer in answers} == {1}


def facts_of(panel: Panel) -> list[dict[str, Any]]:
    """The five questions as the answer to one more change has them."""
    return list(post(panel, "facts", action="billed_elsewhere_set", billed_elsewhere=False)["facts"])


def test_forms_without_javascript_come_back_at_their_section(clinic: Clinic, browser: Browser) -> None:
    panel = browser.open(clinic, PATIENT)
    told = [("disclosures", code) for code in DISCLOSURES]
    fields = [("action", "consent_given"), ("given_at", "2026-11-02T09:00"), ("method", "verbal"), *told]
    answer = panel.post("enrolment", fields, as_json=False)  # type: ignore[arg-type]
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/p/{panel.launch}/#enrolment")
    consent = panel.view()["enrolment"]["consent"]
    assert consent["given_at"] == "2026-11-02T09:00:00-05:00"
    assert consent["disclosures"] == sorted(DISCLOSURES)
    answer = panel.post("care-plan", {"action": "plan_established"}, as_json=False)
    assert answer.headers["Location"].endswith("#care-plan")


def test_each_chart_condition_shows_what_was_attested_of_it(clinic: Clinic, browser: Browser) -> None:
    panel = browser.open(clinic, PATIENT)
    answer = attest(panel, "e119", "Type 2 diabetes mellitus without complications")
    first, second = answer["conditions"]
    assert (first["icd10"], first["attestation"]["icd10"], first["attestation"]["by"]) == (
        "E11.9",
        "E11.9",
        "Imani Okwuosa, RN",
    )
    assert second["attestation"] is None
    assert answer["attested"] == []
    answer = attest(panel, "M81.0", "Osteoporosis")
    assert [each["icd10"] for each in answer["attested"]] == ["M81.0"]
    number = answer["attested"][0]["number"]
    answer = post(panel, "conditions", action="struck", number=number, reason="Another patient's.")
    assert answer["attested"] == []


def test_the_care_plan_of_the_chart_is_proposed_until_a_person_confirms_it(clinic: Clinic, browser: Browser) -> None:
    panel = browser.open(clinic, PATIENT)
    (plan,) = panel.view()["care_plans"]
    assert plan["ccm"] == "proposed"
    answer = post(panel, "care-plan", action="plan_chosen", plan_id=plan["id"])
    assert (answer["care_plans"][0]["ccm"], answer["care_plan"]["confirmed"]) == ("confirmed", True)
    answer = post(panel, "care-plan", action="plan_established", elements=ELEMENTS[:4])
    assert answer["care_plan"]["missing"] == ELEMENTS[4:]
    answer = post(panel, "care-plan", action="plan_revised", elements=ELEMENTS, change="All reviewed.")
    assert (answer["care_plan"]["version"], answer["care_plan"]["missing"]) == (2, [])


def test_who_is_not_in_the_staff_register_is_told_so(clinic: Clinic, browser: Browser, other_browser: Browser) -> None:
    enrol(browser.open(clinic, PATIENT))
    panel = other_browser.open(clinic, PATIENT, user="admin")
    panel.entry(minutes=20)
    view = panel.view()
    assert view["assessment"]["counted_seconds"] == 0
    assert [part["reason"] for part in view["assessment"]["excluded"]] == ["non_clinical"]
    for reader in (panel, browser.open(clinic, PATIENT)):
        (notice,) = reader.view()["notices"]
        assert notice.startswith("Tobias Lindqvist is not in the staff register: their minutes count for nothing.")


def test_a_year_without_a_code_table_is_said_and_fails_nothing(clinic: Clinic, browser: Browser) -> None:
    clinic.clock.advance(60 * 86400)
    panel = browser.open(clinic, PATIENT)
    enrol(panel)
    post(panel, "enrolment", action="initiating_visit_need", need="seen_within_year")
    panel.entry(start="2027-01-20T09:30:00-05:00", minutes=12)
    view = panel.view()
    assert view["month"] == "2027-01"
    assert codes(view["assessment"]["blockers"]) == ["no_code_table"]
    assert view["assessment"]["counted_seconds"] == 720
    clinic.deliver_all()
    assert panel.statuses() == ["filed"]
    assert "no code table for 2027" in panel.page()


def test_hostile_text_is_shown_as_text(clinic: Clinic, browser: Browser) -> None:
    employ(clinic, replace(NURSE, performer="Practitioner/h", name=HOSTILE))
    panel = browser.open(clinic, PATIENT)
    post(panel, "enrolment", **(CONSENT | {"representative": HOSTILE, "relationship": HOSTILE, "interpreter": HOSTILE}))
    attest(panel, "E11.9", HOSTILE, rationale=HOSTILE)
    post(panel, "facts", action="billed_elsewhere_set", billed_elsewhere=True, who=HOSTILE)
    post(panel, "facts", action="stay_recorded", fact=HOSTILE, **{"from": "2026-11-05"})
    post(panel, "care-plan", action="plan_established", elements=ELEMENTS)
    post(panel, "care-plan", action="copy_given", form="paper", recipient=HOSTILE)
    post(panel, "enrolment", action="declined", on="2026-11-24", reason=HOSTILE)
    page = panel.page()
    assert "<script>alert" not in page
    assert "<img" not in page
    assert page.count("&lt;script&gt;alert(1)") >= 5
    assert "{{ 7 * 7 }}" in page


def test_a_form_of_another_patient_or_page_is_refused(clinic: Clinic, browser: Browser) -> None:
    panel = browser.open(clinic, PATIENT)
    assert panel.post("enrolment", CONSENT | {"patient": "okada.june"}).status_code == 409
    assert panel.post("facts", {"action": "confirmed", "question": "stays"}, X_CSRF_Token="").status_code == 403
    assert panel.view()["enrolment"]["consent"]["version"] == 0
