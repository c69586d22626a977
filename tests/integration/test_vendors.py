"""Each kind of EHR takes time in the way that it can, and the panel says beforehand which way that is."""

from __future__ import annotations

import pytest

from fhir_mappings.codes import ENTRY_SYSTEM
from sandbox_ehr.config import SandboxConfig
from tests.integration.browser import Browser
from tests.integration.clinic import Clinic
from tests.integration.conftest import OpenClinic

PATIENT, VISITING = "albarracin-marisol", "ferreby-constance"  # the second is launched during a visit
KINDS = ("Encounter", "Observation", "DocumentReference")


def ours(clinic: Clinic, patient: str, entry_id: str) -> list[str]:
    """The types of the resources that stand for an entry, found without relying on search by identifier."""
    return [
        kind
        for kind in KINDS
        for resource in clinic.search(kind, patient=patient)
        if {"system": ENTRY_SYSTEM, "value": entry_id} in resource.get("identifier", [])
    ]


@pytest.mark.parametrize(
    ("profile", "patient", "rung", "filed"),
    [
        ("open", PATIENT, "encounter_observation", ["Encounter", "Observation"]),
        ("open", VISITING, "encounter_observation", ["Encounter", "Observation"]),
        ("epic", PATIENT, "note", ["DocumentReference"]),
        ("epic", VISITING, "observation", ["Observation"]),
    ],
)
def test_time_is_filed_as_the_panel_said_before_the_first_minute(
    open_clinic: OpenClinic, browser: Browser, *, profile: str, patient: str, rung: str, filed: list[str]
) -> None:
    clinic = open_clinic(ehr=SandboxConfig(profile=profile))
    panel = browser.open(clinic, patient)
    writeback = panel.view()["writeback"]
    assert (writeback["rung"], writeback["ok"], bool(writeback["why"])) == (rung, True, True)
    entry_id = panel.entry()
    clinic.deliver_all()
    (entry,) = panel.entries()
    assert (entry["status"], sorted(each.partition("/")[0] for each in entry["resources"])) == ("filed", sorted(filed))
    assert ours(clinic, patient, entry_id) == filed


@pytest.mark.parametrize("patient", [PATIENT, VISITING])
def test_an_ehr_that_promises_more_than_it_takes_gets_a_note_and_the_panel_says_why(
    open_clinic: OpenClinic, browser: Browser, patient: str
) -> None:
    clinic = open_clinic(ehr=SandboxConfig(profile="oracle"))
    panel = browser.open(clinic, patient)
    assert panel.view()["writeback"]["rung"] == "encounter_observation"
    first = panel.entry(key="first")
    clinic.deliver_all()
    assert ours(clinic, patient, first) == ["DocumentReference"]
    writeback = panel.view()["writeback"]
    assert writeback["rung"] == "note"
    assert "422" in writeback["why"]
    clinic.forget_requests()
    second = browser.open(clinic, patient).entry(key="second", minutes=3)
    clinic.deliver_all()
    assert ours(clinic, patient, second) == ["DocumentReference"]
    assert clinic.asked("POST", "/fhir/Encounter") == clinic.asked("POST", "/fhir/Observation") == []


@pytest.mark.parametrize("patient", [PATIENT, VISITING])
def test_time_in_an_ehr_that_takes_nothing_is_kept_here_and_that_is_said(
    open_clinic: OpenClinic, browser: Browser, patient: str
) -> None:
    clinic = open_clinic(ehr=SandboxConfig(profile="readonly"))
    panel = browser.open(clinic, patient)
    writeback = panel.view()["writeback"]
    assert (writeback["rung"], writeback["ok"]) == ("ledger_only", False)
    assert "Time is kept in Cadence only, not in the chart" in panel.page()
    panel.entry()
    clinic.deliver_all()
    (entry,) = panel.entries()
    assert (entry["status"], entry["status_label"], entry["resources"]) == ("waiting", "Kept in Cadence only", [])
    assert [row for row in clinic.asked("POST") if row["path"].startswith("/fhir")] == []


@pytest.mark.parametrize(
    ("policy", "rung"),
    [
        ("best", "encounter_observation"),
        ("observation", "observation"),
        ("note", "note"),
        ("ledger_only", "ledger_only"),
    ],
)
def test_the_site_s_own_policy_holds_back_what_the_ehr_would_take(
    open_clinic: OpenClinic, browser: Browser, policy: str, rung: str
) -> None:
    clinic = open_clinic(registration={"write_back": policy})
    assert browser.open(clinic, VISITING).view()["writeback"]["rung"] == rung


def test_writing_that_was_not_granted_is_said_up_front(open_clinic: OpenClinic, browser: Browser) -> None:
    withheld = frozenset(f"patient/{kind}.{letters}" for kind in KINDS for letters in ("c", "u", "cu", "cus", "crus"))
    clinic = open_clinic(ehr=SandboxConfig(withhold_scopes=withheld))
    writeback = browser.open(clinic, PATIENT).view()["writeback"]
    assert (writeback["rung"], writeback["ok"]) == ("ledger_only", False)
    assert "did not grant" in writeback["why"]


def test_an_ehr_that_does_not_say_what_it_takes_is_asked_again_before_anything_is_filed(
    open_clinic: OpenClinic, browser: Browser
) -> None:
    clinic = open_clinic(ehr=SandboxConfig(profile="epic"))
    clinic.fault("GET", "/fhir/metadata", status=500, times=-1)
    panel = browser.open(clinic, PATIENT)
    assert len(clinic.asked("GET", "/fhir/metadata")) == 1
    assert "has not said what it accepts" in panel.view()["writeback"]["why"]
    entry_id = panel.entry()
    clinic.deliver()
    assert panel.statuses() == ["waiting"]
    clinic.heal()
    clinic.deliver_all()
    assert ours(clinic, PATIENT, entry_id) == ["DocumentReference"]


def test_what_was_kept_here_is_filed_once_a_launch_may_write(open_clinic: OpenClinic, browser: Browser) -> None:
    clinic = open_clinic(registration={"write_back": "ledger_only"})
    entry_id = browser.open(clinic, PATIENT).entry()
    clinic.deliver_all()
    assert ours(clinic, PATIENT, entry_id) == []
    with clinic.services.store.writing() as session:
        session.connection().exec_driver_sql("UPDATE registration SET write_back = 'best'")
    panel = browser.open(clinic, PATIENT)
    clinic.deliver_all()
    assert ours(clinic, PATIENT, entry_id) == ["Encounter", "Observation"]
    assert panel.statuses() == ["filed"]
