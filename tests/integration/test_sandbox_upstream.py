"""The sandbox in front of a FHIR server that is not ours: its authorization, the other's charts."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import requests

from sandbox_ehr.config import SandboxConfig
from sandbox_ehr.server import SandboxServer
from tests.integration.sandbox_client import CLIENTS, App, app_at

SEKMET = Path(sys.executable).with_name("sekmet")
FHIR = {"Content-Type": "application/fhir+json"}
PEOPLE = {"ada": "Ada Ångström", "ben": "Ben"}


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The base URL of a running sekmet-fhir with two patients."""
    if not SEKMET.exists():
        pytest.skip("sekmet-fhir is not installed")
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [str(SEKMET), "serve", "--host", "127.0.0.1", "--port", str(port)]
    folder = tmp_path_factory.mktemp("sekmet")
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log, env={**os.environ, "NO_COLOR": "1"})
        try:
            base = f"http://127.0.0.1:{port}/fhir"
            _wait(base, process)
            for name, family in PEOPLE.items():
                patient = {"resourceType": "Patient", "id": name, "name": [{"family": family}], "active": True}
                requests.put(f"{base}/Patient/{name}", json=patient, headers=FHIR, timeout=10).raise_for_status()
                requests.post(f"{base}/Condition", json=condition(name), headers=FHIR, timeout=10).raise_for_status()
            yield base
        finally:
            process.terminate()
            process.wait(10)


def _wait(base: str, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 30
    while time.monotonic() < until and process.poll() is None:
        try:
            requests.get(f"{base}/metadata", timeout=5).raise_for_status()
            return
        except requests.RequestException:
            time.sleep(0.1)
    pytest.fail("sekmet-fhir did not start")


def condition(patient: str) -> dict[str, Any]:
    """A Condition of that patient."""
    status = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-clinical", "code": "active"}]}
    return {
        "resourceType": "Condition",
        "clinicalStatus": status,
        "code": {"text": "Hypertension"},
        "subject": {"reference": f"Patient/{patient}"},
    }


@pytest.fixture(scope="module")
def server(other: str) -> Iterator[SandboxServer]:
    with SandboxServer(SandboxConfig(clients=CLIENTS, upstream=other)) as running:
        yield running


@pytest.fixture
def app(server: SandboxServer) -> Iterator[App]:
    with app_at(server) as client:
        scope = "openid fhirUser launch patient/Patient.rs patient/Condition.crus"
        token = client.tokens(launch=client.launch("ada"), scope=scope)
        client.session.headers["Authorization"] = f"Bearer {token['access_token']}"
        yield client


def test_its_patients_are_listed_and_can_be_launched(server: SandboxServer) -> None:
    page = requests.get(server.base_url + "/", timeout=10)
    assert "/chart/ada" in page.text
    assert "Ada Ångström" in page.text
    assert "Hypertension" in requests.get(server.base_url + "/chart/ben", timeout=10).text
    assert requests.get(server.base_url + "/launch/nobody", timeout=10).status_code == 404


def test_the_users_are_put_where_the_other_server_lacks_them(other: str) -> None:
    practitioner = requests.get(f"{other}/Practitioner/physician", timeout=10).json()
    assert practitioner["name"][0]["family"] == "Solvang"


def test_metadata_is_open_and_names_this_base(server: SandboxServer) -> None:
    statement = requests.get(f"{server.fhir_base}/metadata", timeout=10).json()
    assert statement["resourceType"] == "CapabilityStatement"
    assert statement["implementation"]["url"] == server.fhir_base
    assert "oauth-uris" in str(statement["rest"][0]["security"])


def test_a_request_without_a_token_is_refused(server: SandboxServer) -> None:
    answer = requests.get(f"{server.fhir_base}/Patient/ada", timeout=10)
    assert (answer.status_code, answer.json()["resourceType"]) == (401, "OperationOutcome")


def test_a_token_reads_its_patient_and_no_other(app: App) -> None:
    base = app.server.fhir_base
    assert app.session.get(f"{base}/Patient/ada", timeout=10).json()["name"][0]["family"] == "Ada Ångström"
    assert app.session.get(f"{base}/Patient/ben", timeout=10).status_code == 403
    assert app.session.get(f"{base}/Observation?patient=ada", timeout=10).status_code == 403
    bundle = app.session.get(f"{base}/Condition", timeout=10).json()
    subjects = {entry["resource"]["subject"]["reference"].rpartition("/")[2] for entry in bundle["entry"]}
    assert subjects == {"ada"}
    assert all(link["url"].startswith(base) for link in bundle["link"])


def test_a_token_writes_to_its_patient_and_no_other(app: App) -> None:
    base = app.server.fhir_base
    made = app.session.post(f"{base}/Condition", json=condition("ada"), headers=FHIR, timeout=10)
    assert made.status_code == 201
    assert made.headers["Location"].startswith(f"{base}/Condition/")
    changed = made.json() | {"code": {"text": "Gout"}}
    url = f"{base}/Condition/{changed['id']}"
    assert app.session.put(url, json=changed, headers=FHIR, timeout=10).json()["code"]["text"] == "Gout"
    stolen = changed | {"subject": {"reference": "Patient/ben"}}
    assert app.session.put(url, json=stolen, headers=FHIR, timeout=10).status_code == 403
    assert app.session.post(f"{base}/Condition", json=condition("ben"), headers=FHIR, timeout=10).status_code == 403
    assert app.session.delete(url, timeout=10).status_code == 403
    assert app.session.post(base, json={"resourceType": "Bundle"}, headers=FHIR, timeout=10).status_code == 403
    assert app.session.get(f"{base}/Patient/ada/$everything", timeout=10).status_code == 403


def test_the_administrator_sees_everything(server: SandboxServer) -> None:
    answer = requests.get(f"{server.fhir_base}/Patient?_count=10", headers={"X-Sandbox-Admin": "1"}, timeout=10)
    assert {entry["resource"]["id"] for entry in answer.json()["entry"]} == set(PEOPLE)


def test_another_server_that_is_away_is_said_at_once() -> None:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        base = f"http://127.0.0.1:{probe.getsockname()[1]}/fhir"
    with pytest.raises(requests.ConnectionError), SandboxServer(SandboxConfig(upstream=base)):
        pass
