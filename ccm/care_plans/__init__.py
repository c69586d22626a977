"""The comprehensive care plan: its record, and which of the chart's CarePlans it is."""

from ccm.care_plans.choice import CHOSEN, choose_ccm_plan, could_be_ccm_plan
from ccm.care_plans.record import (
    COPY_FORMS,
    RECIPIENTS,
    CarePlanEvent,
    CopyGiven,
    PlanChosen,
    PlanEstablished,
    PlanRevised,
    PlanVersion,
    append,
    as_of,
    chosen_plan,
    event_from_dict,
    event_to_dict,
    versions,
)

__all__ = [
    "CHOSEN",
    "COPY_FORMS",
    "RECIPIENTS",
    "CarePlanEvent",
    "CopyGiven",
    "PlanChosen",
    "PlanEstablished",
    "PlanRevised",
    "PlanVersion",
    "append",
    "as_of",
    "choose_ccm_plan",
    "chosen_plan",
    "could_be_ccm_plan",
    "event_from_dict",
    "event_to_dict",
    "versions",
]
