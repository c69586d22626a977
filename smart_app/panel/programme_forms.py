"""Owns how a form of the programme becomes the event that it asks to record: one reader for each action.

The names of actions are the kinds of `ccm`'s events; the names of fields are those of the assessment's input where it
has them. A JSON caller may send such a field as the object that the assessment has there.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar
from zoneinfo import ZoneInfo

from werkzeug.datastructures import MultiDict

from ccm.assessment.care_month import CARE_PLAN_ELEMENTS, DECISION_MAKING, DISCLOSURES
from ccm.attestations import AttestationWithdrawn, Attested
from ccm.attestations import Body as AttestationBody
from ccm.care_plans import COPY_FORMS, RECIPIENTS, CopyGiven, PlanChosen, PlanEstablished, PlanRevised
from ccm.care_plans.record import Body as CarePlanBody
from ccm.enrolment import (
    CONSENT_METHODS,
    VISIT_KINDS,
    VISIT_NEEDS,
    BillingPractitionerNamed,
    ConsentGiven,
    CoordinatorNamed,
    Declined,
    Enrolled,
    InitiatingVisitHeld,
    InitiatingVisitNeed,
    Invited,
    Representative,
    Withdrawn,
)
from ccm.enrolment.events import Body as EnrolmentBody
from ccm.facts import (
    QUESTIONS,
    STAY_KINDS,
    BilledElsewhereSet,
    Confirmed,
    DecisionMakingSet,
    ProposalRejected,
    ServiceRecorded,
    StayRecorded,
    VisitRecorded,
)
from ccm.facts.events import Body as FactBody
from ccm.records import Actor, Person, Struck
from ccm.staff import StaffRow
from smart_app.panel.fields import FieldReader

B = TypeVar("B")
_OBJECTS: Final = ("consent", "billing_practitioner", "care_plan", "inpatient", "visits", "services")
_NOT_CONTENT: Final = frozenset({"csrf_token", "patient", "key"})


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asks, and the practice's staff, among whom people are found."""

    actor: Actor
    register: Sequence[StaffRow]

    def person(self, text: str) -> Person:
        """Whom a reference or a name means: the signed-in person where it is empty, else one of the staff.

        Somebody else, such as a nurse of years ago whose name stands on a paper, is known by that name alone.
        """
        if text in ("", self.actor.ref, self.actor.name):
            return Person(self.actor.ref, self.actor.name)
        row = next((row for row in self.register if text in (row.performer, row.name)), None)
        return Person(row.performer, row.name) if row else Person(text, text)


Reader = Callable[[FieldReader, Asked], B]


def read_body(fields: Mapping[str, Any], actions: Mapping[str, Reader[B]], asked: Asked, zone: ZoneInfo, now: int) -> B:
    """The event's body that a form asks for. Raises `Problem` 422 naming the fields."""
    reader = FieldReader(_flattened(fields), zone, now)
    action = reader.choice("action", actions)
    reader.check()
    body = actions[action](reader, asked)
    reader.check()
    return body


def token_of(fields: Mapping[str, Any], user_id: str) -> str:
    """What tells this request from every other but itself sent twice; '' for a caller that sends no `key`."""
    key = fields.get("key")
    if not isinstance(key, str) or not key:
        return ""
    plain = fields.to_dict(flat=False) if isinstance(fields, MultiDict) else dict(fields)
    content = {name: value for name, value in plain.items() if name not in _NOT_CONTENT}
    said = json.dumps([user_id, key, content], sort_keys=True)
    return hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()


def _flattened(fields: Mapping[str, Any]) -> Mapping[str, Any]:
    """With the fields of an object such as {"inpatient": {"from": …}} beside the others."""
    objects = {name: fields[name] for name in _OBJECTS if isinstance(fields.get(name), dict)}
    if not objects:
        return fields
    flat = {name: value for name, value in fields.items() if name not in objects}
    for inner in objects.values():
        flat = inner | flat
    return flat


def _struck(reader: FieldReader, _asked: Asked) -> Struck:
    return Struck(reader.number("number"), reader.text("reason", required=True))


def _consent(reader: FieldReader, asked: Asked) -> ConsentGiven:
    someone = reader.text("representative")
    relationship = reader.text("relationship", required=bool(someone))
    return ConsentGiven(
        given_at=reader.instant_or_now("given_at"),
        method=reader.choice("method", CONSENT_METHODS),
        obtained_by=asked.person(reader.text("obtained_by")),
        disclosures=reader.many("disclosures", DISCLOSURES),
        representative=Representative(someone, relationship) if someone else None,
        interpreter=reader.text("interpreter"),
        language=reader.text("language"),
        script=reader.text("script"),
        practitioner=reader.text("practitioner"),
    )


def _visit(reader: FieldReader, _asked: Asked) -> InitiatingVisitHeld:
    encounter = reader.text("encounter")
    return InitiatingVisitHeld(
        on=reader.day_or_today("initiating_visit_on"),
        kind=reader.choice("kind", VISIT_KINDS),
        source="chart" if encounter else "person",
        ccm_discussed=reader.flag("ccm_discussed"),
        encounter=encounter,
    )


def _biller(reader: FieldReader, asked: Asked) -> BillingPractitionerNamed:
    text = reader.text("billing_practitioner") or reader.text("id")
    if not text:
        reader.refuse("billing_practitioner", "must not be empty")
    person = asked.person(text)
    name = reader.text("name")
    return BillingPractitionerNamed(
        Person(person.ref, name or person.name), reader.text("npi"), reader.day_or_today("effective_on")
    )


def _team(reader: FieldReader, asked: Asked) -> CoordinatorNamed:
    backup = reader.text("backup")
    return CoordinatorNamed(
        coordinator=asked.person(reader.text("coordinator")),
        backup=asked.person(backup) if backup else None,
        effective_on=reader.day_or_today("effective_on"),
    )


