"""Owns what may be recorded of the facts of a month: by whom, and with which details."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, tzinfo
from typing import Any, Final

from ccm.assessment.care_month import DECISION_MAKING
from ccm.facts.events import (
    CLINICAL_QUESTIONS,
    QUESTIONS,
    SOURCES,
    STAY_KINDS,
    WHO_MAY,
    BilledElsewhereSet,
    Body,
    Confirmed,
    DecisionMakingSet,
    FactEvent,
    Happening,
    ProposalRejected,
    ServiceRecorded,
    StayRecorded,
    VisitRecorded,
    kind_of,
)
from ccm.months import Month, local_day
from ccm.record_guards import first_of, wrong_choice, wrong_day, wrong_role, wrong_strike, wrong_text
from ccm.records import SYSTEM, Actor, Event, Refusal, Struck, standing

_Recorded = Sequence[FactEvent]
_NEEDS_PRACTITIONER: Final = frozenset(
    {"moderate", "high"}
)  # CPT 99487: what a practitioner decided, and only they can
_is_code = re.compile(r"[0-9]{5}|[A-Z][0-9]{4}|[0-9]{4}[A-Z]").fullmatch  # CPT, HCPCS level II, CPT category II and III


def append(events: _Recorded, body: Body, actor: Actor, now: int, zone: tzinfo) -> FactEvent | Refusal:
    """The event to add to the record, or why it is refused. `now` is POSIX seconds (UTC), `zone` the practice's."""
    kind = kind_of(body)
    refusal = first_of(
        wrong_role(actor, WHO_MAY[kind], f"record this ({kind.replace('_', ' ')})"),
        _wrong_source(events, body, actor) if isinstance(body, Happening) else None,
    )
    return refusal or _CHECKS[type(body)](events, body, actor, local_day(now, zone)) or Event(now, actor, body)


def _wrong_source(events: _Recorded, body: Happening, actor: Actor) -> Refusal | None:
    return first_of(
        wrong_text("key", body.key),
        wrong_choice("source", body.source, SOURCES),
        _wrong_key(events, body),
        _against_a_person(events, body) if actor.role == SYSTEM else None,
    )


def _wrong_key(events: _Recorded, body: Happening) -> Refusal | None:
    """Recording again replaces: that must be the same thing, or a month would lose a fact unnoticed."""
    same = [kept.body for kept in standing(events, Happening) if kept.body.key == body.key]
    if same and (type(same[-1]) is not type(body) or _month_of(same[-1]) != _month_of(body)):
        return Refusal("key", "is that of another fact")
    return None


def _month_of(body: Happening) -> Month | None:
    if isinstance(body, VisitRecorded):
        return Month(body.on.year, body.on.month)
    return body.month if isinstance(body, ServiceRecorded) else None


def _against_a_person(events: _Recorded, body: Happening) -> Refusal | None:
    """What a person recorded or rejected, an import does not undo."""
    if body.source == "person":
        return Refusal("source", "must be the chart or an import")
    if body.key in {kept.body.key for kept in standing(events, ProposalRejected)}:
        return Refusal("key", "was rejected by a person")
    recorded = [kept.by.role for kept in standing(events, Happening) if kept.body.key == body.key]
    return Refusal("key", "was recorded by a person") if recorded and recorded[-1] != SYSTEM else None


def _wrong_decision(events: _Recorded, body: DecisionMakingSet, actor: Actor, today: date) -> Refusal | None:
    decided = body.level in _NEEDS_PRACTITIONER
    return first_of(
        wrong_choice("level", body.level, DECISION_MAKING),
        _wrong_month(body.month, today),
        _wrong_decider(events, body) if actor.role != "practitioner" else None,
        wrong_text("rationale", body.rationale) if decided else None,
        wrong_text("practitioner", body.practitioner.ref) if decided else None,
        wrong_text("practitioner", body.practitioner.name) if decided else None,
        Refusal("practitioner", "must be yourself") if decided and body.practitioner.ref != actor.ref else None,
        wrong_day("on", body.on, today),
        Refusal("on", "lies before the month") if body.on < body.month.first_day else None,
    )


