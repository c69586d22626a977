"""A database that lost consent and ledger, while the chart kept the entries: a right total is not made wrong."""

from __future__ import annotations

from sqlalchemy import delete, select

from smart_app.store.tables import DeliveryRow, EntryRow, FiledResourceRow, RecordRow
from tests.integration.browser import Browser
from tests.integration.clinic import Clinic
from tests.integration.delivery.test_month_total import PATIENT, consented, total


def test_a_total_stays_until_the_lost_consent_is_recorded_again(clinic: Clinic, browser: Browser) -> None:
    panel = consented(browser.open(clinic, PATIENT))
    panel.entry(minutes=10)
    clinic.deliver_all()
    assert total(clinic)["valueQuantity"]["value"] == 10
    lose_the_database(clinic)

    again = browser.open(clinic, PATIENT)
    again.entry(key="after the loss", start="2026-11-20T09:00:00-05:00", minutes=7)
    clinic.deliver_all()

    assert total(clinic)["valueQuantity"]["value"] == 10
    assert any("record the enrolment again" in notice for notice in again.view()["notices"])

    consented(again)
    clinic.deliver_all()
    assert total(clinic)["valueQuantity"]["value"] == 17


def lose_the_database(clinic: Clinic) -> None:
    """Entries, deliveries and the patient's records are gone; the chart has what was filed."""
    with clinic.services.store.writing() as session:
        for table in (FiledResourceRow, DeliveryRow, EntryRow, RecordRow):
            session.execute(delete(table))
        assert session.scalars(select(EntryRow)).all() == []
