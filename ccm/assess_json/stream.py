"""Owns taking a stream of bytes apart into JSON values with their line numbers: NDJSON, or one object of many lines.

If the first line that is not blank is a complete JSON object, the stream is NDJSON; else all of it is one object.
RFC 8259 is read strictly: UTF-8, no NaN or Infinity, and no name twice in an object, since the last would silently win.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any, NoReturn

from ccm.assess_json.fields import RefusedError

_BLANK = b" \t\r\n"
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def care_month_values(lines: Iterable[bytes]) -> Iterator[tuple[int, object]]:
    """Each JSON value with the number (from 1) of the line it begins on; `lines` end with their line feed.

    RefusedError, with its line, for what is not JSON; the values before it have been given by then. NDJSON is held
    one line at a time.
    """
    lines = iter(lines)
    numbered = _not_blank(lines)
    number, first = next(numbered, (1, b""))
    if not first:
        raise RefusedError("", "there is no care month in the input", 1)
    value = _complete_object(number, first)
    if value is None:
        yield number, _parse(number, b"\n".join([first, b"".join(lines)]).rstrip(_BLANK))
        return
    yield number, value
    for number, line in numbered:
        yield number, _parse(number, line)


def _not_blank(lines: Iterable[bytes]) -> Iterator[tuple[int, bytes]]:
    for number, line in enumerate(lines, 1):
        text = (line.removeprefix(_BYTE_ORDER_MARK) if number == 1 else line).strip(_BLANK)
        if text:
            yield number, text


def _complete_object(number: int, line: bytes) -> object | None:
    """The line's object, or None where the line is something else, such as an object's beginning."""
    try:
        value = _parse(number, line)
    except _SyntaxRefusedError:
        return None
    return value if isinstance(value, dict) else None


class _SyntaxRefusedError(RefusedError):
    """Not a complete JSON text."""


def _parse(number: int, source: bytes) -> object:
    try:
        return _decode(source.decode())
    except UnicodeDecodeError as error:
        raise RefusedError("", "is not UTF-8", number + source.count(b"\n", 0, error.start)) from None
    except json.JSONDecodeError as error:
        reason = f"is not JSON: {error.msg} at character {error.colno}"
        raise _SyntaxRefusedError("", reason, number + error.lineno - 1) from None
    except RecursionError:
        raise RefusedError("", "is nested too deeply", number) from None
    except RefusedError as refused:
        raise refused.on_line(number) from None
    except ValueError:  # int() refuses thousands of digits
        raise RefusedError("", "has a number too long to read", number) from None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise RefusedError("", "names a field twice in one object")
    return fields


def _no_constant(name: str) -> NoReturn:
    raise RefusedError("", f"is not JSON: {name} is not a number")


_decode = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_no_constant).decode
