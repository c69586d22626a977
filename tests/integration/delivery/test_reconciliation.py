"""The ledger read back from the charts, restored backups, and what a racing server made twice (hazard 36)."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.engine import make_url

from sandbox_ehr.config import GRANT_TYPES
from smart_app.app import make_services
from smart_app.outbox.delivery import deliver_due
from smart_app.outbox.rebuild import rebuild
from smart_app.services import Services
from smart_app.settings import Settings
from smart_app.store.ledger import entry_of
from smart_app.store.tables import DeliveryRow, EntryRow, FiledResourceRow
from tests.integration import clinic as clinics
from tests.integration.browser import Browser
from tests.integration.clinic import Clinic, register
from tests.integration.conftest import OpenClinic
from tests.integration.delivery.chart import check_chart, counts, months, ours
from tests.integration.delivery.test_corrections import void
from tests.integration.delivery.test_crash import forget_everything, scenario

PATIENT, IN_A_VISIT = "albarracin-marisol", "ferreby-constance"
BACKEND = {"backend_scope": "system/Encounter.rus system/Observation.rus system/DocumentReference.rus"}
HISTORIES = 12


@pytest.fixture
def backend_clinic(open_clinic: OpenClinic, monkeypatch: pytest.MonkeyPatch) -> Clinic:
    """A clinic whose EHR has granted Backend Services."""
    original = clinics._client

    def client(address: str, method: str) -> Any:
        return replace(original(address, method), grant_types=GRANT_TYPES)

    monkeypatch.setattr(clinics, "_client", client)
    return open_clinic(registration=BACKEND)


@contextmanager
def empty_installation(clinic: Clinic, url: str) -> Iterator[Services]:
    """The same application after its database was lost; only the registration was made again."""
    settings = clinic.services.settings
    own = Settings(database_url=url, key_file=settings.key_file, public_url=settings.public_url)
    parts = make_services(own, clinic.clock)
    try:
        register(parts, clinic.registration)
        yield parts
    finally:
        parts.close()


def told(parts: Services) -> dict[str, Any]:
    """What a database knows of filed entries and months, by entry id or patient and month."""
    known: dict[str, Any] = {}
    with parts.store.reading() as session:
        for row in session.scalars(select(DeliveryRow)):
            filed = session.scalars(select(FiledResourceRow).where(FiledResourceRow.delivery_id == row.id)).all()
            resources = {(each.resource_type, each.resource_id, each.standing) for each in filed}
            if row.entry_id and resources:
                entry = session.get_one(EntryRow, row.entry_id)
                known[row.entry_id] = (entry_of(entry, session.vault), entry.patient_id, resources)
            elif resources:
                known[f"{row.patient_id}|{row.month}"] = resources
    return known


def test_a_lost_ledger_is_read_back_whole_whatever_its_history(
    backend_clinic: Clinic, browser: Browser, sqlite_template: Path, tmp_path: Path
) -> None:
    clinic = backend_clinic
    browser.open(clinic, PATIENT)
    amended = voided = 0
    for seed in range(HISTORIES):
        forget_everything(clinic)
        history = scenario(seed)
        history.run(clinic.services, lambda _: None)
        before = told(clinic.services)
        amended += any(step[0] == "amend" for step in history.steps)
        voided += any(step[0] == "void" for step in history.steps)
        url = f"sqlite:///{shutil.copy(sqlite_template, tmp_path / f'{seed}.db')}"
        with empty_installation(clinic, url) as parts:
            first = rebuild(parts, clinic.registration, lambda _: None)
            assert told(parts) == before, history
            assert (first.restored, first.gaps) == (len([key for key in before if "|" not in key]), ())
            assert rebuild(parts, clinic.registration, lambda _: None).restored == 0
            assert deliver_due(parts) == 0
    assert amended
    assert voided


def test_a_visit_is_not_taken_for_ours_because_an_observation_stands_on_it(
    open_clinic: OpenClinic, browser: Browser, monkeypatch: pytest.MonkeyPatch, sqlite_template: Path, tmp_path: Path
) -> None:
    original = clinics._client
    monkeypatch.setattr(clinics, "_client", lambda *args: replace(original(*args), grant_types=GRANT_TYPES))
    clinic = open_clinic(registration={"write_back": "observation", **BACKEND})
    browser.open(clinic, IN_A_VISIT).entry()
    clinic.deliver_all()
    url = f"sqlite:///{shutil.copy(sqlite_template, tmp_path / 'empty.db')}"
    with empty_installation(clinic, url) as parts:
        rebuild(parts, clinic.registration, lambda _: None)
        assert told(parts) == told(clinic.services)


def test_a_restored_backup_searches_before_it_sends(
    open_clinic: OpenClinic, browser: Browser, sqlite_url: str, tmp_path: Path
) -> None:
    clinic = open_clinic()
    panel = browser.open(clinic, PATIENT)
    first = panel.entry()
    database = Path(str(make_url(sqlite_url).database))
    backup = shutil.copy(database, tmp_path / "backup.db")
    clinic.deliver_all()
    lost = panel.entry(key="key-2", start="2026-11-20T09:00:00-05:00")
    clinic.deliver_all()
    void(panel, first)
    clinic.deliver_all()
    clinic.services.store.engine.dispose()
    shutil.copy(backup, database)
    clinic.clock.advance(300)
    clinic.forget_requests()
    while deliver_due(clinic.services, since=clinic.clock()):
        clinic.clock.advance(20)
    assert clinic.asked("POST", "/fhir/Observation") == []
    assert len(ours(clinic.ehr.store, "Encounter")[lost]) == 1
    assert [len(found) for found in months(clinic.ehr.store).values()] == [1]
    panel = browser.open(clinic, PATIENT)  # what the backup had never heard of comes back with the chart
    clinic.deliver_all()
    assert {entry["id"]: entry["status"] for entry in panel.entries()} == {first: "attention", lost: "filed"}
    void(panel, first)  # the void was lost with the database, and the chart tells of it
    clinic.deliver_all()
    check_chart(clinic.services, clinic.ehr.store)


@pytest.mark.parametrize("kind", ["Encounter", "Observation", "month"])
def test_what_a_racing_server_made_twice_is_marked_at_the_next_launch(
    clinic: Clinic, browser: Browser, kind: str
) -> None:
    panel = browser.open(clinic, PATIENT)
    entry_id = panel.entry()
    clinic.deliver_all()
    if kind == "month":
        ((twin,),) = months(clinic.ehr.store).values()
    else:
        (twin,) = ours(clinic.ehr.store, kind)[entry_id]
    clinic.put({**twin, "id": "raced"})
    clinic.deliver_all()
    browser.open(clinic, PATIENT)
    clinic.deliver_all()
    raced = clinic.ehr.store.read(twin["resourceType"], "raced")
    assert raced is not None
    assert raced["status"] == "entered-in-error"
    check_chart(clinic.services, clinic.ehr.store)


@pytest.mark.parametrize("id_", ["000-first", "zzz-last"])
def test_an_entry_with_a_marked_duplicate_is_read_back_as_standing(
    backend_clinic: Clinic, browser: Browser, sqlite_template: Path, tmp_path: Path, id_: str
) -> None:
    clinic = backend_clinic
    entry_id = browser.open(clinic, PATIENT).entry()
    clinic.deliver_all()
    (observation,) = ours(clinic.ehr.store, "Observation")[entry_id]
    if id_ == "000-first":  # the store searches in the order of creation: let the duplicate be the older one
        clinic.ehr.store.delete("Observation", observation["id"])
    clinic.put({**observation, "id": id_, "status": "entered-in-error"})
    clinic.put(observation)
    url = f"sqlite:///{shutil.copy(sqlite_template, tmp_path / 'empty.db')}"
    with empty_installation(clinic, url) as parts:
        rebuild(parts, clinic.registration, lambda _: None)
        entry, _, resources = told(parts)[entry_id]
        assert not entry.voided
        assert ("Observation", observation["id"], "kept") in resources
        assert ("Observation", id_, "in_error") in resources


def test_entries_of_an_ended_launch_are_filed_by_backend_services(backend_clinic: Clinic, browser: Browser) -> None:
    clinic = backend_clinic
    with clinic.services.store.writing() as session:
        session.connection().exec_driver_sql(
            "UPDATE registration SET backend_scope = 'system/Encounter.crus system/Observation.crus'"
        )
    panel = browser.open(clinic, PATIENT)
    entry_id = panel.entry()
    with clinic.services.store.writing() as session:
        session.connection().exec_driver_sql("UPDATE launch_token SET expires_at = 0, sealed_refresh = NULL")
    clinic.deliver_all()
    assert counts(clinic.ehr.store, entry_id) == {"Encounter": 1, "Observation": 1}
