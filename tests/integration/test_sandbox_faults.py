"""The sandbox's faults and log over a real socket, and its pages."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection
from itertools import pairwise
from typing import Any

import pytest
import requests

from sandbox_ehr.config import SandboxConfig
from sandbox_ehr.server import SandboxServer
from tests.charts import ROOT
from tests.integration.sandbox_client import CLIENTS, App, app_at

ADMIN = {"X-Sandbox-Admin": "1"}
FHIR = {**ADMIN, "Content-Type": "application/fhir+json"}


@pytest.fixture(scope="module")
def server() -> Iterator[SandboxServer]:
    with SandboxServer(SandboxConfig(clients=CLIENTS)) as running:
        yield running


@pytest.fixture
def app(server: SandboxServer) -> Iterator[App]:
    with app_at(server) as client:
        client.session.headers.update(ADMIN)
        yield client
        client.session.delete(f"{server.base_url}/_faults", timeout=5)
        client.session.delete(f"{server.base_url}/_log", timeout=5)


def put_fault(app: App, **fault: Any) -> None:
    """Asks for a fault."""
    assert app.session.post(f"{app.server.base_url}/_faults", json=fault, timeout=5).status_code == 201


def get(app: App, path: str) -> requests.Response:
    """Reads below the FHIR base."""
    return app.session.get(f"{app.server.fhir_base}/{path}", timeout=5)


def basic(patient: str, number: str) -> dict[str, Any]:
    """A resource to write."""
    return {
        "resourceType": "Observation",
        "status": "final",
        "identifier": [{"system": "urn:test", "value": number}],
        "code": {"text": "note"},
        "subject": {"reference": f"Patient/{patient}"},
    }


def test_a_status_fault_meets_its_method_and_path_as_often_as_asked_and_does_no_work(app: App) -> None:
    put_fault(app, method="post", path="Observation", times=2, status=503, headers={"Retry-After": "7"})
    url = f"{app.server.fhir_base}/Observation"
    assert get(app, "Observation?identifier=urn:test|a").status_code == 200
    for _ in range(2):
        refused = app.session.post(url, json=basic("okada.june", "a"), headers=FHIR, timeout=5)
        assert (refused.status_code, refused.headers["Retry-After"]) == (503, "7")
        assert refused.json()["resourceType"] == "OperationOutcome"
    assert get(app, "Observation?identifier=urn:test|a").json()["total"] == 0
    assert app.session.post(url, json=basic("okada.june", "a"), headers=FHIR, timeout=5).status_code == 201


def test_a_dropped_response_closes_the_connection_after_the_work(app: App) -> None:
    put_fault(app, path="Observation", method="POST", drop_response=True)
    with pytest.raises(requests.ConnectionError):
        app.session.post(f"{app.server.fhir_base}/Observation", json=basic("okada.june", "b"), headers=FHIR, timeout=5)
    assert get(app, "Observation?identifier=urn:test|b").json()["total"] == 1
    dropped = app.session.get(f"{app.server.base_url}/_log", timeout=5).json()[-2]
    assert (dropped["status"], dropped["dropped"], dropped["method"]) == (201, True, "POST")


def test_a_dropped_request_with_a_status_was_never_worked_on(app: App) -> None:
    put_fault(app, path="Observation", method="POST", drop_response=True, status=500)
    with pytest.raises(requests.ConnectionError):
        app.session.post(f"{app.server.fhir_base}/Observation", json=basic("okada.june", "c"), headers=FHIR, timeout=5)
    assert get(app, "Observation?identifier=urn:test|c").json()["total"] == 0


def test_truncation_cuts_the_body_short(app: App) -> None:
    put_fault(app, path="/Patient/", truncate=True)
    put_fault(app, path="/Patient/", truncate=5)
    whole = get(app, "Condition?patient=okada.june")
    assert whole.json()["total"] == 4
    with pytest.raises(requests.JSONDecodeError):
        get(app, "Patient/okada.june").json()
    assert len(get(app, "Patient/okada.june").content) == 5
    assert get(app, "Patient/okada.june").json()["id"] == "okada.june"


def test_a_delay_holds_the_answer_and_then_does_the_work(app: App) -> None:
    put_fault(app, path="Patient", delay_ms=60)
    answer = get(app, "Patient/okada.june")
    assert answer.elapsed.total_seconds() >= 0.06
    assert answer.json()["id"] == "okada.june"


def test_a_body_can_be_replaced_and_dripped_byte_by_byte(app: App) -> None:
    put_fault(app, path="Patient", status=200, body="<p>Proxy</p>", content_type="text/html")
    put_fault(app, path="Patient", body={"resourceType": "Nonsense"}, trickle_ms=1)
    answer = get(app, "Patient/okada.june")
    assert (answer.text, answer.headers["Content-Type"]) == ("<p>Proxy</p>", "text/html")
    assert get(app, "Patient/okada.june").json() == {"resourceType": "Nonsense"}


@pytest.mark.parametrize("path", ["fhir/metadata", "fhir/.well-known/smart-configuration", "auth/jwks.json"])
def test_faults_meet_discovery_and_keys_as_well(app: App, path: str) -> None:
    put_fault(app, path=path, status=500, times=1)
    url = f"{app.server.base_url}/{path}"
    assert [app.session.get(url, timeout=5).status_code for _ in range(2)] == [500, 200]


def test_a_fault_without_end_stays_until_cleared(app: App) -> None:
    put_fault(app, path="Patient?_count=1", status=429, times=-1)
    assert [get(app, "Patient?_count=1").status_code for _ in range(3)] == [429, 429, 429]
    assert get(app, "Patient?_count=2").status_code == 200
    assert app.session.delete(f"{app.server.base_url}/_faults", timeout=5).status_code == 204
    assert get(app, "Patient?_count=1").status_code == 200


@pytest.mark.parametrize(
    "fault",
    [[], {"stauts": 500}, {"status": "500"}, {"status": 42}, {"times": "many"}, {"headers": ["x"]}, {"path": 7}],
    ids=str,
)
def test_a_fault_that_makes_no_sense_is_refused(app: App, fault: Any) -> None:
    answer = app.session.post(f"{app.server.base_url}/_faults", json=fault, timeout=5)
    assert answer.status_code == 400
    assert answer.json()["error"]


def test_the_log_shows_requests_in_order_and_no_secret(app: App) -> None:
    del app.session.headers["X-Sandbox-Admin"]
    app.session.delete(f"{app.server.base_url}/_log", timeout=5)
    launch = app.launch()
    code = app.code(launch=launch)
    token = app.exchange(code).json()
    headers = {"Authorization": f"Bearer {token['access_token']}", "X-Request-Id": "r-1"}
    url = f"{app.server.fhir_base}/Observation?patient=albarracin-marisol&_count=3"
    assert app.session.get(url, headers=headers, timeout=5).status_code == 200
    answer = app.session.get(f"{app.server.base_url}/_log", timeout=5)
    rows = answer.json()
    assert [row["path"].partition("?")[0] for row in rows] == [
        "/launch/albarracin-marisol",
        "/auth/authorize",
        "/auth/token",
        "/fhir/Observation",
    ]
    assert rows[-1]["path"] == "/fhir/Observation?patient=albarracin-marisol&_count=3"
    assert (rows[-1]["client"], rows[-1]["request_id"], rows[-1]["status"]) == ("public", "r-1", 200)
    assert rows[2]["client"] == "public"
    assert all(before["time"] <= after["time"] for before, after in pairwise(rows))
    secrets = [launch, code, app.verifier, token["access_token"], token["refresh_token"], token["id_token"], "state-1"]
    assert not [secret for secret in secrets if secret in answer.text]


def test_one_connection_serves_many_requests(server: SandboxServer) -> None:
    with closing(HTTPConnection("127.0.0.1", int(server.base_url.rpartition(":")[2]))) as connection:
        asked = [("GET", "/fhir/Patient/none", 401), ("POST", "/fhir/Patient", 401), ("GET", "/chart/none", 404)]
        for method, path, status in asked:
            connection.request(method, path, body=b"unread" * 1000)
            answer = connection.getresponse()
            assert (answer.status, len(answer.read()) > 0) == (status, True)
            assert connection.sock is not None
        connection.request("POST", "/auth/register", body=iter([b"[", b"]"]), encode_chunked=True)
        assert connection.getresponse().status == 400


def test_the_list_links_every_chart_and_a_chart_frames_the_app(server: SandboxServer) -> None:
    with requests.Session() as session:
        home = session.get(server.base_url + "/", timeout=5)
        for patient in server.store.all("Patient"):
            assert f'href="/chart/{patient["id"]}"' in home.text
        chart = session.get(f"{server.base_url}/chart/ferreby-constance?user=physician", timeout=5)
    assert '<iframe class="app" src="/launch/ferreby-constance?user=physician&amp;banner=0"' in chart.text
    assert "Constance Ferreby" in chart.text
    assert "in-progress" in chart.text
    assert 'href="/launch/ferreby-constance?user=physician"' in chart.text
    assert "script" not in chart.headers["Content-Security-Policy"]


def test_the_signed_in_user_opens_the_programme(server: SandboxServer) -> None:
    with app_at(server) as app:
        answer = app.session.get(f"{server.base_url}/standalone?user=lead", allow_redirects=False, timeout=5)
        assert answer.headers["Location"].startswith(server.config.app_login_url + "?iss=")
        scope = "openid fhirUser user/Patient.rs"
        back = app.authorize(scope=scope).headers["Location"]
        code = back.partition("code=")[2].partition("&")[0]
        token = app.exchange(code).json()
        issued = server.sandbox.smart.ledger.token(token["access_token"])
        assert issued is not None
        assert issued.authorization.user == "lead"


def test_an_unknown_patient_or_user_cannot_be_launched(server: SandboxServer) -> None:
    for path in ("/launch/nobody", "/chart/nobody", "/launch/okada.june?user=nobody"):
        assert requests.get(server.base_url + path, timeout=5).status_code == 404


def test_it_runs_in_the_foreground_until_interrupted() -> None:
    program = "from sandbox_ehr.server import run; from sandbox_ehr.config import SandboxConfig; "
    program += "run(SandboxConfig(), 'localhost', 0, ready=lambda: print('ready', flush=True))"
    with subprocess.Popen([sys.executable, "-W", "error", "-c", program], stdout=subprocess.PIPE, cwd=ROOT) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 0
