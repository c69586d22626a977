"""Owns the filing of one entry: the chart comes to hold what the ledger says, by the rung that the EHR takes.

Every resource carries the entry's id as identifier, fixed before the first try, so that a resource whose answer was
lost is recognised instead of written twice. What stands in the chart is kept right whatever the rung is now: the rung
decides only how an entry is filed of which the chart does not tell yet.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from ccm.entries import Entry
from ccm.months import month_of
from fhir_mappings.codes import ENTRY_SYSTEM, ENTRY_TIME
from fhir_mappings.correct import as_amended
from fhir_mappings.document import build_note
from fhir_mappings.encounter import build_encounter
from fhir_mappings.observation import build_entry_observation
from smart_app.ehr.errors import EhrRefused
from smart_app.ehr.ladder import RESOURCES
from smart_app.months import assessed_month
from smart_app.outbox.correcting import CHANGED_MEANWHILE, amend, mark_in_error
from smart_app.outbox.job import Doubtful, Job, NeedsPerson, RungClosed, RungRefused
from smart_app.outbox.queue import Filed
from smart_app.outbox.searching import ours_in_chart
from smart_app.store.engine import UnitOfWork
from smart_app.store.ledger import get_entry
from smart_app.store.outbox import span_of

Resource = Mapping[str, Any]
Kept = dict[str, Filed]
"""The resources that stand for the entry, by type."""

_STEP_DOWN = (403, 405, 422)
_TELL_ALL = ("Observation", "DocumentReference")  # with either of them the chart tells the whole entry
_CONFLICTS_TO_ATTENTION = 5


@dataclass(frozen=True, slots=True)
class _Filing:
    """One entry at one revision, on its way. `span` is the interval in which the chart may hold it."""

    job: Job
    entry: Entry
    revision: int
    counted_seconds: int
    span: tuple[int, int]

    @property
    def patient_id(self) -> str:
        return self.job.held.patient_id


def file_entry(job: Job) -> None:
    """Makes the chart hold what the ledger says of the entry.

    Raises `NeedsPerson`, `Doubtful`, `RungClosed`, `RungRefused`, `StaleClaim` or `EhrError`.
    """
    filing = _filing(job)
    if job.held.must_search:
        _adopt(filing)
    filed = job.filed()
    if filing.entry.voided:
        mark_in_error(job, filed)
        return
    kept = {each.resource_type: each for each in filed if each.standing == "kept"}
    for resource_type in [each for each in _BUILDERS if each in kept]:
        _amend(filing, kept, resource_type)
    for resource_type in _missing(job, kept):
        _create(filing, kept, resource_type)
    mark_in_error(job, [each for each in filed if each.standing == "duplicate"])


def _filing(job: Job) -> _Filing:
    with job.services.store.reading() as session:
        entry, revision = get_entry(session, job.held.entry_id)
        return _Filing(job, entry, revision, _counted(session, job, entry), span_of(session, entry.id))


def _counted(session: UnitOfWork, job: Job, entry: Entry) -> int:
    """How many seconds of the entry count, in the one month or the two that it touches."""
    months = {month_of(entry.start, job.zone), month_of(entry.end - 1, job.zone)}
    assessed = (assessed_month(session, job.practice, job.held.patient_id, month) for month in months)
    return sum(month.counted_seconds(entry.id) or 0 for month in assessed)


def _missing(job: Job, kept: Iterable[str]) -> list[str]:
    """What is still to be created by the rung. Raises `RungClosed` unless all of it may be."""
    kept = set(kept)
    if kept & set(_TELL_ALL):
        return []
    missing = [each for each in RESOURCES.get(job.held.rung, ()) if each not in kept]
    if not missing or not all(job.may(each, "create") for each in missing):
        raise RungClosed
    return missing


def _adopt(filing: _Filing) -> None:
    """Keeps what an earlier try, whose answer was lost, has left in the chart; the rest of it are duplicates.

    Raises `NeedsPerson` where the chart has the entry as entered in error only, and the ledger as standing.
    """
    job = filing.job
    filed = job.filed()
    known = {(each.resource_type, each.id) for each in filed}
    kinds = {each.resource_type for each in filed if each.standing == "kept"}
    struck: set[str] = set()
    for resource_type in _BUILDERS:
        if not job.may(resource_type, "search-type"):
            _require_known(job, resource_type, kinds)
            continue
        found = ours_in_chart(job, resource_type, system=ENTRY_SYSTEM, code=ENTRY_TIME, interval=filing.span)
        for each in [each for each in found if (resource_type, each.id) not in known]:
            twice = each.standing == "kept" and resource_type in kinds
            job.keep(replace(each, standing="duplicate") if twice else each)
            (kinds if each.standing == "kept" else struck).add(resource_type)
    if struck & set(_TELL_ALL) and not kinds & set(_TELL_ALL) and not filing.entry.voided:
        raise NeedsPerson("The chart has this entry marked as entered in error. Void it here, or enter it again.")


def _require_known(job: Job, resource_type: str, kinds: Iterable[str]) -> None:
    """Raises `NeedsPerson` where a resource may have been written that we are not allowed to look for."""
    may_be_there = job.held.outcome_unknown and resource_type in RESOURCES.get(job.held.rung, ())
    if may_be_there and resource_type not in kinds and job.may(resource_type, "create"):
        raise NeedsPerson(
            f"Look whether the chart has this entry as {resource_type}: the EHR did not say, and does not let us look."
        )


def _amend(filing: _Filing, kept: Kept, resource_type: str) -> None:
    """Brings what tells of an earlier revision up to date; what somebody deleted does not stand any more."""
    present = kept[resource_type]
    if present.revision >= filing.revision:
        return
    build = _BUILDERS[resource_type]
    version = amend(filing.job, present, lambda was: as_amended(was, _as_placed(was, build(filing, kept))))
    if version is None:
        filing.job.keep(replace(kept.pop(resource_type), standing="in_error"))
    else:
        kept[resource_type] = filing.job.keep(replace(present, version=version, revision=filing.revision))


def _as_placed(was: Resource, new: Resource) -> Resource:
    """The new resource on the encounter on which the old one was filed: that was another launch's, perhaps."""
    if new["resourceType"] == "Observation" and "encounter" in was:
        return {**new, "encounter": was["encounter"]}
    return new


