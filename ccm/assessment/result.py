"""Owns what an assessment says. Amounts are US cents, times POSIX seconds; `ccm.assess_json` writes it as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from ccm.tables import TrackRule


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

    Compared by identity, so that what is made of it can be cached.
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


@dataclass(frozen=True, slots=True, eq=False)
class Earnings:
    """What the minutes earn: each track by name, the one billed, and what more minutes would bring.

    `shown` is the track billed, or where none is, the one that minutes are counted towards. Compared by identity too.
    """

    tracks: Mapping[str, TrackResult]
    track: str | None
    shown: TrackRule
    next: NextUnit | None
    alternatives: tuple[Alternative, ...]


@dataclass(frozen=True, slots=True)
class Assessment:
    """The whole answer for one care month."""

    month: str
    rules: str
    counted_seconds: int
    earnings: Earnings
    date_of_service: date | None
    ready: bool
    blockers: tuple[Finding, ...]
    warnings: tuple[Finding, ...]
    excluded: tuple[Excluded, ...]

    @property
    def tracks(self) -> Mapping[str, TrackResult]:
        """Every track's result by its name, billed or not."""
        return self.earnings.tracks

    @property
    def track(self) -> str | None:
        """The track billed, None without lines."""
        return self.earnings.track

    @property
    def lines(self) -> tuple[Line, ...]:
        """The claim's lines: those of the track billed."""
        return self.tracks[self.track].lines if self.track else ()

    @property
    def cents(self) -> int:
        """The claim's amount."""
        return self.tracks[self.track].cents if self.track else 0

    @property
    def next(self) -> NextUnit | None:
        """The next unit that minutes alone would earn."""
        return self.earnings.next

    @property
    def alternatives(self) -> tuple[Alternative, ...]:
        """What the tracks not billed would pay."""
        return self.earnings.alternatives
