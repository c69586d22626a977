"""Owns what the chart's encounters propose as facts: stays of the inpatient classes, and visits in person.

A stay counts at once, for time in it must not be billed (CMS MLN909188); a visit does not, for only a billed one
matters, which an encounter does not tell. Both wait for a person before a hand-off.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from typing import Final

from ccm.chart import LaunchEncounter
from ccm.months import Month

# HL7 v3 ActCode: inpatient, acute and non-acute inpatient, short stay. Observation (OBSENC) is an outpatient's.
_STAYS: Final = frozenset({"IMP", "ACUTE", "NONAC", "SS"})
_VISITS: Final = frozenset({"AMB", "HH", "EMER", "OBSENC"})
_NEVER_WAS: Final = frozenset({"cancelled", "entered-in-error", "planned"})


@dataclass(frozen=True, slots=True)
class Proposal:
    """What the chart proposes: `question` is "stays" or "visits", `key` the encounter's reference ("Encounter/1").

    `first_day` is None where the chart names no full day, `last_day` also for a stay without discharge. `counts`:
    whether it bars time before anybody confirmed it.
    """

    question: str
    key: str
    first_day: date | None
    last_day: date | None
    counts: bool

    def touches(self, month: Month) -> bool:
        """Whether a day of it lies, or without its days may lie, in the month.

        A finished stay whose end is lost is taken for its first day only.
        """
        last_day = self.last_day or (self.first_day if self.first_day and not self.counts else date.max)
        begun = self.first_day is None or self.first_day < month.next().first_day
        return begun and month.first_day <= last_day


def stays_from_chart(encounters: Sequence[LaunchEncounter], zone: tzinfo) -> tuple[Proposal, ...]:
    """The stays among the chart's encounters, their days in `zone`.

    Without its first day, or finished and without its last, a stay does not count by itself, or it would bar months
    of which the chart says nothing; it waits for a person all the same.
    """
    return tuple(
        _stay(each, zone) for each in encounters if each.class_code in _STAYS and each.status not in _NEVER_WAS
    )


def visits_from_chart(encounters: Sequence[LaunchEncounter], zone: tzinfo) -> tuple[Proposal, ...]:
    """The days on which the patient was seen in person, which may have been billed; only where the day is known."""
    seen = [each for each in encounters if each.class_code in _VISITS and each.status not in _NEVER_WAS]
    days = [(each, local_date(each.start, zone)) for each in seen]
    return tuple(Proposal("visits", f"Encounter/{each.id}", day, day, counts=False) for each, day in days if day)


def local_date(text: str, zone: tzinfo) -> date | None:
    """The day of a FHIR date or dateTime in `zone`, None for a partial one; without an offset it is taken as local."""
    try:
        moment = datetime.fromisoformat(text)
        return moment.astimezone(zone).date() if moment.tzinfo else moment.date()
    except (ValueError, OverflowError):
        return None


def _stay(encounter: LaunchEncounter, zone: tzinfo) -> Proposal:
    first_day, last_day = local_date(encounter.start, zone), local_date(encounter.end, zone)
    if first_day and last_day:
        last_day = max(first_day, last_day)
    counts = first_day is not None and (last_day is not None or encounter.status != "finished")
    return Proposal("stays", f"Encounter/{encounter.id}", first_day, last_day, counts)
