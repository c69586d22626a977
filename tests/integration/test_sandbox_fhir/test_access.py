"""Who may do what over HTTP: tokens, patient scopes, and the limits that hold in every way around them."""

from __future__ import annotations

from urllib.parse import urlsplit

from sandbox_ehr.access import Access
from sandbox_ehr.fhir import Store
from tests.integration.test_sandbox_fhir.support import EVERYTHING, PATIENT_SCOPES, Serve, ids, observation, outcome


def test_a_page_is_shown_only_to_who_may_see_it(store: Store, serve: Serve) -> None:
    for number in range(3):
        store.put(observation("p2", id=f"o{number}"))
    rights = [EVERYTHING]
    client = serve(lambda: rights[0])
    bundle = client.get("/fhir/Observation?_count=2").json
    assert bundle is not None
    page = urlsplit(bundle["link"][1]["url"]).query
    assert ids(client.get(f"/fhir/Observation?{page}")) == ["o2"]
    rights[0] = Access(PATIENT_SCOPES, patient="p1")
    assert ids(client.get(f"/fhir/Observation?{page}")) == []
    assert client.get(f"/fhir/Patient?{page}").status_code == 410


def test_without_a_token_only_the_capability_statement_is_told(serve: Serve) -> None:
    client = serve(None)
    assert client.get("/fhir/metadata").status_code == 200
    for method, path in [("GET", "/fhir/Patient/p1"), ("POST", "/fhir/Observation"), ("POST", "/fhir")]:
        response = client.open(path, method=method)
        assert response.status_code == 401
        assert response.headers["WWW-Authenticate"] == 'Bearer realm="fhir"'
        assert outcome(response)
    expired = client.get("/fhir/Patient/p1", headers={"Authorization": "Bearer old"})
    assert 'error="invalid_token"' in expired.headers["WWW-Authenticate"]


def test_a_launch_sees_and_writes_its_own_patient_only(store: Store, serve: Serve) -> None:
    store.put(observation("p1", id="own"))
    store.put(observation("p2", id="other"))
    client = serve(Access(PATIENT_SCOPES, patient="p1"))
    assert ids(client.get("/fhir/Observation")) == ["own"]
    assert ids(client.get("/fhir/Patient")) == ["p1"]
    assert ids(client.get("/fhir/Observation?_id=own,other")) == ["own"]
    assert ids(client.get("/fhir/Practitioner")) == ["n1"]
    refusals = [
        client.get("/fhir/Observation?patient=p2"),
        client.get("/fhir/Observation/other"),
        client.get("/fhir/Patient/p2"),
        client.post("/fhir/Observation", json=observation("p2")),
        client.put("/fhir/Observation/other", json=observation("p1", id="other")),
        client.put("/fhir/Observation/own", json=observation("p2", id="own")),
        client.delete("/fhir/Observation/other"),
        client.post("/fhir/Patient", json={"resourceType": "Patient", "id": "p1"}),
    ]
    assert [one.status_code for one in refusals] == [403] * len(refusals)
    assert all(outcome(one) and "insufficient_scope" in one.headers["WWW-Authenticate"] for one in refusals)
    assert client.post("/fhir/Observation", json=observation("p1")).status_code == 201


def test_a_conditional_create_never_finds_another_patients_resource(store: Store, serve: Serve) -> None:
    identifier = [{"system": "urn:entries", "value": "e1"}]
    store.put(observation("p2", id="other", identifier=identifier))
    response = serve(Access(PATIENT_SCOPES, patient="p1")).post(
        "/fhir/Observation",
        json=observation("p1", identifier=identifier),
        headers={"If-None-Exist": "identifier=urn:entries|e1"},
    )
    assert response.status_code == 201


def test_a_scope_that_only_reads_does_not_write(serve: Serve) -> None:
    client = serve(Access(frozenset({"patient/*.read"}), patient="p1"))
    assert client.post("/fhir/Observation", json=observation()).status_code == 403
    assert ids(client.get("/fhir/Patient?_id=p1")) == ["p1"]
    narrow = serve(Access(frozenset({"patient/Observation.rs?status=final"}), patient="p1"))
    assert ids(narrow.get("/fhir/Observation")) == []
    assert narrow.get("/fhir/Patient/p1").status_code == 403
