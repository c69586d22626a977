"""Owns what stage, due date and leaks are derived from: one enrolled patient's month as it stands at an instant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, tzinfo
from typing import Final

from ccm.assessment import Assessment, Stay
from ccm.cadence.absences import Acting, acting
from ccm.cadence.due_dates import Due, next_due
from ccm.entries import Entry
from ccm.follow_ups import FollowUpEvent
from ccm.months import Month, local_day
from ccm.records import Person
from ccm.setup import PracticeSetup, documented, responsible_for
from ccm.touchpoints import TouchpointEvent, attempts, attempts_in

_CONTACT: Final = frozenset({"patient_contact", "caregiver_contact"})
_TRIED: Final = _CONTACT | {"voicemail"}


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """An entry, when it was recorded (POSIX seconds), and where it stands: "waiting", "filed", "attention", "void"."""

    entry: Entry
    recorded_at: int
    status: str

    @property
    def stands(self) -> bool:
        """Whether it was not voided."""
        return not self.entry.voided and self.status != "void"


@dataclass(frozen=True, slots=True)
class Situation:
    """A care month at `now` (POSIX seconds, UTC); `setup` is the version in force for the month, `zone` its zone.

    `status` and `status_since` are the enrolment's; `entries` those of the month. `stays` are those of the facts,
    of the month before too. `away` are the references of those who are absent today. `in_the_way` says, in plain
    words, what keeps the month from its hand-off besides the assessment's blockers: open facts, entries that wait for
    approval.
    """

    month: Month
    zone: tzinfo
    now: int
    setup: PracticeSetup
    assessment: Assessment
    status: str = "enrolled"
    status_since: date | None = None
    coordinator: Person | None = None
    backup: Person | None = None
    touchpoints: Sequence[TouchpointEvent] = ()
    follow_ups: Sequence[FollowUpEvent] = ()
    entries: tuple[LedgerEntry, ...] = ()
    stays: tuple[Stay, ...] = ()
    away: frozenset[str] = frozenset()
    do_not_call: bool = False
    handed_off: bool = False
    in_the_way: tuple[str, ...] = ()

    @property
    def today(self) -> date:
        """The practice's day."""
        return local_day(self.now, self.zone)

    @property
    def last_day(self) -> date:
        """The month's last day."""
        return date.fromordinal(self.month.next().first_day.toordinal() - 1)

    def coordinating(self) -> Acting:
        """Who looks after the patient today: the coordinator or the backup, else whoever makes the practice's calls."""
        if self.coordinator is None and self.backup is None:
            return self.responsible("calls")
        return acting(self.coordinator, self.backup, self.away)

    def responsible(self, step: str) -> Acting:
        """Who does a step of the practice's set-up today."""
        named = responsible_for(self.setup, step)
        return acting(named.owner, named.backup, self.away) if named else Acting(None)

    def undocumented(self) -> tuple[tuple[Entry, tuple[str, ...]], ...]:
        """The standing entries of the month whose notes lack something, each with what, in plain words."""
        told = {each.entry for each in attempts(self.touchpoints, self.zone) if each.entry}
        lacking = (
            (each.entry, documented(each.entry, self.setup.documentation, outcome_recorded=each.entry.id in told))
            for each in self.entries
            if each.stands
        )
        return tuple((entry, missing) for entry, missing in lacking if missing)

    def contact_days(self) -> tuple[date, ...]:
        """The days on which somebody was reached, as touchpoints of any month and the entries of such work say."""
        reached = {each.on for each in attempts(self.touchpoints, self.zone) if each.contact}
        return tuple(sorted(reached | self._days_of(_CONTACT)))

    def contacted(self) -> bool:
        """Whether somebody was reached in the month."""
        return any(self.month.first_day <= day <= self.last_day for day in self.contact_days())

    def attempted(self) -> bool:
        """Whether anybody tried, in the month."""
        return bool(attempts_in(self.touchpoints, self.month, self.zone)) or bool(self._days_of(_TRIED))

    def due(self) -> Due | None:
        """The next contact that is due."""
        if self.status != "enrolled" or self.handed_off:
            return None
        return next_due(
            self.setup.cadence,
            self.touchpoints,
            self.month,
            self.today,
            self.zone,
            threshold_met=self.assessment.track is not None,
            enrolled_on=self.status_since,
            stays=self.stays,
            other_contacts=self._days_of(_CONTACT),
            do_not_call=self.do_not_call,
        )

    def _days_of(self, activities: frozenset[str]) -> set[date]:
        worked = (each.entry for each in self.entries if each.stands)
        return {local_day(entry.start, self.zone) for entry in worked if entry.activity in activities}
