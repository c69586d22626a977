"""The FHIR API over HTTP on the open profile: reads, writes and their conditions, negotiation, searches and pages."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask.testing import FlaskClient

from sandbox_ehr.fhir import Store
from tests.integration.test_sandbox_fhir.support import BASE, ids, observation, outcome


def test_a_created_resource_is_where_its_location_says(client: FlaskClient) -> None:
    created = client.post("/fhir/Observation", json=observation(id="mine"))
    assert created.status_code == 201
    id_ = created.json["id"]  # type: ignore[index]
    assert id_ != "mine"
    assert created.headers["Location"] == f"{BASE}/Observation/{id_}/_history/1"
    assert created.headers["ETag"] == 'W/"1"'
    assert created.headers["Last-Modified"].endswith("GMT")
    read = client.get(f"/fhir/Observation/{id_}")
    assert read.json == created.json
    assert read.headers["ETag"] == 'W/"1"'
    assert read.headers["Content-Type"] == "application/fhir+json; charset=utf-8"


def test_the_caller_chooses_what_comes_back_from_a_write(client: FlaskClient) -> None:
    minimal = client.post("/fhir/Observation", json=observation(), headers={"Prefer": "return=minimal"})
    assert (minimal.status_code, minimal.data) == (201, b"")
    assert minimal.headers["Location"]
    told = client.post("/fhir/Observation", json=observation(), headers={"Prefer": "return=OperationOutcome"})
    assert told.json["resourceType"] == "OperationOutcome"  # type: ignore[index]


def test_an_update_replaces_the_version_that_the_caller_saw_and_no_other(client: FlaskClient) -> None:
    id_ = client.post("/fhir/Observation", json=observation()).json["id"]  # type: ignore[index]
    where, changed = f"/fhir/Observation/{id_}", observation(id=id_, status="amended")
    updated = client.put(where, json=changed, headers={"If-Match": 'W/"1"'})
    assert (updated.status_code, updated.headers["ETag"]) == (200, 'W/"2"')
    stale = client.put(where, json=changed, headers={"If-Match": 'W/"1"'})
    assert stale.status_code == 412
    assert outcome(stale) == "the current version is 2"
    assert client.put(where, json=changed, headers={"If-Match": "2"}).status_code == 400
    assert client.put(where, json=changed, headers={"If-Match": '"2"'}).status_code == 200
    assert client.get(f"{where}/_history/1").json["status"] == "final"  # type: ignore[index]
    assert client.get(f"{where}/_history/3").json["meta"]["versionId"] == "3"  # type: ignore[index]
    assert client.get(f"{where}/_history/9").status_code == 404


def test_an_update_creates_what_is_not_there_unless_a_version_is_asked_for(client: FlaskClient) -> None:
    body = observation(id="chosen-1")
    assert client.put("/fhir/Observation/chosen-1", json=body, headers={"If-Match": "*"}).status_code == 412
    assert client.put("/fhir/Observation/chosen-1", json=body).status_code == 201
    assert client.put("/fhir/Observation/other", json=body).status_code == 400
    assert client.put("/fhir/Observation/bad_id", json=observation(id="bad_id")).status_code == 400


def test_a_deleted_resource_is_gone(client: FlaskClient) -> None:
    client.put("/fhir/Observation/o1", json=observation(id="o1"))
    assert outcome(client.delete("/fhir/Patient/p1")) == "other resources are about Patient/p1"
    assert client.delete("/fhir/Patient/p1").status_code == 409
    assert client.delete("/fhir/Observation/o1", headers={"If-Match": 'W/"7"'}).status_code == 412
    assert client.delete("/fhir/Observation/o1").status_code == 204
    assert client.delete("/fhir/Observation/o1").status_code == 204
    assert client.get("/fhir/Observation/o1").status_code == 410
    assert client.get("/fhir/Observation/o1/_history/1").status_code == 200
    assert client.delete("/fhir/Observation/never").status_code == 404
    assert ids(client.get("/fhir/Observation?patient=p1")) == []
    assert client.delete("/fhir/Patient/p1").status_code == 204


def test_a_conditional_create_makes_one_finds_one_or_refuses_several(client: FlaskClient) -> None:
    body = observation(identifier=[{"system": "urn:entries", "value": "e1"}])
    header = {"If-None-Exist": "identifier=urn:entries|e1"}
    first = client.post("/fhir/Observation", json=body, headers=header)
    again = client.post("/fhir/Observation", json=body, headers=header)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.headers["Location"] == again.headers["Location"]
    client.post("/fhir/Observation", json=body)
    assert client.post("/fhir/Observation", json=body, headers=header).status_code == 412
    for criteria in ("", "colour=red"):
        refused = client.post("/fhir/Observation", json=body, headers={"If-None-Exist": criteria})
        assert refused.status_code == 400


def test_creates_that_race_make_one_resource(client: FlaskClient, store: Store) -> None:
    body = observation(identifier=[{"system": "urn:entries", "value": "e1"}])
    app = client.application

    def create(_: int) -> int:
        header = {"If-None-Exist": "identifier=urn:entries|e1"}
        return app.test_client().post("/fhir/Observation", json=body, headers=header).status_code

    with ThreadPoolExecutor(max_workers=4) as pool:
        assert sorted(pool.map(create, range(12))) == [200] * 11 + [201]
    assert len(store.all("Observation")) == 1


@pytest.mark.parametrize(
    ("kind", "body", "status"),
    [
        ("Observation", {"resourceType": "Encounter"}, 422),
        ("Observation", {}, 422),
        ("Observation", {**observation(), "code": None}, 422),
        ("Observation", {**observation(), "status": "done"}, 422),
        ("Observation", {**observation(), "status": ["final"]}, 422),
        ("Observation", {**observation(), "resourceType": ["Observation"]}, 422),
        ("Observation", observation("nobody"), 422),
        ("Encounter", {"resourceType": "Encounter", "status": "finished"}, 422),
        ("Encounter", {"resourceType": "Encounter", "status": "finished", "class": {"code": "VR"},
                       "subject": {"reference": "Patient/nobody"}}, 422),
        ("DocumentReference", {"resourceType": "DocumentReference", "status": "current"}, 422),
        ("Unknown", {"resourceType": "Unknown"}, 404),
        ("Observation", [], 400),
        ("Observation", "text", 400),
    ],
)  # fmt: skip
def test_what_cannot_be_stored_is_refused_with_words(client: FlaskClient, kind: str, body: Any, status: int) -> None:
    response = client.post(f"/fhir/{kind}", json=body)
    assert response.status_code == status
    assert outcome(response)


@pytest.mark.parametrize("data", [b"", b"{", b'{"a": NaN}', b"\xff", b'{"resourceType":' + b"[" * 100_000, b"1" * 5000])
def test_a_body_that_is_no_json_is_a_bad_request(client: FlaskClient, data: bytes) -> None:
    response = client.post("/fhir/Observation", data=data, content_type="application/fhir+json")
    assert response.status_code == 400
    assert outcome(response)


def test_content_is_negotiated(client: FlaskClient) -> None:
    assert client.get("/fhir/Patient/p1", headers={"Accept": "application/fhir+xml"}).status_code == 406
    assert client.get("/fhir/Patient/p1?_format=xml").status_code == 406
    for accept in ("application/fhir+json; fhirVersion=4.0", "application/json", "text/html, */*;q=0.8"):
        assert client.get("/fhir/Patient/p1", headers={"Accept": accept}).status_code == 200
    assert client.get("/fhir/Patient/p1?_format=application/fhir%2Bjson").status_code == 200
    posted = client.post("/fhir/Observation", data=json.dumps(observation()), content_type="text/csv")
    assert posted.status_code == 415
    fhir = client.post("/fhir/Observation", data=json.dumps(observation()), content_type="application/fhir+json")
    assert fhir.status_code == 201


def test_a_body_beyond_five_megabytes_is_refused(client: FlaskClient) -> None:
    large = observation(note=[{"text": "x" * (5 * 1024 * 1024)}])
    response = client.post("/fhir/Observation", json=large)
    assert response.status_code == 413
    assert "5242880" in outcome(response)


def test_an_unchanged_resource_is_not_sent_again(client: FlaskClient) -> None:
    assert client.get("/fhir/Patient/p1", headers={"If-None-Match": 'W/"1"'}).status_code == 304
    assert client.get("/fhir/Patient/p1", headers={"If-None-Match": 'W/"2"'}).status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/fhir", 405), ("GET", "/fhir/", 405), ("PATCH", "/fhir/Patient/p1", 405),
        ("PUT", "/fhir/Patient", 405),
        ("DELETE", "/fhir/Patient", 405), ("GET", "/fhir/Patient/none", 404), ("GET", "/fhir/Nothing", 404),
        ("GET", "/fhir/Patient/p1/Condition", 404), ("GET", "/fhir/Patient/p1/$everything", 404),
    ],
)  # fmt: skip
def test_other_addresses_and_methods_are_refused_in_fhir_words(
    client: FlaskClient, method: str, path: str, status: int
) -> None:
    response = client.open(path, method=method)
    assert response.status_code == status
    assert outcome(response)
    assert ("Allow" in response.headers) is (status == 405)


def test_a_search_says_what_it_searched_for(client: FlaskClient) -> None:
    client.post("/fhir/Observation", json=observation())
    response = client.get("/fhir/Observation?patient=p1&colour=red&_count=2000")
    bundle = response.json
    assert bundle is not None
    assert (bundle["resourceType"], bundle["type"], bundle["total"]) == ("Bundle", "searchset", 1)
    assert bundle["link"] == [{"relation": "self", "url": f"{BASE}/Observation?patient=p1&_count=1000"}]
    entry = bundle["entry"][0]
    assert entry["search"] == {"mode": "match"}
    assert entry["fullUrl"] == f"{BASE}/Observation/{entry['resource']['id']}"
    strict = client.get("/fhir/Observation?patient=p1&colour=red", headers={"Prefer": "handling=strict"})
    assert strict.status_code == 400
    assert "colour" in outcome(strict)


def test_a_search_may_be_posted_or_only_counted(client: FlaskClient) -> None:
    for patient in ("p1", "p1", "p2"):
        client.post("/fhir/Observation", json=observation(patient))
    posted = client.post("/fhir/Observation/_search?patient=p1", data={"code": "care-management-time"})
    assert len(ids(posted)) == 2
    assert client.post("/fhir/Observation/_search", json={}).status_code == 415
    counted = client.get("/fhir/Observation?_summary=count").json
    assert counted is not None
    assert counted["total"] == 3
    assert "entry" not in counted


def test_pages_stay_as_they_were_found_while_the_chart_changes(client: FlaskClient) -> None:
    written = [client.post("/fhir/Observation", json=observation()).json["id"] for _ in range(5)]  # type: ignore[index]
    response = client.get("/fhir/Observation?patient=p1&_count=2")
    seen = ids(response)
    client.delete(f"/fhir/Observation/{written[0]}")
    client.post("/fhir/Observation", json=observation())
    while links := [one["url"] for one in response.json["link"] if one["relation"] == "next"]:  # type: ignore[index]
        assert links[0].startswith(f"{BASE}/Observation?")
        parts = urlsplit(links[0])
        response = client.get(f"{parts.path}?{parts.query}")
        assert response.json["total"] == 5  # type: ignore[index]
        seen += ids(response)
    assert seen == written
    assert client.get("/fhir/Observation?_page=unknown.2").status_code == 410


def test_text_of_every_script_comes_back_as_it_was_sent(client: FlaskClient) -> None:
    text = "שלום \u202e e\u0301 👩‍⚕️ \ud800 <script>"
    stored = client.post("/fhir/Observation", json=observation(note=[{"text": text}]))
    read = client.get(f"/fhir/Observation/{stored.json['id']}")  # type: ignore[index]
    assert read.json["note"][0]["text"] == text  # type: ignore[index]


def test_references_to_this_server_are_stored_relative(client: FlaskClient) -> None:
    body = observation(subject={"reference": f"{BASE}/Patient/p1"})
    stored = client.post("/fhir/Observation", json=body)
    assert stored.json["subject"]["reference"] == "Patient/p1"  # type: ignore[index]
    assert len(ids(client.get(f"/fhir/Observation?patient={BASE}/Patient/p1"))) == 1
