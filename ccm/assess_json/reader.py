"""Owns reading a care month from its JSON object: every field known, every value checked, nothing guessed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, tzinfo
from typing import Final

from ccm.assess_json import fields as f
from ccm.assess_json.fields import RefusedError, known_fields
from ccm.assessment.care_month import (
    CARE_PLAN_ELEMENTS,
    DECISION_MAKING,
    DISCLOSURES,
    STATUSES,
    AttestedCondition,
    BillingPractitioner,
    CareMonth,
    Consent,
    Enrolment,
    Facts,
    PlanRecord,
    Policy,
    Service,
    Stay,
)
from ccm.entries import Entry
from ccm.months import Month, parse_month
from ccm.tables import NATIONAL_TABLES, CodeTable, table_on
from ccm.vocabulary import ACTIVITIES, PERFORMER_CLASSES, PROGRAMMES

ZoneOf = Callable[[str], tzinfo]  # the zone of an IANA name; LookupError where there is none

_LONGEST_ENTRY: Final = 24 * 3600
_DATE_OF_SERVICE: Final = ("month_end", "threshold")
_CONSENT_METHODS: Final = ("verbal", "written")

_CARE_MONTH: Final = frozenset({"month", "timezone", "policy", "patient", "enrolment", "facts", "entries"})
_POLICY: Final = frozenset({"track", "date_of_service"})
_PATIENT: Final = frozenset({"id", "deceased_on"})
_ENROLMENT: Final = frozenset(
    {
        "status",
        "initiating_visit_required",
        "initiating_visit_on",
        "consent",
        "billing_practitioner",
        "conditions",
        "care_plan",
    }
)
_CONSENT: Final = frozenset({"given_at", "method", "obtained_by", "disclosures", "withdrawn_on"})
_BILLING_PRACTITIONER: Final = frozenset({"id", "npi"})
_CONDITION: Final = frozenset({"icd10", "attested_on", "attested_by", "expected_months", "significant_risk"})
_CARE_PLAN: Final = frozenset({"established_on", "elements", "copy_given_on"})
_FACTS: Final = frozenset({"mdm", "services", "inpatient", "visits", "billed_elsewhere"})
_SERVICE: Final = frozenset({"code", "on", "same_practitioner"})
_STAY: Final = frozenset({"from", "to"})
_VISIT: Final = frozenset({"on"})
_ENTRY: Final = frozenset(
    {
        "id",
        "start",
        "end",
        "performer",
        "performer_class",
        "activity",
        "programme",
        "separate_from_visit",
        "voided",
    }
)


def read_care_month(value: object, zone_of: ZoneOf, tables: tuple[CodeTable, ...] = NATIONAL_TABLES) -> CareMonth:
    """The care month that a parsed JSON object describes.

    RefusedError, naming the field, for unknown fields and values, what is missing, times without a zone or with
    fractional seconds, entries that do not end after their start or last over 24 hours, and months without a table.
    """
    fields = known_fields(value, _CARE_MONTH)
    month, zone = _month(fields, tables), _zone(fields, zone_of)
    policy = f.optional_section(fields, "policy", lambda section: _policy(section, tables)) or Policy()
    patient_id, deceased_on = f.section(fields, "patient", _patient)
    return CareMonth(
        month=month,
        zone=zone,
        patient_id=patient_id,
        deceased_on=deceased_on,
        policy=policy,
        enrolment=f.section(fields, "enrolment", _enrolment),
        facts=f.optional_section(fields, "facts", _facts) or Facts(),
        entries=f.rows(fields, "entries", _entry),
    )


def _month(fields: f.Fields, tables: tuple[CodeTable, ...]) -> Month:
    name = f.text(fields, "month")
    try:
        month = parse_month(name)
    except ValueError:
        raise RefusedError("month", "must be a month such as 2026-11") from None
    try:
        table_on(tables, month.first_day)
    except LookupError:
        raise RefusedError("month", f"has no code table: there are {_names(tables)}") from None
    return month


def _names(tables: tuple[CodeTable, ...]) -> str:
    return ", ".join(table.name for table in tables)


def _zone(fields: f.Fields, zone_of: ZoneOf) -> tzinfo:
    name = f.text(fields, "timezone")
    try:
        return zone_of(name)
    except LookupError:
        raise RefusedError("timezone", "must be an IANA time zone such as America/New_York") from None


def _patient(value: object) -> tuple[str, date | None]:
    fields = known_fields(value, _PATIENT)
    return f.text(fields, "id"), f.optional_day(fields, "deceased_on")


def _policy(value: object, tables: tuple[CodeTable, ...]) -> Policy:
    fields = known_fields(value, _POLICY)
    names = ("best", *(track.name for track in tables[0].tracks))
    return Policy(
        track=f.optional_choice(fields, "track", names) or "best",
        date_of_service=f.optional_choice(fields, "date_of_service", _DATE_OF_SERVICE) or "month_end",
    )


def _enrolment(value: object) -> Enrolment:
    fields = known_fields(value, _ENROLMENT)
    return Enrolment(
        status=f.choice(fields, "status", STATUSES),
        initiating_visit_required=f.required_flag(fields, "initiating_visit_required"),
        initiating_visit_on=f.optional_day(fields, "initiating_visit_on"),
        consent=f.optional_section(fields, "consent", _consent),
        billing_practitioner=f.optional_section(fields, "billing_practitioner", _billing_practitioner),
        conditions=f.rows(fields, "conditions", _condition),
        care_plan=f.optional_section(fields, "care_plan", _care_plan),
    )


def _consent(value: object) -> Consent:
    fields = known_fields(value, _CONSENT)
    return Consent(
        given_at=f.optional_instant(fields, "given_at"),
        method=f.optional_choice(fields, "method", _CONSENT_METHODS),
        obtained_by=f.optional_text(fields, "obtained_by"),
        disclosures=f.choices(fields, "disclosures", DISCLOSURES),
        withdrawn_on=f.optional_day(fields, "withdrawn_on"),
    )


def _billing_practitioner(value: object) -> BillingPractitioner:
    fields = known_fields(value, _BILLING_PRACTITIONER)
    return BillingPractitioner(id=f.optional_text(fields, "id"), npi=f.optional_text(fields, "npi"))


def _condition(value: object) -> AttestedCondition:
    fields = known_fields(value, _CONDITION)
    return AttestedCondition(
        icd10=f.optional_text(fields, "icd10"),
        attested_on=f.optional_day(fields, "attested_on"),
        attested_by=f.optional_text(fields, "attested_by"),
        expected_months=f.optional_count(fields, "expected_months"),
        significant_risk=f.flag(fields, "significant_risk"),
    )


def _care_plan(value: object) -> PlanRecord:
    fields = known_fields(value, _CARE_PLAN)
    return PlanRecord(
        established_on=f.optional_day(fields, "established_on"),
        elements=f.choices(fields, "elements", CARE_PLAN_ELEMENTS),
        copy_given_on=f.optional_day(fields, "copy_given_on"),
    )


def _facts(value: object) -> Facts:
    fields = known_fields(value, _FACTS)
    return Facts(
        decision_making=f.optional_choice(fields, "mdm", DECISION_MAKING),
        services=f.rows(fields, "services", _service),
        stays=f.rows(fields, "inpatient", _stay),
        visits=f.rows(fields, "visits", _visit),
        billed_elsewhere=f.flag(fields, "billed_elsewhere"),
    )


def _service(value: object) -> Service:
    fields = known_fields(value, _SERVICE)
    return Service(
        code=f.text(fields, "code").strip().upper(),
        on=f.optional_day(fields, "on"),
        same_practitioner=f.flag(fields, "same_practitioner"),
    )


def _stay(value: object) -> Stay:
    fields = known_fields(value, _STAY)
    return Stay(f.day(fields, "from"), f.optional_day(fields, "to"))


def _visit(value: object) -> date:
    return f.day(known_fields(value, _VISIT), "on")


def _entry(value: object) -> Entry:
    fields = known_fields(value, _ENTRY)
    start, end = f.instant(fields, "start"), f.instant(fields, "end")
    if end <= start:
        raise RefusedError("end", "must be after start")
    if end - start > _LONGEST_ENTRY:
        raise RefusedError("end", "must be within 24 hours of start")
    return Entry(
        id=f.text(fields, "id"),
        start=start,
        end=end,
        performer=f.text(fields, "performer"),
        performer_class=f.choice(fields, "performer_class", PERFORMER_CLASSES),
        activity=f.choice(fields, "activity", ACTIVITIES),
        programme=f.optional_choice(fields, "programme", PROGRAMMES) or "ccm",
        separate_from_visit=f.flag(fields, "separate_from_visit"),
        voided=f.flag(fields, "voided"),
    )
