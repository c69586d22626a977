"""Tokens that run out, are taken back or renewed at the same moment; and secrets, which stay secret everywhere."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import MetaData, select

from fhir_mappings.codes import ENTRY_SYSTEM
from sandbox_ehr.config import SandboxConfig
from tests.integration.browser import Browser, Panel
from tests.integration.clinic import Clinic
from tests.integration.clinic import clinic as running_clinic
from tests.integration.conftest import OpenClinic

PATIENT = "albarracin-marisol"
SHORT_LIVED = SandboxConfig(access_token_lifetime=30)  # shorter than the margin: each delivery finds it run out


@pytest.fixture
def short_lived(database_url: str, key_file: Any) -> Iterator[Clinic]:
    """A clinic whose access tokens have run out when they are needed, once on each database."""
    with running_clinic(database_url, key_file, ehr=SHORT_LIVED) as running:
        yield running


def refreshes(clinic: Clinic) -> int:
    """How often the EHR was asked for tokens since its log was emptied."""
    return len(clinic.asked("POST", "/auth/token"))


def revoke(clinic: Clinic) -> None:
    """The EHR takes back all that it has granted."""
    for token in clinic.ehr.sandbox.smart.ledger._tokens.values():
        token.authorization.revoked = True


def test_a_token_that_has_run_out_is_renewed_and_no_minute_is_lost(short_lived: Clinic, browser: Browser) -> None:
    panel = browser.open(short_lived, PATIENT)
    panel.timer("start")
    short_lived.clock.advance(14 * 60)
    panel.timer("stop")
    short_lived.forget_requests()
    short_lived.deliver_all()
    assert [(entry["status"], entry["minutes"]) for entry in panel.entries()] == [("filed", 14)]
    assert refreshes(short_lived) >= 1


def test_two_workers_renew_a_token_once(short_lived: Clinic, browser: Browser) -> None:
    panel = browser.open(short_lived, PATIENT)
    for number in range(6):
        panel.entry(key=f"key-{number}", minutes=number + 1)
    short_lived.forget_requests()
    workers = [threading.Thread(target=short_lived.deliver) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(timeout=60)
    used = [row["status"] for row in short_lived.asked("POST", "/auth/token")]
    assert set(used) == {200}  # no refresh token was used twice
    short_lived.deliver_all()
    assert set(panel.statuses()) == {"filed"}
    assert {row["status"] for row in short_lived.asked("POST", "/auth/token")} == {200}


def test_after_the_ehr_took_its_grant_back_entries_wait_for_the_next_launch(
    short_lived: Clinic, browser: Browser
) -> None:
    panel = browser.open(short_lived, PATIENT)
    panel.entry()
    revoke(short_lived)
    for _ in range(5):
        short_lived.deliver()
        short_lived.clock.advance(60)
    (entry,) = panel.entries()
    assert entry["status"] == "waiting"
    assert "opened again" in entry["status_detail"]
    assert panel.enter(key="another").status_code == 201
    again = browser.open(short_lived, PATIENT)
    short_lived.deliver_all()
    assert again.statuses() == ["filed", "filed"]


def test_another_person_s_launch_of_the_patient_serves_as_well(
    open_clinic: OpenClinic, browser: Browser, other_browser: Browser
) -> None:
    short_lived = open_clinic(ehr=SHORT_LIVED)
    panel = browser.open(short_lived, PATIENT)
    entry_id = panel.entry()
    revoke(short_lived)
    short_lived.deliver()
    other_browser.open(short_lived, PATIENT, user="physician")
    short_lived.deliver_all()
    assert panel.statuses() == ["filed"]
    (encounter,) = short_lived.search("Encounter", identifier=f"{ENTRY_SYSTEM}|{entry_id}")
    assert encounter["participant"][0]["individual"]["reference"] == "Practitioner/nurse"


def test_a_launch_of_another_patient_does_not_serve(clinic: Clinic, browser: Browser) -> None:
    panel = browser.open(clinic, PATIENT)
    panel.entry()
    revoke(clinic)
    clinic.clock.advance(3600)
    browser.open(clinic, "ferreby-constance")
    clinic.deliver()
    assert browser.open(clinic, PATIENT).statuses() == ["waiting"]


def test_a_token_taken_back_early_is_renewed(clinic: Clinic, browser: Browser) -> None:
    panel = browser.open(clinic, PATIENT)
    panel.entry()
    clinic.fault("", "/fhir/", status=401, times=1)
    clinic.forget_requests()
    clinic.deliver_all()
    assert panel.statuses() == ["filed"]
    assert refreshes(clinic) == 1


def test_a_renewal_whose_answer_was_lost_costs_a_launch_and_no_minute(
    open_clinic: OpenClinic, browser: Browser
) -> None:
    short_lived = open_clinic(ehr=SHORT_LIVED)
    panel = browser.open(short_lived, PATIENT)
    panel.entry()
    short_lived.fault("POST", "/auth/token", drop_response=True)
    for _ in range(5):
        short_lived.deliver()
        short_lived.clock.advance(60)
    assert panel.statuses() == ["waiting"]
    again = browser.open(short_lived, PATIENT)
    short_lived.deliver_all()
    assert again.statuses() == ["filed"]


def test_a_renewed_token_for_somebody_else_s_chart_writes_nothing(open_clinic: OpenClinic, browser: Browser) -> None:
    clinic = open_clinic(ehr=SHORT_LIVED)
    panel = browser.open(clinic, PATIENT)
    panel.entry()
    other = {"access_token": "other", "token_type": "Bearer", "expires_in": 300, "patient": "ferreby-constance"}
    clinic.fault("POST", "/auth/token", body=other)
    clinic.forget_requests()
    clinic.deliver()
    assert [row for row in clinic.asked("POST") if row["path"].startswith("/fhir")] == []
    assert panel.statuses() == ["waiting"]


NOTE = "Canary: afraid of the stairs since the fall"
REASON = "Canary: written down twice"
NAMES = ("Albarracin", "Marisol", "LK-10001", "1954-03-12", "Type 2 diabetes")


def session_of_a_day(clinic: Clinic, browser: Browser) -> Panel:
    """A launch, time by timer and by hand, a correction, delivery, a renewal, and signing out."""
    panel = browser.open(clinic, PATIENT)
    panel.timer("start", note=NOTE)
    clinic.clock.advance(600)
    panel.timer("pause")
    entry_id = panel.entry(note=NOTE)
    clinic.deliver_all()
    panel.post(f"entries/{entry_id}/void", {"reason": REASON})
    clinic.deliver_all()
    return panel


def test_neither_database_nor_log_holds_names_notes_or_secrets_in_plain(
    short_lived: Clinic, browser: Browser, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    panel = session_of_a_day(short_lived, browser)
    ledger = short_lived.ehr.sandbox.smart.ledger
    assert len(ledger._tokens) >= 4
    cookies = {str(cookie.value) for cookie in browser.jar}
    private = {*NAMES, NOTE, REASON, *ledger._tokens, *ledger._codes, *cookies, panel.token}
    stored = list(cells(short_lived))
    assert len(stored) > 100
    assert [(place, each) for place, text in stored for each in private if each in text] == []
    panel.post("logout", {})
    logs = short_lived.log.getvalue() + caplog.text
    assert "delivered" in logs
    assert [each for each in {*private, PATIENT} if each in logs] == []


def cells(clinic: Clinic) -> Iterator[tuple[str, str]]:
    """Every cell of every table of the database, with its place."""
    tables = MetaData()
    with clinic.services.store.reading() as session:
        connection = session.connection()
        tables.reflect(connection)
        for table in tables.sorted_tables:
            for row in connection.execute(select(table)):
                for column, value in row._mapping.items():
                    text = value.decode("latin-1") if isinstance(value, bytes) else str(value)
                    yield f"{table.name}.{column}", text
