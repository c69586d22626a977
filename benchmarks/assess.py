"""`python -m benchmarks.assess`: the exact month against json.loads, parsing the times and summing in plain Python.

Both read the same NDJSON of care months with six entries each. The product also checks every field, judges the month
and writes its assessment; what stands against it only adds up minutes.
"""

from __future__ import annotations

import argparse
import json
import math
import random
from collections import deque
from datetime import datetime, timedelta
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

from benchmarks.report import paired, print_result, ratios, seconds
from ccm.assessment.care_month import CARE_PLAN_ELEMENTS
from smart_app.cli.assess import assessed_lines

_GOAL_RATIO = 6.0
_GOAL_EXPONENT = 1.05
_ZONES = ("America/New_York", "America/Chicago", "America/Denver", "America/Phoenix", "America/Los_Angeles")
_ACTIVITIES = ("patient_contact", "medication_review", "care_plan_work", "documentation", "voicemail")
_ELEMENTS = tuple(CARE_PLAN_ELEMENTS)


def main() -> None:
    """Measures, and prints the result as one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", action="store_true", help="few care months: to see that it works")
    small = parser.parse_args().small
    sizes, pairs = ((100, 400, 1_600), 5) if small else ((1_000, 10_000, 100_000), 5)
    lines = care_month_lines(sizes[-1])
    figures = ratios(paired(lambda: assess_all(lines), lambda: sum_all(lines), pairs))
    exponent = growth(lines, sizes)
    met = median(figures) <= _GOAL_RATIO and exponent <= _GOAL_EXPONENT
    detail = {"care_months": sizes[-1], "entries_each": 6, "exponent": round(exponent, 3), "sizes": sizes}
    goal = f"<= {_GOAL_RATIO:g} x, exponent <= {_GOAL_EXPONENT}"
    print_result("assess", figures, goal=goal, met=met, detail=detail)


def assess_all(lines: list[bytes]) -> None:
    """The product, from bytes in to text out."""
    deque(assessed_lines(lines), maxlen=0)


def sum_all(lines: list[bytes]) -> int:
    """The least anybody would do: parse, and add up the minutes."""
    minutes = 0
    for line in lines:
        spent = 0.0
        for entry in json.loads(line)["entries"]:
            started, ended = datetime.fromisoformat(entry["start"]), datetime.fromisoformat(entry["end"])
            spent += (ended - started).total_seconds()
        minutes += int(spent // 60)
    return minutes


def growth(lines: list[bytes], sizes: tuple[int, ...]) -> float:
    """The exponent of time over size, from the smallest to the largest: 1 is linear. Best of three at each end."""
    least, most = sizes[0], sizes[-1]
    small = min(seconds(lambda: assess_all(lines[:least])) for _ in range(3))
    large = min(seconds(lambda: assess_all(lines[:most])) for _ in range(3))
    return math.log(large / small) / math.log(most / least)


def care_month_lines(count: int) -> list[bytes]:
    """Synthetic care months, one JSON object a line; the same every time."""
    draw = random.Random(2026)
    return [json.dumps(_care_month(draw, number)).encode() + b"\n" for number in range(count)]


def _care_month(draw: random.Random, number: int) -> dict[str, Any]:
    month, zone = draw.randint(1, 12), draw.choice(_ZONES)
    return {
        "month": f"2026-{month:02d}",
        "timezone": zone,
        "patient": {"id": f"patient-{number}"},
        "enrolment": _enrolment(draw),
        "facts": {"mdm": draw.choice(["none", "low", "moderate"]), "visits": _visits(draw, month)},
        "entries": [_entry(draw, month, ZoneInfo(zone), index) for index in range(6)],
    }


def _enrolment(draw: random.Random) -> dict[str, Any]:
    condition = {"attested_on": "2025-11-03", "attested_by": "Practitioner/d1", "expected_months": 999}
    return {
        "status": "enrolled",
        "initiating_visit_required": True,
        "initiating_visit_on": "2025-11-03",
        "consent": {
            "given_at": "2025-11-03T15:30:00-05:00",
            "method": "verbal",
            "obtained_by": "Practitioner/n1",
            "disclosures": ["availability", "cost_sharing", "one_practitioner", "right_to_stop"],
        },
        "billing_practitioner": {"id": "Practitioner/d1", "npi": "1234567893"},
        "conditions": [{"icd10": code, "significant_risk": True, **condition} for code in ("E11.9", "I10")],
        "care_plan": {
            "established_on": "2025-11-03",
            "elements": _ELEMENTS[: draw.randint(9, 12)],
            "copy_given_on": "2025-11-03",
        },
    }


def _visits(draw: random.Random, month: int) -> list[dict[str, str]]:
    return [{"on": f"2026-{month:02d}-{draw.randint(1, 28):02d}"}] if draw.random() < 0.3 else []


def _entry(draw: random.Random, month: int, zone: ZoneInfo, index: int) -> dict[str, Any]:
    start = datetime(2026, month, draw.randint(1, 28), draw.randint(8, 17), draw.randint(0, 59), tzinfo=zone)
    own = draw.random() < 0.2
    return {
        "id": f"e{index}",
        "start": start.isoformat(),
        "end": (start + timedelta(seconds=draw.randint(60, 1500))).isoformat(),
        "performer": "Practitioner/d1" if own else f"Practitioner/n{draw.randint(1, 3)}",
        "performer_class": "practitioner" if own else "staff",
        "activity": draw.choice(_ACTIVITIES),
        "programme": "ccm",
        "separate_from_visit": False,
        "voided": False,
    }


if __name__ == "__main__":
    main()
