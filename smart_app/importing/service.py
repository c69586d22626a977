"""Owns the import of candidates from end to end: taken up where it was stopped, gathered, weighed, and cleared away."""

from __future__ import annotations

import base64
import shutil
import sqlite3
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from smart_app.importing.bulk_export import ExportFailed, ExportGone
from smart_app.importing.sealed_files import SealBroken, Sealer, new_key
from smart_app.importing.staging import Fault, Staging
from smart_app.importing.weighing import Weighing, weigh_staged
from smart_app.importing.work import Progress, Source, Work
from smart_app.importing.workplace import place_of, work_folder, working_in
from smart_app.indicator import warm
from smart_app.registrations import Practice, Registration
from smart_app.services import Services
from smart_app.store.imports import KeptImport, begin_import, end_import, running_import
from smart_app.store.registrations import first_practice

_STORE: Final = "rows.db"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an import came to: rows by kind, patients by outcome, the first thousand faults, and what is missing.

    `as_of` is the moment of which an export told; the next import may ask for what has changed since. `resumed`: it
    went on from where an earlier run was stopped.
    """

    rows: Mapping[str, int]
    patients: Mapping[str, int]
    faults: tuple[Fault, ...]
    notes: tuple[str, ...]
    as_of: str
    resumed: bool


def run_import(
    services: Services,
    registration: Registration,
    source: Source,
    report: Callable[[Progress], None],
    *,
    pause: Callable[[float], None] = time.sleep,
) -> Outcome:
    """Imports the candidates of the registration's first practice; stopped anywhere, the next call goes on there.

    Raises `EhrError`, `LaunchOver` (no Backend Services), `NothingToImport`, `ImportUnderWay`, `ImportTakenOver`,
    `SinkFailed` or OSError.
    """
    with services.store.reading() as session:
        practice = first_practice(session, registration.id)
    folder = work_folder(services.settings.database_url)
    run = _Run(services, registration, practice, source, source.identity(), folder, report, pause)
    with working_in(folder):
        return run.again() or run.anew()


@dataclass(frozen=True, slots=True)
class _Run:
    services: Services
    registration: Registration
    practice: Practice
    source: Source
    identity: Mapping[str, object]
    folder: Path
    report: Callable[[Progress], None]
    pause: Callable[[float], None]

    def again(self) -> Outcome | None:
        """Goes on with the import of the same source that was stopped; None where there is none, or it is of no use."""
        with self.services.store.reading() as session:
            kept = running_import(session, self.practice.id)
        if kept is None or kept.source != self.source.name or kept.plan["identity"] != self.identity:
            return None
        if not (self.folder / kept.id / _STORE).exists():
            return None
        try:
            return self._through(kept, resumed=True)
        except sqlite3.OperationalError:
            raise
        except (ExportFailed, ExportGone, SealBroken, sqlite3.DatabaseError):
            return None

    def anew(self) -> Outcome:
        """Begins at the beginning."""
        plan = {"identity": self.identity, "key": base64.b64encode(new_key()).decode()}
        with self.services.store.writing() as session:
            kept = begin_import(session, self.practice.id, self.source.name, plan, self.services.clock())
        return self._through(kept, resumed=False)

    def _through(self, kept: KeptImport, *, resumed: bool) -> Outcome:
        own = place_of(self.folder, kept.id)
        sealer = Sealer(base64.b64decode(kept.plan["key"]))
        with closing(Staging(own / _STORE, sealer)) as staging:
            work = Work(self.services, self.registration, kept, own, staging, sealer, self.report, self.pause)
            self.source.gather(work)
            outcome = _weighed(work, self.practice, self.source, resumed=resumed)
        with self.services.store.writing() as session:
            end_import(session, kept.id, state="done", counts=outcome.patients, now=self.services.clock())
        shutil.rmtree(own)
        return outcome


def _weighed(work: Work, practice: Practice, source: Source, *, resumed: bool) -> Outcome:
    rows, notes = work.staging.counts(), tuple(work.plan.get("notes", ()))
    whole = source.whole and not notes and not rows.get("cut")
    work.report(Progress("weighing"))
    work.staging.sort()
    warm()  # not while the database is locked
    patients = weigh_staged(
        work.services.store,
        work.staging,
        work.kept,
        Weighing(
            zone=ZoneInfo(practice.timezone),
            now=work.services.clock(),
            all_problems=whole and rows.get("Condition", 0) > 0,
            all_visits=whole and rows.get("Encounter", 0) > 0,
        ),
        lambda counts: work.report(Progress("weighing", counts=counts)),
    )
    return Outcome(rows, patients, tuple(work.staging.faults()), notes, work.kept.as_of, resumed)
