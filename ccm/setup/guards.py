"""Owns what a set-up may say: each value by itself and against the others, refused by field.

A set-up may have gaps, for it is filled in step by step; what it says must be possible.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from typing import Final

from ccm.contact.telephone import wrong_telephone
from ccm.record_guards import first_of, wrong_choice, wrong_day, wrong_text
from ccm.records import Person, Refusal
from ccm.setup.documentation import ELEMENTS
from ccm.setup.scripts import SCRIPT_KINDS, wrong_script
from ccm.setup.shape import (
    PRACTICE_ATTESTATIONS,
    STEPS,
    TIMER_ROLES,
    TIMER_STARTS,
    Clinic,
    Fee,
    PracticeSetup,
)
from ccm.tables import NATIONAL_TABLES
from ccm.vocabulary import ACTIVITIES

DATES_OF_SERVICE: Final[dict[str, str]] = {
    "month_end": "The month's last day",
    "threshold": "The day on which the threshold was met",
}
_LONGEST_NAME: Final = 200
_MOST_CENTS: Final = 10_000_00
_LONGEST_NOTE: Final = 500
_LONGEST_ENTRY: Final = 1440
_PEOPLE: Final = 5000
_is_place = re.compile(r"[0-9]{2}").fullmatch  # CMS's place of service codes

_Refusals = Iterator[Refusal | None]


def wrong_setup(setup: PracticeSetup, today: date, zone_exists: Callable[[str], bool]) -> Refusal | None:
    """The first thing that is wrong, by its field ("responsible.calls.backup"), or None.

    `today` is the practice's day; `zone_exists` says whether the IANA database has a zone of that name.
    """
    known = zone_exists(setup.time_zone)
    return next(
        (
            refusal
            for checks in (
                _wrong_clinic(setup.clinic),
                (None if known else Refusal("time_zone", "is no time zone such as America/New_York"),),
                _wrong_numbers(setup),
                _wrong_policy(setup),
                _wrong_people(setup),
                _wrong_documentation(setup),
                _wrong_timers(setup),
                _wrong_fees(setup.fees),
                _wrong_scripts(setup),
                _wrong_attestations(setup, today),
            )
            for refusal in checks
            if refusal is not None
        ),
        None,
    )


def _wrong_clinic(clinic: Clinic) -> _Refusals:
    yield wrong_text("clinic.name", clinic.name)
    for field in ("name", "discreet_name"):
        if len(getattr(clinic, field)) > _LONGEST_NAME:
            yield Refusal(f"clinic.{field}", f"is longer than {_LONGEST_NAME} characters")
    for field in ("callback_day", "callback_night"):
        if number := getattr(clinic, field):
            yield wrong_telephone(f"clinic.{field}", number)


def _wrong_numbers(setup: PracticeSetup) -> _Refusals:
    cadence, approval = setup.cadence, setup.approval
    yield _outside("cadence.first_attempt_by_day", cadence.first_attempt_by_day, 1, 28)
    yield _outside("cadence.attempts_per_month", cadence.attempts_per_month, 1, 20)
    yield _outside("cadence.days_between", cadence.days_between, 1, 27)
    yield _outside("cadence.follow_up_days", cadence.follow_up_days, 1, 90)
    if approval.backdated_days is not None:
        yield _outside("approval.backdated_days", approval.backdated_days, 0, 366)
    if approval.longer_than_minutes is not None:
        yield _outside("approval.longer_than_minutes", approval.longer_than_minutes, 1, _LONGEST_ENTRY)
    yield _outside("capacity", setup.capacity, 1, _PEOPLE)
    yield _twice("capacities", (each.coordinator.ref for each in setup.capacities))
    for each in setup.capacities:
        yield _wrong_person(f"capacities.{each.coordinator.ref}", each.coordinator)
        yield _outside(f"capacities.{each.coordinator.ref}", each.patients, 1, _PEOPLE)


def _wrong_policy(setup: PracticeSetup) -> _Refusals:
    yield wrong_choice("policy.track", setup.policy.track, ("best", *_TRACKS))
    yield wrong_choice("policy.date_of_service", setup.policy.date_of_service, DATES_OF_SERVICE)
    if not _is_place(setup.place_of_service):
        yield Refusal("place_of_service", "must be a place of service's two digits, such as 11")


def _wrong_people(setup: PracticeSetup) -> _Refusals:
    yield _twice("responsible", (each.step for each in setup.responsible))
    for each in setup.responsible:
        field = f"responsible.{each.step}"
        yield wrong_choice("responsible", each.step, STEPS)
        yield _wrong_person(f"{field}.owner", each.owner)
        if each.backup is not None:
            yield _wrong_person(f"{field}.backup", each.backup)
            if each.backup.ref == each.owner.ref:
                yield Refusal(f"{field}.backup", "must be somebody else than the owner")


def _wrong_documentation(setup: PracticeSetup) -> _Refusals:
    yield _twice("documentation", (each.activity for each in setup.documentation))
    for each in setup.documentation:
        field = f"documentation.{each.activity}"
        yield wrong_choice("documentation", each.activity, ACTIVITIES)
        yield _outside(f"{field}.least_characters", each.least_characters, 0, _LONGEST_NOTE)
        for element in sorted(each.elements - ELEMENTS.keys()):
            yield wrong_choice(f"{field}.elements", element, ELEMENTS)


def _wrong_timers(setup: PracticeSetup) -> _Refusals:
    yield _twice("timers", (each.role for each in setup.timers))
    for each in setup.timers:
        yield wrong_choice("timers", each.role, TIMER_ROLES)
        yield wrong_choice(f"timers.{each.role}", each.starts, TIMER_STARTS)


def _wrong_fees(fees: Sequence[Fee]) -> _Refusals:
    yield _twice("fees", (f"{each.year}.{each.code}" for each in fees))
    for each in fees:
        field = f"fees.{each.year}.{each.code}"
        codes = _CODES.get(str(each.year))
        if codes is None:
            yield Refusal(field, f"has no code table of that year: there are {', '.join(_CODES)}")
        else:
            yield wrong_choice(field, each.code, codes)
        if not 0 <= each.cents <= _MOST_CENTS:
            yield Refusal(field, f"must be from 0.00 to {_MOST_CENTS // 100}.00")


def _wrong_scripts(setup: PracticeSetup) -> _Refusals:
    yield _twice("scripts", (f"{each.kind}.{each.language}" for each in setup.scripts))
    for each in setup.scripts:
        yield wrong_script(each)
    english = {each.kind for each in setup.scripts if each.language == "en"}
    for kind in SCRIPT_KINDS:
        if kind not in english:
            yield Refusal(f"scripts.{kind}.en", "is missing: it is read where there is none in the patient's language")


def _wrong_attestations(setup: PracticeSetup, today: date) -> _Refusals:
    yield _twice("attestations", (each.code for each in setup.attestations))
    for each in setup.attestations:
        yield wrong_choice("attestations", each.code, PRACTICE_ATTESTATIONS)
        yield _wrong_person(f"attestations.{each.code}.by", each.by)
        yield wrong_day(f"attestations.{each.code}.on", each.on, today)


def _wrong_person(field: str, person: Person) -> Refusal | None:
    return first_of(wrong_text(field, person.ref), wrong_text(field, person.name))


def _outside(field: str, value: int, least: int, most: int) -> Refusal | None:
    return None if least <= value <= most else Refusal(field, f"must be from {least} to {most}")


def _twice(field: str, keys: Iterable[str]) -> Refusal | None:
    seen: set[str] = set()
    for key in keys:
        if key in seen:
            return Refusal(field, f"names {key} twice")
        seen.add(key)
    return None


_TRACKS: Final = tuple(dict.fromkeys(track.name for table in NATIONAL_TABLES for track in table.tracks))
_CODES: Final = {
    table.name: tuple(rule.code for track in table.tracks for rule in (track.base, track.further))
    for table in NATIONAL_TABLES
}
