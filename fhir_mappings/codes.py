"""Owns our CodeSystem and identifier systems: the codes under which time is filed, and their words in English.

No verified SNOMED CT or LOINC code says "care management time", so the project publishes its own. Activities and
modalities keep the codes of `ccm.vocabulary`; every other kind of code has its kind as prefix. No CPT descriptor
is used, for these need a licence.
"""

from __future__ import annotations

from typing import Final

from ccm.chart import Coding
from ccm.vocabulary import ACTIVITIES, MODALITIES

BASE: Final = "https://cadence-ccm.example.org/fhir"
CODE_SYSTEM: Final = f"{BASE}/CodeSystem/ccm"
ENTRY_SYSTEM: Final = f"{BASE}/sid/entry"
MONTH_SYSTEM: Final = f"{BASE}/sid/care-month"
PERFORMER_SYSTEM: Final = f"{BASE}/sid/performer"

ENTRY_TIME: Final = "care-management-time"
MONTH_TIME: Final = "care-management-time-month"
CATEGORY: Final = "care-management"

ACTIVITY: Final = "activity"
MODALITY: Final = "modality"
PERFORMER_CLASS: Final = "performer-class"
PROGRAMME: Final = "programme"
SEPARATE_FROM_VISIT: Final = "separate-from-visit"
COUNTED: Final = "counted"
UNCOUNTED: Final = "uncounted"

TRACKS: Final[dict[str, str]] = {
    "staff": "Clinical staff track",
    "complex": "Complex track",
    "practitioner": "Practitioner track",
}
_PERFORMER_CLASSES: Final[dict[str, str]] = {
    "staff": "Clinical staff",
    "practitioner": "Physician or other qualified health care professional",
    "non_clinical": "Non-clinical staff",
    "outside_us": "Person outside the United States",
}
_PROGRAMMES: Final[dict[str, str]] = {
    "ccm": "Chronic Care Management",
    "pcm": "Principal Care Management",
    "bhi": "Behavioral Health Integration",
    "rpm": "Remote Patient Monitoring",
    "tcm": "Transitional Care Management",
    "em": "Evaluation and Management",
}


def track_code(track: str) -> str:
    """The component code of a track ("staff", "complex", "practitioner") in a month's total."""
    return f"track-{track}"


def class_code(performer_class: str) -> str:
    """The code of a performer class of `ccm.vocabulary`."""
    return f"class-{performer_class}"


def programme_code(programme: str) -> str:
    """The code of a programme of `ccm.vocabulary`."""
    return f"programme-{programme}"


CONCEPTS: Final[dict[str, str]] = {
    ENTRY_TIME: "Care management time",
    MONTH_TIME: "Care management time in a calendar month",
    CATEGORY: "Care management",
    ACTIVITY: "Activity",
    MODALITY: "Modality",
    PERFORMER_CLASS: "Performer class",
    PROGRAMME: "Programme",
    SEPARATE_FROM_VISIT: "Separate from a visit of the same day",
    COUNTED: "Counted time",
    UNCOUNTED: "Time not counted",
    **{track_code(track): text for track, text in TRACKS.items()},
    **ACTIVITIES,
    **MODALITIES,
    **{class_code(performer_class): text for performer_class, text in _PERFORMER_CLASSES.items()},
    **{programme_code(programme): text for programme, text in _PROGRAMMES.items()},
}

# The standard categories (https://hl7.org/fhir/R4/valueset-observation-category.html, preferred, not required) are
# findings about the patient: a survey's answers, a procedure's results, vital signs. Staff time is none of them.
OBSERVATION_CATEGORY: Final = Coding(CODE_SYSTEM, CATEGORY, CONCEPTS[CATEGORY])


def concept(code: str) -> dict[str, object]:
    """The CodeableConcept of one of our codes, with its text. Raises KeyError for a code that is not ours."""
    text = CONCEPTS[code]
    return {"coding": [{"system": CODE_SYSTEM, "code": code, "display": text}], "text": text}
