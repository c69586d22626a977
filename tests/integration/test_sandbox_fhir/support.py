"""What the tests of the FHIR API share: example resources, and how answers are read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from sandbox_ehr.access import Access

BASE = "http://ehr.test/fhir"
EVERYTHING = Access(frozenset({"system/*.cruds"}))
PATIENT_SCOPES = frozenset({"patient/*.cruds"})
OAUTH = {
    "url": "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris",
    "extension": [{"url": "authorize", "valueUri": "http://ehr.test/authorize"}],
}

Serve = Callable[..., FlaskClient]


def observation(patient: str = "p1", **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": "urn:codes", "code": "care-management-time"}]},
        "subject": {"reference": f"Patient/{patient}"},
        "effectiveDateTime": "2026-10-02T10:00:00Z",
        **more,
    }


def outcome(response: TestResponse) -> str:
    """The words of the refusal, checked to be an OperationOutcome."""
    assert response.content_type == "application/fhir+json; charset=utf-8"
    assert response.json is not None
    assert response.json["resourceType"] == "OperationOutcome"
    assert response.json["issue"][0]["severity"] == "error"
    return str(response.json["issue"][0]["diagnostics"])


def ids(response: TestResponse) -> list[str]:
    assert response.status_code == 200, response.text
    assert response.json is not None
    return [entry["resource"]["id"] for entry in response.json.get("entry", [])]
