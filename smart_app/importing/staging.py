"""Owns the working store of one import, in which rows of many files come together by patient in bounded memory.

An export gives its files type by type and its rows in any order, so nothing can be joined while it streams. Joined in
memory, 100,000 charts would take gigabytes; joined in the installation's database, each row would be a read, an
opening, a sealing and a write under the lock that the clinic's panels need. So rows are appended to a SQLite file in
the import's working folder (0700), sorted once, and read back patient by patient; the database then sees one write
for each patient. It holds opaque ids in the open and what the rows say sealed by the import's key.

A file's place is committed together with the rows before it: after a kill nothing is lost and nothing counted twice.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Final

from smart_app.importing.rows import Fact
from smart_app.importing.sealed_files import Sealer

SHOWN: Final = 1000
_CACHE_KIB: Final = 32 * 1024
_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS file (name TEXT PRIMARY KEY, ends INTEGER, number INTEGER, done INTEGER, counts TEXT);
CREATE TABLE IF NOT EXISTS fact (patient TEXT, kind TEXT, id TEXT, version INTEGER, body BLOB);
CREATE TABLE IF NOT EXISTS fault (file TEXT, number INTEGER, why TEXT);
"""


@dataclass(slots=True)
class Place:
    """How far a file has been read: bytes and lines, whether to its end, and how many rows of each kind it held.

    The kinds are the resource types, "other" for those passed over, "bad", and "cut" for the file's own missing end.
    """

    ends: int = 0
    number: int = 0
    done: bool = False
    counts: dict[str, int] = field(default_factory=dict)

    def count(self, kind: str) -> None:
        """One more of that kind."""
        self.counts[kind] = self.counts.get(kind, 0) + 1


@dataclass(frozen=True, slots=True)
class Fault:
    """A row that could not be taken: its file, its line from 1 (0: the file itself), and why."""

    file: str
    line: int
    why: str


class Staging:
    """The working store at `path`; made where there is none. Raises `sqlite3.Error` where it cannot be used."""

    def __init__(self, path: Path, sealer: Sealer) -> None:
        self._sealer = sealer
        self._database = sqlite3.connect(path, isolation_level=None)
        for pragma in ("journal_mode=TRUNCATE", "synchronous=NORMAL", f"cache_size=-{_CACHE_KIB}"):
            self._database.execute(f"PRAGMA {pragma}").close()
        self._database.executescript(_SCHEMA)

    def close(self) -> None:
        """Closes the file."""
        self._database.close()

    def place(self, file: str) -> Place:
        """Where reading of a file goes on."""
        row = self._database.execute("SELECT ends, number, done, counts FROM file WHERE name = ?", (file,)).fetchone()
        return Place(row[0], row[1], bool(row[2]), json.loads(row[3])) if row else Place()

    def add(self, file: str, place: Place, facts: Sequence[Fact], faults: Sequence[Fault]) -> None:
        """Keeps these rows of a file and the place to which they lead, as one."""
        sealed = [(one.patient, one.kind, one.id, one.version, self._seal(one)) for one in facts]
        self._database.execute("BEGIN")
        try:
            self._database.executemany("INSERT INTO fact VALUES (?, ?, ?, ?, ?)", sealed)
            self._database.executemany(
                "INSERT INTO fault SELECT ?, ?, ? WHERE (SELECT count(*) FROM fault) < ?",
                [(one.file, one.line, one.why, SHOWN) for one in faults],
            )
            self._database.execute(
                "INSERT OR REPLACE INTO file VALUES (?, ?, ?, ?, ?)",
                (file, place.ends, place.number, place.done, json.dumps(place.counts)),
            )
            self._database.execute("COMMIT")
        except BaseException:
            self._database.execute("ROLLBACK")
            raise

    def counts(self, *, but: str = "") -> dict[str, int]:
        """The rows of all files, or of all `but` one, by kind."""
        total: dict[str, int] = {}
        for (counts,) in self._database.execute("SELECT counts FROM file WHERE name != ?", (but,)):
            for kind, count in json.loads(counts).items():
                total[kind] = total.get(kind, 0) + count
        return total

    def faults(self) -> list[Fault]:
        """The first thousand rows that could not be taken."""
        rows = self._database.execute("SELECT file, number, why FROM fault ORDER BY rowid")
        return [Fault(*row) for row in rows]

    def sort(self) -> None:
        """Sorts by patient what has been added; done once, when all is there."""
        self._database.execute("CREATE INDEX IF NOT EXISTS fact_patient ON fact (patient)")

    def by_patient(self, after: str) -> Iterator[tuple[str, list[Fact]]]:
        """The facts of each patient whose id follows `after`, in that order; of two of one id the newer only."""
        query = "SELECT patient, kind, id, version, body FROM fact WHERE patient > ? ORDER BY patient, rowid"
        with closing(self._database.execute(query, (after,))) as rows:
            for patient, some in groupby(rows, key=lambda row: str(row[0])):
                yield patient, self._newest(some)

    def _newest(self, rows: Iterator[tuple[str, str, str, int, bytes]]) -> list[Fact]:
        newest: dict[tuple[str, str], tuple[str, str, str, int, bytes]] = {}
        for row in rows:
            known = newest.get(row[1:3])
            if known is None or row[3] >= known[3]:
                newest[row[1:3]] = row
        return [Fact(*row[:4], body=self._sealer.open(row[4], "/".join(row[:3]))) for row in newest.values()]

    def _seal(self, fact: Fact) -> bytes:
        return self._sealer.seal(fact.body, f"{fact.patient}/{fact.kind}/{fact.id}")
