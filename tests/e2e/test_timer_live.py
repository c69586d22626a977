"""The running timer in a real browser: signs of life, the question after silence, the minutes of an unattended one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.browser import chromium_context, picture
from tests.integration.clinic import NOW, Clinic, clinic

PATIENT = "quillon-augustus"
QUESTION = "Still working?"
IDLE_SECONDS = 330


@dataclass(frozen=True, slots=True)
class Desk:
    """A coordinator before the panel: the page's clock and the server's move together."""

    clinic: Clinic
    page: Page

    def wait(self, seconds: int) -> None:
        """Lets that time pass, until the page has heard from the server again and looked at its clock."""
        self.clinic.clock.advance(seconds)
        self.page.clock.fast_forward(seconds * 1000)
        expect(self.page.locator("main")).to_have_attribute("data-now", str(self.clinic.clock.now))
        self.page.clock.run_for(2000)

    def start(self, modality: str) -> None:
        """Starts the timer for such work."""
        self.page.get_by_role("radio", name=modality, exact=True).check()
        self.page.get_by_role("button", name="Start timer").first.click()
        expect(self.page.get_by_role("button", name="Pause")).to_be_visible()

    @property
    def question(self) -> str:
        """The question that stands on the page, if any."""
        dialog = self.page.locator("#still")
        return dialog.inner_text() if dialog.is_visible() else ""


@pytest.fixture
def desk(sqlite_url: str, key_file: Path, chromium: str) -> Iterator[Desk]:
    """The panel of a patient, at 10:00 in the clinic's zone."""
    with clinic(sqlite_url, key_file, session_idle_minutes=720) as running, chromium_context(chromium) as browser:
        page = browser.new_page()
        page.set_default_timeout(8000)
        page.clock.install(time=NOW)
        page.goto(f"{running.ehr.base_url}/launch/{PATIENT}")
        yield Desk(running, page)


def test_silence_is_asked_about_and_only_what_was_real_is_kept(desk: Desk) -> None:
    desk.start("Chart")
    desk.wait(120)
    with desk.page.expect_response("**/timer"):  # the sign of life has come before time goes on
        desk.page.mouse.move(400, 400)
    desk.wait(IDLE_SECONDS)
    assert QUESTION in desk.question
    expect(desk.page.locator("#announce")).to_have_text(f"{QUESTION} No input here since 10:02; the timer goes on.")
    assert desk.page.evaluate("document.activeElement.closest('#still')") is None  # the focus is left where it was
    picture(desk.page, "still-working")
    desk.page.get_by_role("button", name="No, stop at 10:02").click()
    expect(desk.page.locator(".entry .minutes")).to_have_text(re.compile(r"\b2 min"))
    desk.page.clock.run_for(2000)
    assert desk.question == ""


def test_silence_that_was_work_is_kept_whole(desk: Desk) -> None:
    desk.start("Chart")
    desk.wait(IDLE_SECONDS)
    desk.page.get_by_role("button", name="Yes, keep it all").click()
    expect(desk.page.locator("main")).to_have_attribute("data-seen-at", str(desk.clinic.clock.now))
    desk.page.clock.run_for(2000)
    assert desk.question == ""
    desk.page.get_by_role("button", name="Stop and file").click()
    expect(desk.page.locator(".entry .minutes")).to_have_text(re.compile(r"\b5 min"))


def test_input_does_not_answer_the_question(desk: Desk) -> None:
    desk.start("Chart")
    desk.wait(IDLE_SECONDS)
    desk.page.mouse.move(300, 300)
    desk.page.clock.run_for(2000)
    assert "No, discard this time" in desk.question


def test_a_call_is_never_asked_about(desk: Desk) -> None:
    desk.start("Phone")
    desk.wait(2 * IDLE_SECONDS)
    assert desk.question == ""


def test_input_is_a_sign_of_life_once_a_minute(desk: Desk) -> None:
    kept: list[str] = []
    desk.page.on("request", lambda sent: kept.append(sent.url) if "action=keep" in (sent.post_data or "") else None)
    desk.start("Chart")
    desk.wait(90)
    for step in range(5):
        desk.page.mouse.move(300 + step, 300)
    desk.wait(30)
    desk.page.keyboard.press("Shift")
    desk.page.mouse.move(500, 300)
    assert len(kept) == 1


def test_a_timer_that_nobody_attended_is_filed_as_long_as_the_person_says(desk: Desk) -> None:
    desk.start("Phone")
    desk.clinic.clock.advance(3 * 3600)
    desk.page.get_by_role("button", name="Stop and file").click()
    minutes = desk.page.get_by_label("How many minutes did you work?")
    expect(minutes).to_be_focused()
    expect(desk.page.locator("#timer-minutes-error")).to_be_visible()
    expect(desk.page.locator(".silent")).to_contain_text("no sign of work since 10:00")
    minutes.fill("20")
    desk.page.get_by_role("button", name="Stop and file").click()
    expect(desk.page.locator(".entry .minutes")).to_have_text(re.compile(r"\b20 min"))
