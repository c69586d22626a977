"""Owns the reading of what a person sends: forms and JSON alike, each field checked and named when it is wrong."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from flask import request

from ccm.tables import NATIONAL_TABLES
from ccm.vocabulary import ACTIVITIES, MODALITIES
from smart_app.problems import FieldError, Problem, unusable

NOTE_LENGTH = 10_000
KEY_LENGTH = 190  # the column holds 200, and a prefix says whose key it is
MAX_MINUTES = 1440
CLOCK_SKEW_SECONDS = 60
_FIRST_DAY = min(table.first_day for table in NATIONAL_TABLES)
_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:\d{2})", re.ASCII)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class ManualEntry:
    """An entry as typed: `start` and `end` in POSIX seconds."""

    start: int
    end: int
    activity: str
    modality: str
    note: str
    key: str


@dataclass(frozen=True, slots=True)
class TimerAction:
    """A press on the timer; what was not sent is None. `minutes` is how long was really worked, from the start."""

    action: str
    activity: str | None
    modality: str | None
    note: str | None
    minutes: int | None = None


def sent() -> Mapping[str, Any]:
    """The fields of the request's form or JSON object. Raises `Problem` for anything else."""
    if not request.is_json:
        return request.form
    try:
        body = request.get_json(silent=True)
    except RecursionError:  # nested deeper than anything that is meant
        body = None
    if not isinstance(body, dict):
        raise Problem(400, "The request is not a JSON object", "Send an object with the documented fields.")
    return body


def read_manual_entry(fields: Mapping[str, Any], zone: ZoneInfo, now: int) -> ManualEntry:
    """A manual entry. `zone` is the practice's, for forms without JavaScript. Raises `Problem` naming the fields."""
    reader = _Reader(fields)
    start = reader.start(zone, now)
    minutes = reader.minutes()
    if start is not None and minutes is not None and start + minutes * 60 > now + CLOCK_SKEW_SECONDS:
        reader.refuse("minutes", "the work would end in the future")
    entry = ManualEntry(
        start=start or 0,
        end=(start or 0) + (minutes or 0) * 60,
        activity=reader.choice("activity", ACTIVITIES) or "",
        modality=reader.choice("modality", MODALITIES) or "",
        note=reader.text("note", NOTE_LENGTH) or "",
        key=reader.text("key", KEY_LENGTH, required=True) or "",
    )
    reader.check()
    return entry


def read_amendment(fields: Mapping[str, Any], zone: ZoneInfo, now: int) -> tuple[ManualEntry, str]:
    """What an entry is to say instead, and why. Raises `Problem` naming the fields."""
    reason = read_reason(fields)
    return read_manual_entry({**fields, "key": "amendment"}, zone, now), reason


def read_timer_action(fields: Mapping[str, Any]) -> TimerAction:
    """A timer's action. Raises `Problem` naming the fields."""
    reader = _Reader(fields)
    actions = dict.fromkeys(("start", "pause", "resume", "stop", "discard", "keep"), "")
    action = TimerAction(
        action=reader.choice("action", actions) or "",
        activity=reader.choice("activity", ACTIVITIES, required=False),
        modality=reader.choice("modality", MODALITIES, required=False),
        note=reader.text("note", NOTE_LENGTH),
        minutes=reader.minutes() if fields.get("minutes") else None,
    )
    reader.check()
    return action


def read_reason(fields: Mapping[str, Any]) -> str:
    """Why an entry is voided. Raises `Problem` if it is missing."""
    reader = _Reader(fields)
    reason = reader.text("reason", NOTE_LENGTH, required=True) or ""
    reader.check()
    return reason


class _Reader:
    """Reads fields one by one and keeps what is wrong with each, so that one answer names them all."""

    def __init__(self, fields: Mapping[str, Any]) -> None:
        self._fields = fields
        self._errors: list[FieldError] = []

    def check(self) -> None:
        if self._errors:
            raise unusable(*self._errors)

    def refuse(self, field: str, message: str) -> None:
        self._errors.append(FieldError(field, message))

    def choice(self, field: str, choices: Mapping[str, str], *, required: bool = True) -> str | None:
        value = self._fields.get(field)
        if value in (None, ""):
            if required:
                self.refuse(field, f"choose one of {', '.join(choices)}")
            return None
        if not isinstance(value, str) or value not in choices:
            self.refuse(field, f"must be one of {', '.join(choices)}")
            return None
        return value

    def text(self, field: str, length: int, *, required: bool = False) -> str | None:
        value = self._fields.get(field)
        if value is None or value == "":
            if required:
                self.refuse(field, "must not be empty")
            return None
        if not isinstance(value, str):
            self.refuse(field, "must be text")
            return None
        clean = _CONTROL.sub("", value.replace("\r\n", "\n")).strip()
        if len(clean) > length:
            self.refuse(field, f"must be at most {length} characters")
        elif required and not clean:
            self.refuse(field, "must not be empty")
        return clean

    def minutes(self) -> int | None:
        value = self._fields.get("minutes")
        if isinstance(value, str) and re.fullmatch(r"\d{1,4}", value.strip(), re.ASCII):
            value = int(value)
        if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= MAX_MINUTES:
            self.refuse("minutes", f"must be a whole number from 1 to {MAX_MINUTES}")
            return None
        return value

    def start(self, zone: ZoneInfo, now: int) -> int | None:
        moment = self._local_start(zone) if "start" not in self._fields else self._instant()
        if moment is not None and moment > now + CLOCK_SKEW_SECONDS:
            self.refuse("start", "must not lie in the future")
            return None
        if moment is not None and moment < _rules_begin(zone):
            self.refuse("start", f"must not lie before {_FIRST_DAY}: no earlier rules are known here")
            return None
        return moment

    def _instant(self) -> int | None:
        value = self._fields["start"]
        if isinstance(value, str) and _INSTANT.fullmatch(value):
            try:
                return int(datetime.fromisoformat(value).astimezone(UTC).timestamp())
            except (ValueError, OverflowError):
                pass
        self.refuse("start", "must be a date and time with its zone, such as 2026-11-03T09:30:00-05:00")
        return None

    def _local_start(self, zone: ZoneInfo) -> int | None:
        day, time = self._fields.get("local_date"), self._fields.get("local_time")
        try:
            local = datetime.fromisoformat(f"{day}T{time}")
        except ValueError:
            self.refuse("start", "a date and a time of day are needed")
            return None
        if local.tzinfo is not None:
            self.refuse("start", "a date and a time of day are needed")
            return None
        return int(local.replace(tzinfo=zone).timestamp())


def _rules_begin(zone: ZoneInfo) -> int:
    """The first second, in POSIX time, of which there are rules to assess it by."""
    return int(datetime.combine(_FIRST_DAY, time.min, zone).timestamp())
