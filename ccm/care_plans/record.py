"""Owns the record of the comprehensive care plan: when it was established and revised, what it holds, who got a copy.

The plan itself stands in the chart; this is what a claim and an auditor ask of it (CMS MLN909188).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, tzinfo
from typing import Final

from ccm.assessment.care_month import CARE_PLAN_ELEMENTS, PlanRecord
from ccm.event_json import EventCodec
from ccm.months import Month, local_day
from ccm.record_guards import CARE_ROLES, first_of, wrong_choice, wrong_day, wrong_role, wrong_strike, wrong_text
from ccm.records import Actor, Event, Kept, Refusal, Struck, standing

COPY_FORMS: Final[dict[str, str]] = {"paper": "Paper", "portal": "Portal", "mail": "Mail", "other": "Other"}
RECIPIENTS: Final[dict[str, str]] = {"patient": "Patient", "caregiver": "Caregiver"}


@dataclass(frozen=True, slots=True)
class PlanChosen:
    """Which of the chart's CarePlans is the CCM plan: its id, empty for none of them."""

    plan_id: str


@dataclass(frozen=True, slots=True)
class PlanWritten:
    """The plan as it was on a day; `elements` are keys of `CARE_PLAN_ELEMENTS`, all that are present."""

    on: date
    elements: frozenset[str]


@dataclass(frozen=True, slots=True)
class PlanEstablished(PlanWritten):
    """The first version."""


@dataclass(frozen=True, slots=True)
class PlanRevised(PlanWritten):
    """A further version; `change` says what was revised, or that the review changed nothing."""

    change: str


@dataclass(frozen=True, slots=True)
class CopyGiven:
    """A copy went to the patient or caregiver; `recipient` is the name, where it is not the patient's."""

    on: date
    form: str
    to: str
    recipient: str = ""


Body = PlanChosen | PlanEstablished | PlanRevised | CopyGiven | Struck
CarePlanEvent = Event[Body]
KINDS: Final[Mapping[str, type[Body]]] = {
    "plan_chosen": PlanChosen,
    "plan_established": PlanEstablished,
    "plan_revised": PlanRevised,
    "copy_given": CopyGiven,
    "struck": Struck,
}
_CODEC: Final = EventCodec[Body](KINDS)
event_to_dict = _CODEC.to_dict
event_from_dict = _CODEC.from_dict


@dataclass(frozen=True, slots=True)
class PlanVersion:
    """One version, numbered from 1 by its day, and the copies given from its day until the next version's."""

    number: int
    recorded: Kept[PlanWritten]
    copies: tuple[Kept[CopyGiven], ...]


def append(
    events: Sequence[CarePlanEvent], body: Body, actor: Actor, now: int, zone: tzinfo
) -> CarePlanEvent | Refusal:
    """The event to add, or why it is refused. `now` is POSIX seconds (UTC), `zone` the practice's."""
    today = local_day(now, zone)
    refusal = wrong_role(actor, CARE_ROLES, "change the record of the care plan") or _wrong(events, body, actor, today)
    return refusal or Event(now, actor, body)


def chosen_plan(events: Sequence[CarePlanEvent]) -> str | None:
    """The id that a person last chose, '' for none of the chart's plans; None while nobody chose."""
    chosen = standing(events, PlanChosen)
    return chosen[-1].body.plan_id if chosen else None


def versions(events: Sequence[CarePlanEvent]) -> tuple[PlanVersion, ...]:
    """The plan's versions by day; empty while it is not established."""
    written = sorted(standing(events, PlanWritten), key=lambda kept: kept.body.on)
    copies = standing(events, CopyGiven)
    ends = [*(kept.body.on for kept in written[1:]), date.max]
    return tuple(
        PlanVersion(number, kept, tuple(copy for copy in copies if kept.body.on <= copy.body.on < end))
        for number, (kept, end) in enumerate(zip(written, ends, strict=False), start=1)
    )


def as_of(events: Sequence[CarePlanEvent], month: Month) -> PlanRecord | None:
    """The plan by which a month is assessed: its version on the month's last day, None where there was none.

    The copy is no matter of the month: it has to be given before the claim, so the first that was ever given counts.
    """
    after = month.next().first_day
    established = [kept.body.on for kept in standing(events, PlanEstablished) if kept.body.on < after]
    if not established:
        return None
    version = [each for each in versions(events) if each.recorded.body.on < after][-1]
    copies = [kept.body.on for kept in standing(events, CopyGiven)]
    return PlanRecord(min(established), version.recorded.body.elements, min(copies, default=None))


def _wrong(events: Sequence[CarePlanEvent], body: Body, actor: Actor, today: date) -> Refusal | None:
    if isinstance(body, Struck):
        return wrong_strike(events, body, actor)
    if isinstance(body, PlanChosen):
        return None
    if refusal := wrong_day("on", body.on, today):
        return refusal
    if isinstance(body, CopyGiven):
        return _wrong_copy(events, body)
    unknown = not body.elements <= CARE_PLAN_ELEMENTS.keys()
    return first_of(
        Refusal("elements", "names one that is not known") if unknown else None,
        wrong_text("change", body.change) if isinstance(body, PlanRevised) else None,
        _wrong_order(events, body),
    )


def _wrong_order(events: Sequence[CarePlanEvent], body: PlanWritten) -> Refusal | None:
    first_day = _established_on(events)
    if isinstance(body, PlanEstablished):
        return (
            None if first_day is None else Refusal("", f"The plan was established on {first_day}: record a revision.")
        )
    return _wrong_before(first_day, body.on)


def _wrong_copy(events: Sequence[CarePlanEvent], body: CopyGiven) -> Refusal | None:
    return first_of(
        wrong_choice("form", body.form, COPY_FORMS),
        wrong_choice("to", body.to, RECIPIENTS),
        _wrong_before(_established_on(events), body.on),
    )


def _wrong_before(first_day: date | None, on: date) -> Refusal | None:
    if first_day is None:
        return Refusal("", "No care plan is established yet: record that first.")
    return Refusal("on", f"lies before {first_day}, when the plan was established") if on < first_day else None


def _established_on(events: Sequence[CarePlanEvent]) -> date | None:
    return min((kept.body.on for kept in standing(events, PlanEstablished)), default=None)
