"""Owns how candidates are kept: the evidence of each sealed, written only where it has changed.

So an import that is repeated leaves the same rows, and neither an import nor a launch touches what a patient's record
says of invitation, enrolment or refusal.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from sqlalchemy import exists, func, select
from sqlalchemy.dialects import postgresql, sqlite

from ccm.candidates import Evidence, Standing
from ccm.chart import ChartPatient, Coding, Problem
from smart_app.store.engine import UnitOfWork
from smart_app.store.tables import CandidateRow, RecordRow


@dataclass(frozen=True, slots=True)
class KeptCandidate:
    """One candidate as kept. `recorded`: their enrolment record has begun, and it says where they stand."""

    patient_id: str
    standing: str
    evidence: Evidence
    source: str
    changed_at: int
    recorded: bool


def evidence_of(session: UnitOfWork, practice_id: str, patient_ids: Sequence[str]) -> dict[str, Evidence]:
    """What is known of these patients, by id; those never considered are missing."""
    rows = session.scalars(
        select(CandidateRow).where(CandidateRow.practice_id == practice_id, CandidateRow.patient_id.in_(patient_ids))
    )
    return {row.patient_id: _opened(session, row) for row in rows}


def keep_candidate(
    session: UnitOfWork, practice_id: str, evidence: Evidence, standing: Standing, *, source: str, now: int
) -> None:
    """Keeps the evidence in place of what was known; the caller has found it to be new or changed."""
    patient_id = evidence.patient.id
    values = {
        "standing": standing,
        "sealed_evidence": session.vault.seal(_written(evidence), tenant=practice_id, row=f"candidate/{patient_id}"),
        "source": source,
        "changed_at": now,
    }
    # One statement, for an import and a launch may come upon a new patient at the same moment.
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    row = insert(CandidateRow).values(practice_id=practice_id, patient_id=patient_id, **values)
    session.execute(row.on_conflict_do_update(index_elements=["practice_id", "patient_id"], set_=values))


def candidates_after(
    session: UnitOfWork, practice_id: str, *, standing: Standing, after: str = "", limit: int = 50
) -> list[KeptCandidate]:
    """A page of the candidates who are in or out, by patient id from the one that follows `after`."""
    recorded = exists().where(
        RecordRow.practice_id == CandidateRow.practice_id,
        RecordRow.patient_id == CandidateRow.patient_id,
        RecordRow.stream == "enrolment",
    )
    rows = session.execute(
        select(CandidateRow, recorded)
        .where(
            CandidateRow.practice_id == practice_id,
            CandidateRow.standing == standing,
            CandidateRow.patient_id > after,
        )
        .order_by(CandidateRow.patient_id)
        .limit(limit)
    )
    return [
        KeptCandidate(row.patient_id, row.standing, _opened(session, row), row.source, row.changed_at, begun)
        for row, begun in rows
    ]


def count_candidates(session: UnitOfWork, practice_id: str) -> dict[str, int]:
    """How many are "in" and how many "out"."""
    rows = session.execute(
        select(CandidateRow.standing, func.count())
        .where(CandidateRow.practice_id == practice_id)
        .group_by(CandidateRow.standing)
    )
    return {"in": 0, "out": 0} | {row[0]: row[1] for row in rows}


def _opened(session: UnitOfWork, row: CandidateRow) -> Evidence:
    plain = session.vault.open(row.sealed_evidence, tenant=row.practice_id, row=f"candidate/{row.patient_id}")
    return _read(json.loads(plain))


def _written(evidence: Evidence) -> str:
    """Short, for there may be hundreds of thousands: what is empty is left out, fields of a problem have no names."""
    body = {
        "patient": {name: value for name, value in asdict(evidence.patient).items() if value not in ("", False)},
        "problems": [_problem_written(each) for each in evidence.problems],
        "last_visit": evidence.last_visit.isoformat() if evidence.last_visit else "",
    }
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"))


def _read(body: dict[str, Any]) -> Evidence:
    return Evidence(
        patient=ChartPatient(**{"active": False, **body["patient"]}),
        problems=tuple(_problem_read(each) for each in body["problems"]),
        last_visit=date.fromisoformat(body["last_visit"]) if body["last_visit"] else None,
    )


def _problem_written(problem: Problem) -> list[Any]:
    return [
        problem.ids,
        problem.text,
        [(each.system, each.code, each.display) for each in problem.codings],
        problem.clinical_status,
        problem.verification,
        problem.categories,
        problem.onset,
        problem.recorded,
        problem.on_problem_list,
    ]


def _problem_read(values: list[Any]) -> Problem:
    ids, text, codings, clinical_status, verification, categories, onset, recorded, on_list = values
    return Problem(
        ids=tuple(ids),
        text=text,
        codings=tuple(Coding(*each) for each in codings),
        clinical_status=clinical_status,
        verification=verification,
        categories=tuple(categories),
        onset=onset,
        recorded=recorded,
        on_problem_list=on_list,
    )
