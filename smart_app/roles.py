"""Owns the roles: what a person may do here, and as whom their minutes count until the staff register says more."""

from __future__ import annotations

from typing import Final

ROLES: Final[dict[str, str]] = {
    "clinician": "Clinical staff",
    "coordinator": "Care coordinator",
    "practitioner": "Billing practitioner",
    "biller": "Biller",
    "lead": "Programme lead",
    "admin": "Administrator",
}

_PERFORMER_CLASS: Final[dict[str, str]] = {
    "clinician": "staff",
    "coordinator": "staff",
    "practitioner": "practitioner",
}


def performer_class(role: str) -> str:
    """The class of `ccm.vocabulary` in which a role's minutes are judged; unlisted roles are non-clinical."""
    return _PERFORMER_CLASS.get(role, "non_clinical")
