"""Owns which seconds count: each second of each entry is counted, or excluded with the first reason that applies.

The reasons stand in a fixed order: those of the whole entry, those of the calendar, and overlap last
(CMS MLN909188: what counts as CCM time; an instant that two people share counts once).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ccm.assessment.care_month import CareMonth, Enrolment
from ccm.assessment.result import Excluded
from ccm.entries import Entry
from ccm.intervals import BEGINNING, END, Interval, subtract, total, union
from ccm.months import LocalMonth
from ccm.vocabulary import COUNTED_ACTIVITIES

_NEVER_COUNTED = ("non_clinical", "outside_us")
_Barred = list[tuple[str, int, int]]  # reason, and the half-open interval in which it holds
_Lost = dict[tuple[str, str], int]  # seconds by entry and reason
_Sifted = list[tuple[Entry, Sequence[Interval]]]


@dataclass(frozen=True, slots=True)
class CountedTime:
    """The month's time: `counted` and `own` (the billing practitioner's, overlap or not) are sorted and disjoint."""

    counted: list[Interval]
    counted_seconds: int
    own: list[Interval]
    excluded: tuple[Excluded, ...]


def count_time(case: CareMonth, calendar: LocalMonth) -> CountedTime:
    """Sorts every second of the entries; counted and excluded together are the entries' whole length."""
    lost: _Lost = {}
    eligible = _eligible(case, calendar, lost)
    everyone = [span for _, spans in eligible for span in spans]
    counted = union(everyone)
    counted_seconds = total(counted)
    if counted_seconds < total(everyone):
        _lose_overlap(eligible, lost)
    excluded = tuple([Excluded(entry, seconds, reason) for (entry, reason), seconds in lost.items()])
    return CountedTime(counted, counted_seconds, union(_own(eligible, case.enrolment)), excluded)


def _eligible(case: CareMonth, calendar: LocalMonth, lost: _Lost) -> _Sifted:
    barred = _barred(case, calendar)
    with_visits = barred + _barred_by_visits(case, calendar)
    eligible: _Sifted = []
    for entry in case.entries:
        reason = _whole_entry_reason(entry)
        if reason:
            _lose(lost, entry, reason, entry.seconds)
            continue
        left = _sift(entry, barred if entry.separate_from_visit else with_visits, lost)
        if left:
            eligible.append((entry, left))
    return eligible


def _whole_entry_reason(entry: Entry) -> str:
    if entry.voided:
        return "voided"
    if entry.programme != "ccm":
        return "other_programme"
    if entry.performer_class in _NEVER_COUNTED:
        return entry.performer_class
    return "" if entry.activity in COUNTED_ACTIVITIES else "activity_not_counted"


def _barred(case: CareMonth, calendar: LocalMonth) -> _Barred:
    """What the calendar excludes for every entry, in the order of the reasons."""
    start, end = calendar.interval
    enrolment = case.enrolment
    barred = [("outside_month", BEGINNING, start), ("outside_month", end, END)]
    consent = enrolment.consent
    given_at = consent.given_at if consent else None
    if given_at is None:
        barred.append(("before_consent", start, end))
    elif given_at > start:
        barred.append(("before_consent", start, given_at))
    if consent and consent.withdrawn_on and consent.withdrawn_on < calendar.first_day:
        barred.append(("after_withdrawal_month", start, end))
    if case.deceased_on:
        barred.append(("after_death", calendar.end_of(case.deceased_on), end))
    if enrolment.initiating_visit_required and enrolment.initiating_visit_on:
        barred.append(("before_initiating_visit", start, calendar.start_of(enrolment.initiating_visit_on)))
    for stay in case.facts.stays:
        last_day = stay.last_day or calendar.last_day
        barred.append(("inpatient", calendar.start_of(stay.first_day), calendar.end_of(last_day)))
    return barred


def _barred_by_visits(case: CareMonth, calendar: LocalMonth) -> _Barred:
    return [("visit_day", calendar.start_of(day), calendar.end_of(day)) for day in case.facts.visits]


def _sift(entry: Entry, barred: _Barred, lost: _Lost) -> Sequence[Interval]:
    start, end = entry.start, entry.end
    left: Sequence[Interval] = [(start, end)]
    for reason, since, until in barred:
        if since < end and start < until:
            kept = subtract(left, ((since, until),))
            if seconds := total(left) - total(kept):
                _lose(lost, entry, reason, seconds)
            left = kept
    return left


def _lose_overlap(eligible: _Sifted, lost: _Lost) -> None:
    """Each second to the earliest-started entry that has it, ties to the lesser id; the others lose it."""
    taken: list[Interval] = []  # what reaches beyond the start of the entry at hand
    for entry, spans in sorted(eligible, key=_precedence):
        taken = [span for span in taken if span[1] > entry.start]
        free = subtract(spans, taken)
        if seconds := total(spans) - total(free):
            _lose(lost, entry, "overlap", seconds)
        taken = union([*taken, *free])


def _precedence(sifted: tuple[Entry, Sequence[Interval]]) -> tuple[int, str]:
    return sifted[0].start, sifted[0].id


def _own(eligible: _Sifted, enrolment: Enrolment) -> list[Interval]:
    biller = enrolment.billing_practitioner
    if biller is None or biller.id is None:
        return []
    return [
        span
        for entry, spans in eligible
        if entry.performer_class == "practitioner" and entry.performer == biller.id
        for span in spans
    ]


def _lose(lost: _Lost, entry: Entry, reason: str, seconds: int) -> None:
    key = entry.id, reason
    lost[key] = lost.get(key, 0) + seconds
