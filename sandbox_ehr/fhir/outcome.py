"""Owns refusals: the one exception of this server, and the OperationOutcome that tells it."""

from __future__ import annotations

from sandbox_ehr.fhir.references import Resource


class FhirError(Exception):
    """A request that is refused: HTTP status, issue type (value set issue-type), words, and extra response headers."""

    def __init__(self, status: int, code: str, text: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(text)
        self.status = status
        self.code = code
        self.text = text
        self.headers = headers or {}


def outcome(code: str, text: str, *, severity: str = "error") -> Resource:
    """An OperationOutcome with one issue."""
    return {
        "resourceType": "OperationOutcome",
        "issue": [{"severity": severity, "code": code, "diagnostics": text}],
    }


def unprocessable(text: str, code: str = "invalid") -> FhirError:
    """422: the JSON is well formed, but this server's rules refuse the content (FHIR R4, http.html#create)."""
    return FhirError(422, code, text)
