"""The chart's iframe in browsers that treat cookies differently, frames that nobody registered, and hostile charts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import FrameLocator, Page, expect, sync_playwright

from tests.e2e.browser import ARGUMENTS, WINDOW, picture
from tests.integration.clinic import Clinic
from tests.integration.clinic import clinic as running_clinic

PATIENT = "albarracin-marisol"
SCRIPT = "<script>document.title = 'pwned'</script><img src=x onerror=\"document.title = 'pwned'\">"


@pytest.fixture
def clinic(sqlite_url: str, key_file: Path) -> Iterator[Clinic]:
    """A clinic whose time stands still until it is moved."""
    with running_clinic(sqlite_url, key_file) as running:
        yield running


@contextmanager
def browser_page(chromium: str, profile: Path, preferences: dict[str, Any], complaints: list[str]) -> Iterator[Page]:
    """A page of a browser with these settings of the user; what its console complains of is gathered."""
    (profile / "Default").mkdir(parents=True)
    (profile / "Default" / "Preferences").write_text(json.dumps({"profile": preferences}), encoding="utf-8")
    with sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            profile, executable_path=chromium, args=ARGUMENTS, viewport=WINDOW
        )
        try:
            page = context.new_page()
            page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
            page.on("pageerror", lambda error: complaints.append(str(error)))
            page.on("dialog", lambda dialog: complaints.append(dialog.message))
            yield page
        finally:
            context.close()


def open_chart(page: Page, clinic: Clinic, patient: str = PATIENT) -> FrameLocator:
    """The application inside the patient's chart page."""
    page.goto(f"{clinic.ehr.base_url}/chart/{patient}")
    return page.frame_locator("iframe")


@pytest.mark.parametrize(
    ("preferences", "third_party"),
    [({"cookie_controls_mode": 1}, False), ({"cookie_controls_mode": 0}, True)],
    ids=["blocked", "allowed"],
)
def test_time_is_kept_in_the_frame_whatever_becomes_of_third_party_cookies(
    clinic: Clinic, chromium: str, tmp_path: Path, *, preferences: dict[str, Any], third_party: bool
) -> None:
    complaints: list[str] = []
    with browser_page(chromium, tmp_path / "profile", preferences, complaints) as page:
        panel = open_chart(page, clinic)
        expect(panel.get_by_role("heading", name="Marisol Albarracin")).to_be_visible()
        assert page.frames[1].evaluate("document.hasStorageAccess()") is third_party
        panel.get_by_role("button", name="Start timer").first.click()
        expect(panel.get_by_role("button", name="Pause")).to_be_visible()
        clinic.clock.advance(630)
        page.reload()
        expect(panel.get_by_role("timer")).to_contain_text("10:3")
        panel.get_by_label("Note", exact=True).first.fill("Ten and a half minutes")
        panel.get_by_role("button", name="Stop and file").first.click()
        expect(panel.get_by_text("Waiting for the EHR")).to_be_visible()
        clinic.deliver_all()
        expect(panel.get_by_text("Filed", exact=True)).to_be_visible(timeout=10_000)
        picture(page, f"frame-third-party-cookies-{'allowed' if third_party else 'blocked'}")
    assert complaints == []
    filed = [each for each in clinic.search("Observation", patient=PATIENT) if each.get("note")]
    assert [each["note"][0]["text"] for each in filed] == ["Ten and a half minutes"]


def test_a_browser_that_keeps_no_cookie_at_all_is_told_what_to_do(
    clinic: Clinic, chromium: str, tmp_path: Path
) -> None:
    no_cookies = {"default_content_setting_values": {"cookies": 2}}
    with browser_page(chromium, tmp_path / "profile", no_cookies, []) as page:
        panel = open_chart(page, clinic)
        expect(panel.get_by_text("open Cadence in a window of its own")).to_be_visible()
        picture(page, "no-cookies")


def test_a_frame_that_nobody_registered_shows_nothing(clinic: Clinic, chromium: str, tmp_path: Path) -> None:
    elsewhere = clinic.ehr.base_url.replace("127.0.0.1", "localhost")
    with browser_page(chromium, tmp_path / "profile", {}, []) as page:
        with page.expect_console_message(lambda message: "frame-ancestors" in message.text):
            page.goto(f"{elsewhere}/chart/{PATIENT}")
        assert "Marisol" not in page.frames[1].content()


def test_a_hostile_chart_runs_nothing(clinic: Clinic, chromium: str, tmp_path: Path) -> None:
    subject = {"reference": "Patient/hostile"}
    active = {"coding": [{"code": "active"}]}
    for resource in (
        {"resourceType": "Patient", "id": "hostile", "name": [{"family": SCRIPT, "given": ["\u202egnoleb"]}]},
        {
            "resourceType": "Condition",
            "id": "hostile-condition",
            "clinicalStatus": active,
            "code": {"text": SCRIPT},
            "subject": subject,
        },
        {
            "resourceType": "CarePlan",
            "id": "hostile-plan",
            "status": "active",
            "intent": "plan",
            "title": SCRIPT,
            "subject": subject,
            "text": {"status": "generated", "div": f"<div>{SCRIPT}</div>"},
        },
    ):
        clinic.put(resource)
    complaints: list[str] = []
    with browser_page(chromium, tmp_path / "profile", {}, complaints) as page:
        panel = open_chart(page, clinic, "hostile")
        panel.get_by_label("Note", exact=True).first.fill(SCRIPT)
        panel.get_by_role("button", name="Start timer").first.click()
        expect(panel.get_by_role("button", name="Pause")).to_be_visible()
        clinic.clock.advance(120)
        panel.get_by_role("button", name="Stop and file").first.click()
        entry = panel.locator("#entries details").first
        entry.locator("summary").first.click()
        expect(entry.locator(".note")).to_have_text(SCRIPT)
        expect(panel.get_by_role("heading", level=1)).to_contain_text(SCRIPT)
        assert page.frames[1].evaluate("document.images.length") == 0
        assert "pwned" not in (page.title(), page.frames[1].title())
        picture(page, "hostile")
    assert complaints == []
