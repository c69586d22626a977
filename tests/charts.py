"""Finds the real-shaped charts that some tests read; they are not part of the product, so their tests may skip."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def charts_dir() -> Path:
    """The folder of real-shaped charts; skips the calling test where there is none."""
    folder = Path(os.environ.get("CCM_TEST_CHARTS", ROOT.parent / "shared" / "data" / "charts"))
    if not folder.is_dir():
        pytest.skip("the real-shaped charts are not here (set CCM_TEST_CHARTS to their folder)")
    return folder
