"""An installation with one registered EHR, and imports into it that never sleep."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from smart_app.app import make_services
from smart_app.importing.from_export import FromExport
from smart_app.importing.from_folder import FromFolder
from smart_app.importing.service import Outcome, run_import
from smart_app.importing.work import Progress, Source
from smart_app.importing.workplace import work_folder
from smart_app.registrations import Registration
from smart_app.services import Services
from smart_app.settings import Settings
from smart_app.store.candidates import KeptCandidate, candidates_after
from smart_app.store.registrations import add_registration, first_practice

NOW = 1795532400  # Tuesday 24 November 2026, 15:00 UTC
SCOPE = "system/Patient.rs system/Condition.rs system/Encounter.rs"


@dataclass(slots=True)
class Installation:
    """`pauses` are the seconds that imports would have waited, `progress` what they told."""

    services: Services
    registration: Registration
    practice_id: str
    pauses: list[float] = field(default_factory=list)
    progress: list[Progress] = field(default_factory=list)

    def run(self, source: Source) -> Outcome:
        return run_import(self.services, self.registration, source, self.progress.append, pause=self.pauses.append)

    def read(self, folder: Path) -> Outcome:
        """Imports a folder."""
        return self.run(FromFolder(folder))

    def export(self, since: str = "", group: str = "") -> Outcome:
        """Imports an export."""
        return self.run(FromExport(since, group))

    def candidates(self) -> dict[str, KeptCandidate]:
        """All candidates, in or out, by patient id."""
        with self.services.store.reading() as session:
            pages = [candidates_after(session, self.practice_id, standing=one, limit=1000) for one in ("in", "out")]
        return {each.patient_id: each for page in pages for each in page}

    def standing(self) -> dict[str, str]:
        """Who is in and who is out."""
        return {patient_id: each.standing for patient_id, each in self.candidates().items()}

    def rows(self) -> list[tuple[Any, ...]]:
        """The candidates' rows as they lie in the database."""
        with self.services.store.reading() as session:
            found = session.connection().exec_driver_sql("SELECT * FROM candidate ORDER BY patient_id")
            return [tuple(row) for row in found]

    def left_behind(self) -> list[Path]:
        """What imports have left on disk."""
        folder = work_folder(self.services.settings.database_url)
        return sorted(folder.rglob("*")) if folder.exists() else []


@contextmanager
def installation(
    url: str, key_file: Path, issuer: str, *, scope: str = SCOPE, clock: Any = lambda: NOW, **fields: Any
) -> Iterator[Installation]:
    """An installation on a migrated database whose one EHR is at `issuer`."""
    services = make_services(Settings(database_url=url, key_file=key_file), clock)
    registration = Registration("r1", issuer, "EHR", "cadence", backend_scope=scope, **fields)
    try:
        with services.store.writing() as session:
            add_registration(session, registration, practice="Larkspur", timezone="America/New_York", now=NOW)
        with services.store.reading() as session:
            practice = first_practice(session, registration.id)
        yield Installation(services, registration, practice.id)
    finally:
        services.close()


def write_rows(path: Path, *rows: dict[str, Any] | str) -> None:
    """Writes a file of NDJSON; a string is written as it stands."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows))
