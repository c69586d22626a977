"""The golden care months: what was worked out by hand against what the program says, as a library and as a command."""

from __future__ import annotations

import copy
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from smart_app.cli.assess import assess
from tests.unit.ccm.cases import assessed, codes

GOLDEN = Path(__file__).parent / "golden" / "golden.txt"


@dataclass(frozen=True, slots=True)
class GoldenCase:
    """One care month of the file, with the name that its first comment line gives it."""

    name: str
    care_month: dict[str, Any]
    expected: dict[str, Any]


def merged(target: Any, patch: Any) -> Any:
    """A JSON merge patch (RFC 7396): objects are merged, null removes, anything else replaces."""
    if not isinstance(patch, dict):
        return patch
    result = copy.deepcopy(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = merged(result.get(name), value)
    return result


def golden_cases(text: str) -> list[GoldenCase]:
    """The cases of a golden file in order. ValueError for a case that is not whole or a line of no known kind."""
    base: Any = None
    cases: list[GoldenCase] = []
    comments: list[str] = []
    care_month: Any = None
    for line in text.splitlines():
        kind, _, value = line.partition(": ")
        if line.startswith("#"):
            comments.append(line[1:].strip())
        elif kind == "base":
            base, comments = json.loads(value), []
        elif kind == "input" and comments and care_month is None:
            care_month = merged(base, json.loads(value))
        elif kind == "expect" and care_month is not None:
            cases.append(GoldenCase(comments[0], care_month, json.loads(value)))
            comments, care_month = [], None
        elif line:
            raise ValueError(f"not a line of a golden case: {line[:60]}")
    if comments or care_month is not None:
        raise ValueError("the last golden case is not whole")
    return cases


def core(result: dict[str, Any], expected: dict[str, Any]) -> dict[str, Any]:
    """An assessment in the shape of `expect`; of its warnings only those that are expected."""
    upcoming = result["next"]
    return {
        "counted_seconds": result["counted_seconds"],
        "tracks": {
            name: {field: track[field] for field in ("minutes", "met", "amount")}
            for name, track in result["tracks"].items()
        },
        "track": result["track"],
        "lines": [[line["code"], line["units"], line["amount"]] for line in result["lines"]],
        "amount": result["amount"],
        "date_of_service": result["date_of_service"],
        "ready": result["ready"],
        "blockers": codes(result["blockers"]),
        "warnings": [code for code in expected["warnings"] if code in codes(result["warnings"])],
        "next": upcoming and [upcoming["code"], upcoming["minutes_needed"]],
        "excluded": sorted([row["entry"], row["seconds"], row["reason"]] for row in result["excluded"]),
    }


CASES = golden_cases(GOLDEN.read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_a_golden_month_is_assessed_as_worked_out_by_hand(case: GoldenCase) -> None:
    expected = case.expected | {"excluded": sorted(case.expected["excluded"])}
    assert core(assessed(case.care_month), expected) == expected


def test_the_command_says_of_every_golden_month_what_was_worked_out_by_hand() -> None:
    lines = "".join(json.dumps(case.care_month) + "\n" for case in CASES)
    result = CliRunner().invoke(assess, ["-"], input=lines)
    assert (result.exit_code, result.stderr) == (0, "")
    answers = [json.loads(line) for line in result.stdout.splitlines()]
    assert len(answers) == len(CASES)
    for case, answer in zip(CASES, answers, strict=True):
        expected = case.expected | {"excluded": sorted(case.expected["excluded"])}
        assert core(answer, expected) == expected, case.name


def test_a_golden_file_that_is_not_whole_is_refused() -> None:
    whole = '# base\nbase: {}\n# a\ninput: {}\nexpect: {"warnings": []}\n'
    assert [case.name for case in golden_cases(whole)] == ["a"]
    for broken in (whole + "# b\ninput: {}\n", whole + "# b\n", whole + "expect: {}\n", whole + "else\n"):
        with pytest.raises(ValueError, match="golden case"):
            golden_cases(broken)
