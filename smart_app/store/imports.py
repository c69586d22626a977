"""Owns how imports are kept: one row for each, from which the next run goes on; its sealed plan is gone at the end."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select, update

from smart_app.store.engine import UnitOfWork
from smart_app.store.registrations import new_id
from smart_app.store.tables import ImportRow


class ImportTakenOver(Exception):
    """Another run has taken the import's place, so this one must stop."""


@dataclass(frozen=True, slots=True)
class KeptImport:
    """One import. `source` is "folder" or "export", `state` "running", "done" or "abandoned"; times in POSIX seconds.

    `as_of` is the moment of which the export told, as the EHR writes it, or ''.
    """

    id: str
    practice_id: str
    source: str
    state: str
    plan: dict[str, Any] = field(repr=False)
    through: str
    counts: dict[str, int]
    as_of: str
    started_at: int
    finished_at: int | None


def begin_import(session: UnitOfWork, practice_id: str, source: str, plan: Mapping[str, Any], now: int) -> KeptImport:
    """A new import; whatever ran for the practice is abandoned by it."""
    session.execute(
        update(ImportRow)
        .where(ImportRow.practice_id == practice_id, ImportRow.state == "running")
        .values(state="abandoned", finished_at=now)
    )
    import_id = new_id()
    row = ImportRow(
        id=import_id,
        practice_id=practice_id,
        source=source,
        state="running",
        sealed_plan=_sealed(session, practice_id, import_id, plan),
        through="",
        counts={},
        as_of="",
        started_at=now,
    )
    session.add(row)
    return _kept(session, row)


def running_import(session: UnitOfWork, practice_id: str) -> KeptImport | None:
    """The practice's import that has begun and not ended."""
    rows = select(ImportRow).where(ImportRow.practice_id == practice_id, ImportRow.state == "running")
    row = session.scalars(rows).first()
    return _kept(session, row) if row else None


def last_import(session: UnitOfWork, practice_id: str) -> KeptImport | None:
    """The practice's latest import that ran to its end."""
    rows = select(ImportRow).where(ImportRow.practice_id == practice_id, ImportRow.state == "done")
    row = session.scalars(rows.order_by(ImportRow.finished_at.desc(), ImportRow.started_at.desc())).first()
    return _kept(session, row) if row else None


def keep_plan(session: UnitOfWork, kept: KeptImport, plan: Mapping[str, Any], *, as_of: str = "") -> KeptImport:
    """The import with another plan. Raises `ImportTakenOver`."""
    row = _running(session, kept.id)
    row.sealed_plan = _sealed(session, row.practice_id, row.id, plan)
    row.as_of = as_of or row.as_of
    return _kept(session, row)


def advance_import(session: UnitOfWork, import_id: str, *, through: str, counts: Mapping[str, int]) -> None:
    """All patients up to `through` are weighed. Raises `ImportTakenOver`."""
    row = _running(session, import_id)
    row.through, row.counts = through, dict(counts)


def end_import(session: UnitOfWork, import_id: str, *, state: str, counts: Mapping[str, int], now: int) -> None:
    """The import is "done" or "abandoned", and its plan with the working folder's key forgotten."""
    row = _running(session, import_id)
    row.state, row.counts, row.finished_at = state, dict(counts), now
    row.sealed_plan = _sealed(session, row.practice_id, row.id, {})


def _running(session: UnitOfWork, import_id: str) -> ImportRow:
    row = session.get(ImportRow, import_id)
    if row is None or row.state != "running":
        raise ImportTakenOver(import_id)
    return row


def _sealed(session: UnitOfWork, practice_id: str, import_id: str, plan: Mapping[str, Any]) -> bytes:
    return session.vault.seal(json.dumps(plan), tenant=practice_id, row=f"import/{import_id}")


def _kept(session: UnitOfWork, row: ImportRow) -> KeptImport:
    return KeptImport(
        id=row.id,
        practice_id=row.practice_id,
        source=row.source,
        state=row.state,
        plan=json.loads(session.vault.open(row.sealed_plan, tenant=row.practice_id, row=f"import/{row.id}")),
        through=row.through,
        counts=row.counts,
        as_of=row.as_of,
        started_at=row.started_at,
        finished_at=row.finished_at,
    )
