"""The whole way over a FHIR server that this project did not write: sekmet-fhir, behind the sandbox's sign-in."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import requests

from fhir_mappings.codes import CODE_SYSTEM, ENTRY_SYSTEM
from sandbox_ehr.config import SandboxConfig
from tests.integration.browser import Browser
from tests.integration.clinic import Clinic, Resource
from tests.integration.conftest import OpenClinic

SEKMET = Path(sys.executable).with_name("sekmet")
FHIR = {"Content-Type": "application/fhir+json"}
PATIENT = "thistlewood"


@pytest.fixture(scope="module")
def other_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The base URL of a running sekmet-fhir with one patient's chart."""
    if not SEKMET.exists():
        pytest.skip("sekmet-fhir is not installed")
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    folder = tmp_path_factory.mktemp("sekmet")
    command = [str(SEKMET), "serve", "--host", "127.0.0.1", "--port", str(port)]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log, env={**os.environ, "NO_COLOR": "1"})
        try:
            base = f"http://127.0.0.1:{port}/fhir"
            wait_for(f"{base}/metadata", process)
            for resource in chart():
                url = f"{base}/{resource['resourceType']}/{resource['id']}"
                requests.put(url, json=resource, headers=FHIR, timeout=10).raise_for_status()
            yield base
        finally:
            process.terminate()
            process.wait(10)


def wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    """Returns once the address answers 200."""
    until = time.monotonic() + 30
    while time.monotonic() < until and process.poll() is None:
        try:
            requests.get(url, timeout=5).raise_for_status()
            return
        except requests.RequestException:
            time.sleep(0.05)
    pytest.fail("sekmet-fhir did not start")


def chart() -> list[Resource]:
    """A synthetic patient with two conditions and a care plan."""
    subject = {"reference": f"Patient/{PATIENT}"}
    active = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-clinical", "code": "active"}]}
    conditions = [
        {
            "resourceType": "Condition",
            "id": f"{PATIENT}-{code.lower()}",
            "clinicalStatus": active,
            "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": code}], "text": text},
            "subject": subject,
        }
        for code, text in (("I10", "Hypertension"), ("J44.9", "COPD"))
    ]
    return [
        {
            "resourceType": "Patient",
            "id": PATIENT,
            "active": True,
            "name": [{"family": "Thistlewood", "given": ["Ottoline"]}],
            "birthDate": "1948-06-02",
        },
        *conditions,
        {
            "resourceType": "CarePlan",
            "id": f"{PATIENT}-plan",
            "status": "active",
            "intent": "plan",
            "title": "Breathing and blood pressure",
            "subject": subject,
        },
    ]


@pytest.fixture
def clinic(open_clinic: OpenClinic, other_server: str) -> Clinic:
    """A clinic whose charts are in the other server."""
    return open_clinic(ehr=SandboxConfig(upstream=other_server))


def held(server: str, kind: str, entry_id: str) -> list[Resource]:
    """What the other server itself finds by the entry's identifier."""
    query = {"identifier": f"{ENTRY_SYSTEM}|{entry_id}"}
    answer = requests.get(f"{server}/{kind}", params=query, timeout=10)
    answer.raise_for_status()
    return [entry["resource"] for entry in answer.json().get("entry", [])]


def test_time_is_filed_in_a_server_that_is_not_ours(clinic: Clinic, browser: Browser, other_server: str) -> None:
    panel = browser.open(clinic, PATIENT)
    view = panel.view()
    assert view["patient"]["name"] == "Ottoline Thistlewood"
    assert sorted(condition["code_label"] for condition in view["conditions"]) == ["I10", "J44.9"]
    assert [plan["title"] for plan in view["care_plans"]] == ["Breathing and blood pressure"]
    panel.timer("start")
    clinic.clock.advance(420)
    (entry_id,) = panel.timer("stop", note="Inhaler technique")["entries"]
    clinic.deliver_all()
    (entry,) = panel.entries()
    (encounter,), (observation,) = (held(other_server, kind, entry_id) for kind in ("Encounter", "Observation"))
    assert entry["resources"] == [f"Encounter/{encounter['id']}", f"Observation/{observation['id']}"]
    assert observation["valueQuantity"]["value"] == 7
    assert observation["subject"]["reference"] == encounter["subject"]["reference"] == f"Patient/{PATIENT}"
    assert observation["code"]["coding"][0]["system"] == CODE_SYSTEM


def test_what_it_took_although_no_answer_came_is_found_there(
    clinic: Clinic, browser: Browser, other_server: str
) -> None:
    panel = browser.open(clinic, PATIENT)
    entry_id = panel.entry()
    clinic.fault("POST", "/fhir/Encounter", drop_response=True)
    clinic.fault("POST", "/fhir/Observation", drop_response=True)
    clinic.deliver_all()
    assert [len(held(other_server, kind, entry_id)) for kind in ("Encounter", "Observation")] == [1, 1]


def test_a_voided_entry_is_marked_there(clinic: Clinic, browser: Browser, other_server: str) -> None:
    panel = browser.open(clinic, PATIENT)
    entry_id = panel.entry(key="void")
    clinic.deliver_all()
    panel.post(f"entries/{entry_id}/void", {"reason": "Entered twice"})
    clinic.deliver_all()
    statuses = [each["status"] for kind in ("Encounter", "Observation") for each in held(other_server, kind, entry_id)]
    assert statuses == ["entered-in-error", "entered-in-error"]
