"""Owns when the next contact with a patient is due: by the practice's cadence, a plan, or a discharge.

A call after a discharge comes first (CPT 99495/99496: contact within two business days). A day planned with the
patient stands before the practice's cadence. The cadence asks for a first attempt by a day of the month, for
further ones without contact, and after a contact for another one while the month has not reached its threshold.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta, tzinfo
from typing import Final, NamedTuple

from ccm.assessment.care_month import Stay
from ccm.cadence.business_days import business_days_after
from ccm.months import Month
from ccm.setup.shape import Cadence
from ccm.touchpoints import TouchpointEvent, attempts, next_planned

REASONS: Final[dict[str, str]] = {
    "discharge": "Call after the discharge, within two business days",
    "planned": "Planned with the patient or by the team",
    "first_attempt": "First attempt of the month",
    "next_attempt": "Next attempt: no contact yet",
    "further_contact": "Further contact: the month is below its threshold",
}
_DISCHARGE_BUSINESS_DAYS: Final = 2
_TRANSITION: Final = timedelta(days=30)  # CPT 99495/99496: the 30 days that begin with the discharge
_A_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Due:
    """The next contact: on or by which day, and why (a key of `REASONS`); the day may be past."""

    on: date
    reason: str

    @property
    def text(self) -> str:
        """The reason in plain words."""
        return REASONS[self.reason]


class _Try(NamedTuple):
    """One try; of a day's the contact is the last, so that it sets the pace."""

    on: date
    contact: bool


def next_due(
    cadence: Cadence,
    touchpoints: Sequence[TouchpointEvent],
    month: Month,
    today: date,
    zone: tzinfo,
    *,
    threshold_met: bool = False,
    enrolled_on: date | None = None,
    stays: Collection[Stay] = (),
    other_contacts: Collection[date] = (),
    do_not_call: bool = False,
) -> Due | None:
    """The next contact that is due in a month that is not over; None where none is, or nobody is to call.

    `threshold_met`: the month's minutes already earn a code; `stays` are those of this month and the one before (who
    is in one is not called); `other_contacts` are days of contact that only entries tell of. Days are the practice's.
    """
    last_day = month.next().first_day - _A_DAY
    if do_not_call or today > last_day or in_stay(stays, today):
        return None
    tries = sorted(
        [
            *(_Try(each.on, each.contact) for each in attempts(touchpoints, zone)),
            *(_Try(on, True) for on in other_contacts),
        ]
    )
    if after_discharge := _discharge_due(tries, discharges(stays), today):
        return after_discharge
    plan = next_planned(touchpoints)
    kept = plan is not None and any(day >= plan.on for day in other_contacts)
    planned = Due(plan.on, "planned") if plan and not kept else None
    if planned and planned.on <= last_day:
        return planned
    in_month = [each for each in tries if month.first_day <= each.on <= last_day]
    if threshold_met:
        return planned
    if in_month:
        return _after_attempts(cadence, in_month, last_day) or planned
    return Due(min(_first_attempt_by(cadence, month, enrolled_on), last_day), "first_attempt")


def _discharge_due(tries: Sequence[_Try], ended_on: Sequence[date], today: date) -> Due | None:
    """The call that a discharge of the last 30 days still waits for; the latest discharge is the one that matters."""
    recent = [day for day in ended_on if day <= today < day + _TRANSITION]
    if not recent:
        return None
    discharge = max(recent)
    if any(each.contact and each.on >= discharge for each in tries):
        return None
    return Due(discharge_deadline(discharge), "discharge")


def discharge_deadline(discharge: date) -> date:
    """The last day for the contact after a discharge, which itself is not counted."""
    return business_days_after(discharge, _DISCHARGE_BUSINESS_DAYS)


def in_stay(stays: Iterable[Stay], day: date) -> bool:
    """Whether the patient is in a hospital or a nursing stay on a day; on the day of the discharge no longer."""
    return any(stay.first_day <= day and (stay.last_day is None or day < stay.last_day) for stay in stays)


def discharges(stays: Iterable[Stay]) -> tuple[date, ...]:
    """The days on which stays ended, oldest first; give the stays of the month before too, for its last days."""
    return tuple(sorted({stay.last_day for stay in stays if stay.last_day is not None}))


def _first_attempt_by(cadence: Cadence, month: Month, enrolled_on: date | None) -> date:
    """The cadence's day, or where the patient was enrolled after it, some days after that."""
    by = date(month.year, month.number, cadence.first_attempt_by_day)
    if enrolled_on is None or enrolled_on <= by:
        return by
    return enrolled_on + timedelta(days=cadence.days_between)


def _after_attempts(cadence: Cadence, in_month: Sequence[_Try], last_day: date) -> Due | None:
    """The next attempt, until the attempts are used up; after a contact and no try since, a further contact."""
    last = in_month[-1]
    contacted = any(each.contact for each in in_month)
    if not contacted and len(in_month) >= cadence.attempts_per_month:
        return None
    wait = cadence.follow_up_days if last.contact else cadence.days_between
    by = min(last.on + timedelta(days=wait), last_day)
    return Due(by, "further_contact" if contacted else "next_attempt") if by > last.on else None
