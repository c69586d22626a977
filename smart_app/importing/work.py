"""Owns what one run of an import works with, and how it tells of its progress."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

from smart_app.importing.sealed_files import Sealer
from smart_app.importing.staging import Staging
from smart_app.registrations import Registration
from smart_app.services import Services
from smart_app.store.imports import KeptImport, keep_plan


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an import has come. `words` are the EHR's own while it prepares an export.

    `counts` are rows by kind while files are read, and patients by outcome while they are weighed.
    """

    phase: Literal["preparing", "reading", "weighing"]
    words: str = ""
    files: int = 0
    files_done: int = 0
    counts: Mapping[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class Work:
    """One run. `plan` is what the next run will find, should this one be stopped."""

    services: Services
    registration: Registration
    kept: KeptImport
    folder: Path
    staging: Staging
    sealer: Sealer
    report: Callable[[Progress], None]
    pause: Callable[[float], None]

    @property
    def plan(self) -> Mapping[str, Any]:
        """What is planned."""
        return self.kept.plan

    def replan(self, *, as_of: str = "", **news: Any) -> None:
        """Keeps these parts of the plan. Raises `ImportTakenOver`."""
        with self.services.store.writing() as session:
            self.kept = keep_plan(session, self.kept, {**self.kept.plan, **news}, as_of=as_of)

    def reading(self, files: int, done: int, present: Mapping[str, int]) -> None:
        """Tells of the reading of one of several files: those before it, and what it has given so far."""
        self.report(Progress("reading", files=files, files_done=done, counts=present))


class Source(Protocol):
    """Where candidates are imported from."""

    @property
    def name(self) -> str:
        """ "folder" or "export"."""

    @property
    def whole(self) -> bool:
        """Whether it tells of all there is, and not only of what has changed."""

    def identity(self) -> Mapping[str, Any]:
        """By what a run that was stopped is known to be of the same source; JSON."""

    def gather(self, work: Work) -> None:
        """Reads all rows into the working store, from where they were left."""
