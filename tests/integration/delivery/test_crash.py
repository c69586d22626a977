"""Hazard 23: kill -9 at every commit and every send; what was acknowledged stands in the chart once.

`CCM_TEST_CRASH_SECONDS` is the time for each database, `CCM_TEST_CRASH_SEED` the first scenario.
"""

from __future__ import annotations

import gc
import os
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import pytest
from sqlalchemy import delete, select

from smart_app.ehr.capabilities import CapabilitiesCache
from smart_app.outbox.delivery import deliver_due
from smart_app.outbox.queue import LEASE_SECONDS
from smart_app.services import Services
from smart_app.store.launches import get_launch
from smart_app.store.ledger import EntryVoided, Work, add_entry, amend_entry, void_entry
from smart_app.store.tables import DeliveryRow, EhrStateRow, EntryRow, FiledResourceRow, LaunchRow, RevisionRow
from tests.integration.browser import Browser
from tests.integration.clinic import NOW, Clinic
from tests.integration.clinic import clinic as running_clinic
from tests.integration.delivery.chart import check_chart, months, ours
from tests.integration.delivery.consent import consented
from tests.integration.delivery.crashing import NEVER, KnownCapabilities, run_and_kill

SECONDS = float(os.environ.get("CCM_TEST_CRASH_SECONDS", "20"))
SEED = int(os.environ.get("CCM_TEST_CRASH_SEED", "20261124"))
PATIENT = "albarracin-marisol"
Step = tuple[str, int, int]
"""What a person does: "add", "amend", "void" or "deliver" (the worker's turn), of which entry, with what minutes."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """A history of one patient, and whether the EHR knows conditional creates."""

    steps: tuple[Step, ...]
    conditional_create: bool

    def run(self, parts: Services, tell: Callable[[str], None]) -> None:
        """Does every step, telling each when it has been acknowledged."""
        for number, (action, entry, minutes) in enumerate(self.steps):
            if action == "deliver":
                deliver_all(parts)
            else:
                do(parts, action, entry, minutes)
            tell(f"done {number}")


def scenario(seed: int) -> Scenario:
    """A random history: entries, some across midnight of the month, amended and voided between deliveries."""
    chosen = random.Random(seed)
    steps: list[Step] = []
    for entry in range(chosen.choice((1, 1, 2))):
        steps.append(("add", entry, chosen.randrange(1, 50)))
        for action, chance in (("deliver", 0.5), ("amend", 0.4), ("deliver", 0.3), ("void", 0.4)):
            if chosen.random() < chance:
                steps.append((action, entry, chosen.randrange(1, 50)))
    return Scenario((*steps, ("deliver", 0, 0)), conditional_create=chosen.random() < 0.2)


def deliver_all(parts: Services) -> None:
    """A worker's work until nothing is due."""
    while deliver_due(parts):
        pass


def do(parts: Services, action: str, number: int, minutes: int) -> None:
    """One request of a person, as the views carry it out: one unit of work."""
    with parts.store.writing() as session:
        launch = get_launch(session, session.scalars(select(LaunchRow.id)).one())
        entry = session.scalar(select(EntryRow).where(EntryRow.key == f"key-{number}"))
        if action == "add":
            add_entry(session, launch, work(number, minutes), parts.clock())
        elif action == "amend":
            try:
                amend_entry(session, launch, cast(EntryRow, entry).id, work(number, minutes), reason="", now=NOW)
            except EntryVoided:
                return
        else:
            void_entry(session, launch, cast(EntryRow, entry).id, reason="", now=parts.clock())


def work(number: int, minutes: int) -> Work:
    """The entry of that number; the second one runs over the end of October in the practice's zone."""
    start = (NOW - 7200, 1793505600 - 600)[number]
    return Work(
        start=start,
        end=start + minutes * 60,
        activity="patient_contact",
        modality="phone",
        note="",
        key=f"key-{number}",
        source="manual",
        performer_class="staff",
    )


def check_acknowledged(parts: Services, steps: tuple[Step, ...], told: list[str]) -> None:
    """Asserts that the ledger holds what was acknowledged, whatever became of the process."""
    done = [steps[int(line.removeprefix("done "))] for line in told]
    with parts.store.reading() as session:
        rows = {row.key: row for row in session.scalars(select(EntryRow))}
    for action, number, _ in done:
        row = rows.get(f"key-{number}")
        assert action == "deliver" or row is not None, "acknowledged and lost"
        assert action != "void" or (row is not None and row.voided_at), "a void was acknowledged and lost"


