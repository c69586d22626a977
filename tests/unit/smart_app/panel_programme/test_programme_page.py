"""The sections of the programme: what is offered, to whom, and that it works without JavaScript."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.unit.smart_app.templates import samples
from tests.unit.smart_app.templates.page import Page, render_panel
from tests.unit.smart_app.templates.programme_samples import EMPTY_PROGRAMME, PROGRAMME

PATHS = {f"/p/L1/{path}" for path in ("enrolment", "conditions", "care-plan", "facts")}


def actions(page: Page) -> set[str]:
    """What the forms of the programme would record."""
    return {
        field.attributes["value"]
        for form in page.all("form")
        if form.attributes.get("action") in PATHS
        for field in page.inside(form, "input")
        if field.attributes.get("name") == "action"
    }


def test_a_candidate_is_offered_consent_with_the_four_disclosures_in_the_clinics_name() -> None:
    page = render_panel(samples.empty())
    (form,) = [form for form in page.all("form") if form.attributes.get("id") == "consent-form"]
    boxes = [box for box in page.inside(form, "input") if box.attributes.get("name") == "disclosures"]
    assert [box.attributes["value"] for box in boxes] == [
        "availability",
        "cost_sharing",
        "one_practitioner",
        "right_to_stop",
    ]
    assert not [box for box in boxes if "checked" in box.attributes]
    assert "Lakeside Clinic offers Chronic Care Management" in form.text
    assert "S. Patel, MD" in form.text
    (given_at,) = [box for box in page.inside(form, "input") if box.attributes.get("name") == "given_at"]
    assert given_at.attributes["value"] == "2026-11-24T14:20"


def test_only_what_the_status_allows_is_offered() -> None:
    assert "withdrawn" in actions(render_panel(samples.panel()))
    assert "invited" not in actions(render_panel(samples.panel()))
    assert "invited" in actions(render_panel(samples.empty()))
    assert "withdrawn" not in actions(render_panel(samples.empty()))


def test_a_plan_is_established_once_and_then_revised() -> None:
    assert "plan_established" in actions(render_panel(samples.empty()))
    assert not {"plan_revised", "copy_given"} & actions(render_panel(samples.empty()))
    assert {"plan_revised", "copy_given"} <= actions(render_panel(samples.panel()))


def test_who_may_record_nothing_sees_all_and_is_offered_nothing() -> None:
    page = render_panel(samples.STATES["biller"]())
    assert actions(page) <= {"struck"}
    for words in ("Given 2 Nov 2026, 09:00", "NPI 2487652309", "11 of 12 elements", "2 of 5 answered"):
        assert words in page.text


def test_each_form_has_a_key_of_its_own() -> None:
    page = render_panel(samples.panel())
    forms = [form for form in page.all("form") if form.attributes.get("action") in PATHS]
    keys = [
        field.attributes["value"]
        for form in forms
        for field in page.inside(form, "input")
        if field.attributes.get("name") == "key"
    ]
    assert len(keys) == len(set(keys)) == len(forms)


@pytest.mark.parametrize(("programme", "said"), [(PROGRAMME, "Enrolled"), (EMPTY_PROGRAMME, "Candidate")])
def test_the_status_stands_in_the_head(programme: object, said: str) -> None:
    page = render_panel(replace(samples.panel(), programme=programme))  # type: ignore[arg-type]
    (section,) = [each for each in page.all("section") if each.attributes.get("id") == "enrolment"]
    assert section.attributes["data-announce"] == f"Enrolment: {said}"
