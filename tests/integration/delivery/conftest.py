"""A worker for the delivery tests that is not patient: it moves the clock over every pause."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def _same_jitter() -> Iterator[None]:
    """The same pauses in every run."""
    state = random.getstate()
    random.seed(20261124)
    yield
    random.setstate(state)
