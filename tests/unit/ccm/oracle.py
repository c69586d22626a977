"""A second, deliberately dumb reading of the rules: every second of every entry is looked at by itself.

It shares no code with the product: it reads the JSON object, asks the zone for the local day of each second, and
knows nothing of intervals.
"""

from __future__ import annotations

from calendar import monthrange
from collections import Counter
from datetime import UTC, date, datetime
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

COUNTED = {
    "patient_contact",
    "caregiver_contact",
    "medication_review",
    "results_review",
    "care_plan_work",
    "provider_coordination",
    "referral",
    "transition",
    "community_coordination",
    "documentation",
}


@cache
def local_day(second: int, zone: str) -> date:
    return datetime.fromtimestamp(second, UTC).astimezone(ZoneInfo(zone)).date()


def posix(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp())


def month_days(case: dict[str, Any]) -> tuple[date, date]:
    year, number = (int(part) for part in case["month"].split("-"))
    return date(year, number, 1), date(year, number, monthrange(year, number)[1])


def reason(case: dict[str, Any], entry: dict[str, Any], second: int) -> str | None:  # noqa: PLR0911 - dumb on purpose
    """Why this second of this entry does not count, overlap aside."""
    first, last = month_days(case)
    enrolment, facts = case["enrolment"], case["facts"]
    consent = enrolment.get("consent") or {}
    today = local_day(second, case["timezone"])
    if entry.get("voided"):
        return "voided"
    if entry.get("programme", "ccm") != "ccm":
        return "other_programme"
    if entry["performer_class"] in ("non_clinical", "outside_us"):
        return str(entry["performer_class"])
    if entry["activity"] not in COUNTED:
        return "activity_not_counted"
    if not first <= today <= last:
        return "outside_month"
    if not consent.get("given_at") or second < posix(consent["given_at"]):
        return "before_consent"
    if consent.get("withdrawn_on") and date.fromisoformat(consent["withdrawn_on"]) < first:
        return "after_withdrawal_month"
    if case["patient"].get("deceased_on") and today > date.fromisoformat(case["patient"]["deceased_on"]):
        return "after_death"
    visit = enrolment.get("initiating_visit_on")
    if enrolment["initiating_visit_required"] and visit and today < date.fromisoformat(visit):
        return "before_initiating_visit"
    for stay in facts.get("inpatient", []):
        until = date.fromisoformat(stay["to"]) if stay.get("to") else date.max
        if date.fromisoformat(stay["from"]) <= today <= until:
            return "inpatient"
    if not entry.get("separate_from_visit") and today.isoformat() in [v["on"] for v in facts.get("visits", [])]:
        return "visit_day"
    return None


def judge(case: dict[str, Any]) -> dict[str, Any]:
    """What the product should say of the time: counted seconds, excluded seconds, minutes, lines, date of service."""
    excluded: Counter[tuple[str, str]] = Counter()
    eligible: dict[int, list[dict[str, Any]]] = {}
    for entry in case["entries"]:
        for second in range(posix(entry["start"]), posix(entry["end"])):
            why = reason(case, entry, second)
            if why:
                excluded[entry["id"], why] += 1
            else:
                eligible.setdefault(second, []).append(entry)
    biller = (case["enrolment"].get("billing_practitioner") or {}).get("id")
    personal = []
    for second, entries in eligible.items():
        keeper = min(entries, key=lambda e: (posix(e["start"]), e["id"]))
        for entry in entries:
            if entry is not keeper:
                excluded[entry["id"], "overlap"] += 1
        if any(e["performer_class"] == "practitioner" and e["performer"] == biller for e in entries):
            personal.append(second)
    return _billed(case, sorted(eligible), sorted(personal)) | {"excluded": dict(excluded)}


# track: base code, minutes and cents; further code, minutes, most and cents, all of 2026
_PAID = {
    "complex": (("99487", 60, 14429), ("99489", 30, 10, 7816)),
    "practitioner": (("99491", 30, 8216), ("99437", 30, 2, 6313)),
    "staff": (("99490", 20, 6613), ("99439", 20, 2, 5044)),
}


def _billed(case: dict[str, Any], shared: list[int], personal: list[int]) -> dict[str, Any]:
    policy = case.get("policy") or {}
    met, minutes = {}, {}
    for track, ((_, base, pays), (_, step, most, each)) in _PAID.items():
        seconds = personal if track == "practitioner" else shared
        minutes[track] = len(seconds) // 60
        if minutes[track] >= base and (track != "complex" or case["facts"].get("mdm") in ("moderate", "high")):
            more = min(most, (minutes[track] - base) // step)
            met[track] = (pays + more * each, more, seconds[(base + more * step) * 60 - 1])
    wanted = policy.get("track", "best")
    choice = [t for t in met if wanted in ("best", t)]
    track = max(choice, key=lambda t: met[t][0]) if choice else None  # the first of equals, in the order above
    claim, day = {}, None
    if track:
        _, more, last_second = met[track]
        claim = {_PAID[track][0][0]: 1} | ({_PAID[track][1][0]: more} if more else {})
        days = [month_days(case)[1]]
        if case["patient"].get("deceased_on"):
            days.append(date.fromisoformat(case["patient"]["deceased_on"]))
        by_threshold = policy.get("date_of_service") == "threshold"
        day = local_day(last_second, case["timezone"]) if by_threshold else min(days)
    return {
        "counted_seconds": len(shared),
        "minutes": minutes,
        "track": track,
        "claim": claim,
        "amount": f"{met[track][0] / 100:.2f}" if track else "0.00",
        "date_of_service": day.isoformat() if day else None,
    }
