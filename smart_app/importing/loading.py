"""Owns the reading of one file into the working store: row by row, a bad one counted and passed over."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from typing import Final

from smart_app.importing.ndjson import CutShort, Line, lines
from smart_app.importing.rows import BadRow, Fact, read_row
from smart_app.importing.staging import Fault, Place, Staging

BATCH: Final = 2000
Report = Callable[[Mapping[str, int]], None]
"""Called with a file's counts of rows by kind, so far."""


def load(staging: Staging, file: str, opened: Callable[[], io.BufferedReader], report: Report) -> Place:
    """Reads a file, named `file`, from where it was left to its end; a file that ends in its middle is a fault.

    `opened` opens it from its beginning. Raises OSError where it cannot be opened.
    """
    place = staging.place(file)
    if place.done:
        return place
    batch = _Batch(staging, file, place)
    with opened() as stream:
        try:
            for line in lines(stream, after=place.ends, number=place.number):
                batch.take(line)
                if batch.size >= BATCH:
                    batch.keep()
                    report(place.counts)
        except CutShort:
            place.count("cut")
            batch.faults.append(Fault(file, place.number + 1, "the file is cut short or cannot be read further"))
    place.done = True
    batch.keep()
    report(place.counts)
    return place


class _Batch:
    """Rows that are kept together."""

    def __init__(self, staging: Staging, file: str, place: Place) -> None:
        self._staging = staging
        self._file = file
        self._place = place
        self.facts: list[Fact] = []
        self.faults: list[Fault] = []
        self.size = 0

    def take(self, line: Line) -> None:
        self.size += 1
        try:
            fact = _read(line)
        except BadRow as error:
            self.faults.append(Fault(self._file, line.number, str(error)))
            self._place.count("bad")
        else:
            self._place.count(fact.kind if fact else "other")
            self.facts.extend([fact] if fact else [])
        self._place.ends, self._place.number = line.ends, line.number

    def keep(self) -> None:
        self._staging.add(self._file, self._place, self.facts, self.faults)
        self.facts, self.faults, self.size = [], [], 0


def _read(line: Line) -> Fact | None:
    if line.text is None:
        raise BadRow("the line is too long")
    return read_row(line.text)