def recover(parts: Services, clock: Any) -> None:
    """What is left of the crash is finished by a fresh worker, once the dead one's lease is over."""
    for _ in range(4):
        clock.advance(LEASE_SECONDS + 1)
        deliver_all(parts)
    with parts.store.reading() as session:
        left = session.execute(select(DeliveryRow.state, DeliveryRow.detail).where(DeliveryRow.state != "filed")).all()
    assert not left, left


def forget_everything(clinic: Clinic) -> None:
    """Neither ledger nor chart knows of any entry; the launch stays open."""
    with clinic.services.store.writing() as session:
        for table in (FiledResourceRow, DeliveryRow, RevisionRow, EntryRow, EhrStateRow):
            session.execute(delete(table))
    store = clinic.ehr.store
    for found in (*ours(store, "Encounter").values(), *ours(store, "Observation").values(), *months(store).values()):
        for resource in found:
            store.delete(resource["resourceType"], resource["id"])
    clinic.forget_requests()
    clinic.clock.now = NOW


def with_known_capabilities(clinic: Clinic, *, conditional_create: bool) -> Services:
    """The clinic's parts, with an EHR that has said what it allows."""
    known = clinic.services.capabilities.get(clinic.registration.issuer)
    assert known is not None
    fixed = cast(CapabilitiesCache, KnownCapabilities(known, conditional_create=conditional_create))
    return replace(clinic.services, capabilities=fixed)


def crash_and_recover(clinic: Clinic, parts: Services, history: Scenario, point: int, again: int) -> tuple[int, int]:
    """One crash at a point, perhaps another one of the worker that cleans up; returns kills and points passed."""
    forget_everything(clinic)
    killed, points, told = run_and_kill(parts, history.run, point)
    check_acknowledged(parts, history.steps, told)
    kills = int(killed)
    if killed and again:
        clinic.clock.advance(LEASE_SECONDS + 1)
        kills += run_and_kill(parts, lambda own, _: deliver_all(own), again)[0]
    recover(parts, clinic.clock)
    check_chart(parts, clinic.ehr.store)
    return kills, points


@pytest.fixture(params=["sqlite", "postgres"])
def crashing_clinic(request: pytest.FixtureRequest, key_file: Path) -> Iterator[Clinic]:
    """A clinic whose SQLite file lies in memory where that can be: a killed process loses no page cache."""
    memory = "/dev/shm" if os.path.isdir("/dev/shm") else None
    with tempfile.TemporaryDirectory(dir=memory) as folder:
        if request.param == "sqlite":
            url = f"sqlite:///{shutil.copy(request.getfixturevalue('sqlite_template'), folder)}"
        else:
            url = request.getfixturevalue("postgres_url")
        with running_clinic(url, key_file) as running:
            gc.freeze()  # what the children share is not copied for the collector's marks
            yield running
            gc.unfreeze()


def test_whatever_is_killed_whenever_nothing_is_lost_and_nothing_twice(
    crashing_clinic: Clinic, browser: Browser, capsys: pytest.CaptureFixture[str]
) -> None:
    clinic = crashing_clinic
    consented(browser.open(clinic, PATIENT))
    ends, seed, kills, histories = time.monotonic() + SECONDS, SEED, 0, 0
    while time.monotonic() < ends:
        history = scenario(seed)
        parts = with_known_capabilities(clinic, conditional_create=history.conditional_create)
        _, points = crash_and_recover(clinic, parts, history, NEVER, 0)
        second = random.Random(seed)
        for point in range(1, points + 1):
            again = second.randrange(1, 12) if second.random() < 0.3 else 0
            try:
                kills += crash_and_recover(clinic, parts, history, point, again)[0]
            except AssertionError as error:
                raise AssertionError(f"seed {seed}, killed at point {point} and {again}: {history}") from error
            if time.monotonic() >= ends:
                break
        seed, histories = seed + 1, histories + 1
    with capsys.disabled():
        database = clinic.services.store.engine.name
        sys.stdout.write(f"\n  {kills} kills in {histories} histories from seed {SEED} on {database}\n")
    assert kills > SECONDS
