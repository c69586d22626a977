"""Shared by all tests: databases of their own, and what they need of the machine."""

from __future__ import annotations

import pytest

from tests.requirements import require

pytest_plugins = ["tests.databases"]


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of Chromium; the test skips where there is none, or fails if it is required."""
    return require("chromium")
