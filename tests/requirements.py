"""Finds what some tests need and not every machine has: Chromium and PostgreSQL.

Where one is absent the calling test skips with the reason, or fails if `CCM_TEST_REQUIRE` (names parted by commas)
names it: a gate that has both must not pass by leaving tests out.
"""

from __future__ import annotations

import os
import shutil
from functools import cache
from typing import Literal

import psycopg
import pytest

Requirement = Literal["chromium", "postgres"]

POSTGRES_URL = "postgresql://root@127.0.0.1:5432/test"


def require(what: Requirement) -> str:
    """Where it is: Chromium's path, or PostgreSQL's URL with a database that may create others.

    `CCM_TEST_CHROMIUM` and `CCM_TEST_POSTGRES_URL` name other places than the usual ones.
    """
    place, reason = _chromium() if what == "chromium" else _postgres()
    if not place:
        give_up = pytest.fail if what in os.environ.get("CCM_TEST_REQUIRE", "").split(",") else pytest.skip
        give_up(reason)
    return place


@cache
def _chromium() -> tuple[str, str]:
    path = os.environ.get("CCM_TEST_CHROMIUM", "") or shutil.which("chromium") or ""
    if os.access(path, os.X_OK):
        return path, ""
    return "", "there is no Chromium here (install it, or set CCM_TEST_CHROMIUM to its path)"


@cache
def _postgres() -> tuple[str, str]:
    url = os.environ.get("CCM_TEST_POSTGRES_URL", "") or POSTGRES_URL
    try:
        psycopg.connect(url, connect_timeout=3).close()
    except psycopg.OperationalError as error:
        reason = str(error).strip().splitlines()[0]
        return "", f"no PostgreSQL answers (start one, or set CCM_TEST_POSTGRES_URL): {reason}"
    return url, ""
