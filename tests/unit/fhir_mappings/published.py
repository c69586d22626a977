"""Writes what `fhir_mappings.definitions` gives to docs/fhir: python -m tests.unit.fhir_mappings.published."""

from __future__ import annotations

import json
from typing import Any

from fhir_mappings.definitions import definitions
from tests.charts import ROOT

FOLDER = ROOT / "docs" / "fhir"


def as_file(resource: dict[str, Any]) -> str:
    """A definition as it stands in its file."""
    return json.dumps(resource, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    for name, resource in definitions().items():
        (FOLDER / name).write_text(as_file(resource), encoding="utf-8")
