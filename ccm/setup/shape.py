"""Owns the shape of a practice's set-up: who does what, how often, by which standard, and in whose name.

It is one value, kept in versions. Lists stand for tables with a key, of which no key may come twice; what a list does
not name has the default that its reader states.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

from ccm.assessment.care_month import Policy
from ccm.event_json import Plain, from_plain, to_plain
from ccm.records import Person
from ccm.setup.documentation import ActivityStandard
from ccm.setup.scripts import Script

STEPS: Final[dict[str, str]] = {
    "enrols": "Enrols patients",
    "calls": "Makes the monthly calls",
    "documents": "Completes the documentation",
    "reviews": "Reviews the month",
    "bills": "Bills the month",
}
TIMER_STARTS: Final[dict[str, str]] = {
    "at_once": "When the chart is opened",
    "by_hand": "By hand",
    "never": "Never",
}
TIMER_ROLES: Final = ("clinician", "coordinator", "practitioner", "biller", "lead", "admin")
PRACTICE_ATTESTATIONS: Final[dict[str, str]] = {  # CMS MLN909188, what a practice offers to all its CCM patients
    "access": "access to care at any hour of any day",
    "designated_member": "a designated member of the care team for continuity",
    "transitions": "management of care transitions",
    "community": "coordination with home- and community-based services",
    "communication": "enhanced communication by telephone, portal or message",
}


@dataclass(frozen=True, slots=True)
class Clinic:
    """How the practice calls itself and is called: by day, and at night, on weekends and holidays.

    `discreet_name` is said on a voicemail in place of a name that tells of an illness ("Valley Cancer Center").
    """

    name: str
    callback_day: str = ""
    callback_night: str = ""
    discreet_name: str = ""


@dataclass(frozen=True, slots=True)
class Responsible:
    """Who does a step (a key of `STEPS`), and who stands in."""

    step: str
    owner: Person
    backup: Person | None = None


@dataclass(frozen=True, slots=True)
class Cadence:
    """How the month is paced, in days of the practice's zone.

    The first attempt is due by day `first_attempt_by_day` of the month; without contact there are
    `attempts_per_month`, `days_between` apart; a follow-up is due after `follow_up_days` unless said otherwise.
    """

    first_attempt_by_day: int = 5
    attempts_per_month: int = 3
    days_between: int = 4
    follow_up_days: int = 7


@dataclass(frozen=True, slots=True)
class Approval:
    """Entries that a second person must approve: dated back more than so many days, longer than so many minutes.

    None: none for that reason.
    """

    backdated_days: int | None = None
    longer_than_minutes: int | None = None


@dataclass(frozen=True, slots=True)
class RoleTimer:
    """How the timer starts for a role: a key of `TIMER_STARTS`; a role that is not named never starts one."""

    role: str
    starts: str


@dataclass(frozen=True, slots=True)
class Fee:
    """What one unit of a code pays the practice in a year, in US cents, in place of the national amount."""

    year: int
    code: str
    cents: int


@dataclass(frozen=True, slots=True)
class PracticeAttestation:
    """What the practice offers to all its patients (a key of `PRACTICE_ATTESTATIONS`): who says so, and since when."""

    code: str
    by: Person
    on: date


@dataclass(frozen=True, slots=True)
class Capacity:
    """How many patients a coordinator can look after, where it is not what the practice says of all."""

    coordinator: Person
    patients: int


@dataclass(frozen=True, slots=True)
class PracticeSetup:
    """All that a practice decides for itself. `time_zone` is a name of the IANA database, `capacity` patients each.

    `policy` fixes the track and the date of service; `place_of_service` is CMS's two-digit code.
    """

    clinic: Clinic
    time_zone: str
    cadence: Cadence
    policy: Policy
    approval: Approval
    place_of_service: str
    capacity: int
    responsible: tuple[Responsible, ...]
    documentation: tuple[ActivityStandard, ...]
    timers: tuple[RoleTimer, ...]
    fees: tuple[Fee, ...]
    scripts: tuple[Script, ...]
    attestations: tuple[PracticeAttestation, ...]
    capacities: tuple[Capacity, ...]


def setup_to_dict(setup: PracticeSetup) -> Plain:
    """The set-up as JSON values."""
    plain: Plain = to_plain(setup)
    return plain


def setup_from_dict(plain: object) -> PracticeSetup:
    """The set-up that `setup_to_dict` wrote; ValueError, naming the field, for anything else."""
    return from_plain(PracticeSetup, plain, "setup")
