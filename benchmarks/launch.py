"""Callback to first panel byte, against the floor of two EHR round trips and against reading by other libraries.

The real product and the sandbox EHR run as processes of their own; the EHR answers each request after a set delay.
`python -m benchmarks.launch [--small]`; the peers fhirclient and fhirpy are the extra `bench`.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import requests
from requests.adapters import HTTPAdapter

from benchmarks.report import paired, print_result, ratios

PATIENT = "bench-patient"
GOALS = {"floor": 1.25, "fhirclient": 0.5, "fhirpy": 1.0}
ADMIN = {"X-Sandbox-Admin": "1"}
QUERIES = ("Condition", "CarePlan", "Goal", "Observation", "Encounter", "Coverage", "CareTeam")


@dataclass(frozen=True)
class Demo:
    """A running demonstration: the application and the EHR, on loopback."""

    app: str
    ehr: str

    @property
    def fhir(self) -> str:
        """The EHR's FHIR base."""
        return f"{self.ehr}/fhir"


def main() -> None:
    """Runs the benchmark and prints its line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", action="store_true", help="two pairs at 50 ms only")
    small = parser.parse_args().small
    pairs = 2 if small else 9
    with running_demo() as demo:
        warm_up(demo)
        detail: dict[str, Any] = {}
        for delay in (50,) if small else (0, 50, 200):
            with delayed(demo, delay):
                detail[f"{delay} ms"] = measure(demo, pairs)
    at_50 = detail["50 ms"]
    met = all(median(at_50[peer]["ratios"]) <= goal for peer, goal in GOALS.items() if peer in at_50)
    goal = "at 50 ms: <= 1.25 x floor, <= 0.5 x fhirclient, <= 1 x fhirpy"
    print_result("launch", at_50["floor"]["ratios"], goal=goal, met=met, detail=detail)


def measure(demo: Demo, pairs: int) -> dict[str, Any]:
    """Our launch and each peer in turn; ratios of ours to theirs, and medians in seconds."""
    peers: dict[str, Callable[[], object]] = {"floor": floor(demo)}
    with contextlib.suppress(ImportError):
        peers["fhirclient"] = by_fhirclient(demo)
    with contextlib.suppress(ImportError):
        peers["fhirpy"] = by_fhirpy(demo)
    results = {}
    for name, peer in peers.items():
        launches = Launches(demo)
        peer()
        measured = paired(launches.finish, peer, pairs) if launches.prepare(pairs) else []
        results[name] = {
            "ratios": [round(each, 3) for each in ratios(measured)],
            "ours_s": round(median(ours for ours, _ in measured), 4),
            "theirs_s": round(median(theirs for _, theirs in measured), 4),
        }
    return results


class Launches:
    """Launches prepared up to the callback, each finished once."""

    def __init__(self, demo: Demo) -> None:
        self._demo = demo
        self._session = requests.Session()
        self._ready: list[tuple[str, str]] = []

    def prepare(self, count: int) -> int:
        """Goes through the EHR's sign-in `count` times, which is the EHR's time and not measured."""
        for _ in range(count):
            url, cookie = f"{self._demo.ehr}/launch/{PATIENT}", ""
            while "/callback" not in url:
                answer = self._session.get(url, allow_redirects=False)
                cookie, url = cookie or cookie_of(answer, "ccm_browser"), answer.headers["Location"]
            self._ready.append((url, cookie))
        return count

    def finish(self) -> None:
        """From the callback to the panel's first byte."""
        url, cookie = self._ready.pop()
        answer = self._session.get(url, headers={"Cookie": cookie}, allow_redirects=False)
        page = f"{self._demo.app}{answer.headers['Location']}"
        panel = self._session.get(page, headers={"Cookie": cookie_of(answer, "ccm_launch")}, stream=True)
        if panel.status_code != 200 or not panel.raw.read(1):
            raise RuntimeError(f"the panel did not open: {panel.status_code}")
        panel.close()


def cookie_of(answer: requests.Response, name: str) -> str:
    """The cookie as a browser would send it back; Secure ones travel to loopback, which requests would not do."""
    first = answer.headers.get("Set-Cookie", "").split(";")[0]
    return first if first.startswith(f"{name}=") else ""


def floor(demo: Demo) -> Callable[[], object]:
    """One request standing for the token, then the chart's parts all at once, on warm connections."""
    session = requests.Session()
    session.mount("http://", HTTPAdapter(pool_maxsize=16))
    session.headers.update(ADMIN)
    pool = ThreadPoolExecutor(max_workers=8)

    def read(url: str) -> object:
        return session.get(url).json()

    def work() -> object:
        read(f"{demo.fhir}/Organization?_count=1")
        urls = [f"{demo.fhir}/Patient/{PATIENT}"]
        urls += [f"{demo.fhir}/{kind}?patient={PATIENT}&_count=200" for kind in QUERIES]
        return list(pool.map(read, urls))

    return work


