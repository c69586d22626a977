"""The assessment of a care month: what its time earns, what blocks the claim, what to do next."""

from ccm.assessment.assess_month import assess
from ccm.assessment.care_month import (
    AttestedCondition,
    BillingPractitioner,
    CareMonth,
    Consent,
    Enrolment,
    Facts,
    PlanRecord,
    Policy,
    Service,
    Stay,
)
from ccm.assessment.result import Alternative, Assessment, Earnings, Excluded, Finding, Line, NextUnit, TrackResult

__all__ = [
    "Alternative",
    "Assessment",
    "AttestedCondition",
    "BillingPractitioner",
    "CareMonth",
    "Consent",
    "Earnings",
    "Enrolment",
    "Excluded",
    "Facts",
    "Finding",
    "Line",
    "NextUnit",
    "PlanRecord",
    "Policy",
    "Service",
    "Stay",
    "TrackResult",
    "assess",
]
