"""Which track is billed, what it pays, what comes next, and the date of service."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from ccm.assess_json import assessment_object, read_care_month
from ccm.assessment import assess
from ccm.tables import NATIONAL_TABLES, with_amounts
from smart_app.cli.assess import time_zone
from tests.unit.ccm.cases import assessed, care_month, claim, codes, entry, minutes, own


def test_a_clean_month_is_ready() -> None:
    result = assessed(care_month(minutes(40)))
    assert result["ready"]
    assert (result["blockers"], result["warnings"]) == ([], [])
    assert (result["track"], result["amount"], result["rules"]) == ("staff", "116.57", "2026")
    assert result["date_of_service"] == "2026-10-31"
    assert result["next"] == {"code": "99439", "minutes_needed": 20, "text": "20 more minutes reach 99439"}
    assert [(line["units"], line["amount"], line["estimated"]) for line in result["lines"]] == [
        (1, "66.13", False),
        (1, "50.44", False),
    ]


def test_amounts_follow_the_year_of_service() -> None:
    case = care_month(minutes(20), month="2025-10", enrolment__initiating_visit_required=False)
    case["entries"][0] = entry("2025-10-06T12:00:00-04:00", 1200)
    case["enrolment"]["consent"]["given_at"] = "2025-01-01T00:00:00Z"
    result = assessed(case)
    assert (result["rules"], result["amount"]) == ("2025", "60.49")


def test_best_takes_the_track_that_pays_most() -> None:
    result = assessed(care_month(minutes(10), own(30)))  # 40 shared minutes: 116.57, 30 own minutes: 82.16
    assert result["track"] == "staff"
    result = assessed(care_month(own(30)))  # 30 shared minutes: 66.13
    assert result["track"] == "practitioner"
    result = assessed(care_month(minutes(60), facts__mdm="high"))  # 144.29, or 167.01 as staff time
    assert result["track"] == "staff"
    result = assessed(care_month(minutes(90), facts__mdm="high"))  # 222.45
    assert result["track"] == "complex"


def test_of_equal_amounts_complex_comes_first_then_practitioner() -> None:
    level = {code: Decimal("50") for code in ("99490", "99487", "99491")}
    tables = with_amounts(NATIONAL_TABLES, {"2026": {**level, "99439": Decimal(0), "99437": Decimal(0)}})

    def track(**facts: Any) -> str | None:
        return assess(read_care_month(care_month(own(60), facts=facts), time_zone), tables).track

    assert track(mdm="moderate") == "complex"
    assert track(mdm="low") == "practitioner"


def test_a_fixed_track_excludes_the_others() -> None:
    result = assessed(care_month(own(29), policy={"track": "practitioner"}))
    assert result["tracks"]["staff"]["met"]
    assert (result["track"], result["lines"], result["amount"]) == (None, [], "0.00")
    assert result["date_of_service"] is None
    assert codes(result["blockers"]) == ["below_threshold"]
    assert result["next"]["code"] == "99491"


@pytest.mark.parametrize(
    ("case", "code", "needed"),
    [
        (care_month(), "99490", 20),
        (care_month(minutes(17.9)), "99490", 3),
        (care_month(minutes(20)), "99439", 20),
        (care_month(minutes(58)), "99439", 2),
        (care_month(own(30)), "99437", 30),
        (care_month(minutes(10), policy={"track": "complex"}, facts__mdm="high"), "99487", 50),
        (care_month(minutes(61), policy={"track": "complex"}, facts__mdm="high"), "99489", 29),
        (care_month(minutes(10), policy={"track": "practitioner"}), "99491", 30),
    ],
)
def test_next_names_the_unit_and_the_minutes(case: dict[str, Any], code: str, needed: int) -> None:
    assert assessed(case)["next"] == {
        "code": code,
        "minutes_needed": needed,
        "text": f"{needed} more minutes reach {code}",
    }


@pytest.mark.parametrize(
    "case",
    [
        care_month(minutes(60)),
        care_month(minutes(360), facts__mdm="high"),
        care_month(own(90), policy={"track": "practitioner"}),
        care_month(minutes(10), policy={"track": "complex"}),
        care_month(minutes(70), policy={"track": "complex"}, facts__mdm="low"),
    ],
)
def test_there_is_no_next_at_the_cap_nor_where_minutes_alone_earn_nothing(case: dict[str, Any]) -> None:
    assert assessed(case)["next"] is None


def test_99489_is_capped_at_ten() -> None:
    assert claim(assessed(care_month(minutes(359), facts__mdm="high")))["99489"] == 9
    assert claim(assessed(care_month(minutes(700), facts__mdm="high")))["99489"] == 10


@pytest.mark.parametrize(
    ("entries", "day"),
    [
        ([minutes(20, 6), minutes(19, 20)], "2026-10-06"),
        ([minutes(20, 6), minutes(20, 20)], "2026-10-20"),
        ([minutes(60, 6), minutes(60, 20)], "2026-10-06"),
        ([entry("2026-10-06T23:40:00-04:00", 1200)], "2026-10-06"),
        ([entry("2026-10-06T23:40:01-04:00", 1200)], "2026-10-07"),
        ([minutes(20, 20), minutes(20, 6)], "2026-10-20"),
    ],
)
def test_threshold_policy_gives_the_day_of_the_completing_second(entries: list[dict[str, Any]], day: str) -> None:
    assert assessed(care_month(*entries, policy={"date_of_service": "threshold"}))["date_of_service"] == day


def test_after_a_death_the_date_of_service_is_the_day_of_death_at_the_latest() -> None:
    result = assessed(care_month(minutes(20, 6), minutes(20, 12, id="late"), patient__deceased_on="2026-10-11"))
    assert result["date_of_service"] == "2026-10-11"
    assert result["excluded"] == [{"entry": "late", "seconds": 1200, "reason": "after_death"}]


def test_an_estimated_amount_says_so_until_the_practice_sets_its_own() -> None:
    case = read_care_month(care_month(own(30)), time_zone)
    assert assessment_object(assess(case))["lines"][0]["estimated"]
    tables = with_amounts(NATIONAL_TABLES, {"2026": {"99491": Decimal("84.5")}})
    result = assessment_object(assess(case, tables))
    assert (result["lines"][0]["estimated"], result["amount"]) == (False, "84.50")


@pytest.mark.parametrize(
    "amounts",
    [
        {"2031": {"99490": Decimal(1)}},
        {"2026": {"12345": Decimal(1)}},
        {"2026": {"99490": Decimal("-1")}},
        {"2026": {"99490": Decimal("1.005")}},
        {"2026": {"99490": Decimal("NaN")}},
    ],
)
def test_amounts_that_cannot_be_meant_are_refused(amounts: dict[str, dict[str, Decimal]]) -> None:
    with pytest.raises(ValueError, match=r"table|code|cents"):
        with_amounts(NATIONAL_TABLES, amounts)


def test_alternatives_say_what_the_other_tracks_would_pay() -> None:
    result = assessed(care_month(own(60)))
    assert result["track"] == "staff"
    assert result["alternatives"] == [
        {"track": "complex", "met": False, "amount": "0.00", "text": "99487 needs moderate or high decision making"},
        {"track": "practitioner", "met": True, "amount": "145.29", "text": "would pay 145.29"},
    ]
