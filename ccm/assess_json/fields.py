"""Owns reading one field of a JSON object: its type, its values, and the path that a refusal names.

Absent and null are the same everywhere. A refusal never repeats the value, which may be patient data.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Mapping
from datetime import date
from typing import Any, TypeVar

from ccm.instants import parse_day, parse_instant

T = TypeVar("T")
Fields = dict[str, Any]

_MISSING = "is missing"
_is_plain_name = re.compile(r"[A-Za-z0-9_-]{1,60}").fullmatch


class RefusedError(ValueError):
    """The input is not taken.

    `path` is the field ("entries[2].end", "" for the whole), `reason` says why in plain words, `line` is the number
    (from 1) of the line, 0 while it is not known.
    """

    def __init__(self, path: str, reason: str, line: int = 0) -> None:
        super().__init__(path, reason, line)
        self.path = path
        self.reason = reason
        self.line = line

    def __str__(self) -> str:
        place = [f"line {self.line}"] if self.line else []
        return ": ".join([*place, *([self.path] if self.path else []), self.reason])

    def under(self, parent: str) -> RefusedError:
        """The same refusal, its path seen from one level up."""
        return RefusedError(f"{parent}.{self.path}" if self.path else parent, self.reason)

    def on_line(self, line: int) -> RefusedError:
        """The same refusal, with the line it is on."""
        return RefusedError(self.path, self.reason, line)


def known_fields(value: object, known: frozenset[str]) -> Fields:
    """`value` as an object that has no fields but the known ones."""
    if not isinstance(value, dict):
        raise RefusedError("", "must be a JSON object")
    if not value.keys() <= known:
        raise RefusedError(_printable(min(value.keys() - known)), "is not a known field")
    return value


def _printable(name: str) -> str:
    """A field's name as one short line of ASCII."""
    return name if _is_plain_name(name) else json.dumps(name[:60])


def optional_text(fields: Fields, name: str) -> str | None:
    """A string; blank is the same as absent."""
    value = fields.get(name)
    if value is None:
        return None
    if not isinstance(value, str):
        raise RefusedError(name, "must be a string")
    return value if value.strip() else None


def text(fields: Fields, name: str) -> str:
    """A string that is not blank."""
    value = fields.get(name)
    if isinstance(value, str) and value.strip():
        return value
    raise RefusedError(name, _MISSING if value is None else "must be a string that is not blank")


def optional_choice(fields: Fields, name: str, allowed: Collection[str]) -> str | None:
    """One of the allowed strings, or None."""
    value = fields.get(name)
    return None if value is None else choice(fields, name, allowed)


def choice(fields: Fields, name: str, allowed: Collection[str]) -> str:
    """One of the allowed strings."""
    value = fields.get(name)
    if isinstance(value, str) and value in allowed:
        return value
    raise RefusedError(name, _MISSING if value is None else f"must be one of {', '.join(allowed)}")


def choices(fields: Fields, name: str, allowed: Mapping[str, str]) -> frozenset[str]:
    """A list of allowed strings as a set; absent is empty."""
    values = _list(fields, name)
    try:
        chosen = frozenset(values)
    except TypeError:  # a nested list or object
        chosen = frozenset([None])
    if chosen <= allowed.keys():
        return chosen
    wrong = next(i for i, value in enumerate(values) if not isinstance(value, str) or value not in allowed)
    raise RefusedError(f"{name}[{wrong}]", f"must be one of {', '.join(allowed)}")


def flag(fields: Fields, name: str) -> bool:
    """True or false; absent is false."""
    value = fields.get(name)
    if value is None:
        return False
    if not isinstance(value, bool):
        raise RefusedError(name, "must be true or false")
    return value


def required_flag(fields: Fields, name: str) -> bool:
    """True or false."""
    if fields.get(name) is None:
        raise RefusedError(name, _MISSING)
    return flag(fields, name)


def optional_count(fields: Fields, name: str) -> int | None:
    """A whole number from 0 up."""
    value = fields.get(name)
    if value is None:
        return None
    if type(value) is not int or value < 0:  # bool is an int to Python, not to JSON
        raise RefusedError(name, "must be a whole number, 0 or more")
    return value


def optional_day(fields: Fields, name: str) -> date | None:
    """A calendar day, or None."""
    return None if fields.get(name) is None else day(fields, name)


def day(fields: Fields, name: str) -> date:
    """A calendar day."""
    return _parsed(fields, name, parse_day)


def optional_instant(fields: Fields, name: str) -> int | None:
    """A time with its zone, as POSIX seconds, or None."""
    return None if fields.get(name) is None else instant(fields, name)


def instant(fields: Fields, name: str) -> int:
    """A time with its zone, as POSIX seconds."""
    return _parsed(fields, name, parse_instant)


def _parsed(fields: Fields, name: str, parse: Callable[[str], T]) -> T:
    value = fields.get(name)
    if not isinstance(value, str):
        raise RefusedError(name, _MISSING if value is None else "must be a string")
    try:
        return parse(value)
    except ValueError as error:
        raise RefusedError(name, str(error)) from None


def optional_section(fields: Fields, name: str, read: Callable[[object], T]) -> T | None:
    """What `read` makes of a nested object, or None."""
    value = fields.get(name)
    if value is None:
        return None
    try:
        return read(value)
    except RefusedError as refused:
        raise refused.under(name) from None


def section(fields: Fields, name: str, read: Callable[[object], T]) -> T:
    """What `read` makes of a nested object that must be there."""
    value = optional_section(fields, name, read)
    if value is None:
        raise RefusedError(name, _MISSING)
    return value


def rows(fields: Fields, name: str, read: Callable[[object], T]) -> tuple[T, ...]:
    """What `read` makes of each element of a list; absent is empty."""
    made: list[T] = []
    for value in _list(fields, name):
        try:
            made.append(read(value))
        except RefusedError as refused:
            raise refused.under(f"{name}[{len(made)}]") from None
    return tuple(made)


def _list(fields: Fields, name: str) -> list[Any]:
    value = fields.get(name)
    if value is None:
        return []
    if not isinstance(value, list):
        raise RefusedError(name, "must be a list")
    return value
