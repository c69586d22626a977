"""Owns the attestations: a clinician's word, condition by condition, that the patient meets the CCM criteria.

The Office of Inspector General audits this very criterion: two or more chronic conditions of 12 months or until
death, at significant risk. An attestation names the day on which it was made (`on`) and the first day for which it
holds (`since`): made at the close of a month, it can truly speak of that month without being dated back.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, tzinfo
from typing import Final

from ccm.assessment.care_month import UNTIL_DEATH, AttestedCondition
from ccm.event_json import EventCodec
from ccm.months import Month, local_day
from ccm.record_guards import first_of, wrong_day, wrong_role, wrong_strike, wrong_text
from ccm.records import Actor, Event, Kept, Refusal, Struck, standing

WHO_MAY: Final = frozenset({"clinician", "coordinator", "practitioner"})
_LEAST_MONTHS: Final = 12
# The shape of ICD-10-CM (CDC/NCHS guidelines I.A.2): three characters, then up to four after the point.
_ICD10 = re.compile(r"([A-Z][0-9][0-9A-Z])\.?([0-9A-Z]{1,4})?").fullmatch


@dataclass(frozen=True, slots=True)
class AboutCondition:
    """What is said of one condition, by its ICD-10-CM code as `normal_code` writes it."""

    icd10: str


@dataclass(frozen=True, slots=True)
class Attested(AboutCondition):
    """The condition is chronic and risky: `expected_months` from 12 up, 999 until death; `rationale` of the risk."""

    text: str
    expected_months: int
    significant_risk: bool
    rationale: str
    on: date
    since: date


@dataclass(frozen=True, slots=True)
class AttestationWithdrawn(AboutCondition):
    """It no longer holds: the month of `on` and later ones cannot rest on it."""

    on: date
    reason: str


Body = Attested | AttestationWithdrawn | Struck
AttestationEvent = Event[Body]
KINDS: Final[Mapping[str, type[Body]]] = {
    "attested": Attested,
    "attestation_withdrawn": AttestationWithdrawn,
    "struck": Struck,
}
_CODEC: Final = EventCodec[Body](KINDS)
event_to_dict = _CODEC.to_dict
event_from_dict = _CODEC.from_dict


def normal_code(icd10: str) -> str:
    """The code in capitals with its point ("e119" is E11.9); ValueError for what has not the shape of ICD-10-CM."""
    match = _ICD10(icd10.strip().upper())
    if match is None:
        raise ValueError("is not an ICD-10-CM code such as E11.9")
    return f"{match[1]}.{match[2]}" if match[2] else match[1]


def append(
    events: Sequence[AttestationEvent], body: Body, actor: Actor, now: int, zone: tzinfo
) -> AttestationEvent | Refusal:
    """The event to add, its code spelt normally, or why it is refused. `now`: POSIX seconds, `zone`: the practice's."""
    if isinstance(body, Struck):
        return wrong_strike(events, body, actor) or Event(now, actor, body)
    today = local_day(now, zone)
    if refusal := wrong_role(actor, WHO_MAY, "attest a condition"):
        return refusal
    try:
        code = normal_code(body.icd10)
    except ValueError as error:
        return Refusal("icd10", str(error))
    if isinstance(body, Attested):
        said: Attested | AttestationWithdrawn = _spelt(body, code)
        return _wrong_attestation(body, today) or Event(now, actor, said)
    said = AttestationWithdrawn(code, body.on, body.reason)
    return _wrong_withdrawal(events, said, today) or Event(now, actor, said)


def attested_on(events: Sequence[AttestationEvent], day: date) -> tuple[Kept[Attested], ...]:
    """What stands on a day, one for each code, the newest recorded; in the order in which codes were first named."""
    held: dict[str, Kept[AboutCondition]] = {}
    for kept in standing(events, AboutCondition):
        first_day = kept.body.since if isinstance(kept.body, Attested) else _end(kept.body)
        if first_day <= day:
            held[kept.body.icd10] = kept
    return tuple(
        Kept(each.number, each.at, each.by, each.body) for each in held.values() if isinstance(each.body, Attested)
    )


def as_of(events: Sequence[AttestationEvent], month: Month) -> tuple[AttestedCondition, ...]:
    """The conditions by which a month is assessed: those attested for its last day."""
    last_day = date.fromordinal(month.next().first_day.toordinal() - 1)
    return tuple(
        AttestedCondition(
            icd10=kept.body.icd10,
            attested_on=kept.body.on,
            attested_by=kept.by.name or kept.by.ref,
            expected_months=kept.body.expected_months,
            significant_risk=kept.body.significant_risk,
        )
        for kept in attested_on(events, last_day)
    )


def _spelt(body: Attested, code: str) -> Attested:
    return Attested(code, body.text, body.expected_months, body.significant_risk, body.rationale, body.on, body.since)


def _end(body: AboutCondition) -> date:
    return body.on if isinstance(body, AttestationWithdrawn) else date.max


def _wrong_attestation(body: Attested, today: date) -> Refusal | None:
    months = f"must be {_LEAST_MONTHS} months or more, or {UNTIL_DEATH} for until death"
    return first_of(
        wrong_text("text", body.text),
        None if _LEAST_MONTHS <= body.expected_months <= UNTIL_DEATH else Refusal("expected_months", months),
        None
        if body.significant_risk
        else Refusal("significant_risk", "must be attested: without it CCM does not apply"),
        wrong_text("rationale", body.rationale),
        wrong_day("on", body.on, today),
        wrong_day("since", body.since, today),
        Refusal("since", "must not lie after the day of the attestation") if body.since > body.on else None,
    )


def _wrong_withdrawal(events: Sequence[AttestationEvent], body: AttestationWithdrawn, today: date) -> Refusal | None:
    attested = body.icd10 in {kept.body.icd10 for kept in attested_on(events, body.on)}
    return first_of(
        None if attested else Refusal("icd10", "is not attested on that day"),
        wrong_day("on", body.on, today),
        wrong_text("reason", body.reason),
    )
