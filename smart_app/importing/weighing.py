"""Owns the second half of an import: what was staged of each patient becomes their evidence, some patients at a time.

The facts are opened and read before the database is locked; each lock is for one batch, and how far it has come is
committed with it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice
from typing import Final
from zoneinfo import ZoneInfo

from ccm.candidates import Evidence, amended, last_visit
from ccm.chart import ChartPatient, Problem
from ccm.months import local_day
from smart_app.importing.considering import keep_news
from smart_app.importing.rows import Fact, encounter_in, patient_in, problems_in
from smart_app.importing.staging import Staging
from smart_app.store.candidates import evidence_of
from smart_app.store.engine import Store, UnitOfWork
from smart_app.store.imports import KeptImport, advance_import

BATCH: Final = 200
Counts = Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Weighing:
    """How the patients of an import are weighed.

    `all_problems` and `all_visits`: the import tells of all that there are, so what it leaves out is no more.
    """

    zone: ZoneInfo
    now: int
    all_problems: bool
    all_visits: bool

    @property
    def today(self) -> date:
        """The practice's day."""
        return local_day(self.now, self.zone)


@dataclass(frozen=True, slots=True)
class _Told:
    """What an import tells of one patient; `conditions` are the ids of all rows, active or not."""

    id: str
    patient: ChartPatient | None
    problems: tuple[Problem, ...]
    conditions: frozenset[str]
    visit: date | None


def weigh_staged(
    store: Store, staging: Staging, kept: KeptImport, how: Weighing, report: Callable[[Counts], None]
) -> dict[str, int]:
    """Weighs everybody of whom something was staged, from where the import had come to.

    Returns how many are "new", "changed" or "unchanged", and of how many the import gives no Patient ("unknown").
    """
    counts = Counter(kept.counts)
    for batch in _batches(_told(id_, facts, how) for id_, facts in staging.by_patient(kept.through)):
        with store.writing() as session:
            counts.update(_keep(session, kept.practice_id, batch, how))
            advance_import(session, kept.id, through=batch[-1].id, counts=counts)
        report(counts)
    return dict(counts)


def _told(patient_id: str, facts: Sequence[Fact], how: Weighing) -> _Told:
    def bodies(kind: str) -> list[bytes]:
        return [fact.body for fact in facts if fact.kind == kind and fact.body]

    patients = [patient_in(body) for body in bodies("Patient")]
    return _Told(
        id=patient_id,
        patient=patients[0] if patients else None,
        problems=problems_in(bodies("Condition")),
        conditions=frozenset(fact.id for fact in facts if fact.kind == "Condition"),
        visit=last_visit(map(encounter_in, bodies("Encounter")), how.zone, how.today),
    )


def _batches(told: Iterator[_Told]) -> Iterator[list[_Told]]:
    while batch := list(islice(told, BATCH)):
        yield batch


def _keep(session: UnitOfWork, practice_id: str, batch: Sequence[_Told], how: Weighing) -> list[str]:
    known = evidence_of(session, practice_id, [told.id for told in batch])
    outcomes: list[str] = []
    for told in batch:
        evidence = _evidence(told, known.get(told.id), how)
        if evidence is None:
            outcomes.append("unknown")
            continue
        outcomes.append(keep_news(session, practice_id, known.get(told.id), evidence, source="import", now=how.now))
    return outcomes


def _evidence(told: _Told, known: Evidence | None, how: Weighing) -> Evidence | None:
    """The evidence as it now stands; None of a patient whom neither the import nor an earlier one has described."""
    if known is None:
        return Evidence(told.patient, told.problems, told.visit) if told.patient else None
    news = Evidence(told.patient or known.patient, told.problems, told.visit)
    merged = amended(known, news, changed=told.conditions)
    return Evidence(
        patient=news.patient,
        problems=news.problems if how.all_problems else merged.problems,
        last_visit=news.last_visit if how.all_visits else merged.last_visit,
    )
