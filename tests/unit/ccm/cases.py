"""Builds care months as JSON objects: a clean one that is ready to bill, and ways to change it."""

from __future__ import annotations

import copy
from datetime import datetime, timedelta
from typing import Any

from ccm.assess_json import assessment_object, read_care_month
from ccm.assessment import assess
from ccm.assessment.care_month import CARE_PLAN_ELEMENTS, DISCLOSURES
from smart_app.cli.assess import time_zone

NURSE, OTHER_NURSE, DOCTOR = "Practitioner/nurse", "Practitioner/other-nurse", "Practitioner/doctor"

_CLEAN: dict[str, Any] = {
    "month": "2026-10",
    "timezone": "America/New_York",
    "patient": {"id": "p1"},
    "enrolment": {
        "status": "enrolled",
        "initiating_visit_required": True,
        "initiating_visit_on": "2026-03-02",
        "consent": {
            "given_at": "2026-03-02T10:00:00-05:00",
            "method": "verbal",
            "obtained_by": NURSE,
            "disclosures": list(DISCLOSURES),
        },
        "billing_practitioner": {"id": DOCTOR, "npi": "1234567893"},
        "conditions": [
            {
                "icd10": code,
                "attested_on": "2026-03-02",
                "attested_by": DOCTOR,
                "expected_months": 999,
                "significant_risk": True,
            }
            for code in ("E11.9", "I10")
        ],
        "care_plan": {
            "established_on": "2026-03-02",
            "elements": list(CARE_PLAN_ELEMENTS),
            "copy_given_on": "2026-03-02",
        },
    },
    "facts": {},
    "entries": [],
}


def care_month(*entries: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A clean care month with these entries; `changes` by path: `enrolment__consent__given_at=None`."""
    case = copy.deepcopy(_CLEAN)
    case["entries"] = list(entries)
    for path, value in changes.items():
        *parents, last = path.split("__")
        place = case
        for name in parents:
            place = place.setdefault(name, {})
        place[last] = value
    return case


def entry(start: str, seconds: int, **fields: Any) -> dict[str, Any]:
    """An entry from `start` (a time with its offset), by default a nurse's counted work."""
    end = datetime.fromisoformat(start) + timedelta(seconds=seconds)
    made = {
        "id": f"e-{start}",
        "start": start,
        "end": end.isoformat(),
        "performer": NURSE,
        "performer_class": "staff",
        "activity": "patient_contact",
    }
    return made | fields


def minutes(count: float, day: int = 6, **fields: Any) -> dict[str, Any]:
    """So many minutes of work at noon of a day of October 2026, New York time."""
    return entry(f"2026-10-{day:02d}T12:00:00-04:00", round(count * 60), **fields)


def own(count: float, day: int = 7, **fields: Any) -> dict[str, Any]:
    """So many minutes of the billing practitioner's own work."""
    return minutes(count, day, **({"performer": DOCTOR, "performer_class": "practitioner"} | fields))


def assessed(case: dict[str, Any]) -> dict[str, Any]:
    """The assessment of a JSON care month, as the JSON object."""
    return assessment_object(assess(read_care_month(case, time_zone)))


def codes(findings: list[dict[str, str]]) -> list[str]:
    """The codes of blockers or warnings."""
    return [finding["code"] for finding in findings]


def claim(result: dict[str, Any]) -> dict[str, int]:
    """The billed lines as code and units."""
    return {line["code"]: line["units"] for line in result["lines"]}


def lost(result: dict[str, Any]) -> dict[tuple[str, str], int]:
    """Excluded seconds by entry and reason."""
    return {(row["entry"], row["reason"]): row["seconds"] for row in result["excluded"]}


def reasons(result: dict[str, Any]) -> dict[str, int]:
    """Excluded seconds by reason alone."""
    summed: dict[str, int] = {}
    for row in result["excluded"]:
        summed[row["reason"]] = summed.get(row["reason"], 0) + row["seconds"]
    return summed
