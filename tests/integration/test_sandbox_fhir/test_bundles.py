"""Batches and transactions over HTTP: references between entries, conditions, and all or nothing."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from sandbox_ehr.access import Access
from sandbox_ehr.fhir import Store
from tests.integration.test_sandbox_fhir.support import BASE, PATIENT_SCOPES, Serve, observation, outcome


def request_entry(method: str, url: str, resource: Any = None, full_url: str = "", **more: str) -> dict[str, Any]:
    return {"fullUrl": full_url, "resource": resource or {}, "request": {"method": method, "url": url, **more}}


def bundle(kind: Any, *entries: dict[str, Any]) -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": kind, "entry": list(entries)}


def test_a_transaction_ties_its_entries_together(client: FlaskClient, store: Store) -> None:
    practitioner = {"resourceType": "Practitioner", "id": "n2", "identifier": [{"system": "urn:npi", "value": "2"}]}
    store.put(practitioner)
    encounter = {
        "resourceType": "Encounter", "status": "finished", "class": {"code": "VR"},
        "subject": {"reference": "urn:uuid:pat"},
        "participant": [{"individual": {"reference": "Practitioner?identifier=urn:npi|2"}}],
    }  # fmt: skip
    measured = observation(encounter={"reference": "urn:uuid:enc"}, subject={"reference": "urn:uuid:pat"})
    response = client.post("/fhir", json=bundle(
        "transaction",
        request_entry("GET", "Observation?status=final"),
        request_entry("POST", "Observation", measured, "urn:uuid:obs"),
        request_entry("POST", "Encounter", encounter, "urn:uuid:enc"),
        request_entry("POST", "Patient", {"resourceType": "Patient"}, "urn:uuid:pat"),
        request_entry("DELETE", "Organization/org"),
    ))  # fmt: skip
    assert response.status_code == 200, response.text
    answer = response.json
    assert answer is not None
    assert answer["type"] == "transaction-response"
    statuses = [one["response"]["status"] for one in answer["entry"]]
    assert statuses == ["200 OK", "201 Created", "201 Created", "201 Created", "204 No Content"]
    found, stored, visit, patient, _ = answer["entry"]
    assert found["resource"]["total"] == 1
    assert stored["resource"]["encounter"]["reference"] == f"Encounter/{visit['resource']['id']}"
    assert visit["resource"]["subject"]["reference"] == f"Patient/{patient['resource']['id']}"
    assert visit["resource"]["participant"][0]["individual"]["reference"] == "Practitioner/n2"
    assert stored["response"]["location"].startswith(f"{BASE}/Observation/")
    assert stored["response"]["etag"] == 'W/"1"'
    assert store.read("Organization", "org") is None


@pytest.mark.parametrize(
    ("entry", "status"),
    [
        (request_entry("POST", "Observation", observation("nobody")), 422),
        (request_entry("POST", "Observation", observation(encounter={"reference": "urn:uuid:none"})), 400),
        (
            request_entry("POST", "Observation", observation(performer=[{"reference": "Practitioner?identifier=x"}])),
            412,
        ),
        (request_entry("PUT", "Patient/p1", {"resourceType": "Patient", "id": "p1"}, ifMatch='W/"9"'), 412),
        (request_entry("PUT", "Patient/p2", {"resourceType": "Patient", "id": "p2"}), 400),
        (request_entry("GET", "Patient/none"), 404),
        (request_entry("POST", "Nothing", {"resourceType": "Nothing"}, ifNoneExist="a=b"), 404),
        (request_entry("PATCH", "Patient/p1", {"resourceType": "Patient"}), 400),
        ({"resource": {}}, 400),
        ("no entry", 400),
    ],
)
def test_a_transaction_that_fails_changes_nothing(client: FlaskClient, store: Store, entry: Any, status: int) -> None:
    changed = request_entry("PUT", "Patient/p2", {"resourceType": "Patient", "id": "p2", "active": False})
    response = client.post("/fhir", json=bundle("transaction", changed, entry))
    assert response.status_code == status
    assert "Bundle.entry[1]" in outcome(response)
    patient = store.read("Patient", "p2")
    assert patient is not None
    assert patient["meta"]["versionId"] == "1"
    assert store.all("Observation") == []


def test_a_conditional_create_in_a_transaction_makes_one_resource(client: FlaskClient, store: Store) -> None:
    body = observation(identifier=[{"system": "urn:entries", "value": "e1"}])
    entry = request_entry("POST", "Observation", body, "urn:uuid:a", ifNoneExist="identifier=urn:entries|e1")
    twice = bundle("transaction", entry, {**entry, "fullUrl": "urn:uuid:b"})
    for statuses in (["201 Created", "200 OK"], ["200 OK", "200 OK"]):
        answer = client.post("/fhir", json=twice).json
        assert answer is not None
        assert [one["response"]["status"] for one in answer["entry"]] == statuses
    assert len(store.all("Observation")) == 1


def test_a_batch_does_what_it_can(client: FlaskClient, store: Store) -> None:
    response = client.post(
        "/fhir",
        headers={"Prefer": "return=minimal"},
        json=bundle(
            "batch",
            request_entry("POST", "Observation", observation("nobody")),
            request_entry("POST", "Observation", observation("p1")),
            request_entry("GET", "Patient/p1"),
        ),
    )
    assert response.json is not None
    refused, created, read = response.json["entry"]
    assert refused["response"]["status"] == "422 Unprocessable Entity"
    assert refused["response"]["outcome"]["resourceType"] == "OperationOutcome"
    assert created["response"]["status"] == "201 Created"
    assert "resource" not in created
    assert read["resource"]["id"] == "p1"
    assert len(store.all("Observation")) == 1


def test_scopes_hold_inside_a_bundle(serve: Serve, store: Store) -> None:
    client = serve(Access(PATIENT_SCOPES, patient="p1"))
    entry = request_entry("POST", "Observation", observation("p2"))
    assert client.post("/fhir", json=bundle("transaction", entry)).status_code == 403
    answer = client.post("/fhir", json=bundle("batch", entry)).json
    assert answer is not None
    assert answer["entry"][0]["response"]["status"] == "403 Forbidden"
    assert store.all("Observation") == []


@pytest.mark.parametrize(
    "body",
    [
        {"resourceType": "Patient"},
        bundle("collection"),
        {"resourceType": "Bundle", "type": "batch", "entry": 5},
        bundle(["batch"]),
    ],
)
def test_only_bundles_that_can_be_carried_out_are_taken(client: FlaskClient, body: Any) -> None:
    assert client.post("/fhir", json=body).status_code in (400, 422)
