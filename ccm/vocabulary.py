"""Owns the words of an entry: activities (and whether Medicare counts them), modalities, programmes, performer classes.

Which activities count rests on RULES "Minutes" 6 and 7 (CMS CCM FAQ and MLN909188): care coordination counts,
clerical work and a voicemail without contact do not.
"""

from __future__ import annotations

from typing import Final

COUNTED_ACTIVITIES: Final[dict[str, str]] = {
    "patient_contact": "Patient contact",
    "caregiver_contact": "Caregiver contact",
    "medication_review": "Medication review",
    "results_review": "Results review",
    "care_plan_work": "Care plan work",
    "provider_coordination": "Provider coordination",
    "referral": "Referral",
    "transition": "Care transition",
    "community_coordination": "Community coordination",
    "documentation": "Documentation",
}
UNCOUNTED_ACTIVITIES: Final[dict[str, str]] = {
    "voicemail": "Voicemail, no contact",
    "scheduling": "Scheduling",
    "billing": "Billing",
    "travel": "Travel",
    "other_admin": "Other administration",
}
ACTIVITIES: Final[dict[str, str]] = COUNTED_ACTIVITIES | UNCOUNTED_ACTIVITIES
MODALITIES: Final[dict[str, str]] = {
    "phone": "Phone",
    "video": "Video",
    "portal": "Portal",
    "text": "Text message",
    "chart": "Chart",
    "team": "Team",
    "in_person": "In person",
}
PROGRAMMES: Final[tuple[str, ...]] = ("ccm", "pcm", "bhi", "rpm", "tcm", "em")
PERFORMER_CLASSES: Final[tuple[str, ...]] = ("staff", "practitioner", "non_clinical", "outside_us")