def _create(filing: _Filing, kept: Kept, resource_type: str) -> None:
    job = filing.job
    try:
        created = job.create(_BUILDERS[resource_type](filing, kept), condition=_condition(filing, resource_type))
    except EhrRefused as refused:
        if refused.status in _STEP_DOWN:
            raise RungRefused(resource_type, refused.status) from None
        if refused.status in CHANGED_MEANWHILE and job.held.attempts < _CONFLICTS_TO_ATTENTION:
            raise Doubtful from None
        raise
    kept[resource_type] = job.keep(Filed(resource_type, created.id, created.version, filing.revision))


def _condition(filing: _Filing, resource_type: str) -> str | None:
    """The search by which the EHR may find the resource already there; sent where it says it can, never relied on."""
    capabilities = filing.job.capabilities
    if capabilities is None or not capabilities.of(resource_type).conditional_create:
        return None
    if any(each.resource_type == resource_type for each in filing.job.filed()):
        return None  # it would find the one that is in error
    return f"identifier={ENTRY_SYSTEM}|{filing.entry.id}"


def _encounter(filing: _Filing, _: Kept) -> Resource:
    return build_encounter(filing.entry, patient=filing.patient_id)


def _observation(filing: _Filing, kept: Kept) -> Resource:
    encounter = kept["Encounter"].id if "Encounter" in kept else filing.job.launch_encounter
    return build_entry_observation(
        filing.entry,
        patient=filing.patient_id,
        encounter=encounter or None,
        counted_seconds=filing.counted_seconds,
        issued=filing.job.services.clock(),
    )


def _note(filing: _Filing, _: Kept) -> Resource:
    return build_note(
        filing.entry,
        patient=filing.patient_id,
        encounter=filing.job.launch_encounter or None,
        counted_seconds=filing.counted_seconds,
        date=filing.job.services.clock(),
        zone=filing.job.zone,
    )


_BUILDERS: Final[Mapping[str, Callable[[_Filing, Kept], Resource]]] = {
    "Encounter": _encounter,
    "Observation": _observation,
    "DocumentReference": _note,
}
"""How each resource that can tell of an entry is built, in the order in which they are written."""
