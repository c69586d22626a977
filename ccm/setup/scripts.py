"""Owns the scripts: which there are, which placeholders they may hold, and how they are filled in.

A voicemail names the clinic and its number and nothing else: whoever hears it learns nothing of the patient's health
(45 CFR 164.530(c), reasonable safeguards). That it holds none of the usual words for illness and treatment is checked;
that nothing else in it gives something away, whoever writes it must see to.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from ccm.assessment.care_month import DISCLOSURES
from ccm.record_guards import first_of, wrong_choice, wrong_text
from ccm.records import Refusal

LANGUAGES: Final[dict[str, str]] = {"en": "English", "es": "Spanish"}
SCRIPT_KINDS: Final[dict[str, str]] = {
    "enrolment_call": "Enrolment call, opening",
    "disclosure_availability": "Disclosure: availability",
    "disclosure_cost_sharing": "Disclosure: cost sharing",
    "disclosure_one_practitioner": "Disclosure: one practitioner a month",
    "disclosure_right_to_stop": "Disclosure: right to stop",
    "consent_question": "Question for consent",
    "monthly_call": "Monthly call, opening",
    "voicemail": "Voicemail",
    "emergency": "What to do in an emergency",
}
PLACEHOLDERS: Final = ("clinic", "callback", "patient")
_DISCREET: Final = frozenset({"clinic", "callback"})
_TELLING: Final = (  # beginnings of words, English and Spanish
    "chronic|condition|diagnos|disease|illness|diabet|hypertens|cancer|tumor|oncolog|heart|cardi|kidney|renal|dialysis|"
    "lung|copd|asthma|depress|psych|dementia|hiv|blood|insulin|medication|medicine|prescri|refill|dose|treatment|"
    "therap|symptom|surger|results?\\b|lab\\b|labs\\b|care plan|care management|hospital|"
    "crónic|cronic|enfermedad|condici|diagnós|medicament|medicina|receta|dosis|tratamiento|terapia|síntoma|cirug|"
    "resultado|análisis|sangre|cáncer|corazón|riñ|pulm|plan de cuidado"
)
_telling = re.compile(rf"\b(?:{_TELLING})", re.IGNORECASE).search
_placeholder = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True, slots=True)
class Script:
    """One text: a key of `SCRIPT_KINDS`, a key of `LANGUAGES`, and the template with its {placeholders}."""

    kind: str
    language: str
    text: str


def wrong_script(script: Script) -> Refusal | None:
    """Why a script cannot be used; the field is "scripts.voicemail.es"."""
    field = f"scripts.{script.kind}.{script.language}"
    return first_of(
        wrong_choice("scripts", script.kind, SCRIPT_KINDS),
        wrong_choice(field, script.language, LANGUAGES),
        wrong_text(field, script.text),
        _wrong_placeholder(field, script),
        _telling_word(field, script) if script.kind == "voicemail" else None,
    )


def tells_of_health(text: str) -> str:
    """The first of the usual words for illness and treatment in a text, '' where there is none."""
    found = _telling(text)
    return found[0] if found else ""


def find_script(scripts: Sequence[Script], kind: str, language: str) -> Script | None:
    """The script in a language (BCP 47; "es-MX" is Spanish), else the English one."""
    spoken = language.lower().split("-")[0]
    by_language = {each.language: each for each in scripts if each.kind == kind}
    return by_language.get(spoken) or by_language.get("en")


def filled(script: Script, values: Mapping[str, str]) -> str:
    """The text with its placeholders replaced, once: braces in a value stay as they are. KeyError for one not given."""
    return _placeholder.sub(lambda found: values[found[1]], script.text)


def disclosure_kind(code: str) -> str:
    """The kind of the script that says a disclosure (a key of `DISCLOSURES`)."""
    return f"disclosure_{code}"


DISCLOSURE_KINDS: Final = tuple(disclosure_kind(code) for code in DISCLOSURES)


def _wrong_placeholder(field: str, script: Script) -> Refusal | None:
    allowed = [name for name in PLACEHOLDERS if script.kind != "voicemail" or name in _DISCREET]
    words = ", ".join(f"{{{name}}}" for name in allowed)
    if set("{}") & set(_placeholder.sub("", script.text)):
        return Refusal(field, f"has a brace that belongs to no placeholder: those are {words}")
    unknown = next((name for name in _placeholder.findall(script.text) if name not in allowed), None)
    return (
        None if unknown is None else Refusal(field, f"may hold {words} and no other placeholder, such as {{{unknown}}}")
    )


def _telling_word(field: str, script: Script) -> Refusal | None:
    word = tells_of_health(script.text)
    return Refusal(field, f"must give no health information: leave out “{word}”") if word else None
