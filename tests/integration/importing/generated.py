"""Makes the NDJSON of a made-up population, the same from the same seed, file by file in no order of patients."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ICD10 = "http://hl7.org/fhir/sid/icd-10-cm"
CLINICAL = "http://terminology.hl7.org/CodeSystem/condition-clinical"
CODES = (
    ("E11.9", "Type 2 diabetes mellitus without complications"),
    ("I10", "Essential hypertension"),
    ("J44.9", "Chronic obstructive pulmonary disease"),
    ("N18.30", "Chronic kidney disease, stage 3"),
    ("I50.9", "Heart failure"),
    ("J06.9", "Acute upper respiratory infection"),
    ("S93.401A", "Sprain of ligament of right ankle"),
)
Resource = dict[str, Any]


def patient(number: int) -> Resource:
    """A patient, alive and with a telephone."""
    return {
        "resourceType": "Patient",
        "id": f"p{number}",
        "active": True,
        "name": [{"family": f"Family{number}", "given": ["Given"]}],
        "birthDate": f"19{30 + number % 40}-0{1 + number % 9}-11",
        "gender": "female" if number % 2 else "male",
        "telecom": [{"system": "phone", "value": f"555-{number:07d}", "use": "home"}],
    }


def condition(number: int, of: int, code: str, text: str) -> Resource:
    """An active problem of the problem list."""
    return {
        "resourceType": "Condition",
        "id": f"c{of}-{number}",
        "clinicalStatus": {"coding": [{"system": CLINICAL, "code": "active"}]},
        "category": [{"coding": [{"code": "problem-list-item"}]}],
        "code": {"coding": [{"system": ICD10, "code": code, "display": text}], "text": text},
        "subject": {"reference": f"Patient/p{of}"},
        "recordedDate": "2024-05-17",
    }


def encounter(number: int, of: int, day: str) -> Resource:
    """A finished visit."""
    return {
        "resourceType": "Encounter",
        "id": f"e{of}-{number}",
        "status": "finished",
        "class": {"code": "AMB"},
        "subject": {"reference": f"Patient/p{of}"},
        "period": {"start": f"{day}T14:00:00Z", "end": f"{day}T14:20:00Z"},
    }


def write(path: Path, resources: Iterator[Resource]) -> None:
    """Writes a file of NDJSON."""
    with path.open("w") as file:
        for resource in resources:
            file.write(json.dumps(resource) + "\n")


def population(folder: Path, patients: int, *, conditions: int = 5, encounters: int = 3, seed: int = 7) -> None:
    """Patients with so many conditions and encounters each, in three files."""
    chance = random.Random(seed)
    numbers = list(range(patients))
    write(folder / "Patient.ndjson", (patient(number) for number in numbers))
    rows = [(number, of) for of in numbers for number in range(conditions)]
    chance.shuffle(rows)
    write(folder / "Condition.ndjson", (condition(number, of, *CODES[(number + of) % 7]) for number, of in rows))
    rows = [(number, of) for of in numbers for number in range(encounters)]
    chance.shuffle(rows)
    days = ((number, of, f"20{24 + (number + of) % 3}-0{1 + of % 9}-1{number % 9}") for number, of in rows)
    write(folder / "Encounter.ndjson", (encounter(number, of, day) for number, of, day in days))
