"""Charts of which a part fails: the panel opens, shows the rest, and says what is missing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.integration.browser import Browser
from tests.integration.clinic import Clinic
from tests.integration.conftest import OpenClinic

PATIENT, VISITING = "albarracin-marisol", "ferreby-constance"


@pytest.fixture
def clinic(shared_clinic: Clinic) -> Iterator[Clinic]:
    """The module's clinic, healthy again afterwards."""
    yield shared_clinic
    shared_clinic.heal()


FAULTS: dict[str, dict[str, Any]] = {
    "500": {"status": 500},
    "403": {"status": 403},
    "429": {"status": 429, "headers": {"Retry-After": "60"}},
    "dropped": {"drop_response": True, "times": 2},
    "truncated": {"truncate": True},
    "HTML": {"body": "<html>Please sign in</html>", "content_type": "text/html"},
    "empty": {"body": ""},
    "a redirect": {"status": 302, "headers": {"Location": "https://evil.example/"}},
}
PARTS = {
    "/fhir/Condition": ("Conditions", "conditions"),
    "/fhir/CarePlan": ("Care plans", "care_plans"),
    "/fhir/Observation": ("Time filed earlier", ""),
    "/fhir/Goal": ("Goals", ""),
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
@pytest.mark.parametrize(("path", "part"), PARTS.items(), ids=PARTS.keys())
def test_a_part_that_fails_is_said_and_the_rest_is_shown(
    clinic: Clinic, browser: Browser, *, path: str, part: tuple[str, str], fault: dict[str, Any]
) -> None:
    words, section = part
    clinic.fault("GET", path, **fault)
    panel = browser.open(clinic, PATIENT)
    view = panel.view()
    assert [notice for notice in view["notices"] if notice.startswith(f"{words}: could not be read: ")]
    assert view["patient"]["name"] == "Marisol Albarracin"
    for name, shown in (("conditions", 2), ("care_plans", 1)):
        assert len(view[name]) == (0 if name == section else shown)
    if section:
        page = panel.page()
        assert "could not be read" in page
    assert panel.enter(key=path + str(fault)).status_code in (200, 201)


@pytest.mark.parametrize("path", ["/fhir/Practitioner", "/fhir/Encounter/", "/fhir/metadata"])
@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
def test_what_the_panel_can_do_without_never_keeps_it_from_opening(
    clinic: Clinic, browser: Browser, path: str, fault: dict[str, Any]
) -> None:
    clinic.services.capabilities._fresh._kept.clear()
    clinic.fault("GET", path, **fault)
    view = browser.open(clinic, VISITING).view()
    assert (view["patient"]["id"], view["patient"]["user_name"]) == (VISITING, "Imani Okwuosa, RN")


def test_a_care_plan_search_that_wants_a_category_gets_one(clinic: Clinic, browser: Browser) -> None:
    clinic.fault("GET", "/fhir/CarePlan", status=400)
    clinic.forget_requests()
    view = browser.open(clinic, PATIENT).view()
    first, second = (row["path"] for row in clinic.asked("GET", "/fhir/CarePlan"))
    assert ("category=" in first, "category=assess-plan" in second) == (False, True)
    assert [notice for notice in view["notices"] if notice.startswith("Care plans: could not be read")] == []


def test_one_bad_entry_of_a_list_does_not_take_the_others_with_it(clinic: Clinic, browser: Browser) -> None:
    good = clinic.search("Condition", patient=PATIENT)
    bundle = {
        "resourceType": "Bundle",
        "type": "searchset",
        "entry": [
            {"resource": good[0]},
            {"resource": "text"},
            None,
            {"resource": {"id": "no type"}},
            {"resource": good[1]},
        ],
    }
    clinic.fault("GET", "/fhir/Condition", body=bundle)
    view = browser.open(clinic, PATIENT).view()
    assert len(view["conditions"]) == 2
    assert "Conditions: 3 entries of the EHR's answer are unreadable" in view["notices"]


@pytest.mark.parametrize(
    "target", ["https://evil.example/fhir/Condition", "{base}/Condition?patient=x", "{base}/../auth"]
)
def test_a_next_link_that_leads_elsewhere_or_in_circles_ends_the_search(
    clinic: Clinic, browser: Browser, target: str
) -> None:
    link = [{"relation": "next", "url": target.format(base=clinic.ehr.fhir_base)}]
    bundle = {"resourceType": "Bundle", "type": "searchset", "entry": [], "link": link}
    clinic.fault("GET", "/fhir/Condition", body=bundle, times=30)
    notices = browser.open(clinic, PATIENT).view()["notices"]
    assert [notice for notice in notices if notice.startswith("Conditions: further pages are missing")]


def test_a_part_that_is_too_slow_is_said_at_the_deadline(open_clinic: OpenClinic, browser: Browser) -> None:
    clinic = open_clinic(ehr_deadline_seconds=0.3)
    clinic.fault("GET", "/fhir/CarePlan", delay_ms=700)
    view = browser.open(clinic, PATIENT).view()
    assert "Care plans: could not be read: The EHR did not answer in time." in view["notices"]
    assert len(view["conditions"]) == 2


def test_a_chart_that_is_opened_again_once_the_ehr_is_well_has_no_gaps(clinic: Clinic, browser: Browser) -> None:
    clinic.fault("GET", "/fhir/Condition", status=500)
    assert browser.open(clinic, PATIENT).view()["notices"]
    assert browser.open(clinic, PATIENT).view()["notices"] == []
