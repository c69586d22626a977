"""Owns NDJSON as a stream of lines, gzipped or not, from any place in it on (https://github.com/ndjson/ndjson-spec).

Places are counted in bytes of the decompressed text, so that reading goes on where a run was stopped. A line longer
than any resource should be is passed over without being held.
"""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterator
from typing import BinaryIO, Final, NamedTuple, cast

LONGEST_LINE: Final = 16 * 1024 * 1024
_GZIP: Final = b"\x1f\x8b"
_STEP: Final = 1024 * 1024


class Line(NamedTuple):
    """One line: its number from 1, where the next one begins, and its text; None if it was too long."""

    number: int
    ends: int
    text: bytes | None


class CutShort(Exception):
    """The file ends, or cannot be read any further, in its middle; what came before has been given."""


def lines(stream: io.BufferedReader, *, after: int = 0, number: int = 0, longest: int = LONGEST_LINE) -> Iterator[Line]:
    """The lines that are not blank, from byte `after` on, which ends line `number`. Raises `CutShort`."""
    try:
        plain = _plain(stream)
        _skip(plain, after)
        yield from _lines(plain, after, number, longest)
    except (EOFError, OSError, zlib.error) as error:
        raise CutShort(str(error)) from None


def _plain(stream: io.BufferedReader) -> BinaryIO:
    gzipped = stream.peek(2)[:2] == _GZIP
    return cast(BinaryIO, gzip.GzipFile(fileobj=stream)) if gzipped else stream


def _skip(plain: BinaryIO, count: int) -> None:
    while count:
        got = len(plain.read(min(count, _STEP)))
        if not got:
            raise EOFError("the file has become shorter")
        count -= got


def _lines(plain: BinaryIO, ends: int, number: int, longest: int) -> Iterator[Line]:
    while text := plain.readline(longest + 1):
        number += 1
        ends += len(text)
        whole = len(text) <= longest or text.endswith(b"\n")
        while not whole:
            rest = plain.readline(_STEP)
            ends += len(rest)
            whole = not rest or rest.endswith(b"\n")
        if len(text) > longest:
            yield Line(number, ends, None)
        elif not text.isspace():
            yield Line(number, ends, text)
