"""Owns the records of a patient's programme: what was said, by whom, when, and never changed afterwards.

Each record is one event of one stream ("enrolment", "attestations", "care_plan", "facts"); the state is what `ccm`
folds out of them. The number of an event in its stream is its version, which an auditor can ask for.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, exists, select, true
from sqlalchemy.exc import IntegrityError

from smart_app.store.engine import UnitOfWork
from smart_app.store.registrations import new_id
from smart_app.store.tables import EntryRow, RecordRow


class RecordsChanged(Exception):
    """Somebody else added to the stream since it was read: read it again, then decide again."""


@dataclass(frozen=True, slots=True)
class PatientRef:
    """A patient of a practice, by the EHR's id."""

    practice_id: str
    patient_id: str


def read_records(session: UnitOfWork, patient: PatientRef, stream: str) -> list[dict[str, Any]]:
    """The stream's events as they were kept, oldest first; the first is number 1."""
    return _read(session, patient, RecordRow.stream == stream).get(stream, [])


def read_all_records(session: UnitOfWork, patient: PatientRef) -> dict[str, list[dict[str, Any]]]:
    """The events of all the patient's streams, by stream, oldest first."""
    return _read(session, patient, true())


def _read(session: UnitOfWork, patient: PatientRef, which: ColumnElement[bool]) -> dict[str, list[dict[str, Any]]]:
    rows = session.scalars(
        select(RecordRow)
        .where(RecordRow.practice_id == patient.practice_id, RecordRow.patient_id == patient.patient_id, which)
        .order_by(RecordRow.stream, RecordRow.number)
    )
    streams: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        body = session.vault.open(row.sealed_body, tenant=row.practice_id, row=row.id)
        streams.setdefault(row.stream, []).append(json.loads(body))
    return streams


def is_restored_without_records(session: UnitOfWork, practice_id: str, patient_id: str) -> bool:
    """Whether a patient's entries came back from the chart into a database that lost the patient's records.

    Then nothing here can say what counts, for consent is not in the chart.
    """
    restored = exists().where(
        EntryRow.practice_id == practice_id, EntryRow.patient_id == patient_id, EntryRow.source == "chart"
    )
    recorded = exists().where(
        RecordRow.practice_id == practice_id, RecordRow.patient_id == patient_id, RecordRow.stream == "enrolment"
    )
    return bool(session.scalar(select(restored & ~recorded)))


def append_record(
    session: UnitOfWork,
    patient: PatientRef,
    stream: str,
    body: Mapping[str, Any],
    *,
    number: int,
    user_id: str,
    now: int,
) -> None:
    """Adds event `number` (one more than were read) to the stream. Raises `RecordsChanged` if it is taken."""
    record_id = new_id()
    row = RecordRow(
        id=record_id,
        practice_id=patient.practice_id,
        patient_id=patient.patient_id,
        stream=stream,
        number=number,
        user_id=user_id,
        recorded_at=now,
        sealed_body=session.vault.seal(json.dumps(body), tenant=patient.practice_id, row=record_id),
    )
    try:
        with session.begin_nested():
            session.add(row)
            session.flush()
    except IntegrityError:
        raise RecordsChanged(stream) from None
