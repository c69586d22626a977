"""Owns how an OperationOutcome is read: which issue matters, and its words for people.

`diagnostics`, `expression` and the narrative are never passed on: servers put stack traces, queries and patient data
into them. `details.text` is meant for the user (https://hl7.org/fhir/R4/operationoutcome.html), and is cut short
because a server may still quote what it was sent.
"""

from __future__ import annotations

from fhir_mappings.text import shortened
from fhir_mappings.tolerant import Json, codings, concept_text, line, mapping, mappings

TEXT_LIMIT = 160
_SEVERITIES = ("fatal", "error", "warning", "information")

# Epic adds these to ordinary answers: 4101 nothing was found, 4119 "may not contain the entire record".
_EPIC_OID = "urn:oid:1.2.840.114350."
_EPIC_ROUTINE = frozenset({"4101", "4119"})


def outcome_text(resource: object) -> str:
    """The worst issue as "code: details" of at most `TEXT_LIMIT` characters of details; '' if there is no issue."""
    issues = mappings(mapping(resource).get("issue"))
    return _issue_text(min(issues, key=_severity_rank)) if issues else ""


def notable_issues(resource: object) -> tuple[str, ...]:
    """The texts of all issues that may mean missing data: not `information`, and not what a vendor always says."""
    issues = mappings(mapping(resource).get("issue"))
    return tuple(_issue_text(issue) for issue in issues if not _is_routine(issue))


def _issue_text(issue: Json) -> str:
    details = shortened(concept_text(issue.get("details")), TEXT_LIMIT)
    return ": ".join(filter(None, (shortened(line(issue.get("code")), 40), details))) or "unknown"


def _severity_rank(issue: Json) -> int:
    severity = line(issue.get("severity"))
    return _SEVERITIES.index(severity) if severity in _SEVERITIES else 1


def _is_routine(issue: Json) -> bool:
    return line(issue.get("severity")) in ("information", "success") or any(
        coding.code in _EPIC_ROUTINE and coding.system.startswith(_EPIC_OID) for coding in codings(issue.get("details"))
    )
