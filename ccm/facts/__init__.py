"""The facts of a month: what was recorded, by whom and from where, and which of the five questions are open."""

from ccm.facts.events import (
    QUESTIONS,
    STAY_KINDS,
    WHO_MAY,
    BilledElsewhereSet,
    Confirmed,
    DecisionMakingSet,
    FactEvent,
    ProposalRejected,
    ServiceRecorded,
    StayRecorded,
    VisitRecorded,
    event_from_dict,
    event_to_dict,
    kind_of,
)
from ccm.facts.guards import append
from ccm.facts.month import Answer, answers, facts_of, open_questions
from ccm.facts.proposals import Proposal, stays_from_chart, visits_from_chart

__all__ = [
    "QUESTIONS",
    "STAY_KINDS",
    "WHO_MAY",
    "Answer",
    "BilledElsewhereSet",
    "Confirmed",
    "DecisionMakingSet",
    "FactEvent",
    "Proposal",
    "ProposalRejected",
    "ServiceRecorded",
    "StayRecorded",
    "VisitRecorded",
    "answers",
    "append",
    "event_from_dict",
    "event_to_dict",
    "facts_of",
    "kind_of",
    "open_questions",
    "stays_from_chart",
    "visits_from_chart",
]
