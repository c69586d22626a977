"""Owns the source of each blocker and warning, in one line that a biller can look up.

MLN909188 is CMS's booklet "Chronic Care Management Services"; CPT is the AMA's code book; OIG the Office of Inspector
General of HHS.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

CITATIONS: Final[Mapping[str, str]] = {
    "not_enrolled": "CMS MLN909188: CCM is furnished to patients who agreed to receive it",
    "consent_missing": "CMS MLN909188: consent, verbal or written, stands in the record before services begin",
    "consent_disclosures_missing": (
        "CMS MLN909188: the patient is told of availability, cost sharing, one practitioner a month and the right to "
        "stop"
    ),
    "consent_withdrawn": "CMS MLN909188: stopping takes effect at the end of the calendar month",
    "initiating_visit_missing": (
        "CMS MLN909188: new patients, and those not seen within one year, need an initiating visit before CCM"
    ),
    "conditions_fewer_than_two": "CPT CCM criteria: two or more chronic conditions",
    "conditions_not_attested": (
        "CPT CCM criteria, audited by OIG: conditions of 12 months or more, or until death, at significant risk"
    ),
    "care_plan_missing": "CPT CCM criteria: a comprehensive care plan established, implemented, revised or monitored",
    "care_plan_copy_missing": "CMS MLN909188: the patient or caregiver is given a copy of the care plan",
    "billing_practitioner_missing": "45 CFR 162.406: the claim names the billing practitioner's NPI",
    "mdm_missing": "CPT 99487: medical decision making of moderate or high complexity in the month",
    "service_conflict": "CMS MLN909188: services that may not be billed in the same month as CCM",
    "billed_elsewhere": "CMS MLN909188: one practitioner is paid for CCM per patient and month",
    "below_threshold": "CPT CCM codes: time counts in whole minutes, by calendar month, without rounding up",
    "care_plan_incomplete": "CMS MLN909188: elements that a comprehensive care plan typically includes",
    "pcm_other_practitioner": "CMS: PCM by another practitioner must be for another condition and other time",
    "consent_details_missing": "CMS MLN909188: the record shows how consent was given and who obtained it",
    "inpatient_stay_open": "CMS MLN909188: no time counts while the patient is an inpatient or in a Part A stay",
    "decision_making_unknown": "CPT 99487: medical decision making of moderate or high complexity in the month",
    "amount_estimated": "Medicare Physician Fee Schedule: no national amount was found for this year",
    "attestations_missing": "CMS MLN909188: 24/7 access, care team, transitions, community and communication",
}
