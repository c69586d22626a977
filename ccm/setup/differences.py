"""Owns what changed between two set-ups, in plain words, for the audit trail and whoever reads the versions."""

from __future__ import annotations

from collections.abc import Iterator

from ccm.records import Person
from ccm.setup.documentation import ELEMENTS
from ccm.setup.guards import DATES_OF_SERVICE
from ccm.setup.scripts import LANGUAGES, SCRIPT_KINDS
from ccm.setup.shape import PRACTICE_ATTESTATIONS, STEPS, TIMER_STARTS, PracticeSetup
from ccm.tables import money
from ccm.vocabulary import ACTIVITIES

_Said = Iterator[tuple[str, str]]


def difference(old: PracticeSetup, new: PracticeSetup) -> tuple[str, ...]:
    """One sentence for each thing that was set, changed or removed; none where both say the same."""
    before, after = described(old), described(new)
    return tuple(
        _change(label, before.get(label, ""), after.get(label, ""))
        for label in {**before, **after}
        if before.get(label, "") != after.get(label, "")
    )


def described(setup: PracticeSetup) -> dict[str, str]:
    """All that a set-up says, by label, in plain words; what it leaves open is '' or not there."""
    return dict([*_scalars(setup), *_people(setup), *_standards(setup), *_texts(setup)])


def _change(label: str, old: str, new: str) -> str:
    if not old:
        return f"{label}: set to {new}."
    return f"{label}: changed from {old} to {new}." if new else f"{label}: removed (was {old})."


def _scalars(setup: PracticeSetup) -> _Said:
    clinic, cadence, approval = setup.clinic, setup.cadence, setup.approval
    yield "Clinic's name", clinic.name
    yield "Clinic's discreet name", clinic.discreet_name
    yield "Call-back number by day", clinic.callback_day
    yield "Call-back number at night", clinic.callback_night
    yield "Time zone", setup.time_zone
    yield "First attempt by day", str(cadence.first_attempt_by_day)
    yield "Attempts per month", str(cadence.attempts_per_month)
    yield "Days between attempts", str(cadence.days_between)
    yield "Days until a follow-up is due", str(cadence.follow_up_days)
    yield "Track", setup.policy.track
    yield "Date of service", DATES_OF_SERVICE.get(setup.policy.date_of_service, setup.policy.date_of_service)
    yield "Approval of entries dated back more than", _count(approval.backdated_days, "days")
    yield "Approval of entries longer than", _count(approval.longer_than_minutes, "minutes")
    yield "Place of service", setup.place_of_service
    yield "Patients per coordinator", str(setup.capacity)


def _people(setup: PracticeSetup) -> _Said:
    for each in setup.responsible:
        step = STEPS.get(each.step, each.step)
        yield step, _person(each.owner)
        yield f"{step}, backup", _person(each.backup) if each.backup else ""
    for capacity in setup.capacities:
        yield f"Patients of {_person(capacity.coordinator)}", str(capacity.patients)
    for attestation in setup.attestations:
        words = PRACTICE_ATTESTATIONS.get(attestation.code, attestation.code)
        yield f"Attested: {words}", f"{_person(attestation.by)} on {attestation.on}"


def _standards(setup: PracticeSetup) -> _Said:
    for each in setup.documentation:
        elements = [words for code, words in ELEMENTS.items() if code in each.elements]
        activity = ACTIVITIES.get(each.activity, each.activity)
        yield f"Notes on {activity}", ", ".join([f"{each.least_characters} characters", *elements])
    for timer in setup.timers:
        yield f"Timer of the {timer.role}", TIMER_STARTS.get(timer.starts, timer.starts).lower()
    for fee in setup.fees:
        yield f"Amount of {fee.code} in {fee.year}", money(fee.cents)


def _texts(setup: PracticeSetup) -> _Said:
    for each in setup.scripts:
        kind, language = SCRIPT_KINDS.get(each.kind, each.kind), LANGUAGES.get(each.language, each.language)
        yield f"Script ({kind}, {language})", f"“{each.text}”"


def _person(person: Person) -> str:
    return f"{person.name} ({person.ref})"


def _count(number: int | None, unit: str) -> str:
    return "" if number is None else f"{number} {unit}"
