"""Owns arithmetic on half-open intervals of whole seconds: union, difference, length.

An interval `(start, end)` holds every second from `start` up to, but not including, `end`. Seconds are POSIX seconds
(UTC), so a day of a clock change needs no care here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

Interval = tuple[int, int]

BEGINNING = -(10**12)  # before and after every instant that a four-digit year can name
END = 10**12


def union(intervals: Iterable[Interval]) -> list[Interval]:
    """The same seconds as sorted, disjoint intervals; touching ones become one, empty ones vanish."""
    merged: list[Interval] = []
    for start, end in sorted(intervals):
        if start >= end:
            continue
        if merged and start <= merged[-1][1]:
            if end > merged[-1][1]:
                merged[-1] = (merged[-1][0], end)
        else:
            merged.append((start, end))
    return merged


def subtract(intervals: Sequence[Interval], holes: Iterable[Interval]) -> Sequence[Interval]:
    """What is left of `intervals` without the seconds of `holes`, in the same order."""
    for hole_start, hole_end in holes:
        kept: list[Interval] = []
        for start, end in intervals:
            if end <= hole_start or hole_end <= start:
                kept.append((start, end))
                continue
            if start < hole_start:
                kept.append((start, hole_start))
            if hole_end < end:
                kept.append((hole_end, end))
        intervals = kept
    return intervals


def total(intervals: Iterable[Interval]) -> int:
    """The sum of the lengths in seconds; seconds in several intervals are summed as often."""
    return sum([end - start for start, end in intervals])


def nth_second(intervals: Iterable[Interval], n: int) -> int:
    """The POSIX second that is the n-th (from 1) of sorted, disjoint `intervals`; ValueError where they are shorter."""
    if n >= 1:
        for start, end in intervals:
            if n <= end - start:
                return start + n - 1
            n -= end - start
    raise ValueError("the intervals hold fewer seconds")
