"""`ccm assess` as a person or a script meets it: streams, exit codes, and what stands on standard error."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from ccm.assess_json import RefusedError, care_month_values
from smart_app.cli.assess import assess, assessed_lines
from tests.unit.ccm.cases import care_month, minutes

CASE = care_month(minutes(20))
LINE = json.dumps(CASE).encode()
OTHER = json.dumps(care_month(minutes(40))).encode()
PRETTY = json.dumps(CASE, indent=2).encode()
AFTER = "line " + str(len(PRETTY.splitlines()) + 1) + ":"


def run(source: bytes, *arguments: str) -> Result:
    return CliRunner().invoke(assess, list(arguments), input=source)


def amounts(result: Result) -> list[str]:
    return [json.loads(line)["amount"] for line in result.stdout.splitlines()]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (LINE, ["66.13"]),
        (LINE + b"\n", ["66.13"]),
        (b"\n \t\r\n" + LINE + b"\r\n\n" + OTHER + b"\n\n", ["66.13", "116.57"]),
        (b"\xef\xbb\xbf" + LINE + b"\n" + OTHER, ["66.13", "116.57"]),
        (PRETTY, ["66.13"]),
        (b"\n\n" + PRETTY + b"\n\n", ["66.13"]),
        (b"\xef\xbb\xbf" + PRETTY, ["66.13"]),
        (PRETTY.replace(b"\n", b"\r\n"), ["66.13"]),
    ],
)
def test_ndjson_and_one_object_of_many_lines_are_told_apart(source: bytes, expected: list[str]) -> None:
    result = run(source, "-")
    assert (result.exit_code, result.stderr) == (0, "")
    assert amounts(result) == expected


BAD = json.dumps(CASE | {"month": "2026-13"}).encode()


@pytest.mark.parametrize(
    ("source", "lines_out", "place"),
    [
        (b"", 0, "line 1:"),
        (b"\n\n", 0, "line 1:"),
        (b"nonsense", 0, "line 1:"),
        (b"42", 0, "line 1:"),
        (b"[]", 0, "line 1:"),
        (b"[" + LINE + b"]", 0, "line 1:"),
        (BAD, 0, "line 1: month:"),
        (LINE + b"\n" + BAD + b"\n" + LINE, 1, "line 2: month:"),
        (LINE + b"\n\n\n" + BAD, 1, "line 4: month:"),
        (LINE + b"\n42\n", 1, "line 2:"),
        (LINE + b"\n" + LINE[:-5] + b"\n" + LINE, 1, "line 2:"),
        (LINE + b"\n" + PRETTY, 1, "line 2:"),
        (LINE + b" " + LINE, 0, "line 1:"),
        (PRETTY + b"\n" + PRETTY, 0, AFTER),
        (PRETTY[:-3], 0, "line "),
        (b"\n" + PRETTY.replace(b'"2026-10"', b'"2026-13"'), 0, "line 2: month:"),
        (LINE + b"\n" + LINE.replace(b"p1", b"p\xff"), 1, "line 2:"),
        (b"\n" + PRETTY.replace(b"p1", b"p\xff"), 0, "line "),
        (LINE.replace(b'{"id"', b'{"id": "x", "id"'), 0, "line 1:"),
        (LINE + b"\n" + LINE.replace(b'"month"', b'"month": "2025-01", "month"'), 1, "line 2:"),
        (LINE.replace(b"999", b"NaN"), 0, "line 1:"),
        (LINE.replace(b"999", b"-Infinity"), 0, "line 1:"),
        (LINE.replace(b"999", b"9" * 5000), 0, "line 1:"),
        (LINE.replace(b"999", b"1e3"), 0, "line 1: enrolment.conditions[0].expected_months:"),
        (b'{"month": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", 0, "line 1:"),
        (b"\xff\xfe" + LINE.decode().encode("utf-16-le"), 0, "line 1:"),
    ],
)
def test_what_cannot_be_taken_is_exit_2_and_one_line(source: bytes, lines_out: int, place: str) -> None:
    result = run(source, "-")
    assert result.exit_code == 2
    assert len(result.stdout.splitlines()) == lines_out
    assert len(result.stderr.splitlines()) == 1
    assert result.stderr.startswith(f"ccm assess: {place}")


def test_a_file_is_read_and_a_missing_one_is_exit_2(tmp_path: Path) -> None:
    (tmp_path / "month.json").write_bytes(PRETTY)
    assert amounts(run(b"", str(tmp_path / "month.json"))) == ["66.13"]
    for missing in (tmp_path / "none.json", tmp_path):
        result = run(b"", str(missing))
        assert (result.exit_code, result.stdout, len(result.stderr.splitlines())) == (2, "", 1)


def test_pretty_is_the_same_object_over_many_lines() -> None:
    pretty, plain = run(LINE, "--pretty"), run(LINE)
    assert len(plain.stdout.splitlines()) == 1
    assert len(pretty.stdout.splitlines()) > 20
    assert json.loads(pretty.stdout) == json.loads(plain.stdout)


def test_names_of_all_scripts_survive_as_ascii() -> None:
    name = 'é\u2028"\\\x00😀'
    case = json.dumps(care_month(minutes(20, id=name, voided=True))).encode()
    result = run(case + b"\n" + case.replace(b"\\ud83d\\ude00", b"\\ud83d"))
    assert result.exit_code == 0
    assert result.stdout.isascii()
    assert json.loads(result.stdout.splitlines()[0])["excluded"][0]["entry"] == name


def test_a_line_is_assessed_before_the_next_is_read() -> None:
    taken = []

    def lines() -> Iterator[bytes]:
        for number in range(3):
            taken.append(number)
            yield LINE + b"\n"

    out = assessed_lines(lines())
    next(out)
    assert taken == [0]
    next(out)
    assert taken == [0, 1]


def test_line_numbers_count_lines_of_the_input() -> None:
    assert [number for number, _ in care_month_values([b"\n", LINE, b"\n", OTHER])] == [2, 4]
    with pytest.raises(RefusedError) as caught:
        list(care_month_values([b"{\n", b'"a": 1,\n', b"}\n"]))
    assert caught.value.line == 3
