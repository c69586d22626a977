"""Owns the sample programme of the sample panels: an enrolled patient with something answered and something open."""

from __future__ import annotations

from dataclasses import replace

from ccm.assessment.care_month import CARE_PLAN_ELEMENTS
from ccm.care_plans import COPY_FORMS, RECIPIENTS
from ccm.enrolment import CONSENT_METHODS, VISIT_KINDS, VISIT_NEEDS, WHO_MAY
from ccm.facts import QUESTIONS, STAY_KINDS
from smart_app.panel.enrolling import consent_script
from smart_app.panel.month_facts import LEVELS
from smart_app.panel.sections import (
    AttestationView,
    BillerView,
    ConsentView,
    ElementView,
    EnrolmentView,
    FactView,
    PersonView,
    PlanRecordView,
    ProgrammeForms,
    ProgrammeView,
    ProposalView,
    QuestionView,
    StaffView,
    VisitView,
)

NURSE = ("Practitioner/nurse", "Rita Alvarez, RN")
PHYSICIAN = ("Practitioner/physician", "S. Patel, MD")
CONSENT = ConsentView(
    given_at="2026-11-02T09:00:00-05:00",
    given_label="2 Nov 2026, 09:00",
    method="verbal",
    method_label="verbal",
    obtained_by=NURSE[1],
    disclosures=("availability", "cost_sharing", "one_practitioner", "right_to_stop"),
    complete=True,
    version=2,
    representative="Noor Kertzmann (daughter)",
    interpreter="A. Haddad",
)
ENROLLED = EnrolmentView(
    status="enrolled",
    status_label="Enrolled",
    since="2026-11-02",
    since_label="2 Nov 2026",
    reason="",
    consent=CONSENT,
    consent_needed="",
    visit_required=True,
    visit_need="new_patient",
    visit_need_label="New patient of the billing practitioner",
    visit=VisitView("2026-01-20", "20 Jan 2026", "em", "E/M visit (not 99211)", "chart", "Encounter/7"),
    billing_practitioner=BillerView(*PHYSICIAN, "2487652309", "2026-11-01", "1 Nov 2026"),
    coordinator=PersonView(*NURSE),
    backup=PersonView("Practitioner/lead", "C. Marchetti, RN"),
    actions=frozenset(WHO_MAY) - {"invited", "enrolled", "declined"},
)
CANDIDATE = replace(
    ENROLLED,
    status="candidate",
    status_label="Candidate",
    since="",
    since_label="",
    consent=None,
    consent_needed="Ask for consent: none is recorded.",
    visit_need="",
    visit_need_label="",
    visit=None,
    billing_practitioner=None,
    coordinator=None,
    backup=None,
    actions=frozenset(WHO_MAY) - {"withdrawn"},
)
ATTESTATION = AttestationView(
    icd10="E11.9",
    text="Diabetes mellitus type 2",
    on="2026-11-02",
    on_label="2 Nov 2026",
    since="2026-11-02",
    by=PHYSICIAN[1],
    expected_months=999,
    expected_label="until death",
    significant_risk=True,
    rationale="Two admissions in a year.",
    number=0,
    can_strike=True,
)
FORMS = ProgrammeForms(
    month="2026-11",
    today="2026-11-24",
    now_local="2026-11-24T14:20",
    practice="Lakeside Clinic",
    user=NURSE,
    role="coordinator",
    script=consent_script("Lakeside Clinic", PHYSICIAN[1]),
    script_version="1",
    people=(NURSE, PHYSICIAN),
    practitioners=(PHYSICIAN,),
    visits=(("Encounter/7", "2026-01-20", "20 Jan 2026"),),
    methods=tuple(CONSENT_METHODS.items()),
    visit_kinds=tuple(VISIT_KINDS.items()),
    visit_needs=tuple((code, label) for code, (_, label) in VISIT_NEEDS.items()),
    copy_forms=tuple(COPY_FORMS.items()),
    recipients=tuple(RECIPIENTS.items()),
    stay_kinds=tuple(STAY_KINDS.items()),
    levels=tuple(LEVELS.items()),
    may_attest=True,
    may_care=True,
)
ESTABLISHED = PlanRecordView(
    plan_id="cp1",
    confirmed=False,
    why="Proposed: the newest active plan for a chronic problem. Confirm that it is the CCM care plan.",
    version=2,
    established_on="2026-01-20",
    established_label="20 Jan 2026",
    revised_on="2026-11-03",
    revised_label="3 Nov 2026",
    elements=tuple(ElementView(code, label, code != "caregiver") for code, label in CARE_PLAN_ELEMENTS.items()),
    copy_given_on="2026-11-04",
    copy_label="4 Nov 2026, portal, to the patient",
)
NOT_ESTABLISHED = replace(
    ESTABLISHED,
    plan_id="",
    why="The chart holds no care plan.",
    version=0,
    established_on="",
    established_label="",
    revised_on="",
    revised_label="",
    elements=tuple(ElementView(code, label, False) for code, label in CARE_PLAN_ELEMENTS.items()),
    copy_given_on="",
    copy_label="",
)
STAY = FactView(
    text="Inpatient, 5 Nov 2026 – not yet discharged",
    source_label="from the chart, 20 Nov 2026, 10:12",
    number=0,
    key="Encounter/9",
    first_day="2026-11-05",
    open_stay=True,
    by_system=True,
    can_strike=False,
)
OWN = replace(STAY, text="Low", source_label="recorded by Rita Alvarez, RN", key="", by_system=False, can_strike=True)


def open_question(question: str) -> QuestionView:
    """One of the five, open, without anything known."""
    label = QUESTIONS[question]
    return QuestionView(question, label, f"{label}: nobody has said.", False, "", "", "", (), (), True)


QUESTIONS_ASKED = (
    replace(open_question("decision_making"), open="", early=True, answered_by=NURSE[1], facts=(OWN,)),
    replace(open_question("stays"), facts=(STAY,)),
    replace(
        open_question("visits"), proposals=(ProposalView("Encounter/8", "Seen in person", "2026-11-10", "2026-11-10"),)
    ),
    replace(open_question("services"), open="", answered_by=NURSE[1], answered_label="20 Nov 2026, 10:12"),
    open_question("billed_elsewhere"),
)
PROGRAMME = ProgrammeView(
    enrolment=ENROLLED,
    plan=ESTABLISHED,
    facts=QUESTIONS_ASKED,
    staff=StaffView("staff", "Rita Alvarez, RN (RN) is clinical staff.", ()),
    attested=(replace(ATTESTATION, icd10="M81.0", text="Osteoporosis", number=1),),
    forms=FORMS,
)
EMPTY_PROGRAMME = ProgrammeView(
    enrolment=CANDIDATE,
    plan=NOT_ESTABLISHED,
    facts=tuple(open_question(question) for question in QUESTIONS),
    staff=StaffView("non_clinical", "Rita Alvarez, RN is not in the staff register.", (NURSE[1],)),
    attested=(),
    forms=replace(FORMS, practitioners=(), visits=()),
)
READ_ONLY_PROGRAMME = replace(
    PROGRAMME,
    enrolment=replace(ENROLLED, actions=frozenset()),
    facts=tuple(replace(question, may_answer=False) for question in QUESTIONS_ASKED),
    forms=replace(FORMS, may_attest=False, may_care=False, role="biller"),
)
