"""Owns the import from an EHR's bulk export, by Backend Services; stopped anywhere, it goes on with the same export.

Each file is downloaded whole, sealed, read and removed before the next, so that the disk holds one of them at a time.
"""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from fhir_mappings.outcome import notable_issues
from smart_app.ehr.answers import read_object
from smart_app.ehr.download import Sink
from smart_app.ehr.errors import EhrRubbish
from smart_app.importing.bulk_export import BulkExport, Manifest
from smart_app.importing.loading import load
from smart_app.importing.ndjson import CutShort, lines
from smart_app.importing.sealed_files import SealedReader, SealedWriter
from smart_app.importing.work import Progress, Work
from smart_app.outbox.credentials import refuse_token, rights

_MOST_NOTES: Final = 20


@dataclass(frozen=True, slots=True)
class FromExport:
    """An export of all patients, or those of a Group; `since` is a FHIR instant, '' for all that there is."""

    since: str = ""
    group: str = ""
    name: str = "export"

    @property
    def whole(self) -> bool:
        """Only without `since`."""
        return not self.since

    def identity(self) -> Mapping[str, Any]:
        """What is asked for."""
        return {"since": self.since, "group": self.group}

    def gather(self, work: Work) -> None:
        """Has the EHR make the export, and reads it. Raises `EhrError`, or `LaunchOver` without Backend Services."""
        if work.plan.get("gathered"):
            return
        export = _export(work)
        if "status_url" not in work.plan:
            work.replan(status_url=export.kick_off(since=self.since, group=self.group))
        status_url = str(work.plan["status_url"])
        if "manifest" not in work.plan:
            found = export.wait(status_url, lambda words: work.report(Progress("preparing", words)))
            work.replan(manifest=asdict(found), as_of=found.as_of)
        manifest = _manifest(work.plan["manifest"])
        for number in range(len(manifest.files)):
            _take(work, export, manifest, number)
        notes = _notes(work, export, manifest)
        if manifest.deleted and self.since:
            notes.append("the EHR tells of deletions, which only an import without --since takes in")
        work.replan(gathered=True, notes=notes)
        export.delete(status_url)


def _export(work: Work) -> BulkExport:
    return BulkExport(
        base=work.registration.issuer,
        transport=work.services.transport,
        token=lambda: rights(work.services, work.registration, None).token,
        refused=lambda: refuse_token(work.services, work.registration, None),
        pause=work.pause,
    )


def _manifest(kept: Mapping[str, Any]) -> Manifest:
    return Manifest(**{**kept, "files": tuple(kept["files"]), "errors": tuple(kept["errors"])})


def _take(work: Work, export: BulkExport, manifest: Manifest, number: int) -> None:
    name = f"export file {number + 1}"
    before = work.staging.counts(but=name)

    def report(present: Mapping[str, int]) -> None:
        work.reading(len(manifest.files), number, Counter(before) + Counter(present))

    if not work.staging.place(name).done:
        report({})
        path = _fetched(work, export, manifest, manifest.files[number], f"{number}.sealed")
        load(work.staging, name, lambda: _opened(work, path), report)
        path.unlink()


def _fetched(work: Work, export: BulkExport, manifest: Manifest, url: str, name: str) -> Path:
    """The file, downloaded unless an earlier run has done it."""
    path = work.folder / name
    if path.exists():
        return path
    part = path.with_suffix(".part")

    def keep(pour: Callable[[Sink], int]) -> None:
        with SealedWriter(part, work.sealer) as writer:
            pour(writer.write)

    export.fetch(url, manifest, keep)
    return part.rename(path)


def _opened(work: Work, path: Path) -> io.BufferedReader:
    return io.BufferedReader(SealedReader(path, work.sealer), 256 * 1024)


def _notes(work: Work, export: BulkExport, manifest: Manifest) -> list[str]:
    """What the EHR says is missing from the export, in its own words, each once."""
    notes: dict[str, None] = {}
    for number, url in enumerate(manifest.errors):
        path = _fetched(work, export, manifest, url, f"errors-{number}.sealed")
        for text in _issues(work, path):
            if len(notes) < _MOST_NOTES:
                notes.setdefault(f"the EHR said: {text}")
        path.unlink()
    return list(notes)


def _issues(work: Work, path: Path) -> list[str]:
    found: dict[str, None] = {}
    with _opened(work, path) as stream:
        try:
            for line in lines(stream):
                if line.text is not None and len(found) < _MOST_NOTES:
                    found |= dict.fromkeys(notable_issues(_object(line.text)))
        except CutShort:
            found.setdefault("its list of errors is cut short")
    return list(found)


def _object(text: bytes) -> Mapping[str, Any]:
    try:
        return read_object(text)
    except EhrRubbish:
        return {}
