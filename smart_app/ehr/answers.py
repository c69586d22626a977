"""Owns the reading of an EHR's answer: JSON that may be rubbish, and statuses that are errors."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from fhir_mappings.outcome import outcome_text
from smart_app.ehr.errors import EhrBusy, EhrError, EhrRefused, EhrRubbish, EhrServerError, EhrTimeout

LONGEST_WAIT = 3600.0

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_SUSPECT = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])")


@dataclass(frozen=True, slots=True)
class Reply:
    """One whole answer. `headers` ignore case; `url` is where it came from after any redirect."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    url: str = field(repr=False)
    request_id: str = ""

    def json_object(self) -> dict[str, Any]:
        """The body as a JSON object. Raises EhrRubbish."""
        return read_object(self.body)

    def checked(self) -> Reply:
        """Itself where the status is 2xx. Raises EhrError by the status otherwise."""
        if not 200 <= self.status < 300:
            raise error_of(self.status, self.headers, self.body)
        return self


def read_object(body: bytes) -> dict[str, Any]:
    """A JSON object out of an answer. Raises EhrRubbish.

    Tolerant where it harms nobody: a byte-order mark, duplicate names (the last counts), NaN and Infinity (read as
    null). Text that no database keeps (NUL, half a surrogate pair) becomes U+FFFD.
    """
    try:
        value = json.loads(body, parse_constant=lambda _: None)
        if _SUSPECT.search(body):
            value = _storable(value)
    except (ValueError, RecursionError):
        raise EhrRubbish(outcome_unknown=True) from None
    if not isinstance(value, dict):
        raise EhrRubbish(outcome_unknown=True)
    return value


def error_of(status: int, headers: Mapping[str, str], body: bytes = b"") -> EhrError:
    """The error that an HTTP status other than 2xx stands for."""
    if status in (429, 503):
        return EhrBusy(retry_after=wait_of(headers.get("Retry-After", "")), outcome_unknown=status == 503)
    if status >= 500:
        return EhrServerError(status, outcome_unknown=True)
    if status == 408:
        return EhrTimeout(outcome_unknown=True)
    return EhrRefused(status, detail=_outcome(body))


def wait_of(header: str, now: datetime | None = None) -> float | None:
    """Seconds that a Retry-After header asks for, at most an hour; None where it says nothing readable.

    RFC 9110 section 10.2.3: a number of seconds or an HTTP date.
    """
    text = header.strip()
    if re.fullmatch(r"[0-9]{1,9}", text):
        return min(float(text), LONGEST_WAIT)
    try:
        when = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError):
        return None
    until = when if when.tzinfo else when.replace(tzinfo=UTC)
    return min(max((until - (now or datetime.now(UTC))).total_seconds(), 0.0), LONGEST_WAIT)


def _outcome(body: bytes) -> str:
    try:
        return outcome_text(read_object(body))
    except EhrRubbish:
        return ""


def _storable(value: Any) -> Any:
    if isinstance(value, str):
        return _UNSTORABLE.sub("\ufffd", value)
    if isinstance(value, list):
        return [_storable(item) for item in value]
    if isinstance(value, dict):
        return {_storable(name): _storable(item) for name, item in value.items()}
    return value
