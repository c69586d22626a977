"""Owns the stage of an enrolled patient's month: how far it has come, each stage holding all that the one before does.

| stage | the month |
|---|---|
| due | nobody has tried to reach the patient |
| attempted | somebody tried, and reached nobody |
| engaged | patient or caregiver was reached, but no code is earned |
| threshold_met | the minutes earn a code |
| documented | and every entry's note holds what the practice's standard asks |
| ready | and nothing blocks the claim |
| handed_off | it is locked for billing |

Work without contact (a referral, results) can meet a threshold: minutes are then what tells.
"""

from __future__ import annotations

from typing import Final

from ccm.cadence.situation import Situation

STAGES: Final[dict[str, str]] = {
    "due": "Due",
    "attempted": "Attempted",
    "engaged": "Engaged",
    "threshold_met": "Threshold met",
    "documented": "Documented",
    "ready": "Ready",
    "handed_off": "Handed off",
}


def stage(situation: Situation) -> str:
    """The stage, a key of `STAGES`."""
    if situation.handed_off:
        return "handed_off"
    if situation.assessment.track is None:
        if situation.contacted():
            return "engaged"
        return "attempted" if situation.attempted() else "due"
    if situation.undocumented():
        return "threshold_met"
    return "ready" if situation.assessment.ready and not situation.in_the_way else "documented"
