"""The care month's one Observation: right after every change, there once, and nowhere where it could not follow."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from sandbox_ehr.config import SandboxConfig
from tests.integration.browser import Browser
from tests.integration.clinic import Clinic
from tests.integration.conftest import OpenClinic
from tests.integration.delivery.chart import check_chart, months
from tests.integration.delivery.consent import consented
from tests.integration.delivery.test_corrections import void
from tests.integration.delivery.test_ladder import amend

PATIENT, IN_A_VISIT = "albarracin-marisol", "ferreby-constance"


def total(clinic: Clinic) -> dict[str, Any]:
    """The one total that stands."""
    ((found,),) = months(clinic.ehr.store).values()
    return found


def test_the_total_follows_every_change_and_stays_one_resource(either_clinic: Clinic, browser: Browser) -> None:
    clinic = either_clinic
    panel = consented(browser.open(clinic, PATIENT))
    first = panel.entry(minutes=10)
    clinic.deliver_all()
    resource = total(clinic)["id"]
    second = panel.entry(key="late", start="2026-11-02T09:00:00-05:00", minutes=15)
    changes: tuple[Callable[[], None], ...] = (
        lambda: None,
        lambda: amend(panel, first, minutes=25),
        lambda: amend(panel, second, start="2026-10-30T09:00:00-04:00", minutes=5),
        lambda: void(panel, first),
        lambda: void(panel, second),
    )
    sources, minutes = [], []
    for change in changes:
        change()
        clinic.deliver_all()
        check_chart(clinic.services, clinic.ehr.store)
        november = months(clinic.ehr.store)[f"{PATIENT}|2026-11"][0]
        assert november["id"] == resource
        assert "encounter" not in november
        sources.append(len(november.get("derivedFrom", [])))
        minutes.append(november["valueQuantity"]["value"])
    assert sources == [2, 2, 1, 0, 0]
    assert minutes == [25, 40, 25, 0, 0]


@pytest.mark.parametrize("failures", [1, 2, 5])
def test_a_total_that_somebody_changed_meanwhile_is_read_again(clinic: Clinic, browser: Browser, failures: int) -> None:
    panel = browser.open(clinic, PATIENT)
    panel.entry(minutes=10)
    clinic.deliver_all()
    clinic.fault("PUT", "/fhir/Observation", times=failures, status=412)
    panel.entry(key="key-2", start="2026-11-02T09:00:00-05:00")
    clinic.deliver_all()
    check_chart(clinic.services, clinic.ehr.store)


@pytest.mark.parametrize(
    ("ehr", "policy"),
    [
        ({"profile": "epic"}, "best"),
        ({"withhold_scopes": frozenset({"patient/Observation.u"})}, "best"),
        ({}, "note"),
    ],
)
def test_no_total_is_written_that_could_not_be_kept_right(
    open_clinic: OpenClinic, browser: Browser, ehr: dict[str, Any], policy: str
) -> None:
    clinic = open_clinic(ehr=SandboxConfig(**ehr), registration={"write_back": policy})
    panel = browser.open(clinic, IN_A_VISIT)
    panel.entry()
    clinic.deliver_all()
    assert panel.statuses() == ["filed"]
    assert months(clinic.ehr.store) == {}


def test_a_total_that_the_ehr_refuses_in_fact_is_said_on_the_panel(clinic: Clinic, browser: Browser) -> None:
    panel = browser.open(clinic, PATIENT)
    panel.entry()
    clinic.deliver_all()
    clinic.fault("PUT", "/fhir/Observation", times=-1, status=403)
    panel.entry(key="key-2", start="2026-11-02T09:00:00-05:00")
    clinic.deliver_all()
    (notice,) = panel.view()["notices"]
    assert notice.startswith("The total of 2026-11 in the chart needs attention.")
    assert total(clinic)["id"] in notice
    clinic.heal()
    panel.entry(key="key-3", start="2026-11-03T09:00:00-05:00")
    clinic.deliver_all()
    assert panel.view()["notices"] == []
    check_chart(clinic.services, clinic.ehr.store)
