"""A practice's set-up: what it decides for itself, in versions, of which each month is judged by its own."""

from ccm.setup.defaults import default_setup
from ccm.setup.differences import described, difference
from ccm.setup.documentation import ELEMENTS, LIMITS, ActivityStandard, documented
from ccm.setup.guards import DATES_OF_SERVICE, wrong_setup
from ccm.setup.readiness import gaps
from ccm.setup.reading import (
    amounts,
    approval_reasons,
    capacity_of,
    disclosures_said,
    missing_attestations,
    responsible_for,
    said,
    timer_start,
)
from ccm.setup.scripts import LANGUAGES, PLACEHOLDERS, SCRIPT_KINDS, Script, wrong_script
from ccm.setup.shape import (
    PRACTICE_ATTESTATIONS,
    STEPS,
    TIMER_ROLES,
    TIMER_STARTS,
    Approval,
    Cadence,
    Capacity,
    Clinic,
    Fee,
    PracticeAttestation,
    PracticeSetup,
    Responsible,
    RoleTimer,
    setup_from_dict,
    setup_to_dict,
)
from ccm.setup.versions import WHO_MAY, Version, in_force, revise, version_from_dict, version_to_dict

__all__ = [
    "DATES_OF_SERVICE",
    "ELEMENTS",
    "LANGUAGES",
    "LIMITS",
    "PLACEHOLDERS",
    "PRACTICE_ATTESTATIONS",
    "SCRIPT_KINDS",
    "STEPS",
    "TIMER_ROLES",
    "TIMER_STARTS",
    "WHO_MAY",
    "ActivityStandard",
    "Approval",
    "Cadence",
    "Capacity",
    "Clinic",
    "Fee",
    "PracticeAttestation",
    "PracticeSetup",
    "Responsible",
    "RoleTimer",
    "Script",
    "Version",
    "amounts",
    "approval_reasons",
    "capacity_of",
    "default_setup",
    "described",
    "difference",
    "disclosures_said",
    "documented",
    "gaps",
    "in_force",
    "missing_attestations",
    "responsible_for",
    "revise",
    "said",
    "setup_from_dict",
    "setup_to_dict",
    "timer_start",
    "version_from_dict",
    "version_to_dict",
    "wrong_script",
    "wrong_setup",
]
