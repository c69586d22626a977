"""Before the claim: each blocker leads to the one form that clears it, for those who may use it."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from ccm.assessment import Assessment, CareMonth, Enrolment, Finding, assess
from ccm.assessment.blockers import BLOCKERS
from ccm.months import Month
from smart_app.panel.clearing import points
from tests.unit.smart_app.templates.programme_samples import open_question

TEMPLATES = Path(__file__).resolve().parents[4] / "smart_app/templates/panel"
BARE = assess(
    CareMonth(
        Month(2026, 11), ZoneInfo("America/New_York"), "p", Enrolment("candidate", initiating_visit_required=True)
    )
)


def blocked_by(code: str) -> Assessment:
    """An assessment with one blocker."""
    return replace(BARE, blockers=(Finding(code, "Do it.", ""),), warnings=())


@pytest.mark.parametrize("code", [code for code, _ in BLOCKERS])
def test_every_blocker_has_an_action_that_leads_to_a_place_on_the_panel(code: str) -> None:
    (point,) = points(blocked_by(code), (), "practitioner")
    assert point.action_label
    place = point.action_href.removeprefix("#").replace("fact-", "")
    text = "".join(page.read_text() for page in TEMPLATES.glob("*.html"))
    known = set(re.findall(r'id="([\w-]+)"', text)) | set(re.findall(r'"([\w-]+-form)"', text))
    assert place in known | {"decision_making", "services", "billed_elsewhere", "stays", "visits"}


def test_who_may_not_clear_it_is_told_who_may() -> None:
    (point,) = points(blocked_by("billing_practitioner_missing"), (), "coordinator")
    assert (point.action_href, point.action_label) == ("", "For: billing practitioner, programme lead")


def test_what_follows_something_else_waits_for_it() -> None:
    both = replace(
        BARE, blockers=(Finding("not_enrolled", "Enrol.", ""), Finding("consent_missing", "Ask.", "")), warnings=()
    )
    enrol, consent = points(both, (), "coordinator")
    assert (enrol.action_href, enrol.action_label) == ("", "After consent")
    assert consent.action_href == "#consent-form"


def test_open_questions_are_one_point_that_names_them_all() -> None:
    questions = (open_question("stays"), open_question("billed_elsewhere"), replace(open_question("visits"), open=""))
    point = points(blocked_by("billed_elsewhere"), questions, "biller")[-1]
    assert (point.code, point.severity, point.action_href) == ("facts_open", "warn", "#fact-stays")
    assert point.text == (
        "Still open for this month: inpatient and nursing facility stays and CCM billed by another practitioner."
    )
