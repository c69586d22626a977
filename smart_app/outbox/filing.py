"""Owns the filing of one entry: the chart comes to hold what the ledger says, by the rung that the EHR takes.

Every resource carries the entry's id as identifier, fixed before the first try, so that a resource whose answer was
lost is recognised instead of written twice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ccm.entries import Entry
from ccm.months import month_of
from fhir_mappings.codes import ENTRY_SYSTEM, ENTRY_TIME
from fhir_mappings.correct import as_amended
from fhir_mappings.document import build_note
from fhir_mappings.encounter import build_encounter
from fhir_mappings.observation import build_entry_observation
from smart_app.ehr.ladder import ENCOUNTER_OBSERVATION, NOTE, OBSERVATION
from smart_app.months import assessed_month
from smart_app.outbox.correcting import change, mark_in_error, require_update
from smart_app.outbox.job import Job
from smart_app.outbox.queue import Filed
from smart_app.outbox.searching import first_and_rest, ours_in_chart
from smart_app.store.ledger import get_entry

Resource = Mapping[str, Any]
Kept = dict[str, Filed]
"""The resources that stand for the entry, by type."""


@dataclass(frozen=True, slots=True)
class _Filing:
    """One entry at one revision, on its way."""

    job: Job
    entry: Entry
    revision: int
    counted_seconds: int | None

    @property
    def patient_id(self) -> str:
        return self.job.held.patient_id


def file_entry(job: Job) -> None:
    """Makes the chart hold what the ledger says of the entry. Raises `NeedsPerson`, `StaleClaim` or `EhrError`."""
    filing = _filing(job)
    if job.held.must_search:
        _adopt(filing)
    filed = job.filed()
    kept = {each.resource_type: each for each in filed if each.standing == "kept"}
    if filing.entry.voided:
        mark_in_error(job, filed)
        return
    for resource_type, build in _steps(job.held.rung):
        _bring(filing, kept, resource_type, build)
    mark_in_error(job, [each for each in filed if each.standing == "duplicate"])


def _filing(job: Job) -> _Filing:
    with job.services.store.reading() as session:
        entry, revision = get_entry(session, job.held.entry_id)
        month = assessed_month(session, job.practice, job.held.patient_id, month_of(entry.start, job.zone))
        return _Filing(job, entry, revision, month.counted_seconds(entry.id))


def _steps(rung: str) -> tuple[tuple[str, Callable[[_Filing, Kept], Resource]], ...]:
    """The resources of a rung in the order in which they are written: type, and how to build it."""
    return {
        ENCOUNTER_OBSERVATION: (("Encounter", _encounter), ("Observation", _observation)),
        OBSERVATION: (("Observation", _observation),),
        NOTE: (("DocumentReference", _note),),
    }[rung]


def _adopt(filing: _Filing) -> None:
    """Keeps what an earlier try, whose answer was lost, has left in the chart; the rest of it are duplicates."""
    known = {(each.resource_type, each.id) for each in filing.job.filed()}
    kinds = {each.resource_type for each in filing.job.filed() if each.standing == "kept"}
    for resource_type, _ in _steps(filing.job.held.rung):
        if not filing.job.may(resource_type, "search-type"):
            continue
        found = ours_in_chart(
            filing.job,
            resource_type,
            system=ENTRY_SYSTEM,
            value=filing.entry.id,
            code=ENTRY_TIME,
            interval=(filing.entry.start, filing.entry.end),
        )
        first, rest = first_and_rest([each for each in found if (resource_type, each.id) not in known])
        if first is not None:
            filing.job.keep(replace(first, standing="duplicate" if resource_type in kinds else "kept"))
        for each in rest:
            filing.job.keep(replace(each, standing="duplicate"))


def _bring(filing: _Filing, kept: Kept, resource_type: str, build: Callable[[_Filing, Kept], Resource]) -> None:
    """Creates what is missing, amends what tells of an earlier revision."""
    present = kept.get(resource_type)
    if present is None:
        created = filing.job.client.create(build(filing, kept), if_none_exist=_condition(filing, resource_type))
        filed = Filed(resource_type, created.id, created.version, filing.revision)
    elif present.revision < filing.revision:
        require_update(filing.job, present)
        version = change(filing.job, present, lambda was: as_amended(was, build(filing, kept)))
        filed = replace(present, version=version, revision=filing.revision)
    else:
        return
    kept[resource_type] = filing.job.keep(filed)


def _condition(filing: _Filing, resource_type: str) -> str | None:
    """The search by which the EHR may find the resource already there; sent where it says it can, never relied on."""
    capabilities = filing.job.capabilities
    if capabilities is None or not capabilities.of(resource_type).conditional_create:
        return None
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
