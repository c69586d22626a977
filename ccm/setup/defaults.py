"""Owns the set-up that a new practice begins with: nothing that only the practice can know, and all that it can change.

Nobody is responsible yet, nothing is attested and no amount is its own; `gaps` says so.
"""

from __future__ import annotations

from typing import Final

from ccm.assessment.care_month import Policy
from ccm.setup.documentation import ActivityStandard
from ccm.setup.script_texts import DEFAULT_SCRIPTS
from ccm.setup.shape import Approval, Cadence, Clinic, PracticeSetup, RoleTimer
from ccm.vocabulary import COUNTED_ACTIVITIES

_OFFICE: Final = "11"  # CMS place of service: where the practitioner would see the patient
_PATIENTS_PER_COORDINATOR: Final = 150
_LEAST_CHARACTERS: Final = 20
_ELEMENTS: Final = {
    "patient_contact": frozenset({"outcome"}),
    "caregiver_contact": frozenset({"outcome", "whom"}),
    "medication_review": frozenset({"medications"}),
    "results_review": frozenset({"results"}),
    "care_plan_work": frozenset({"care_plan"}),
    "provider_coordination": frozenset({"whom"}),
}
_BY_HAND: Final = frozenset({"clinician", "coordinator", "practitioner"})


def default_setup(clinic: str, time_zone: str) -> PracticeSetup:
    """The set-up of a practice of this name, in a zone of the IANA database."""
    return PracticeSetup(
        clinic=Clinic(clinic),
        time_zone=time_zone,
        cadence=Cadence(),
        policy=Policy(),
        approval=Approval(),
        place_of_service=_OFFICE,
        capacity=_PATIENTS_PER_COORDINATOR,
        responsible=(),
        documentation=tuple(
            ActivityStandard(activity, _LEAST_CHARACTERS, _ELEMENTS.get(activity, frozenset()))
            for activity in COUNTED_ACTIVITIES
        ),
        timers=tuple(RoleTimer(role, "by_hand") for role in sorted(_BY_HAND)),
        fees=(),
        scripts=DEFAULT_SCRIPTS,
        attestations=(),
        capacities=(),
    )
