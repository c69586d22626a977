from __future__ import annotations

from typing import Any

import pytest

from fhir_mappings.practitioner import practitioner_name

JUNE = {"family": "Kassulke", "given": ["June"], "prefix": ["Dr."]}


@pytest.mark.parametrize(
    ("elements", "name"),
    [
        ({"name": [JUNE | {"suffix": ["MD", "PhD"]}]}, "June Kassulke, MD, PhD"),
        ({"name": [JUNE], "qualification": [{"code": {"text": "RN"}}]}, "June Kassulke, RN"),
        ({"name": [JUNE], "qualification": [{"code": {"text": "Doctor of Medicine"}}]}, "Dr. June Kassulke"),
        ({"name": [{"text": "June Kassulke, RN", "suffix": ["RN"]}]}, "June Kassulke, RN"),
        ({"name": [{"text": "Dr. June Kassulke", "prefix": ["Dr."]}]}, "Dr. June Kassulke"),
        ({"name": []}, ""),
        ({"name": "June"}, ""),
    ],
)
def test_a_practitioner_is_called_by_name_and_credentials(elements: dict[str, Any], name: str) -> None:
    assert practitioner_name({"resourceType": "Practitioner"} | elements) == name
