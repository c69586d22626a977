"""Owns the versions of consent: for which billing practitioner each was given, and when and why it ended.

A consent never ages. It ends with the month in which the patient withdrew, with a refusal before enrolment, and with
the day before another practitioner begins to bill than the one for whom it was given (CMS MLN909188: new consent when
the billing practitioner changes).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta, tzinfo

from ccm.assessment.care_month import DISCLOSURES
from ccm.enrolment.events import (
    BillingPractitionerNamed,
    ConsentGiven,
    Declined,
    EnrolmentEvent,
    StatusChange,
    Withdrawn,
)
from ccm.months import Month, local_day
from ccm.records import Kept, standing

_A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class ConsentVersion:
    """One consent, numbered from 1 in the order of recording; `given_on` is its local day.

    `practitioner` is the reference of whom it was given for, empty while nobody has been named. `ended_on` is the last
    day on which it held, None while it holds; `ended_by` is "withdrawal", "decline", "practitioner_change" or "".
    """

    number: int
    recorded: Kept[ConsentGiven]
    given_on: date
    practitioner: str
    ended_on: date | None
    ended_by: str
    withdrawn_on: date | None

    @property
    def complete(self) -> bool:
        """Whether the patient was told of all four things."""
        return self.recorded.body.disclosures >= DISCLOSURES.keys()

    def holds_on(self, day: date, practitioner: str = "") -> bool:
        """Whether it held on a day, for a practitioner where one is given."""
        holds = self.given_on <= day and (self.ended_on is None or day <= self.ended_on)
        return holds and (not practitioner or self.practitioner in ("", practitioner))


def practitioners(events: Sequence[EnrolmentEvent]) -> list[BillingPractitionerNamed]:
    """The billing practitioners by first day; of two with the same first day the later recorded stands."""
    by_day = {kept.body.effective_on: kept.body for kept in standing(events, BillingPractitionerNamed)}
    return [by_day[day] for day in sorted(by_day)]


def practitioner_on(events: Sequence[EnrolmentEvent], day: date) -> BillingPractitionerNamed | None:
    """Who bills on a day."""
    return next((each for each in reversed(practitioners(events)) if each.effective_on <= day), None)


def consent_versions(events: Sequence[EnrolmentEvent], zone: tzinfo) -> tuple[ConsentVersion, ...]:
    """All consents that stand in the record, in the order of recording."""
    changes = standing(events, StatusChange)
    named = practitioners(events)
    return tuple(
        _version(number, kept, changes, named, zone)
        for number, kept in enumerate(standing(events, ConsentGiven), start=1)
    )


def consent_on(events: Sequence[EnrolmentEvent], day: date, zone: tzinfo) -> ConsentVersion | None:
    """The consent in force on a day for whoever bills that day, complete or not."""
    biller = practitioner_on(events, day)
    practitioner = biller.person.ref if biller else ""
    return in_force([each for each in consent_versions(events, zone) if each.holds_on(day, practitioner)])


def in_force(versions: Sequence[ConsentVersion]) -> ConsentVersion | None:
    """Of consents that hold together, the one that counts: the earliest complete one, else the earliest.

    Asking again although nothing ended must not move the beginning; a consent without all four disclosures does not
    begin what only a later, complete one grants.
    """
    return min(versions, key=lambda each: (not each.complete, each.recorded.body.given_at), default=None)


def _version(
    number: int,
    kept: Kept[ConsentGiven],
    changes: Sequence[Kept[StatusChange]],
    named: Sequence[BillingPractitionerNamed],
    zone: tzinfo,
) -> ConsentVersion:
    given_on = local_day(kept.body.given_at, zone)
    practitioner = kept.body.practitioner or _practitioner_for(given_on, named)
    ends: list[tuple[date, str, date | None]] = []
    left = next((each for each in changes if _ends(kept.number, given_on, each)), None)
    if left is not None and isinstance(left.body, Withdrawn):
        ends.append((_last_day_of_month(left.body.on), "withdrawal", left.body.on))
    elif left is not None:
        ends.append((left.body.on - _A_DAY, "decline", None))
    replaced = next((each for each in named if each.effective_on > given_on and each.person.ref != practitioner), None)
    if replaced is not None:
        ends.append((replaced.effective_on - _A_DAY, "practitioner_change", None))
    ended_on, ended_by, withdrawn_on = min(ends, key=lambda end: end[0], default=(None, "", None))
    return ConsentVersion(number, kept, given_on, practitioner, ended_on, ended_by, withdrawn_on)


def _ends(number: int, given_on: date, change: Kept[StatusChange]) -> bool:
    """Whether the patient left after having given the consent; on one and the same day the order of recording tells."""
    if not isinstance(change.body, (Withdrawn, Declined)):
        return False
    return given_on < change.body.on or (given_on == change.body.on and number < change.number)


def _practitioner_for(given_on: date, named: Sequence[BillingPractitionerNamed]) -> str:
    before = [each.person.ref for each in named if each.effective_on <= given_on]
    after = [each.person.ref for each in named if each.effective_on > given_on]
    return before[-1] if before else after[0] if after else ""


def _last_day_of_month(day: date) -> date:
    return Month(day.year, day.month).next().first_day - _A_DAY
