"""The bulk export of a server that is not ours: its token endpoint, its export, its files."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from smart_app.ehr.errors import EhrRefused
from smart_app.importing.bulk_export import ExportFailed
from smart_app.keys import load_keyring
from smart_app.launch.assertion import SigningKey, public_jwks
from smart_app.launch.grant import GrantRefused
from smart_app.settings import Settings
from tests.integration.importing.generated import condition, encounter, patient
from tests.integration.importing.support import Installation, installation

SEKMET = Path(sys.executable).with_name("sekmet")
SEEDING = "token of the one who fills it"
WIDE = "system/*.rs system/*.d"
"""It answers for an export's status and files only to scopes for every type, and for its deletion to system/*.d."""


@dataclass(frozen=True, slots=True)
class Sekmet:
    base: str

    def put(self, resource: dict[str, Any]) -> None:
        url = f"{self.base}/{resource['resourceType']}/{resource['id']}"
        headers = {"Authorization": f"Bearer {SEEDING}", "Content-Type": "application/fhir+json"}
        answer = requests.put(url, json=resource, headers=headers, timeout=10)
        assert answer.status_code in (200, 201), answer.text


@pytest.fixture(scope="module")
def sekmet(tmp_path_factory: pytest.TempPathFactory, key_file: Path) -> Iterator[Sekmet]:
    if not SEKMET.exists():
        pytest.skip("sekmet-fhir is not installed")
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    folder, base = tmp_path_factory.mktemp("sekmet"), f"http://127.0.0.1:{port}/fhir"
    (folder / "settings.yaml").write_text(json.dumps(_settings(base, key_file)))  # JSON is YAML
    command = [str(SEKMET), "serve", "--config", "settings.yaml", "--host", "127.0.0.1", "--port", str(port)]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log, env={**os.environ, "NO_COLOR": "1"})
        try:
            _wait(f"{base}/metadata", process)
            running = Sekmet(base)
            _fill(running)
            yield running
        finally:
            process.terminate()
            process.wait(10)


def _settings(base: str, key_file: Path) -> dict[str, Any]:
    keys = load_keyring(Settings(database_url="sqlite://", key_file=key_file)).signing
    jwks = public_jwks(SigningKey.from_jwk(key) for key in keys)
    clients = [{"client_id": "cadence", "jwks": jwks, "scopes": "system/*.*"}]
    auth = {"types": ["bearer", "smart"], "tokens": [SEEDING], "smart_clients": clients}
    return {"base_url": base, "server_auth": auth, "simulator": {"enabled": False, "delay_seconds": 0.05}}


def _wait(url: str, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 30
    while time.monotonic() < until and process.poll() is None:
        try:
            if requests.get(url, timeout=5).status_code < 500:
                return
        except requests.RequestException:
            time.sleep(0.1)
    pytest.fail("sekmet-fhir did not start")


def _fill(running: Sekmet) -> None:
    for number in (1, 2):
        running.put(patient(number))
        running.put(encounter(1, number, "2026-05-04"))
        running.put(condition(1, number, "E11.9", "Diabetes"))
    running.put(condition(2, 1, "I10", "Hypertension"))
    running.put({"resourceType": "Group", "id": "g2", "type": "person", "actual": True,
                 "member": [{"entity": {"reference": "Patient/p2"}}]})  # fmt: skip


@pytest.fixture
def app(sekmet: Sekmet, sqlite_url: str, key_file: Path) -> Iterator[Installation]:
    with installation(sqlite_url, key_file, sekmet.base, scope=WIDE, clock=lambda: int(time.time())) as running:
        yield running


def test_candidates_come_from_the_export_with_a_token_of_its_own_endpoint(app: Installation) -> None:
    outcome = app.export()
    assert outcome.rows == {"Patient": 2, "Condition": 3, "Encounter": 2}
    assert outcome.patients == {"new": 2}
    assert app.standing() == {"p1": "in", "p2": "out"}
    assert str(app.candidates()["p1"].evidence.last_visit) == "2026-05-04"
    assert app.left_behind() == []
    assert outcome.as_of


def test_only_the_patients_of_a_group_come_where_one_is_named(app: Installation) -> None:
    app.export(group="g2")
    assert app.standing() == {"p2": "out"}


def test_what_has_changed_since_is_added_to_what_is_known(sekmet: Sekmet, app: Installation) -> None:
    as_of = app.export().as_of
    sekmet.put(condition(3, 2, "I10", "Hypertension"))
    outcome = app.export(since=as_of)
    assert outcome.rows == {"Condition": 1}
    assert app.standing() == {"p1": "in", "p2": "in"}


def test_an_unknown_group_is_refused(app: Installation) -> None:
    with pytest.raises(EhrRefused) as caught:
        app.export(group="nobody")
    assert caught.value.status == 404


def test_scopes_of_three_types_begin_an_export_whose_status_it_then_refuses(
    sekmet: Sekmet, sqlite_url: str, key_file: Path
) -> None:
    with (
        installation(sqlite_url, key_file, sekmet.base, clock=lambda: int(time.time())) as narrow,
        pytest.raises(ExportFailed, match="403"),
    ):
        narrow.export()


def test_a_client_that_it_does_not_know_gets_no_token(sekmet: Sekmet, sqlite_url: str, key_file: Path) -> None:
    with installation(sqlite_url, key_file, sekmet.base, clock=lambda: int(time.time())) as stranger:
        stranger.registration = type(stranger.registration)("r1", sekmet.base, "EHR", "stranger", backend_scope=WIDE)
        with pytest.raises(GrantRefused):
            stranger.export()
