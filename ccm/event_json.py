"""Owns the plain shape of events: dictionaries of JSON values, by which they are kept and read back.

Written from the types of the bodies, so that no field can be forgotten. Reading is strict: what is unknown, missing
or of another type is refused, for a record that cannot be read whole must not be judged. A field that has a default
may be absent, so that fields can be added later.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from datetime import date
from functools import lru_cache
from types import NoneType, UnionType
from typing import Any, Generic, TypeVar, get_args, get_origin, get_type_hints

from ccm.instants import parse_day
from ccm.months import Month, parse_month
from ccm.records import Actor, Event

B = TypeVar("B")
T = TypeVar("T")
Plain = dict[str, Any]


class EventCodec(Generic[B]):
    """Writes and reads the events of one record; `kinds` gives each body's type its stable name."""

    def __init__(self, kinds: Mapping[str, type[B]]) -> None:
        self._kinds = kinds
        self._names = {body: name for name, body in kinds.items()}

    def kind_of(self, body: B) -> str:
        """The stable name of a body's kind."""
        return self._names[type(body)]

    def to_dict(self, event: Event[B]) -> Plain:
        """{"kind", "at", "by": {"ref", "name", "role"}, "body": {...}}: JSON values only."""
        return {
            "kind": self.kind_of(event.body),
            "at": event.at,
            "by": to_plain(event.by),
            "body": to_plain(event.body),
        }

    def from_dict(self, plain: object) -> Event[B]:
        """The event that `to_dict` wrote; ValueError, naming the field, for anything else."""
        if not isinstance(plain, dict) or plain.keys() != {"kind", "at", "by", "body"}:
            raise ValueError("an event has kind, at, by and body, and nothing else")
        kind = self._kinds.get(plain["kind"]) if isinstance(plain["kind"], str) else None
        if kind is None:
            raise ValueError("kind: is not a known kind of event")
        return Event(
            _read(int, plain["at"], "at"), from_plain(Actor, plain["by"], "by"), from_plain(kind, plain["body"], "body")
        )


def to_plain(value: object) -> Any:
    """A value as JSON knows it: dates and months as text, sets sorted, dataclasses as dictionaries."""
    if isinstance(value, Month):
        return str(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, tuple):
        return [to_plain(each) for each in value]
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: to_plain(getattr(value, field.name)) for field in fields(value)}
    return value


def from_plain(kind: type[T], plain: object, path: str = "") -> T:
    """The dataclass that `to_plain` wrote; ValueError, naming the field below `path`, for anything else."""
    wanted = _shape(kind)  # type: ignore[arg-type]  # a class is hashable
    if not isinstance(plain, dict) or not plain.keys() <= wanted.keys():
        raise ValueError(f"{path}: is not an object of the known fields")
    read = {}
    for name, (hint, required) in wanted.items():
        if name in plain:
            read[name] = _read(hint, plain[name], f"{path}.{name}")
        elif required:
            raise ValueError(f"{path}.{name}: is missing")
    return kind(**read)


@lru_cache(maxsize=128)
def _shape(kind: type) -> dict[str, tuple[Any, bool]]:
    hints = get_type_hints(kind)
    return {
        field.name: (hints[field.name], field.default is MISSING and field.default_factory is MISSING)
        for field in fields(kind)
    }


def _read(hint: Any, value: object, path: str) -> Any:
    if get_origin(hint) is UnionType:
        if value is None and NoneType in get_args(hint):
            return None
        return _read(next(each for each in get_args(hint) if each is not NoneType), value, path)
    if get_origin(hint) in (tuple, frozenset):
        if not isinstance(value, list):
            raise ValueError(f"{path}: is not a list")
        return get_origin(hint)(_read(get_args(hint)[0], each, path) for each in value)
    if hint in (date, Month):
        return _parsed(parse_day if hint is date else parse_month, value, path)
    if is_dataclass(hint):
        return from_plain(hint, value, path)  # type: ignore[arg-type]
    if type(value) is not hint:  # not isinstance: True is an int to Python, not to JSON
        raise ValueError(f"{path}: has the wrong type")
    return value


def _parsed(parse: Any, value: object, path: str) -> Any:
    try:
        return parse(value if isinstance(value, str) else "")
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None
