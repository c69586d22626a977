"""Entries and resources for these tests."""

from __future__ import annotations

from typing import Any

from ccm.entries import Entry

NOON = 1795521600  # 2026-11-24T12:00:00Z
ENTRY_ID = "3f0c7a52-4f0e-4a53-9d55-0d8f0e1f2a3b"


def entry(**changes: Any) -> Entry:
    facts: dict[str, Any] = {
        "id": ENTRY_ID,
        "start": NOON,
        "end": NOON + 754,
        "performer": "Practitioner/nurse",
        "performer_class": "staff",
        "activity": "patient_contact",
        "modality": "phone",
        "performer_name": "Ana Ruiz, RN",
        "note": "Asked about weight and breath.",
    }
    return Entry(**(facts | changes))


def condition(text: str = "", *codes: tuple[str, str], **more: Any) -> dict[str, Any]:
    code: dict[str, Any] = {"text": text} if text else {}
    if codes:
        code["coding"] = [{"system": system, "code": value} for system, value in codes]
    row: dict[str, Any] = {"resourceType": "Condition", "clinicalStatus": status("active")}
    return row | ({"code": code} if code else {}) | more


def status(code: str) -> dict[str, Any]:
    return {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-clinical", "code": code}]}


def verification(code: str) -> dict[str, Any]:
    return {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-ver-status", "code": code}]}


def category(*codes: str) -> list[dict[str, Any]]:
    system = "http://terminology.hl7.org/CodeSystem/condition-category"
    return [{"coding": [{"system": system, "code": code}]} for code in codes]
