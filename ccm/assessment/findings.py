"""Owns how findings are made: what a check is given, and the table walk that turns checks into blockers or warnings."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from ccm.assessment.care_month import CareMonth, Service
from ccm.assessment.result import Earnings, Finding
from ccm.months import LocalMonth
from ccm.tables import CodeTable, Conflict


@dataclass(frozen=True, slots=True)
class Considered:
    """What the checks look at: the case, its calendar and table, and what its minutes earn."""

    case: CareMonth
    calendar: LocalMonth
    table: CodeTable
    earnings: Earnings


Check = Callable[[Considered], str]  # says what to do in plain words; '' where all is well


def findings(checks: Iterable[tuple[str, Check]], seen: Considered) -> tuple[Finding, ...]:
    """One finding for every check that has something to say, in the checks' order."""
    found = []
    for code, check in checks:
        text = check(seen)
        if text:
            found.append(Finding(code, text, seen.table.citations[code]))
    return tuple(found)


def conflicts_of_month(seen: Considered) -> Iterable[tuple[Service, Conflict]]:
    """The services on a day of this month, and those without a day, each with the conflict it may make."""
    services = seen.case.facts.services
    if not services:
        return ()
    return [
        (service, conflict)
        for service in services
        if service.on is None or seen.calendar.contains(service.on)
        for conflict in seen.table.conflicts
        if service.code in conflict.codes
    ]


def listed(names: Iterable[str]) -> str:
    """Names as a person would say them: "a", "a and b", "a, b and c"."""
    words = list(names)
    return " and ".join([*([", ".join(words[:-1])] if words[:-1] else []), *words[-1:]])
