from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests
import responses

from ccm.chart import Gap
from smart_app.ehr.client import Created, FhirClient
from smart_app.ehr.errors import EhrBusy, EhrError, EhrRefused, EhrRubbish, EhrServerError
from smart_app.ehr.transport import Transport

BASE = "https://ehr.example/fhir"
OBSERVATION = {"resourceType": "Observation", "status": "final"}


@pytest.fixture
def ehr() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock() as mock:
        yield mock


@pytest.fixture
def client() -> FhirClient:
    return FhirClient(BASE, Transport(), lambda: "canary-token")


def bundle(*ids: str, following: str = "") -> dict[str, Any]:
    links = [{"relation": "next", "url": following}] if following else []
    rows = [{"resource": {"resourceType": "Condition", "id": each}} for each in ids]
    return {"resourceType": "Bundle", "type": "searchset", "link": links, "entry": rows}


def ids(resources: tuple[Any, ...]) -> list[str]:
    return [resource["id"] for resource in resources]


def test_a_resource_is_read_with_the_token(ehr: responses.RequestsMock, client: FhirClient) -> None:
    ehr.get(f"{BASE}/Patient/1", json={"resourceType": "Patient", "id": "1"})
    assert client.read("Patient/1")["id"] == "1"
    sent = ehr.calls[0].request.headers
    assert sent["Authorization"] == "Bearer canary-token"
    assert sent["Accept"] == "application/fhir+json"


@pytest.mark.parametrize("body", [{"resourceType": "Practitioner"}, {}, [], "<html>"])
def test_another_resource_than_the_one_asked_for_is_rubbish(
    body: Any, ehr: responses.RequestsMock, client: FhirClient
) -> None:
    ehr.get(f"{BASE}/Patient/1", body=json.dumps(body))
    with pytest.raises(EhrRubbish):
        client.read("Patient/1")


@pytest.mark.parametrize(
    "path", ["Patient/..", "Patient/1/../../admin", "Patient/1?x=y", "Patient/", "../x", "Patient/%2e"]
)
def test_an_id_that_would_lead_out_of_the_base_is_never_sent(path: str, client: FhirClient) -> None:
    with pytest.raises(EhrRubbish):
        client.read(path)


def test_a_search_follows_its_pages_in_order(ehr: responses.RequestsMock, client: FhirClient) -> None:
    ehr.get(f"{BASE}/Condition?patient=1", json=bundle("a", following=f"{BASE}?_getpages=2"))
    ehr.get(f"{BASE}?_getpages=2", json=bundle("b", following="fhir/Condition?page=3"))
    ehr.get(f"{BASE}/Condition?page=3", json=bundle("c"))
    found = client.search("Condition", {"patient": "1"})
    assert (ids(found.resources), found.gaps) == (["a", "b", "c"], ())


@pytest.mark.parametrize(
    "following",
    [
        "https://evil.example/fhir?page=2",
        "http://ehr.example/fhir?page=2",
        "https://ehr.example:8443/fhir?page=2",
        "https://ehr.example/other?page=2",
        "https://ehr.example/fhir/../admin",
        "https://ehr.example/fhir/%2e%2e/admin",
        "https://ehr.example/fhirevil",
        "https://ehr.example@evil.example/fhir",
        "https://evil.example\\@ehr.example/fhir",
        "//evil.example/fhir",
        "https://[",
    ],
)
def test_a_next_link_that_leads_elsewhere_is_a_gap_and_gets_no_token(
    following: str, ehr: responses.RequestsMock, client: FhirClient
) -> None:
    ehr.get(f"{BASE}/Condition?patient=1", json=bundle("a", following=following))
    found = client.search("Condition", {"patient": "1"}, part="Problems")
    assert ids(found.resources) == ["a"]
    assert found.gaps == (Gap("Problems", "further pages are missing: the EHR's link to them leads elsewhere"),)
    assert len(ehr.calls) == 1


def test_next_links_that_go_in_circles_stop(ehr: responses.RequestsMock, client: FhirClient) -> None:
    ehr.get(f"{BASE}/Condition?patient=1", json=bundle("a", following=f"{BASE}?page=2"))
    ehr.get(f"{BASE}?page=2", json=bundle("b", following=f"{BASE}/Condition?patient=1"))
    found = client.search("Condition", {"patient": "1"})
    assert ids(found.resources) == ["a", "b"]
    assert "circles" in found.gaps[0].reason
    assert len(ehr.calls) == 2


def test_pages_without_end_stop_at_the_page_limit(ehr: responses.RequestsMock, client: FhirClient) -> None:
    def page(request: requests.PreparedRequest) -> tuple[int, dict[str, str], str]:
        number = int((request.url or "").rpartition("=")[2])
        return 200, {}, json.dumps(bundle(str(number), following=f"{BASE}?page={number + 1}"))

    for path in (f"{BASE}/Condition", BASE):
        ehr.add_callback("GET", path, page)
    found = client.search("Condition", {"page": "1"}, max_pages=3)
    assert ids(found.resources) == ["1", "2", "3"]
    assert found.gaps == (Gap("Condition", "further pages are missing: there are more than 3"),)


def test_entries_without_end_stop_at_the_entry_limit(ehr: responses.RequestsMock, client: FhirClient) -> None:
    ehr.get(f"{BASE}/Condition", json=bundle(*"abcdef", following=f"{BASE}?page=2"))
    found = client.search("Condition", {}, max_entries=4)
    assert ids(found.resources) == list("abcd")
    assert found.gaps == (Gap("Condition", "there are more than the 4 that are shown"),)


