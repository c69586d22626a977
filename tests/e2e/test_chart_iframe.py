"""The whole way in a real browser: the chart's iframe, EHR and application on different sites."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import FrameLocator, Page, expect

from smart_app.outbox.worker import Worker
from tests.e2e.browser import chromium_context, picture
from tests.integration.clinic import Clinic, Clock, clinic

PATIENT = "quillon-augustus"
NOTE = "Asked about dizziness; will call again."


class WallClock(Clock):
    """The time as it is: a browser's own clock does not stand still."""

    def __call__(self) -> int:
        return int(time.time())


@pytest.fixture
def living_clinic(sqlite_url: str, key_file: Path) -> Iterator[Clinic]:
    """A clinic whose outbox is emptied by a worker, as in real life."""
    with clinic(sqlite_url, key_file, clock=WallClock(), delivery_pause_seconds=0.1) as running:
        worker = Worker(running.services)
        worker.start()
        try:
            yield running
        finally:
            worker.stop()


def test_time_kept_in_the_charts_iframe_stands_in_the_chart(living_clinic: Clinic, chromium: str) -> None:
    complaints: list[str] = []
    with chromium_context(chromium) as browser:
        page = browser.new_page()
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.goto(f"{living_clinic.ehr.base_url}/chart/{PATIENT}")
        panel = the_panel(page)
        expect(panel.get_by_role("heading", name="Augustus Quillon")).to_be_visible()
        third_party_cookies = page.frames[1].evaluate("document.hasStorageAccess()")
        assert not third_party_cookies  # the panel lives on partitioned ones (CHIPS)
        panel.get_by_role("button", name="Start timer").first.click()
        expect(panel.get_by_role("button", name="Pause")).to_be_visible()

        page.reload()
        expect(panel.get_by_role("button", name="Pause")).to_be_visible()
        page.wait_for_timeout(1100)  # an entry shorter than a second is none
        panel.get_by_label("Note", exact=True).first.fill(NOTE)
        panel.get_by_role("button", name="Stop and file").first.click()

        expect(panel.get_by_text("Filed", exact=True)).to_be_visible(timeout=15_000)
        picture(page, "panel-in-chart")
    assert complaints == []

    [encounter] = living_clinic.search("Encounter", patient=PATIENT, identifier=entry_identifier(living_clinic))
    [observation] = living_clinic.search("Observation", patient=PATIENT, identifier=entry_identifier(living_clinic))
    assert observation["encounter"]["reference"] == f"Encounter/{encounter['id']}"
    assert observation["note"][0]["text"] == NOTE
    assert observation["effectivePeriod"] == encounter["period"]


def test_a_page_without_scripts_keeps_time_too(living_clinic: Clinic, chromium: str) -> None:
    with chromium_context(chromium, scripts=False) as browser:
        page = browser.new_page()
        page.goto(f"{living_clinic.ehr.base_url}/launch/{PATIENT}")
        page.get_by_role("button", name="Start timer").first.click()
        page.wait_for_timeout(1100)
        page.get_by_role("button", name="Stop and file").first.click()
        expect(page.get_by_text("Patient contact").first).to_be_visible()
        assert page.url.endswith("/")
    assert living_clinic.search("Patient", _id=PATIENT)
    eventually(lambda: bool(living_clinic.search("Observation", patient=PATIENT, code="care-management-time")))


def the_panel(page: Page) -> FrameLocator:
    """The application inside the EHR's chart page."""
    return page.frame_locator("iframe")


def entry_identifier(living_clinic: Clinic) -> str:
    """The identifier of the only entry, as the EHR's search takes it."""
    [observation] = living_clinic.search("Observation", patient=PATIENT, code="care-management-time")
    [identifier] = observation["identifier"]
    return f"{identifier['system']}|{identifier['value']}"


def eventually(holds: Callable[[], bool]) -> None:
    """Waits for the worker, ten seconds at most."""
    for _ in range(100):
        if holds():
            return
        time.sleep(0.1)
    raise AssertionError("it did not come to hold")
