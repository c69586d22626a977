"""A patient's touchpoints: contacts planned and attempted, their outcomes, and what comes next."""

from ccm.touchpoints.events import (
    CONTACT_OUTCOMES,
    IDENTIFIERS,
    OUTCOMES,
    PURPOSES,
    TOUCH_MODALITIES,
    ContactAttempted,
    ContactPlanned,
    EntryLinked,
    TouchpointEvent,
    event_from_dict,
    event_to_dict,
    kind_of,
)
from ccm.touchpoints.guards import append
from ccm.touchpoints.history import Attempt, Planned, attempts, attempts_in, last_contact, next_planned

__all__ = [
    "CONTACT_OUTCOMES",
    "IDENTIFIERS",
    "OUTCOMES",
    "PURPOSES",
    "TOUCH_MODALITIES",
    "Attempt",
    "ContactAttempted",
    "ContactPlanned",
    "EntryLinked",
    "Planned",
    "TouchpointEvent",
    "append",
    "attempts",
    "attempts_in",
    "event_from_dict",
    "event_to_dict",
    "kind_of",
    "last_contact",
    "next_planned",
]
