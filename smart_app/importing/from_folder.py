"""Owns the import from a folder of NDJSON files, gzipped or not, any number for each type of resource."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from smart_app.importing.loading import load
from smart_app.importing.work import Work

_ENDINGS: Final = (".ndjson", ".ndjson.gz", ".jsonl", ".jsonl.gz")


class NothingToImport(Exception):
    """The folder holds no NDJSON."""


@dataclass(frozen=True, slots=True)
class FromFolder:
    """A folder and all below it. What a row is, it says itself; the names of the files say nothing."""

    folder: Path
    name: str = "folder"
    whole: bool = True

    def files(self) -> dict[str, Path]:
        """The files by their names within the folder. Raises `NothingToImport`."""
        found = sorted(path for path in self.folder.rglob("*") if path.name.lower().endswith(_ENDINGS))
        files = {str(path.relative_to(self.folder)): path for path in found if path.is_file()}
        if not files:
            raise NothingToImport(f"{self.folder} holds no file that ends in {', '.join(_ENDINGS)}.")
        return files

    def identity(self) -> Mapping[str, Any]:
        """The folder with each file's size and time of change: another content is another import."""
        stats = {name: path.stat() for name, path in self.files().items()}
        return {
            "folder": str(self.folder.resolve()),
            "files": [[name, found.st_size, found.st_mtime_ns] for name, found in stats.items()],
        }

    def gather(self, work: Work) -> None:
        """Reads the files one after another."""
        files = self.files()
        for done, (name, path) in enumerate(files.items()):
            _load(work, name, path, done, len(files))


def _load(work: Work, name: str, path: Path, done: int, files: int) -> None:
    before = work.staging.counts(but=name)

    def report(present: Mapping[str, int]) -> None:
        work.reading(files, done, Counter(before) + Counter(present))

    load(work.staging, name, lambda: path.open("rb"), report)
