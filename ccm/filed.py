"""Owns an entry as it stands in a chart: what it says, and the resources that tell of it."""

from __future__ import annotations

from dataclasses import dataclass

from ccm.entries import Entry


@dataclass(frozen=True, slots=True)
class ChartResource:
    """A resource of a chart; `version` is the server's, '' where it gives none."""

    resource_type: str
    id: str
    version: str = ""


@dataclass(frozen=True, slots=True)
class FiledEntry:
    """An entry read back from the chart of `patient_id`; `resources` tell of it, the one it was read from first."""

    entry: Entry
    patient_id: str
    resources: tuple[ChartResource, ...]