def by_fhirclient(demo: Demo) -> Callable[[], object]:
    """The same parts by fhirclient, one after another."""
    from fhirclient import client
    from fhirclient.models import careplan, condition, encounter, observation, patient

    smart = client.FHIRClient(settings={"app_id": "bench", "api_base": demo.fhir})
    smart.server.session.headers.update(ADMIN)
    kinds = (condition.Condition, careplan.CarePlan, observation.Observation, encounter.Encounter)

    def work() -> object:
        smart.server.session.get(f"{demo.fhir}/Organization?_count=1")
        found: list[object] = [patient.Patient.read(PATIENT, smart.server)]
        for kind in kinds:
            found += kind.where({"patient": PATIENT, "_count": "200"}).perform_resources(smart.server)
        return found

    return work


def by_fhirpy(demo: Demo) -> Callable[[], object]:
    """The same parts by fhirpy's asynchronous client, all at once."""
    from fhirpy import AsyncFHIRClient

    async def read() -> object:
        client = AsyncFHIRClient(demo.fhir, extra_headers=ADMIN)
        await client.resources("Organization").limit(1).fetch()
        searches = [
            client.resources(kind).search(patient=PATIENT).limit(200).fetch()
            for kind in ("Condition", "CarePlan", "Observation", "Encounter")
        ]
        return await asyncio.gather(client.reference("Patient", PATIENT).to_resource(), *searches)

    return lambda: asyncio.run(read())


@contextlib.contextmanager
def delayed(demo: Demo, delay_ms: int) -> Iterator[None]:
    """The EHR answers every FHIR and sign-in request after this delay."""
    for path in ("/fhir", "/auth"):
        fault = {"path": path, "times": None, "delay_ms": delay_ms}
        requests.post(f"{demo.ehr}/_faults", json=fault, timeout=10).raise_for_status()
    try:
        yield
    finally:
        requests.delete(f"{demo.ehr}/_faults", timeout=10)


def warm_up(demo: Demo) -> None:
    """One launch, so that caches and connections are as in a clinic's second minute."""
    launches = Launches(demo)
    for _ in range(launches.prepare(3)):
        launches.finish()


@contextlib.contextmanager
def running_demo() -> Iterator[Demo]:
    """`ccm demo` with the benchmark's patient, on free ports, stopped at the end."""
    app, ehr = free_port(), free_port()
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder, "chart.ndjson")
        data.write_text("\n".join(json.dumps(each) for each in chart()), encoding="utf-8")
        command = [sys.executable, "-m", "smart_app.cli", "demo", "--no-browser", "--data", str(data)]
        command += ["--port", str(app), "--ehr-port", str(ehr)]
        environment = {**os.environ, "CCM_DATABASE_URL": f"sqlite:///{folder}/bench.db"}
        process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, start_new_session=True)
        try:
            wait_for(f"http://localhost:{app}/readyz")
            yield Demo(f"http://localhost:{app}", f"http://127.0.0.1:{ehr}")
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait()


def chart() -> Iterator[dict[str, Any]]:
    """A synthetic patient with 60 conditions and 10 care plans, about as large as Synthea makes them."""
    subject = {"reference": f"Patient/{PATIENT}"}
    yield {"resourceType": "Patient", "id": PATIENT, "name": [{"given": ["Bench"], "family": "Synthetic"}]}
    for number in range(60):
        yield {
            "resourceType": "Condition",
            "id": f"condition-{number}",
            "clinicalStatus": {"coding": [{"code": "active"}]},
            "code": {
                "coding": [{"system": "http://snomed.info/sct", "code": str(73211009 + number)}],
                "text": "Problem",
            },
            "subject": subject,
            "onsetDateTime": "2019-04-05T10:00:00-04:00",
        }
    for number in range(10):
        yield {
            "resourceType": "CarePlan",
            "id": f"plan-{number}",
            "status": "active",
            "intent": "order",
            "subject": subject,
            "text": {"status": "generated", "div": f"<div>{'Plan text. ' * 200}</div>"},
            "activity": [{"detail": {"status": "in-progress", "code": {"text": f"Activity {n}"}}} for n in range(5)],
        }


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(url: str) -> None:
    """Returns when the address answers 200; RuntimeError after a minute."""
    for _ in range(600):
        with contextlib.suppress(requests.RequestException):
            if requests.get(url, timeout=5).status_code == 200:
                return
        time.sleep(0.1)
    raise RuntimeError(f"{url} did not answer")


if __name__ == "__main__":
    main()
