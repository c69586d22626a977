"""The vendor profiles: the CapabilityStatement is valid and says exactly what then happens."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from fhir.resources.R4B.capabilitystatement import CapabilityStatement

from sandbox_ehr.access import Access
from sandbox_ehr.fhir import PROFILES, Store
from sandbox_ehr.fhir.parameters import PARAMETERS
from tests.integration.test_sandbox_fhir.support import BASE, OAUTH, Serve, ids, observation, outcome

INTERACTIONS = ("read", "vread", "search-type", "create", "update", "delete")
VITALS = [{"coding": [{"code": "vital-signs"}]}]
DOCUMENT: dict[str, Any] = {
    "resourceType": "DocumentReference",
    "status": "current",
    "docStatus": "final",
    "type": {"coding": [{"system": "http://loinc.org", "code": "11506-3"}]},
    "subject": {"reference": "Patient/p1"},
    "content": [{"attachment": {"contentType": "text/plain", "data": base64.b64encode(b"20 minutes").decode()}}],
}
ENCOUNTER: dict[str, Any] = {
    "resourceType": "Encounter",
    "status": "finished",
    "type": [{"text": "Care management"}],
    "subject": {"reference": "Patient/p1"},
    "serviceProvider": {"reference": "Organization/org"},
    "location": [{"location": {"reference": "Location/l1"}}],
    "period": {"start": "2026-10-02T10:00:00Z", "end": "2026-10-02T10:20:00Z"},
}
VISIT = {**ENCOUNTER, "class": {"code": "VR"}}


def statement(serve: Serve, profile: str) -> dict[str, Any]:
    body: dict[str, Any] | None = serve(None, profile).get("/fhir/metadata").json
    assert body is not None
    return body


def declared(serve: Serve, profile: str) -> dict[str, dict[str, Any]]:
    return {one["type"]: one for one in statement(serve, profile)["rest"][0]["resource"]}


def attempt(serve: Serve, store: Store, profile: str, kind: str, interaction: str) -> int:
    """The status of a request that any server with this interaction would not find fault with in principle."""
    store.put({"resourceType": kind, "id": "x1", "subject": {"reference": "Patient/p1"}})
    method, path = {
        "read": ("GET", f"{kind}/x1"),
        "vread": ("GET", f"{kind}/x1/_history/1"),
        "search-type": ("GET", f"{kind}?_id=x1"),
        "create": ("POST", kind),
        "update": ("PUT", f"{kind}/x1"),
        "delete": ("DELETE", f"{kind}/x1"),
    }[interaction]
    body = {"resourceType": kind, "id": "x1"} if method in ("POST", "PUT") else None
    return serve(profile=profile).open(f"/fhir/{path}", method=method, json=body).status_code


@pytest.mark.parametrize("profile", PROFILES)
def test_the_capability_statement_is_valid_and_names_the_security(serve: Serve, profile: str) -> None:
    body = statement(serve, profile)
    assert CapabilityStatement.model_validate(body).kind == "instance"
    assert body["fhirVersion"] == "4.0.1"
    assert body["implementation"]["url"] == BASE
    security = body["rest"][0]["security"]
    assert security["extension"] == [OAUTH]
    assert security["service"][0]["coding"][0]["code"] == "SMART-on-FHIR"


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("interaction", INTERACTIONS)
def test_what_is_declared_is_done_and_what_is_not_is_refused(
    serve: Serve, store: Store, profile: str, interaction: str
) -> None:
    told = declared(serve, profile)
    for kind in PARAMETERS:
        status = attempt(serve, store, profile, kind, interaction)
        if kind not in told:
            assert status == 404, kind
        elif {"code": interaction} in told[kind]["interaction"]:
            assert status in (200, 201, 204, 422), (kind, status)
        else:
            assert status == 405, kind


@pytest.mark.parametrize("profile", PROFILES)
def test_search_parameters_are_known_where_declared_and_only_there(serve: Serve, profile: str) -> None:
    client = serve(profile=profile)
    samples = {"token": "a", "date": "2026", "string": "a", "reference": "Patient/p1"}
    for kind, told in declared(serve, profile).items():
        names = {one["name"]: one["type"] for one in told["searchParam"]}
        demanded = "&category=assess-plan" if (profile, kind) == ("epic", "CarePlan") else ""
        for name, parameter in PARAMETERS[kind].items():
            value = "assess-plan" if demanded and name == "category" else samples[parameter.kind]
            path = f"/fhir/{kind}?{name}={value}{demanded}"
            status = client.get(path, headers={"Prefer": "handling=strict"}).status_code
            assert status == (200 if name in names else 400), path


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("kind", ["transaction", "batch"])
def test_bundles_are_taken_where_declared(serve: Serve, profile: str, kind: str) -> None:
    told = {one["code"] for one in statement(serve, profile)["rest"][0].get("interaction", [])}
    bundle = {"resourceType": "Bundle", "type": kind, "entry": [{"request": {"method": "GET", "url": "Patient/p1"}}]}
    status = serve(profile=profile).post("/fhir", json=bundle).status_code
    assert status == (200 if kind in told else 422 if told else 405)


@pytest.mark.parametrize("profile", PROFILES)
def test_a_conditional_create_is_honoured_where_declared_and_ignored_elsewhere(serve: Serve, profile: str) -> None:
    told = declared(serve, profile)["Observation"]
    if {"code": "create"} not in told["interaction"]:
        assert told["conditionalCreate"] is False
        return
    client = serve(profile=profile)
    body = observation(category=VITALS, identifier=[{"system": "urn:entries", "value": "e1"}])
    header = {"If-None-Exist": "identifier=urn:entries|e1"}
    statuses = [client.post("/fhir/Observation", json=body, headers=header).status_code for _ in range(2)]
    assert statuses == ([201, 200] if told["conditionalCreate"] else [201, 201])


def test_each_profile_writes_what_its_vendor_lets_an_application_write(serve: Serve) -> None:
    writable = {
        profile: sorted(
            f"{kind} {code['code']}"
            for kind, told in declared(serve, profile).items()
            for code in told["interaction"]
            if code["code"] in ("create", "update", "delete")
        )
        for profile in PROFILES
        if profile != "open"
    }
    assert writable == {
        "epic": ["DocumentReference create", "Observation create"],
        "oracle": ["DocumentReference create", "Encounter create", "Observation create"],
        "readonly": [],
    }


def test_epic_takes_observations_of_any_code_and_refuses_encounters(serve: Serve) -> None:
    client = serve(profile="epic")
    assert client.post("/fhir/Observation", json=observation()).status_code == 201
    assert client.post("/fhir/DocumentReference", json=DOCUMENT).status_code == 201
    refused = client.post("/fhir/Encounter", json=VISIT)
    assert refused.status_code == 405
    assert refused.headers["Allow"] == "GET, HEAD"
    assert outcome(refused) == "Encounter has no create here"


def test_epic_does_not_search_observations_by_identifier(serve: Serve) -> None:
    client = serve(profile="epic")
    client.post("/fhir/Observation", json=observation())
    response = client.get("/fhir/Observation?patient=p1&identifier=urn:entries|none")
    assert len(ids(response)) == 1
    assert response.json["link"][0]["url"] == f"{BASE}/Observation?patient=p1"  # type: ignore[index]


def test_epic_wants_a_category_that_it_knows_for_care_plans(serve: Serve, store: Store) -> None:
    for id_, code in (("c1", "38717003"), ("c2", "assess-plan")):
        category = [{"coding": [{"code": code}]}]
        plan = {"resourceType": "CarePlan", "id": id_, "subject": {"reference": "Patient/p1"}, "category": category}
        store.put(plan)
    client = serve(profile="epic")
    missing = client.get("/fhir/CarePlan?patient=p1")
    assert missing.status_code == 400
    assert "category" in outcome(missing)
    assert client.get("/fhir/CarePlan?patient=p1&category=anything").status_code == 400
    assert ids(client.get("/fhir/CarePlan?patient=p1&category=assess-plan")) == ["c2"]
    assert ids(client.get("/fhir/CarePlan?patient=p1&category=http://snomed.info/sct|38717003")) == []
    assert ids(client.get("/fhir/CarePlan?patient=p1&category=734163000,38717003")) == ["c1"]
    assert ids(client.get("/fhir/CarePlan?_id=c1")) == ["c1"]
    assert sorted(ids(serve(profile="oracle").get("/fhir/CarePlan?patient=p1"))) == ["c1", "c2"]


@pytest.mark.parametrize(
    ("category", "status"),
    [("vital-signs", 201), ("laboratory", 201), ("survey", 422), ("therapy", 422), (None, 422)],
)
def test_oracle_takes_vital_signs_and_laboratory_results_only(serve: Serve, category: str | None, status: int) -> None:
    more: dict[str, Any] = {"category": [{"coding": [{"code": category}]}]} if category else {}
    assert serve(profile="oracle").post("/fhir/Observation", json=observation(**more)).status_code == status


def test_oracle_infers_the_class_of_an_encounter_and_drops_what_it_does_not_take(serve: Serve) -> None:
    client = serve(profile="oracle")
    refused = client.post("/fhir/Encounter", json=VISIT)
    assert refused.status_code == 422
    assert "class is not writable" in outcome(refused)
    stored = client.post("/fhir/Encounter", json={**ENCOUNTER, "length": {"value": 20, "unit": "min"}}).json
    assert stored is not None
    assert stored["class"]["code"] == "AMB"
    assert stored["period"] == ENCOUNTER["period"]
    assert "length" not in stored


@pytest.mark.parametrize("element", ["status", "type", "subject", "serviceProvider", "location"])
def test_oracle_wants_all_of_an_encounter(serve: Serve, element: str) -> None:
    body = {name: value for name, value in ENCOUNTER.items() if name != element}
    assert serve(profile="oracle").post("/fhir/Encounter", json=body).status_code == 422


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({}, 201),
        ({"docStatus": None}, 422),
        ({"type": {"text": "a note"}}, 422),
        ({"subject": None}, 422),
        ({"status": "superseded"}, 422),
        ({"date": "2026-10-02"}, 422),
        ({"date": "2026-10-02T10:00:00Z"}, 201),
        ({"content": DOCUMENT["content"] * 2}, 422),
        ({"content": [{"attachment": {"contentType": "text/plain"}}]}, 422),
        ({"content": [{"attachment": {"contentType": "image/png", "data": "AAAA"}}]}, 422),
        ({"content": [{"attachment": {"contentType": "text/plain", "data": "not base64"}}]}, 422),
        ({"content": [{"attachment": {"contentType": "text/plain;charset=utf-8", "data": "AAAA"}}]}, 201),
    ],
)
def test_oracle_is_strict_about_documents(serve: Serve, change: dict[str, Any], status: int) -> None:
    body = {name: value for name, value in {**DOCUMENT, **change}.items() if value is not None}
    assert serve(profile="oracle").post("/fhir/DocumentReference", json=body).status_code == status


def test_the_administrator_works_on_the_store_whatever_the_profile(serve: Serve) -> None:
    client = serve(Access(frozenset(), admin=True), "readonly")
    body = observation(identifier=[{"system": "urn:entries", "value": "e1"}])
    assert client.post("/fhir/Observation", json=body).status_code == 201
    assert len(ids(client.get("/fhir/Observation?identifier=urn:entries|e1"))) == 1
