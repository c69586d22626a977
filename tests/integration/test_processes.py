"""Commands as processes of their own: they begin, do their work, and leave nothing behind."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

from tests.integration.browser import Browser, Panel
from tests.integration.clinic import Clinic, Clock
from tests.integration.clinic import clinic as running_clinic

CCM = [sys.executable, "-m", "smart_app.cli"]
PATIENT = "albarracin-marisol"
ROOT = Path(__file__).resolve().parents[2]


def free_ports(number: int) -> list[int]:
    """Ports that nobody listens on."""
    with ExitStack() as stack:
        probes = [stack.enter_context(socket.socket()) for _ in range(number)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [int(probe.getsockname()[1]) for probe in probes]


def eventually(holds: Callable[[], bool], seconds: float = 30) -> None:
    """Returns once it holds."""
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until, "it did not come to hold"
        time.sleep(0.05)


def answers(url: str) -> bool:
    """Whether an address answers 200."""
    with suppress(requests.RequestException):
        return requests.get(url, timeout=5).status_code == 200
    return False


def is_empty(group: int) -> bool:
    """Whether no process of the group is left."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return True
    return False


@contextmanager
def process(*arguments: str, **environment: str) -> Iterator[subprocess.Popen[str]]:
    """A command in a process group of its own, which is empty in the end whatever happens."""
    running = subprocess.Popen(
        [*CCM, *arguments],
        cwd=ROOT,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        yield running
    finally:
        with suppress(ProcessLookupError):
            os.killpg(running.pid, signal.SIGKILL)
        running.communicate(timeout=30)


@dataclass(frozen=True, slots=True)
class Demonstration:
    """A running demonstration: its process, the addresses of application and EHR, and its folder."""

    process: subprocess.Popen[str]
    app: str
    ehr: str
    folder: Path


@contextmanager
def demonstrating(folder: Path) -> Iterator[Demonstration]:
    """A demonstration on free ports, ready for launches."""
    app, ehr = free_ports(2)
    options = ["--no-browser", "--port", str(app), "--ehr-port", str(ehr)]
    with process("demo", *options, CCM_DATABASE_URL=f"sqlite:///{folder}/cadence.db") as running:
        eventually(lambda: running.poll() is not None or answers(f"http://localhost:{app}/readyz"))
        assert running.poll() is None
        yield Demonstration(running, f"http://localhost:{app}", f"http://127.0.0.1:{ehr}", folder)


@pytest.fixture(scope="module")
def demonstration(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demonstration]:
    """The demonstration of this module's tests, of which the last stops it."""
    with demonstrating(tmp_path_factory.mktemp("demo")) as running:
        yield running


def test_the_demonstration_files_time_by_itself(demonstration: Demonstration, browser: Browser) -> None:
    page = browser.get(f"{demonstration.ehr}/launch/{PATIENT}")
    assert page.status_code == 200
    assert page.url.startswith(f"{demonstration.app}/p/")
    panel = Panel(browser, page.url)
    assert panel.view()["patient"]["user_role"] == "Care coordinator"
    panel.timer("start")
    eventually(lambda: panel.view()["timer"]["seconds"] > 0)
    panel.timer("stop")
    eventually(lambda: panel.statuses() == ["filed"])


def test_other_commands_run_beside_the_demonstration(demonstration: Demonstration) -> None:
    environment = {**os.environ, "CCM_DATABASE_URL": f"sqlite:///{demonstration.folder}/cadence.db"}
    command = [*CCM, "registrations", "show", f"{demonstration.ehr}/fhir"]
    assert json.loads(subprocess.check_output(command, env=environment, cwd=ROOT))["name"] == "Larkspur EHR"


def test_the_demonstration_keeps_everything_beside_its_database(demonstration: Demonstration) -> None:
    names = {path.name for path in demonstration.folder.iterdir()}
    assert {"cadence.db", "cadence.keys.json"} <= names


def test_the_demonstration_stops_when_asked_and_leaves_no_process(demonstration: Demonstration) -> None:
    os.kill(demonstration.process.pid, signal.SIGTERM)
    output, _ = demonstration.process.communicate(timeout=30)
    assert demonstration.process.returncode == 0, output
    assert output.startswith(f"Begin here, in the EHR:  {demonstration.ehr}/")
    assert "Traceback" not in output
    eventually(lambda: is_empty(demonstration.process.pid), 5)
    assert not answers(f"{demonstration.app}/healthz")


def test_a_closed_terminal_ends_the_whole_demonstration(tmp_path: Path) -> None:
    with demonstrating(tmp_path) as running:
        os.killpg(running.process.pid, signal.SIGHUP)
        output, _ = running.process.communicate(timeout=30)
        assert running.process.returncode == 0, output
        eventually(lambda: is_empty(running.process.pid), 5)


@pytest.fixture
def clinic(database_url: str, key_file: Path) -> Iterator[Clinic]:
    """A clinic at the time that it is, once on each database."""
    with running_clinic(database_url, key_file, clock=Clock(int(time.time()) - 120)) as running:
        yield running


def test_workers_file_what_a_web_process_took_in_and_stop_when_asked(
    clinic: Clinic, key_file: Path, browser: Browser
) -> None:
    settings = clinic.services.settings
    environment = {
        "CCM_DATABASE_URL": settings.database_url,
        "CCM_KEY_FILE": str(key_file),
        "CCM_PUBLIC_URL": clinic.address,
    }
    panel = browser.open(clinic, PATIENT)
    panel.timer("start")
    clinic.clock.advance(60)
    panel.timer("stop")
    with process("worker", CCM_DELIVERY_PAUSE_SECONDS="0.1", **environment) as worker:
        eventually(lambda: panel.statuses() == ["filed"])
        os.kill(worker.pid, signal.SIGTERM)
        output, _ = worker.communicate(timeout=30)
    assert worker.returncode == 0, output
    events = [json.loads(line)["event"] for line in output.splitlines()]
    assert set(events) == {"delivered"}
