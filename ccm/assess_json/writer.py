"""Owns writing an assessment as JSON: amounts as decimal strings with two places, days as YYYY-MM-DD.

The text is put together from fragments, because the same minutes earn the same object and its fragment is made once.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import lru_cache
from json.encoder import encode_basestring_ascii as _string
from typing import Any

from ccm.assessment.result import Alternative, Assessment, Earnings, Excluded, Finding, Line, NextUnit, TrackResult
from ccm.tables import money


def assessment_object(assessment: Assessment) -> dict[str, Any]:
    """The assessment as plain dicts, lists and strings, in the order of `assessment_json`."""
    written: dict[str, Any] = json.loads(assessment_json(assessment))
    return written


def assessment_json(assessment: Assessment) -> str:
    """The assessment as one line of ASCII JSON."""
    tracks, claim, upcoming = _earnings(assessment.earnings)
    day = assessment.date_of_service
    return (
        f'{{"month": {_string(assessment.month)}, "rules": {_string(assessment.rules)}, '
        f'"counted_seconds": {assessment.counted_seconds}, {tracks}, {claim}, '
        f'"date_of_service": {_string(day.isoformat()) if day else "null"}, "ready": {_bool(assessment.ready)}, '
        f'"blockers": {_array(map(_finding, assessment.blockers))}, '
        f'"warnings": {_array(map(_finding, assessment.warnings))}, '
        f'"excluded": {_array(map(_excluded, assessment.excluded))}, {upcoming}}}'
    )


@lru_cache(maxsize=4096)
def _earnings(earns: Earnings) -> tuple[str, str, str]:
    """The fields of the tracks, of the claim, and of what more minutes would bring."""
    tracks = [f"{_string(name)}: {_track(result)}" for name, result in earns.tracks.items()]
    claim = _lines_and_amount(earns.tracks[earns.track]) if earns.track else '"lines": [], "amount": "0.00"'
    alternatives = _array(map(_alternative, earns.alternatives))
    return (
        f'"tracks": {{{", ".join(tracks)}}}',
        f'"track": {_string(earns.track) if earns.track else "null"}, {claim}',
        f'"next": {_next(earns.next)}, "alternatives": {alternatives}',
    )


@lru_cache(maxsize=4096)
def _track(result: TrackResult) -> str:
    return f'{{"minutes": {result.minutes}, "met": {_bool(result.met)}, {_lines_and_amount(result)}}}'


@lru_cache(maxsize=4096)
def _lines_and_amount(result: TrackResult) -> str:
    return f'"lines": {_array(map(_line, result.lines))}, "amount": "{money(result.cents)}"'


def _line(line: Line) -> str:
    return (
        f'{{"code": {_string(line.code)}, "units": {line.units}, "amount": "{money(line.cents)}", '
        f'"unit_amount": "{money(line.unit_cents)}", "estimated": {_bool(line.estimated)}, '
        f'"rule": {_string(line.rule)}}}'
    )


def _finding(finding: Finding) -> str:
    return f'{{"code": {_string(finding.code)}, "text": {_string(finding.text)}, "rule": {_string(finding.rule)}}}'


def _next(unit: NextUnit | None) -> str:
    if unit is None:
        return "null"
    return f'{{"code": {_string(unit.code)}, "minutes_needed": {unit.minutes_needed}, "text": {_string(unit.text)}}}'


def _excluded(excluded: Excluded) -> str:
    return (
        f'{{"entry": {_string(excluded.entry)}, "seconds": {excluded.seconds}, "reason": {_string(excluded.reason)}}}'
    )


def _alternative(alternative: Alternative) -> str:
    return (
        f'{{"track": {_string(alternative.track)}, "met": {_bool(alternative.met)}, '
        f'"amount": "{money(alternative.cents)}", "text": {_string(alternative.text)}}}'
    )


def _bool(value: bool) -> str:
    return "true" if value else "false"


def _array(elements: Iterable[str]) -> str:
    return f"[{', '.join(elements)}]"