def _wrong_decider(events: _Recorded, body: DecisionMakingSet) -> Refusal | None:
    if body.level in _NEEDS_PRACTITIONER:
        return Refusal("level", f"Only a practitioner may record {body.level} medical decision making.")
    present = [kept.body.level for kept in standing(events, DecisionMakingSet) if kept.body.month == body.month]
    if present and present[-1] in _NEEDS_PRACTITIONER:
        return Refusal("level", "Only a practitioner may change what a practitioner recorded.")
    return None


def _wrong_stay(_events: _Recorded, body: StayRecorded, _actor: Actor, today: date) -> Refusal | None:
    last_day = body.last_day
    return first_of(
        wrong_choice("kind", body.kind, STAY_KINDS),
        wrong_day("first_day", body.first_day, today),
        wrong_day("last_day", last_day, today) if last_day else None,
        Refusal("last_day", "lies before the first day") if last_day and last_day < body.first_day else None,
    )


def _wrong_visit(_events: _Recorded, body: VisitRecorded, _actor: Actor, today: date) -> Refusal | None:
    return wrong_day("on", body.on, today)


def _wrong_service(_events: _Recorded, body: ServiceRecorded, _actor: Actor, today: date) -> Refusal | None:
    elsewhen = body.on is not None and not body.month.first_day <= body.on < body.month.next().first_day
    return first_of(
        None if _is_code(body.code) else Refusal("code", "must be a CPT or HCPCS code such as G0181"),
        _wrong_month(body.month, today),
        wrong_day("on", body.on, today) if body.on else None,
        Refusal("on", f"must lie in {body.month}") if elsewhen else None,
    )


def _wrong_rejection(_events: _Recorded, body: ProposalRejected, _actor: Actor, _today: date) -> Refusal | None:
    return wrong_text("key", body.key) or wrong_text("reason", body.reason)


def _wrong_elsewhere(_events: _Recorded, body: BilledElsewhereSet, _actor: Actor, today: date) -> Refusal | None:
    return _wrong_month(body.month, today)


def _wrong_confirmation(events: _Recorded, body: Confirmed, actor: Actor, today: date) -> Refusal | None:
    if refusal := wrong_choice("question", body.question, QUESTIONS) or _wrong_month(body.month, today):
        return refusal
    if actor.role == "biller" and body.question in CLINICAL_QUESTIONS:
        return Refusal("", "Your role (biller) may not confirm what is clinical.")
    levels = [kept for kept in standing(events, DecisionMakingSet) if kept.body.month == body.month]
    if body.question == "decision_making" and not levels:
        return Refusal("question", "has no level recorded to confirm: record one, none is a level too")
    said = [kept for kept in standing(events, BilledElsewhereSet) if kept.body.month == body.month]
    if body.question == "billed_elsewhere" and not said:
        return Refusal("question", "has no answer recorded to confirm: record whether CCM is billed elsewhere")
    return None


def _wrong_strike(events: _Recorded, body: Struck, actor: Actor, _today: date) -> Refusal | None:
    return wrong_strike(events, body, actor)


def _wrong_month(month: Month, today: date) -> Refusal | None:
    """A month that has begun: of a later one nobody can know."""
    return Refusal("month", "has not begun yet") if month.first_day > today else None


_CHECKS: Final[Mapping[type[Body], Callable[[_Recorded, Any, Actor, date], Refusal | None]]] = {
    DecisionMakingSet: _wrong_decision,
    StayRecorded: _wrong_stay,
    VisitRecorded: _wrong_visit,
    ServiceRecorded: _wrong_service,
    ProposalRejected: _wrong_rejection,
    BilledElsewhereSet: _wrong_elsewhere,
    Confirmed: _wrong_confirmation,
    Struck: _wrong_strike,
}
