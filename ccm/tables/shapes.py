"""Owns the shape of a code table: what a track pays for which minutes, and which services forbid it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

# Compared by identity (`eq=False`), so that results may be cached by the rule they were made with.


@dataclass(frozen=True, slots=True, eq=False)
class CodeRule:
    """One code: `minutes` that each unit takes, the `most` units a month pays, one unit's amount in US cents.

    `estimated` marks an amount that stands in for one not published; `rule` cites where the code's terms come from.
    """

    code: str
    minutes: int
    most: int
    cents: int
    estimated: bool
    rule: str


@dataclass(frozen=True, slots=True, eq=False)
class TrackRule:
    """One track: the code of the first minutes, the code of each further full step, and what else it needs.

    `own_time`: only the billing practitioner's own time counts. `decision_making`: the levels of medical decision
    making of which one is needed; empty where none is.
    """

    name: str
    base: CodeRule
    further: CodeRule
    own_time: bool = False
    decision_making: tuple[str, ...] = ()

    def further_units(self, minutes: int) -> int:
        """How many further units `minutes` earn; `minutes` must reach the base."""
        return min(self.further.most, (minutes - self.base.minutes) // self.further.minutes)

    def minutes_for(self, further_units: int) -> int:
        """The whole minutes at which the base and so many further units are earned."""
        return self.base.minutes + further_units * self.further.minutes


@dataclass(frozen=True, slots=True, eq=False)
class Conflict:
    """Services that may not stand in the same month as CCM.

    `by_anyone`: whoever bills them; else only the same practitioner's block, and another's raise the warning
    `else_warning` where it is not empty.
    """

    codes: frozenset[str]
    by_anyone: bool
    else_warning: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class CodeTable:
    """The rules for dates of service from `first_day` to `last_day`, both included.

    `tracks` stand in the order of output; of equal amounts the first in `preference` is billed. `citations` gives
    each blocker's and warning's source by its code.
    """

    name: str
    first_day: date
    last_day: date
    tracks: tuple[TrackRule, ...]
    preference: tuple[str, ...]
    conflicts: tuple[Conflict, ...]
    citations: Mapping[str, str]

    def track(self, name: str) -> TrackRule:
        """The track of that name; KeyError where the table has none."""
        for track in self.tracks:
            if track.name == name:
                return track
        raise KeyError(name)


def table_on(tables: tuple[CodeTable, ...], day: date) -> CodeTable:
    """The table in force on a date of service; LookupError where there is none."""
    for table in tables:
        if table.first_day <= day <= table.last_day:
            return table
    raise LookupError(f"no code table for {day.year}")
