"""Owns what an assessment says. Amounts are US cents, times POSIX seconds; `ccm.assess_json` writes it as JSON."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the claim: `units` of a code, `cents` for all of them, and the rule that earns it."""

    code: str
    units: int
    unit_cents: int
    estimated: bool
    rule: str

    @property
    def cents(self) -> int:
        """The amount of all units."""
        return self.units * self.unit_cents


@dataclass(frozen=True, slots=True, eq=False)
class TrackResult:
    """What one track earns: whole minutes, whether its conditions are met, its lines (none unless met).

    Compared by identity: the same track and minutes give the same object, so that what is made of it can be cached.
    """

    minutes: int
    met: bool
    lines: tuple[Line, ...]
    cents: int


@dataclass(frozen=True, slots=True)
class Finding:
    """A blocker or a warning: a stable code, what to do in plain words, and the rule behind it."""

    code: str
    text: str
    rule: str


@dataclass(frozen=True, slots=True)
class NextUnit:
    """The next unit within reach, and how many more whole minutes earn it."""

    code: str
    minutes_needed: int
    text: str


@dataclass(frozen=True, slots=True)
class Alternative:
    """What a track that is not billed would pay, or what it lacks."""

    track: str
    met: bool
    cents: int
    text: str


@dataclass(frozen=True, slots=True)
class Excluded:
    """The seconds of one entry that one reason keeps from counting."""

    entry: str
    seconds: int
    reason: str


@dataclass(frozen=True, slots=True)
class Assessment:
    """The whole answer for one care month. `tracks` has each track by name; `track` is the one billed, if any."""

    month: str
    rules: str
    counted_seconds: int
    tracks: dict[str, TrackResult]
    track: str | None
    date_of_service: date | None
    ready: bool
    blockers: tuple[Finding, ...]
    warnings: tuple[Finding, ...]
    next: NextUnit | None
    excluded: tuple[Excluded, ...]
    alternatives: tuple[Alternative, ...]

    @property
    def lines(self) -> tuple[Line, ...]:
        """The claim's lines: those of the track billed."""
        return self.tracks[self.track].lines if self.track else ()

    @property
    def cents(self) -> int:
        """The claim's amount."""
        return self.tracks[self.track].cents if self.track else 0
