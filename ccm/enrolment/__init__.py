"""A patient's enrolment: what was recorded of it, where the patient stands, and what of it is in force for a month."""

from ccm.enrolment.consents import ConsentVersion, consent_on, consent_versions, practitioner_on
from ccm.enrolment.events import (
    CONSENT_METHODS,
    VISIT_KINDS,
    VISIT_NEEDS,
    WHO_MAY,
    BillingPractitionerNamed,
    ConsentGiven,
    CoordinatorNamed,
    Declined,
    Enrolled,
    EnrolmentEvent,
    InitiatingVisitHeld,
    InitiatingVisitNeed,
    Invited,
    Representative,
    Withdrawn,
    event_from_dict,
    event_to_dict,
    kind_of,
)
from ccm.enrolment.guards import append, open_actions
from ccm.enrolment.month import as_of
from ccm.enrolment.state import EnrolmentState, state_on

__all__ = [
    "CONSENT_METHODS",
    "VISIT_KINDS",
    "VISIT_NEEDS",
    "WHO_MAY",
    "BillingPractitionerNamed",
    "ConsentGiven",
    "ConsentVersion",
    "CoordinatorNamed",
    "Declined",
    "Enrolled",
    "EnrolmentEvent",
    "EnrolmentState",
    "InitiatingVisitHeld",
    "InitiatingVisitNeed",
    "Invited",
    "Representative",
    "Withdrawn",
    "append",
    "as_of",
    "consent_on",
    "consent_versions",
    "event_from_dict",
    "event_to_dict",
    "kind_of",
    "open_actions",
    "practitioner_on",
    "state_on",
]
