"""A real Chromium for tests: headless, without its own traffic, its cookies as a clinic's browser has them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import BrowserContext, Page, ViewportSize, sync_playwright

ARTEFACTS = Path(__file__).resolve().parents[2] / "artifacts"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WINDOW: ViewportSize = {"width": 1280, "height": 900}


@contextlib.contextmanager
def chromium_context(path: str, *, scripts: bool = True) -> Iterator[BrowserContext]:
    """A fresh browser window, with or without JavaScript. Chromium blocks third-party cookies in it."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        try:
            yield browser.new_context(viewport=WINDOW, java_script_enabled=scripts)
        finally:
            browser.close()


def picture(page: Page, name: str) -> None:
    """Keeps screenshots of the page at 1280 and 360 pixels among the run's artefacts."""
    ARTEFACTS.mkdir(exist_ok=True)
    size = page.viewport_size
    for width, height in ((1280, 900), (360, 800)):
        page.set_viewport_size({"width": width, "height": height})
        page.screenshot(path=ARTEFACTS / f"{name}-{width}.png")
    if size:
        page.set_viewport_size(size)
