"""Owns the curated SNOMED CT table: common chronic concepts, each with the ICD-10-CM code it is usually given.

A reading aid, no map of the whole terminology: an id says which concept a chart means, the label is ours, the code is
the one that ICD-10-CM's index gives where nothing further is known (unspecified side, stage or kind), as valid from
October 2025. A clinician confirms or refines it; what is not here needs review and is never taken for not chronic.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from ccm.conditions.concepts.cancer_blood import CANCER_BLOOD
from ccm.conditions.concepts.circulation import CIRCULATION
from ccm.conditions.concepts.lungs_gut import LUNGS_GUT
from ccm.conditions.concepts.metabolism import METABOLISM
from ccm.conditions.concepts.mind_nerves import MIND_NERVES
from ccm.conditions.concepts.movement_senses import MOVEMENT_SENSES


class ChronicConcept(NamedTuple):
    """A chronic concept: our short label and its usual ICD-10-CM code, with the dot."""

    label: str
    icd10: str


BY_FIELD = (CIRCULATION, METABOLISM, LUNGS_GUT, MIND_NERVES, CANCER_BLOOD, MOVEMENT_SENSES)

CHRONIC_CONCEPTS: Final[Mapping[str, ChronicConcept]] = MappingProxyType(
    {concept: ChronicConcept(*row) for field in BY_FIELD for concept, row in field.items()}
)

INDICATOR_EXCEPTIONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "F31.9": "bipolar disorder lasts for life, and the indicator calls its other codes chronic",
        "F32.A": "depression is one of the chronic conditions that CMS names for CCM",
    }
)
"""ICD-10-CM codes that the Chronic Condition Indicator calls not chronic and that a clinician should see none the less.

A chart's own such code needs review; a SNOMED CT concept usually coded so is proposed.
"""
