"""Forms of the programme: people are found in the register, objects read as their fields, requests told apart."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from zoneinfo import ZoneInfo

import pytest
from werkzeug.datastructures import MultiDict

from ccm.attestations import KINDS as ATTESTATION_KINDS
from ccm.care_plans.record import KINDS as CARE_PLAN_KINDS
from ccm.enrolment import BillingPractitionerNamed
from ccm.enrolment.events import KINDS as ENROLMENT_KINDS
from ccm.facts import DecisionMakingSet, StayRecorded
from ccm.facts.events import KINDS as FACT_KINDS
from ccm.records import Actor, Person
from ccm.staff import StaffRow
from smart_app.panel.programme_forms import (
    CARE_PLAN_ACTIONS,
    CONDITION_ACTIONS,
    ENROLMENT_ACTIONS,
    FACT_ACTIONS,
    FIELD_NAMES,
    Asked,
    read_body,
    token_of,
)

ZONE = ZoneInfo("America/New_York")
NOW = 1795532400  # 2026-11-24 10:00 in New York
NURSE = Actor("Practitioner/nurse", "Imani Okwuosa, RN", "coordinator")
PHYSICIAN = StaffRow("Practitioner/physician", "Henrik Solvang, MD", "Larkspur", "MD", "US", date(2024, 1, 1))
ASKED = Asked(NURSE, (PHYSICIAN,))


def test_every_kind_of_event_has_an_action_and_no_other() -> None:
    assert ENROLMENT_ACTIONS.keys() == ENROLMENT_KINDS.keys()
    assert CONDITION_ACTIONS.keys() == ATTESTATION_KINDS.keys()
    assert CARE_PLAN_ACTIONS.keys() == CARE_PLAN_KINDS.keys()
    assert FACT_ACTIONS.keys() == FACT_KINDS.keys()
    every = {*ENROLMENT_ACTIONS, *CONDITION_ACTIONS, *CARE_PLAN_ACTIONS, *FACT_ACTIONS}
    assert FIELD_NAMES.keys() <= every


@pytest.mark.parametrize(
    ("text", "person"),
    [
        ("", Person(NURSE.ref, NURSE.name)),
        ("Practitioner/nurse", Person(NURSE.ref, NURSE.name)),
        ("Practitioner/physician", Person(PHYSICIAN.performer, PHYSICIAN.name)),
        ("Henrik Solvang, MD", Person(PHYSICIAN.performer, PHYSICIAN.name)),
        ("Nurse of 2019", Person("Nurse of 2019", "Nurse of 2019")),
    ],
)
def test_people_are_found_by_reference_and_by_name(text: str, person: Person) -> None:
    assert ASKED.person(text) == person


def test_objects_as_the_assessment_has_them_are_read_as_their_fields() -> None:
    biller = {
        "action": "billing_practitioner_named",
        "billing_practitioner": {"id": "Practitioner/physician", "npi": "1"},
    }
    body = read_body(biller, ENROLMENT_ACTIONS, ASKED, ZONE, NOW)
    assert body == BillingPractitionerNamed(
        Person("Practitioner/physician", "Henrik Solvang, MD"), "1", date(2026, 11, 24)
    )
    stay = {"action": "stay_recorded", "fact": "Encounter/1", "inpatient": {"from": "2026-11-05", "to": "2026-11-08"}}
    assert read_body(stay, FACT_ACTIONS, ASKED, ZONE, NOW) == StayRecorded(
        "Encounter/1", "chart", "inpatient", date(2026, 11, 5), date(2026, 11, 8)
    )


@pytest.mark.parametrize(
    ("role", "level", "decider"),
    [("coordinator", "none", ""), ("practitioner", "low", NURSE.ref), ("coordinator", "high", NURSE.ref)],
)
def test_a_level_names_who_decided_it(role: str, level: str, decider: str) -> None:
    asked = replace(ASKED, actor=replace(NURSE, role=role))
    body = read_body({"action": "decision_making_set", "mdm": level}, FACT_ACTIONS, asked, ZONE, NOW)
    assert isinstance(body, DecisionMakingSet)
    assert body.practitioner.ref == decider


def test_a_request_is_told_by_its_key_its_content_and_its_sender() -> None:
    fields = {"key": "k", "action": "invited", "on": "2026-11-24"}
    token = token_of(fields, "u1")
    assert token == token_of(fields | {"csrf_token": "other", "patient": "p"}, "u1")
    changed = [token_of(fields | {"on": "2026-11-23"}, "u1"), token_of(fields | {"key": "l"}, "u1")]
    assert token not in [*changed, token_of(fields, "u2"), ""]
    assert token_of({"action": "invited"}, "u1") == token_of(fields | {"key": 7}, "u1") == ""
    boxes = MultiDict([("key", "k"), ("x", "a"), ("x", "b")])
    assert token_of(boxes, "u1") != token_of(MultiDict([("key", "k"), ("x", "a")]), "u1")