ENROLMENT_ACTIONS: Final[dict[str, Reader[EnrolmentBody]]] = {
    "invited": lambda reader, _asked: Invited(reader.day_or_today("on")),
    "declined": lambda reader, _asked: Declined(reader.day_or_today("on"), reader.text("reason", required=True)),
    "enrolled": lambda reader, _asked: Enrolled(reader.day_or_today("on")),
    "withdrawn": lambda reader, _asked: Withdrawn(
        reader.day_or_today("withdrawn_on"), reader.text("reason", required=True)
    ),
    "consent_given": _consent,
    "initiating_visit_held": _visit,
    "initiating_visit_need": lambda reader, _asked: InitiatingVisitNeed(
        reader.choice("need", VISIT_NEEDS), reader.day_or_today("effective_on")
    ),
    "billing_practitioner_named": _biller,
    "coordinator_named": _team,
    "struck": _struck,
}


def _attested(reader: FieldReader, _asked: Asked) -> Attested:
    return Attested(
        icd10=reader.text("icd10", required=True),
        text=reader.text("text", required=True),
        expected_months=reader.number("expected_months"),
        significant_risk=reader.flag("significant_risk"),
        rationale=reader.text("rationale", required=True),
        on=reader.day_or_today("attested_on"),
        since=reader.day("since") or reader.day_or_today("attested_on"),
    )


CONDITION_ACTIONS: Final[dict[str, Reader[AttestationBody]]] = {
    "attested": _attested,
    "attestation_withdrawn": lambda reader, _asked: AttestationWithdrawn(
        reader.text("icd10", required=True), reader.day_or_today("on"), reader.text("reason", required=True)
    ),
    "struck": _struck,
}
CARE_PLAN_ACTIONS: Final[dict[str, Reader[CarePlanBody]]] = {
    "plan_chosen": lambda reader, _asked: PlanChosen(reader.text("plan_id")),
    "plan_established": lambda reader, _asked: PlanEstablished(
        reader.day_or_today("established_on"), reader.many("elements", CARE_PLAN_ELEMENTS)
    ),
    "plan_revised": lambda reader, _asked: PlanRevised(
        reader.day_or_today("on"), reader.many("elements", CARE_PLAN_ELEMENTS), reader.text("change", required=True)
    ),
    "copy_given": lambda reader, _asked: CopyGiven(
        reader.day_or_today("copy_given_on"),
        reader.choice("form", COPY_FORMS),
        reader.choice("to", RECIPIENTS, "patient"),
        reader.text("recipient"),
    ),
    "struck": _struck,
}


def _decision(reader: FieldReader, asked: Asked) -> DecisionMakingSet:
    level = reader.choice("mdm", DECISION_MAKING)
    decides = asked.actor.role == "practitioner" or level in ("moderate", "high")
    return DecisionMakingSet(
        month=reader.month("month"),
        level=level,
        rationale=reader.text("rationale"),
        practitioner=asked.person("") if decides else Person("", ""),
        on=reader.day_or_today("on"),
    )


def _source(key: str) -> str:
    return "chart" if key.startswith("Encounter/") else "person"


def _fact_key(reader: FieldReader) -> str:
    """The chart's reference or the key of a fact recorded earlier, which is then recorded anew; else a new key."""
    return reader.text("fact") or uuid.uuid4().hex


def _stay(reader: FieldReader, _asked: Asked) -> StayRecorded:
    key, first_day = _fact_key(reader), reader.day("from")
    if first_day is None:
        reader.refuse("from", "must not be empty")
    kind = reader.choice("kind", STAY_KINDS, "inpatient")
    return StayRecorded(key, _source(key), kind, first_day or reader.today, reader.day("to"))


def _visited(reader: FieldReader, _asked: Asked) -> VisitRecorded:
    key = _fact_key(reader)
    return VisitRecorded(key, _source(key), reader.day_or_today("on"))


def _service(reader: FieldReader, _asked: Asked) -> ServiceRecorded:
    key = _fact_key(reader)
    return ServiceRecorded(
        key=key,
        source=_source(key),
        month=reader.month("month"),
        code=reader.text("code", required=True).upper(),
        same_practitioner=reader.flag("same_practitioner"),
        on=reader.day("on"),
    )


FACT_ACTIONS: Final[dict[str, Reader[FactBody]]] = {
    "decision_making_set": _decision,
    "stay_recorded": _stay,
    "visit_recorded": _visited,
    "service_recorded": _service,
    "proposal_rejected": lambda reader, _asked: ProposalRejected(
        reader.text("fact", required=True), reader.text("reason", required=True)
    ),
    "billed_elsewhere_set": lambda reader, _asked: BilledElsewhereSet(
        reader.month("month"), reader.flag("billed_elsewhere", required=True), reader.text("who")
    ),
    "confirmed": lambda reader, _asked: Confirmed(reader.month("month"), reader.choice("question", QUESTIONS)),
    "struck": _struck,
}

FIELD_NAMES: Final[dict[str, dict[str, str]]] = {
    "initiating_visit_held": {"on": "initiating_visit_on"},
    "billing_practitioner_named": {"person": "billing_practitioner"},
    "withdrawn": {"on": "withdrawn_on"},
    "attested": {"on": "attested_on"},
    "plan_established": {"on": "established_on"},
    "copy_given": {"on": "copy_given_on"},
    "decision_making_set": {"level": "mdm"},
    "stay_recorded": {"first_day": "from", "last_day": "to", "key": "fact"},
    "visit_recorded": {"key": "fact"},
    "service_recorded": {"key": "fact"},
    "proposal_rejected": {"key": "fact"},
}
"""For each action, what its form calls the fields of the event, where the names differ."""
