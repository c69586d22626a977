"""Owns reading single fields of a form or a JSON object: each checked, and named when it cannot be used.

Days and times without a zone are the practice's own, as a form sends them.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from werkzeug.datastructures import MultiDict

from ccm.instants import parse_day
from ccm.months import Month, local_day, parse_month
from smart_app.problems import FieldError, unusable

TEXT_LENGTH = 4000
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_LOCAL = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2})?", re.ASCII)
_ZONED = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:\d{2})", re.ASCII)
_TRUE = frozenset({"true", "yes", "on", "1"})
_FALSE = frozenset({"false", "no", "off", "0", ""})


class FieldReader:
    """Reads fields one by one and keeps what is wrong with each, so that one answer names them all."""

    def __init__(self, fields: Mapping[str, Any], zone: ZoneInfo, now: int) -> None:
        self._fields = fields
        self._errors: list[FieldError] = []
        self.zone = zone
        self.now = now

    @property
    def today(self) -> date:
        """Today, where the practice is."""
        return local_day(self.now, self.zone)

    def check(self) -> None:
        """Raises `Problem` 422 if any field could not be used."""
        if self._errors:
            raise unusable(*self._errors)

    def refuse(self, field: str, message: str) -> None:
        """Notes what is wrong with a field."""
        self._errors.append(FieldError(field, message))

    def text(self, field: str, *, required: bool = False) -> str:
        """Text without control characters, '' where it was not sent."""
        value = self._fields.get(field)
        if value is not None and not isinstance(value, str):
            self.refuse(field, "must be text")
            return ""
        clean = _CONTROL.sub("", (value or "").replace("\r\n", "\n")).strip()
        if len(clean) > TEXT_LENGTH:
            self.refuse(field, f"must be at most {TEXT_LENGTH} characters")
        if required and not clean:
            self.refuse(field, "must not be empty")
        return clean

    def choice(self, field: str, choices: Collection[str], default: str = "") -> str:
        """One of the choices; `default`, where there is one, if it was not sent."""
        value = self.text(field) or default
        if value not in choices:
            self.refuse(field, f"must be one of {', '.join(choices)}")
        return value

    def many(self, field: str, choices: Collection[str]) -> frozenset[str]:
        """Several of the choices: a list, or checkboxes of one name."""
        listed = self._fields.getlist(field) if isinstance(self._fields, MultiDict) else self._fields.get(field)
        values = [] if listed is None else listed
        if not isinstance(values, list) or not all(isinstance(value, str) and value in choices for value in values):
            self.refuse(field, f"must be a list of {', '.join(choices)}")
            return frozenset()
        return frozenset(values)

    def flag(self, field: str, *, required: bool = False) -> bool:
        """Yes or no: a JSON boolean, or a checkbox; not sent is no, unless an answer is required."""
        value = self._fields.get(field)
        if isinstance(value, bool):
            return value
        if value is None and not required:
            return False
        word = value.strip().lower() if isinstance(value, str) else None
        if word not in (_TRUE | _FALSE) or (required and not word):
            self.refuse(field, "must be yes or no")
        return word in _TRUE

    def number(self, field: str) -> int:
        """A whole number that is not negative."""
        value = self._fields.get(field)
        if isinstance(value, str) and re.fullmatch(r"\d{1,9}", value.strip(), re.ASCII):
            value = int(value)
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 10**9:
            self.refuse(field, "must be a whole number")
            return 0
        return value

    def day(self, field: str) -> date | None:
        """A calendar day such as 2026-11-03, None where it was not sent."""
        text = self.text(field)
        try:
            return parse_day(text) if text else None
        except ValueError as error:
            self.refuse(field, str(error))
            return None

    def day_or_today(self, field: str) -> date:
        """The same, today where it was not sent."""
        return self.day(field) or self.today

    def month(self, field: str) -> Month:
        """A month such as 2026-11, the present one where it was not sent."""
        text = self.text(field)
        try:
            return parse_month(text) if text else Month(self.today.year, self.today.month)
        except ValueError:
            self.refuse(field, "must be a month such as 2026-11")
            return Month(self.today.year, self.today.month)

    def instant_or_now(self, field: str) -> int:
        """POSIX seconds of a time, with its zone or else the practice's own; now where it was not sent."""
        text = self.text(field)
        if not text:
            return self.now
        try:
            if _ZONED.fullmatch(text):
                return int(datetime.fromisoformat(text).astimezone(UTC).timestamp())
            if _LOCAL.fullmatch(text):
                return int(datetime.fromisoformat(text).replace(tzinfo=self.zone).timestamp())
        except (ValueError, OverflowError):
            pass
        self.refuse(field, "must be a date and time such as 2026-11-03T09:30")
        return self.now