def test_a_page_that_fails_leaves_the_earlier_ones_with_a_gap(ehr: responses.RequestsMock, client: FhirClient) -> None:
    ehr.get(f"{BASE}/Condition?patient=1", json=bundle("a", following=f"{BASE}?page=2"))
    ehr.get(f"{BASE}?page=2", body="<html>")
    found = client.search("Condition", [("patient", "1")])
    assert ids(found.resources) == ["a"]
    assert found.gaps == (Gap("Condition", "further pages are missing: The EHR's answer could not be read."),)


def test_all_pages_together_share_one_deadline(
    ehr: responses.RequestsMock, client: FhirClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [100.0]

    def slow(_: requests.PreparedRequest) -> tuple[int, dict[str, str], str]:
        clock[0] += 6
        return 200, {}, json.dumps(bundle("a", following=f"{BASE}?page={clock[0]}"))

    ehr.add_callback("GET", f"{BASE}/Condition", slow)
    ehr.add_callback("GET", BASE, slow)
    monkeypatch.setattr("time.monotonic", lambda: clock[0])
    found = client.search("Condition", {}, deadline=10)
    assert len(ehr.calls) == 2
    assert found.gaps == (Gap("Condition", "further pages are missing: The EHR did not answer in time."),)


def test_a_first_page_that_fails_is_an_error(ehr: responses.RequestsMock, client: FhirClient) -> None:
    ehr.get(f"{BASE}/Condition", status=403, json={"resourceType": "OperationOutcome"})
    with pytest.raises(EhrRefused) as caught:
        client.search("Condition", {})
    assert caught.value.status == 403


def test_one_bad_entry_costs_itself_only(ehr: responses.RequestsMock, client: FhirClient) -> None:
    page = bundle("a") | {"entry": [None, {"resource": {"resourceType": "Condition", "id": "a"}}]}
    ehr.get(f"{BASE}/Condition", json=page)
    found = client.search("Condition", {})
    assert ids(found.resources) == ["a"]
    assert len(found.gaps) == 1


@pytest.mark.parametrize(
    ("headers", "body", "version"),
    [
        ({"Location": f"{BASE}/Observation/o1/_history/3"}, "", "3"),
        ({"Location": "Observation/o1"}, "", ""),
        ({"Location": f"{BASE}/Observation/o1", "ETag": 'W/"7"'}, "", "7"),
        ({}, json.dumps({**OBSERVATION, "id": "o1", "meta": {"versionId": "2"}}), "2"),
        ({"Content-Location": f"{BASE}/Observation/o1"}, '{"resourceType": "OperationOutcome", "id": "x"}', ""),
        ({}, json.dumps({**OBSERVATION, "id": "o1", "meta": []}), ""),
    ],
)
def test_the_new_id_and_version_are_found_wherever_the_ehr_says_them(
    headers: dict[str, str], body: str, version: str, ehr: responses.RequestsMock, client: FhirClient
) -> None:
    ehr.post(f"{BASE}/Observation", status=201, headers=headers, body=body)
    created = client.create(OBSERVATION)
    assert (created.id, created.version, created.status) == ("o1", version, 201)


def test_a_create_without_any_id_in_its_answer_leaves_the_outcome_unknown(
    ehr: responses.RequestsMock, client: FhirClient
) -> None:
    ehr.post(f"{BASE}/Observation", status=201, body="<html>")
    with pytest.raises(EhrRubbish) as caught:
        client.create(OBSERVATION)
    assert caught.value.outcome_unknown


def test_a_conditional_create_says_its_condition_and_whether_it_found_one(
    ehr: responses.RequestsMock, client: FhirClient
) -> None:
    ehr.post(f"{BASE}/Observation", status=200, headers={"Location": f"{BASE}/Observation/o1"})
    created = client.create(OBSERVATION, if_none_exist="identifier=urn:x|1")
    assert created == Created("o1", "", f"{BASE}/Observation/o1", 200)
    assert ehr.calls[0].request.headers["If-None-Exist"] == "identifier=urn:x|1"
    assert ehr.calls[0].request.headers["Content-Type"] == "application/fhir+json"


def test_an_update_is_bound_to_the_version_that_was_read(ehr: responses.RequestsMock, client: FhirClient) -> None:
    ehr.put(f"{BASE}/Observation/o1", status=200, headers={"ETag": 'W/"4"'})
    assert client.update({**OBSERVATION, "id": "o1"}, if_match="3") == Created("o1", "4", "", 200)
    assert ehr.calls[0].request.headers["If-Match"] == 'W/"3"'


@pytest.mark.parametrize(
    ("status", "kind", "unknown"),
    [(409, EhrRefused, False), (412, EhrRefused, False), (500, EhrServerError, True), (429, EhrBusy, False)],
)
def test_a_failed_write_says_whether_it_may_have_been_done(
    status: int, kind: type[EhrError], unknown: bool, ehr: responses.RequestsMock, client: FhirClient
) -> None:
    ehr.post(f"{BASE}/Observation", status=status)
    with pytest.raises(kind) as caught:
        client.create(OBSERVATION)
    assert caught.value.outcome_unknown is unknown


def test_the_capabilities_are_asked_for_without_a_token(ehr: responses.RequestsMock, client: FhirClient) -> None:
    ehr.get(f"{BASE}/metadata", json={"resourceType": "CapabilityStatement"})
    assert client.capabilities() == {"resourceType": "CapabilityStatement"}
    assert "Authorization" not in ehr.calls[0].request.headers


def test_capabilities_of_another_type_are_rubbish(ehr: responses.RequestsMock, client: FhirClient) -> None:
    ehr.get(f"{BASE}/metadata", json={"resourceType": "OperationOutcome"})
    with pytest.raises(EhrRubbish):
        client.capabilities()
