from __future__ import annotations

import gzip
import io

import pytest

from smart_app.importing.ndjson import CutShort, Line, lines

TEXT = b'{"a":1}\n\n  \r\n{"b":2}\r\n{"c":3}'


def stream(data: bytes) -> io.BufferedReader:
    return io.BufferedReader(io.BytesIO(data))  # type: ignore[arg-type]


@pytest.mark.parametrize("data", [TEXT, gzip.compress(TEXT)], ids=["plain", "gzip"])
def test_lines_are_numbered_as_an_editor_does_and_blank_ones_left_out(data: bytes) -> None:
    assert [(line.number, line.text) for line in lines(stream(data))] == [
        (1, b'{"a":1}\n'),
        (4, b'{"b":2}\r\n'),
        (5, b'{"c":3}'),
    ]


@pytest.mark.parametrize("data", [TEXT, gzip.compress(TEXT)], ids=["plain", "gzip"])
def test_reading_goes_on_after_any_line(data: bytes) -> None:
    whole = list(lines(stream(data)))
    for read, line in enumerate(whole, 1):
        assert list(lines(stream(data), after=line.ends, number=line.number)) == whole[read:]


@pytest.mark.parametrize("long", [b"x" * 11, b"x" * 3_000_000])
@pytest.mark.parametrize("after", [b"\nok\n", b""])
def test_a_line_that_is_too_long_is_passed_over_and_counted(long: bytes, after: bytes) -> None:
    found = list(lines(stream(b"1\n" + long + after), longest=10))
    assert [(line.number, line.text) for line in found[:2]] == [(1, b"1\n"), (2, None)]
    assert found[2:] == ([Line(3, 6 + len(long), b"ok\n")] if after else [])


def test_a_line_just_short_enough_is_taken() -> None:
    assert [line.text for line in lines(stream(b"1234567890"), longest=10)] == [b"1234567890"]


@pytest.mark.parametrize("kept", [15, 40, 200])
def test_what_comes_before_a_torn_end_is_given(kept: int) -> None:
    packed = gzip.compress(b"".join(b"%d\n" % (number**5) for number in range(1000)))
    found: list[bytes | None] = []
    with pytest.raises(CutShort):
        found.extend(line.text for line in lines(stream(packed[:kept])))
    assert found == [b"%d\n" % (number**5) for number in range(len(found))]


def test_what_only_looks_packed_is_cut_short() -> None:
    with pytest.raises(CutShort):
        list(lines(stream(b"\x1f\x8bnothing of the kind")))


def test_a_file_that_has_become_shorter_is_cut_short() -> None:
    with pytest.raises(CutShort):
        list(lines(stream(b"1\n"), after=9, number=4))


def test_an_empty_file_has_no_lines() -> None:
    assert list(lines(stream(b""))) == []
