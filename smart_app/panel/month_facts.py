"""Owns how the facts of the month and the staff register become what the panel shows of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final
from zoneinfo import ZoneInfo

from ccm.entries import Entry
from ccm.facts import (
    STAY_KINDS,
    WHO_MAY,
    Answer,
    DecisionMakingSet,
    FactEvent,
    Proposal,
    ServiceRecorded,
    StayRecorded,
    VisitRecorded,
    answers,
)
from ccm.facts.events import CLINICAL_QUESTIONS
from ccm.facts.month import Fact
from ccm.months import Month, local_day
from ccm.records import SYSTEM, Actor, Kept
from ccm.staff import StaffRow, standing_on
from smart_app.panel import words
from smart_app.panel.sections import FactView, ProposalView, QuestionView, StaffView

LEVELS: Final[dict[str, str]] = {"none": "None", "low": "Low", "moderate": "Moderate", "high": "High"}


def question_views(
    events: Sequence[FactEvent], month: Month, proposals: Sequence[Proposal], actor: Actor, zone: ZoneInfo
) -> tuple[QuestionView, ...]:
    """The five questions of a month, as this person may answer them."""
    return tuple(_question(answer, actor, zone) for answer in answers(events, month, zone, proposals))


def staff_view(
    register: Sequence[StaffRow], actor: Actor, entries: Iterable[Entry], now: int, zone: ZoneInfo
) -> StaffView:
    """How the signed-in person stands today, and who of the month's performers was in no row on a day of theirs."""
    own = standing_on(register, actor.ref, local_day(now, zone))
    missing = {actor.name: None} if own.row is None else {}
    for entry in entries:
        if not entry.voided and standing_on(register, entry.performer, local_day(entry.start, zone)).row is None:
            missing[actor.name if entry.performer == actor.ref else entry.performer_name or entry.performer] = None
    return StaffView(own.performer_class, own.why, tuple(missing))


def _question(answer: Answer, actor: Actor, zone: ZoneInfo) -> QuestionView:
    clinical = answer.question in CLINICAL_QUESTIONS
    return QuestionView(
        question=answer.question,
        label=answer.label,
        open=answer.open,
        early=answer.early,
        answered_by=answer.by.name if answer.by else "",
        answered_at=words.iso_local(answer.at, zone) if answer.at is not None else "",
        answered_label=words.moment(answer.at, zone) if answer.at is not None else "",
        facts=tuple(_fact(kept, actor, zone) for kept in answer.facts),
        proposals=tuple(_proposal(each) for each in answer.proposals),
        may_answer=actor.role in WHO_MAY["confirmed"] and not (clinical and actor.role == "biller"),
    )


def _fact(kept: Kept[Fact], actor: Actor, zone: ZoneInfo) -> FactView:
    body, by_system = kept.body, kept.by.role == SYSTEM
    source = "from the chart" if by_system else f"recorded by {kept.by.name}"
    return FactView(
        text=_fact_words(body),
        source_label=f"{source}, {words.moment(kept.at, zone)}",
        number=kept.number,
        key=body.key if isinstance(body, (StayRecorded, VisitRecorded, ServiceRecorded)) else "",
        first_day=body.first_day.isoformat() if isinstance(body, StayRecorded) else "",
        open_stay=isinstance(body, StayRecorded) and body.last_day is None,
        by_system=by_system,
        can_strike=actor.role in WHO_MAY["struck"] and (actor.role == "lead" or actor.ref == kept.by.ref),
    )


def _fact_words(body: Fact) -> str:
    if isinstance(body, DecisionMakingSet):
        by = f" ({body.practitioner.name})" if body.practitioner.name else ""
        return ": ".join(filter(None, (f"{LEVELS[body.level]}{by}", body.rationale)))
    if isinstance(body, StayRecorded):
        last_day = words.day_words(body.last_day.isoformat()) if body.last_day else "not yet discharged"
        return f"{STAY_KINDS[body.kind]}, {words.day_words(body.first_day.isoformat())} – {last_day}"
    if isinstance(body, VisitRecorded):
        return f"Visit on {words.day_words(body.on.isoformat())}"
    if isinstance(body, ServiceRecorded):
        on = f" on {words.day_words(body.on.isoformat())}" if body.on else ""
        whose = "the same practitioner or practice" if body.same_practitioner else "another practitioner"
        return f"{body.code}{on}, by {whose}"
    return f"Yes{f', by {body.who}' if body.who else ''}" if body.billed else "No"


def _proposal(proposal: Proposal) -> ProposalView:
    first_day = proposal.first_day.isoformat() if proposal.first_day else ""
    last_day = proposal.last_day.isoformat() if proposal.last_day else ""
    if proposal.question == "visits":
        text = f"Seen in person on {words.day_words(first_day)}"
    else:
        text = f"Stay {words.period_words(first_day, last_day) or 'without its days'}"
    return ProposalView(proposal.key, text, first_day, last_day)
