"""A patient whose minutes count: without consent every total would be nought, and prove little."""

from __future__ import annotations

from tests.integration.browser import Panel

DISCLOSURES = ["availability", "cost_sharing", "one_practitioner", "right_to_stop"]
CONSENT = {
    "action": "consent_given",
    "given_at": "2026-01-05T09:00:00-05:00",
    "method": "verbal",
    "disclosures": DISCLOSURES,
}


def consented(panel: Panel) -> Panel:
    """The panel, its patient having consented in January."""
    answer = panel.post("enrolment", CONSENT)
    assert answer.status_code == 201, answer.text
    return panel
