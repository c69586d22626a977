"""The chronic conditions of a chart: what is proposed to the clinician, who alone attests."""

from ccm.conditions.concepts import CHRONIC_CONCEPTS, INDICATOR_EXCEPTIONS, ChronicConcept
from ccm.conditions.icd10 import Indicator, State, normal_icd10
from ccm.conditions.proposals import Basis, Proposal, propose, propose_all

__all__ = [
    "CHRONIC_CONCEPTS",
    "INDICATOR_EXCEPTIONS",
    "Basis",
    "ChronicConcept",
    "Indicator",
    "Proposal",
    "State",
    "normal_icd10",
    "propose",
    "propose_all",
]
