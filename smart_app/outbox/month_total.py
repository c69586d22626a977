"""Owns a care month's total in the chart: one Observation, created once, then brought up to date.

It carries the counted minutes and those of each track, is derived from the entries' Observations, and is preliminary
until the month is closed. An EHR that does not let us update it gets none, for a total that cannot follow the ledger
would be wrong with the next entry.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import select

from ccm.months import parse_month
from fhir_mappings.codes import MONTH_SYSTEM, MONTH_TIME
from fhir_mappings.observation import build_month_observation
from fhir_mappings.times import quantity_minutes
from smart_app.ehr.errors import EhrRefused
from smart_app.months import AssessedMonth, assessed_month
from smart_app.outbox.correcting import CHANGED_MEANWHILE, amend, mark_in_error
from smart_app.outbox.job import Doubtful, Job, NeedsPerson, NotYet
from smart_app.outbox.queue import Filed
from smart_app.outbox.searching import ours_in_chart
from smart_app.store.engine import UnitOfWork
from smart_app.store.outbox import UNFILED
from smart_app.store.records import is_restored_without_records
from smart_app.store.tables import DeliveryRow, FiledResourceRow

_OBSERVATION = "Observation"


def month_can_be_kept(job: Job) -> bool:
    """Whether the EHR lets us create the total and keep it right."""
    return all(job.may(_OBSERVATION, interaction) for interaction in ("create", "read", "update"))


_RECORDS_LOST = (
    "The entries were read back from the chart, but not the consent under which they count: record the enrolment "
    "again. Until then the total in the chart stays as it is."
)


def file_month(job: Job) -> None:
    """Brings the month's total up to date.

    Raises `NotYet`, `Doubtful`, `NeedsPerson`, `StaleClaim` or `EhrError`.
    """
    with job.services.store.reading() as session:
        month = assessed_month(session, job.practice, job.held.patient_id, parse_month(job.held.month))
        if any(row.state in UNFILED for row in month.rows):
            raise NotYet
        entries = _observations_of(session, month)
        incomplete = is_restored_without_records(session, job.held.practice_id, job.held.patient_id)
    present = _present(job, month)
    body = _body(job, month, entries)
    if present is not None and not _update(job, present, body, may_fall=not incomplete):
        present = None
    if present is None and entries:
        _create(job, body)
    mark_in_error(job, [each for each in job.filed() if each.standing == "duplicate"])


def _present(job: Job, month: AssessedMonth) -> Filed | None:
    """The month's Observation in the chart; before one is created it is searched for, whatever we know."""
    filed = job.filed()
    kept = next((each for each in filed if each.standing == "kept"), None)
    if kept is not None and not job.held.must_search:
        return kept
    if not job.may(_OBSERVATION, "search-type"):
        return kept
    known = {each.id for each in filed}
    found = ours_in_chart(job, _OBSERVATION, system=MONTH_SYSTEM, code=MONTH_TIME, interval=month.month.interval)
    for each in found:
        if each.id not in known:
            twice = each.standing == "kept" and kept is not None
            job.keep(replace(each, standing="duplicate") if twice else each)
            kept = kept or (each if each.standing == "kept" else None)
    return kept


def _update(job: Job, present: Filed, body: Mapping[str, Any], *, may_fall: bool) -> bool:
    """Replaces the total; False where somebody deleted it. Raises `NeedsPerson` where it would fall and may not."""

    def replaced(was: Mapping[str, Any]) -> Mapping[str, Any]:
        if not may_fall and (quantity_minutes(was.get("valueQuantity")) or 0) > body["valueQuantity"]["value"]:
            raise NeedsPerson(_RECORDS_LOST)
        return {**body, "id": was["id"]}

    version = amend(job, present, replaced)
    if version is None:
        job.keep(replace(present, standing="in_error"))
        return False
    job.keep(replace(present, version=version, revision=job.held.wanted))
    return True


def _create(job: Job, body: Mapping[str, Any]) -> None:
    honest = job.capabilities is not None and job.capabilities.of(_OBSERVATION).conditional_create
    condition = f"identifier={MONTH_SYSTEM}|{job.identifier}" if honest and not job.filed() else None
    try:
        created = job.create(body, condition=condition)
    except EhrRefused as refused:
        if refused.status in CHANGED_MEANWHILE:
            raise Doubtful from None
        raise
    job.keep(Filed(_OBSERVATION, created.id, created.version, revision=job.held.wanted))


def _body(job: Job, month: AssessedMonth, entries: list[str]) -> Mapping[str, Any]:
    start, end = month.month.interval
    return build_month_observation(
        identifier_value=job.identifier,
        patient=job.held.patient_id,
        start=start,
        end=end,
        counted_minutes=month.assessment.counted_seconds // 60,
        tracks={name: track.minutes for name, track in month.assessment.tracks.items()},
        entries=entries,
        status="preliminary",
        issued=job.services.clock(),
    )


def _observations_of(session: UnitOfWork, month: AssessedMonth) -> list[str]:
    """The Observations of the month's entries that stand, in the order of the work."""
    standing = [row.entry.id for row in month.rows if not row.entry.voided]
    found = session.execute(
        select(DeliveryRow.entry_id, FiledResourceRow.resource_id)
        .join(FiledResourceRow, FiledResourceRow.delivery_id == DeliveryRow.id)
        .where(
            DeliveryRow.entry_id.in_(standing),
            FiledResourceRow.resource_type == _OBSERVATION,
            FiledResourceRow.standing == "kept",
        )
    )
    by_entry = {row.entry_id: row.resource_id for row in found}
    return [by_entry[entry_id] for entry_id in standing if entry_id in by_entry]
