"""Owns the form of a result: paired measurements and the one JSON line that every benchmark ends with."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from statistics import median


def seconds(work: Callable[[], object]) -> float:
    """How long one run of `work` takes, by the wall clock."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def paired(ours: Callable[[], object], theirs: Callable[[], object], pairs: int) -> list[tuple[float, float]]:
    """Seconds of both, measured in turn so that a drifting machine slows both; each pair swaps who goes first."""
    measured = []
    for number in range(pairs):
        if number % 2:
            second, first = seconds(theirs), seconds(ours)
        else:
            first, second = seconds(ours), seconds(theirs)
        measured.append((first, second))
    return measured


def ratios(measured: Sequence[tuple[float, float]]) -> list[float]:
    """Ours over theirs, for each pair."""
    return [ours / theirs for ours, theirs in measured]


def print_result(
    name: str, figures: Sequence[float], *, goal: str, met: bool, detail: object, kind: str = "ratio"
) -> None:
    """Prints the JSON line: the median of `figures` as `kind` ("ratio" or "value"), its range, and `detail`."""
    line = {
        "name": name,
        kind: round(median(figures), 3),
        "goal": goal,
        "met": met,
        "pairs": len(figures),
        "min": round(min(figures), 3),
        "max": round(max(figures), 3),
        "detail": detail,
    }
    print(json.dumps(line), flush=True)
