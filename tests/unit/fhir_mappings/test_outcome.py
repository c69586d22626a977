from __future__ import annotations

from typing import Any

from fhir_mappings.outcome import TEXT_LIMIT, outcome_text


def outcome(*issues: Any) -> dict[str, Any]:
    return {"resourceType": "OperationOutcome", "issue": list(issues)}


def test_the_worst_issue_speaks() -> None:
    warning = {"severity": "warning", "code": "value", "details": {"text": "Unknown parameter"}}
    error = {"severity": "error", "code": "forbidden", "details": {"text": "No scope"}}
    assert outcome_text(outcome(warning, error)) == "forbidden: No scope"


def test_diagnostics_are_never_passed_on() -> None:
    issue = {"severity": "error", "code": "exception", "diagnostics": "SELECT * WHERE name = 'Amy Shaw'"}
    assert outcome_text(outcome(issue)) == "exception"


def test_details_are_cut_short() -> None:
    text = outcome_text(outcome({"severity": "error", "code": "invalid", "details": {"text": "x" * 5000}}))
    assert len(text) == len("invalid: ") + TEXT_LIMIT


def test_what_is_no_outcome_says_nothing() -> None:
    assert outcome_text("<html>") == ""
    assert outcome_text(outcome()) == ""
    assert outcome_text(outcome({})) == "unknown"
