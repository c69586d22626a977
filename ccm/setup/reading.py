"""Owns what the rest of the programme asks of a set-up: who is responsible, what is said, what pays, what needs two."""

from __future__ import annotations

import re
from datetime import tzinfo
from decimal import Decimal
from typing import Final

from ccm.assessment.care_month import DISCLOSURES
from ccm.entries import Entry
from ccm.months import local_day
from ccm.setup.scripts import disclosure_kind, filled, find_script
from ccm.setup.shape import PRACTICE_ATTESTATIONS, Clinic, PracticeSetup, Responsible

NO_CALLBACK: Final = "[no call-back number is set up]"
_amount = re.compile(r"\$? ?([0-9]{1,6}|[0-9]{1,3}(?:,[0-9]{3})+)(?:\.([0-9]{2}))?").fullmatch
_DAY_OR_NIGHT: Final = {
    "en": "{day} by day, or {night} at night and on weekends",
    "es": "{day} de día, o {night} de noche y los fines de semana",
}


def responsible_for(setup: PracticeSetup, step: str) -> Responsible | None:
    """Who does a step, None while nobody is named."""
    return next((each for each in setup.responsible if each.step == step), None)


def timer_start(setup: PracticeSetup, role: str) -> str:
    """How the timer starts for a role: a key of `TIMER_STARTS`."""
    return next((each.starts for each in setup.timers if each.role == role), "never")


def amounts(setup: PracticeSetup) -> dict[str, dict[str, Decimal]]:
    """The practice's own dollars by year and code, as `ccm.tables.with_amounts` takes them."""
    by_year: dict[str, dict[str, Decimal]] = {}
    for fee in setup.fees:
        by_year.setdefault(f"{fee.year:04d}", {})[fee.code] = Decimal(fee.cents) / 100
    return by_year


def cents_of(text: str) -> int:
    """US cents of an amount as a person writes it: "66.13", "$66" or "1,066.10"; ValueError for anything else."""
    match = _amount(text.strip())
    if match is None:
        raise ValueError("must be an amount of dollars and cents such as 66.13")
    return int(match[1].replace(",", "")) * 100 + int(match[2] or "0")


def missing_attestations(setup: PracticeSetup) -> tuple[str, ...]:
    """What the practice has not attested, in plain words, as the assessment takes it."""
    made = {each.code for each in setup.attestations}
    return tuple(words for code, words in PRACTICE_ATTESTATIONS.items() if code not in made)


def capacity_of(setup: PracticeSetup, coordinator: str) -> int:
    """How many patients the coordinator of this reference can look after."""
    return next((each.patients for each in setup.capacities if each.coordinator.ref == coordinator), setup.capacity)


def approval_reasons(setup: PracticeSetup, entry: Entry, recorded_at: int, zone: tzinfo) -> tuple[str, ...]:
    """Why a second person must approve an entry, in plain words; nothing where none need. `recorded_at`: POSIX seconds.

    Days are whole days of the calendar between the entry's end and its recording.
    """
    rule, found = setup.approval, []
    days = (local_day(recorded_at, zone) - local_day(entry.end, zone)).days
    if rule.backdated_days is not None and days > rule.backdated_days:
        found.append(f"dated back {days} days, more than {rule.backdated_days}")
    if rule.longer_than_minutes is not None and entry.seconds > rule.longer_than_minutes * 60:
        found.append(f"longer than {rule.longer_than_minutes} minutes")
    return tuple(found)


def said(setup: PracticeSetup, kind: str, language: str, patient: str) -> str:
    """A script as it is spoken (a key of `SCRIPT_KINDS`), in the language or else in English; '' where there is none.

    `patient` is the name as it is said. A voicemail gives the discreet name and the number of the day.
    """
    script = find_script(setup.scripts, kind, language)
    if script is None:
        return ""
    clinic, discreet = setup.clinic, kind == "voicemail"
    callback = clinic.callback_day if discreet else _callback(clinic, script.language)
    return filled(
        script,
        {
            "clinic": (clinic.discreet_name if discreet else "") or clinic.name,
            "callback": callback or NO_CALLBACK,
            "patient": patient,
        },
    )


def disclosures_said(setup: PracticeSetup, language: str, patient: str) -> tuple[tuple[str, str], ...]:
    """The disclosures and their sentences, in the order in which they are read aloud and ticked."""
    return tuple((code, said(setup, disclosure_kind(code), language, patient)) for code in DISCLOSURES)


def _callback(clinic: Clinic, language: str) -> str:
    if not (clinic.callback_day and clinic.callback_night) or clinic.callback_night == clinic.callback_day:
        return clinic.callback_day or clinic.callback_night
    return _DAY_OR_NIGHT[language].format(day=clinic.callback_day, night=clinic.callback_night)
