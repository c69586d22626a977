"""Owns the entry: one stretch of one person's work on one patient, from a timer or by hand."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Entry:
    """One stretch of work, half-open: the second `end` is no longer part of it.

    `start` and `end` are POSIX seconds (UTC); `performer` is a FHIR reference such as "Practitioner/123";
    `activity`, `modality`, `programme` and `performer_class` are codes of `ccm.vocabulary`.
    """

    id: str
    start: int
    end: int
    performer: str
    performer_class: str
    activity: str
    modality: str = "chart"
    performer_name: str = ""
    note: str = ""
    programme: str = "ccm"
    separate_from_visit: bool = False
    voided: bool = False

    @property
    def seconds(self) -> int:
        """The whole length in seconds, counted or not."""
        return self.end - self.start
