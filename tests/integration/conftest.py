"""Clinics and browsers for the integration tests."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.integration.browser import Browser, browsing
from tests.integration.clinic import Clinic
from tests.integration.clinic import clinic as running_clinic

OpenClinic = Callable[..., Clinic]


@pytest.fixture
def open_clinic(sqlite_url: str, key_file: Path) -> Iterator[OpenClinic]:
    """Opens a clinic on SQLite, set up as the test says (see `clinic.clinic`)."""
    with ExitStack() as stack:

        def start(**options: Any) -> Clinic:
            return stack.enter_context(running_clinic(sqlite_url, key_file, **options))

        yield start


@pytest.fixture
def clinic(open_clinic: OpenClinic) -> Clinic:
    """A clinic of this test's own, on SQLite."""
    return open_clinic()


@pytest.fixture
def either_clinic(database_url: str, key_file: Path) -> Iterator[Clinic]:
    """A clinic of this test's own, once on SQLite and once on PostgreSQL."""
    with running_clinic(database_url, key_file) as running:
        yield running


@pytest.fixture(scope="module")
def shared_clinic(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory, key_file: Path) -> Iterator[Clinic]:
    """A clinic that the tests of one module share; each uses a patient of its own, or reads only."""
    path = shutil.copy(sqlite_template, tmp_path_factory.mktemp("clinic") / "cadence.db")
    with running_clinic(f"sqlite:///{path}", key_file) as running:
        yield running


@pytest.fixture
def browser() -> Iterator[Browser]:
    """A browser."""
    with browsing() as opened:
        yield opened


@pytest.fixture
def other_browser() -> Iterator[Browser]:
    """Another browser, which shares nothing with the first."""
    with browsing() as opened:
        yield opened
