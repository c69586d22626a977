"""Owns the facts of one month as the record gives them: the input of the assessment, and what is still open.

Unknown is not none. Each of five questions is open until a person answers it, in the month or after it, by giving a
fact or by confirming that there is no more than what is recorded. What a chart or an import recorded, and what the
chart proposes, must be confirmed by a person.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, tzinfo
from typing import Final, TypeVar

from ccm.assessment.care_month import Facts, Service, Stay
from ccm.facts.events import (
    QUESTIONS,
    BilledElsewhereSet,
    Confirmed,
    DecisionMakingSet,
    FactEvent,
    Happening,
    ProposalRejected,
    ServiceRecorded,
    StayRecorded,
    VisitRecorded,
)
from ccm.facts.proposals import Proposal
from ccm.months import Month, local_month, month_of
from ccm.records import SYSTEM, Actor, Kept, standing

H = TypeVar("H", bound=Happening)
Fact = DecisionMakingSet | StayRecorded | VisitRecorded | ServiceRecorded | BilledElsewhereSet
_LISTED: Final = {"stays": StayRecorded, "visits": VisitRecorded, "services": ServiceRecorded}


@dataclass(frozen=True, slots=True)
class Answer:
    """One question for a month: the facts recorded, what the chart proposes beside them, and who last answered when.

    `open` says in plain words what is still to be said, '' once it is answered. `at` is POSIX seconds (UTC); `early`:
    answered before the month was over, so that it may have to be asked again.
    """

    question: str
    label: str
    open: str
    facts: tuple[Kept[Fact], ...]
    proposals: tuple[Proposal, ...]
    by: Actor | None
    at: int | None
    early: bool


def facts_of(events: Sequence[FactEvent], month: Month, proposals: Sequence[Proposal] = ()) -> Facts:
    """The facts by which a month is assessed; proposals of the chart that count and are not decided are among them."""
    level = _last(_of_month(events, DecisionMakingSet, month))
    elsewhere = _last(_of_month(events, BilledElsewhereSet, month))
    waiting = [each for each in _undecided(events, month, "stays", proposals) if each.counts]
    stays = [(kept.body.first_day, kept.body.last_day) for kept in _stays(events, month)]
    stays += [(each.first_day, each.last_day) for each in waiting if each.first_day and not _replaces(events, each)]
    visits = {kept.body.on for kept in _visits(events, month)}
    return Facts(
        decision_making=level.body.level if level else None,
        services=tuple(
            Service(kept.body.code, kept.body.on, kept.body.same_practitioner) for kept in _services(events, month)
        ),
        stays=tuple(Stay(first_day, last_day) for first_day, last_day in stays),
        visits=tuple(sorted(visits)),
        billed_elsewhere=elsewhere is not None and elsewhere.body.billed,
    )


def answers(
    events: Sequence[FactEvent], month: Month, zone: tzinfo, proposals: Sequence[Proposal] = ()
) -> tuple[Answer, ...]:
    """The five questions for a month, in their order."""
    return tuple(_answer(events, month, zone, question, proposals) for question in QUESTIONS)


def open_questions(
    events: Sequence[FactEvent], month: Month, zone: tzinfo, proposals: Sequence[Proposal] = ()
) -> tuple[Answer, ...]:
    """Those of the five that nobody has answered; they stand in the way of a hand-off."""
    return tuple(answer for answer in answers(events, month, zone, proposals) if answer.open)


def _answer(
    events: Sequence[FactEvent], month: Month, zone: tzinfo, question: str, proposals: Sequence[Proposal]
) -> Answer:
    facts = _facts(events, month, question)
    undecided = tuple(_undecided(events, month, question, proposals))
    said = [kept for kept in facts if kept.by.role != SYSTEM and month_of(kept.at, zone) >= month]
    confirmed = [
        kept
        for kept in _of_month(events, Confirmed, month)
        if kept.body.question == question and month_of(kept.at, zone) >= month
    ]
    last: Kept[Fact | Confirmed] | None = max((*said, *confirmed), key=lambda kept: kept.number, default=None)
    unseen = [
        kept for kept in facts if kept.by.role == SYSTEM and not any(kept.number < each.number for each in confirmed)
    ]
    return Answer(
        question=question,
        label=QUESTIONS[question],
        open=_open(question, last is not None, len(unseen), len(undecided)),
        facts=tuple(facts),
        proposals=undecided,
        by=last.by if last else None,
        at=last.at if last else None,
        early=last is not None and last.at < local_month(month, zone).interval[1],
    )


def _open(question: str, answered: bool, unseen: int, undecided: int) -> str:
    label = QUESTIONS[question]
    if unseen or undecided:
        count = unseen + undecided
        return f"{label}: {count} found in the chart or an import {'waits' if count == 1 else 'wait'} for a person."
    if answered:
        return ""
    if question == "decision_making":
        return f"{label}: nobody has recorded it."
    if question == "billed_elsewhere":
        return f"{label}: nobody has said whether it is."
    return f"{label}: nobody has recorded any or confirmed that there were none."


def _facts(events: Sequence[FactEvent], month: Month, question: str) -> list[Kept[Fact]]:
    if question == "decision_making":
        return [*_of_month(events, DecisionMakingSet, month)[-1:]]
    if question == "billed_elsewhere":
        return [*_of_month(events, BilledElsewhereSet, month)[-1:]]
    if question == "stays":
        return [*_stays(events, month)]
    return [*_visits(events, month)] if question == "visits" else [*_services(events, month)]


def _stays(events: Sequence[FactEvent], month: Month) -> list[Kept[StayRecorded]]:
    after = month.next().first_day
    return _newest(
        events,
        StayRecorded,
        lambda stay: stay.first_day < after and month.first_day <= (stay.last_day or date.max),
    )


def _visits(events: Sequence[FactEvent], month: Month) -> list[Kept[VisitRecorded]]:
    return _newest(events, VisitRecorded, lambda visit: month.first_day <= visit.on < month.next().first_day)


def _services(events: Sequence[FactEvent], month: Month) -> list[Kept[ServiceRecorded]]:
    return _newest(events, ServiceRecorded, lambda service: service.month == month)


def _newest(events: Sequence[FactEvent], kind: type[H], belongs: Callable[[H], bool]) -> list[Kept[H]]:
    """Of each key what was recorded last, unless it was rejected since; then those that belong to the month."""
    by_key = {kept.body.key: kept for kept in standing(events, kind)}
    rejected = _rejected(events)
    return [kept for key, kept in by_key.items() if rejected.get(key, -1) < kept.number and belongs(kept.body)]


def _undecided(
    events: Sequence[FactEvent], month: Month, question: str, proposals: Iterable[Proposal]
) -> list[Proposal]:
    """The chart's proposals for the month that nobody recorded or rejected, and discharges not yet recorded."""
    decided = {kept.body.key: kept.body for kept in standing(events, Happening)}
    rejected = _rejected(events)
    return [
        each
        for each in proposals
        if each.question == question
        and each.touches(month)
        and each.key not in rejected
        and (each.key not in decided or _discharges(each, decided[each.key]))
    ]


def _discharges(proposal: Proposal, recorded: Happening) -> bool:
    return isinstance(recorded, StayRecorded) and recorded.last_day is None and proposal.last_day is not None


def _replaces(events: Sequence[FactEvent], proposal: Proposal) -> bool:
    """Whether the record already holds the stay, which then counts until its discharge is recorded."""
    return any(kept.body.key == proposal.key for kept in standing(events, StayRecorded))


def _rejected(events: Sequence[FactEvent]) -> dict[str, int]:
    return {kept.body.key: kept.number for kept in standing(events, ProposalRejected)}


M = TypeVar("M", DecisionMakingSet, BilledElsewhereSet, Confirmed)


def _of_month(events: Sequence[FactEvent], kind: type[M], month: Month) -> tuple[Kept[M], ...]:
    return tuple(kept for kept in standing(events, kind) if kept.body.month == month)


K = TypeVar("K")


def _last(kept: Sequence[K]) -> K | None:
    return kept[-1] if kept else None
