"""The rung on which time is filed: what the panel says beforehand, and what the EHR's store holds afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from sandbox_ehr.config import SandboxConfig
from tests.integration.browser import Browser
from tests.integration.clinic import Clinic
from tests.integration.conftest import OpenClinic
from tests.integration.delivery.chart import KINDS, check_chart, counts, months, ours, state_of

PATIENT, IN_A_VISIT = "albarracin-marisol", "ferreby-constance"
BOTH = {"Encounter": 1, "Observation": 1}
WITHOUT_ENCOUNTERS = frozenset({"patient/Encounter.cu"})
WITHOUT_OBSERVATIONS = frozenset({"patient/Encounter.cu", "patient/Observation.cu"})
WITHOUT_WRITING = WITHOUT_OBSERVATIONS | {"patient/DocumentReference.cu"}


def written(clinic: Clinic) -> list[tuple[str, str, int]]:
    """The requests by which the EHR was asked to write: method, path and status."""
    rows = [row for row in clinic.asked(path="/fhir/") if row["method"] in ("POST", "PUT", "PATCH", "DELETE")]
    return [(row["method"], row["path"], row["status"]) for row in rows]


@dataclass(frozen=True, slots=True)
class Case:
    """An EHR, the site's policy and whose chart is opened; the rung, and what then tells of an entry."""

    ehr: dict[str, Any]
    policy: str
    patient: str
    rung: str
    filed: dict[str, int]


@pytest.mark.parametrize(
    "case",
    [
        Case({}, "best", PATIENT, "encounter_observation", BOTH),
        Case({}, "observation", IN_A_VISIT, "observation", {"Observation": 1}),
        Case({}, "observation", PATIENT, "note", {"DocumentReference": 1}),
        Case({}, "note", PATIENT, "note", {"DocumentReference": 1}),
        Case({}, "ledger_only", PATIENT, "ledger_only", {}),
        Case({"profile": "epic"}, "best", IN_A_VISIT, "observation", {"Observation": 1}),
        Case({"profile": "epic"}, "best", PATIENT, "note", {"DocumentReference": 1}),
        Case({"profile": "oracle"}, "note", PATIENT, "note", {"DocumentReference": 1}),
        Case({"profile": "readonly"}, "best", IN_A_VISIT, "ledger_only", {}),
        Case({"withhold_scopes": WITHOUT_ENCOUNTERS}, "best", IN_A_VISIT, "observation", {"Observation": 1}),
        Case({"withhold_scopes": WITHOUT_OBSERVATIONS}, "best", IN_A_VISIT, "note", {"DocumentReference": 1}),
        Case({"withhold_scopes": WITHOUT_WRITING}, "best", IN_A_VISIT, "ledger_only", {}),
        Case({"withhold_scopes": WITHOUT_WRITING, "scope_style": "v1"}, "best", IN_A_VISIT, "ledger_only", {}),
    ],
)
def test_the_rung_said_on_the_panel_is_the_one_that_the_chart_then_holds(
    open_clinic: OpenClinic, browser: Browser, case: Case
) -> None:
    clinic = open_clinic(ehr=SandboxConfig(**case.ehr), registration={"write_back": case.policy})
    rung, filed = case.rung, case.filed
    before = {kind: len(clinic.ehr.store.all(kind)) for kind in KINDS}
    panel = browser.open(clinic, case.patient)
    said = panel.view()["writeback"]
    assert said["rung"] == rung
    assert (said["why"], said["ok"]) != ("", rung == "ledger_only")
    clinic.forget_requests()
    entry_id = panel.entry()
    clinic.deliver_all()
    assert counts(clinic.ehr.store, entry_id) == filed
    totals = len(months(clinic.ehr.store))
    added = {kind: len(clinic.ehr.store.all(kind)) - before[kind] for kind in KINDS}
    assert added == {kind: filed.get(kind, 0) + (totals if kind == "Observation" else 0) for kind in KINDS}
    assert {status for _, _, status in written(clinic)} <= {200, 201}
    (entry,) = panel.entries()
    assert entry["status"] == ("filed" if filed else "waiting")
    assert {each.partition("/")[0] for each in entry["resources"]} == set(filed)
    check_chart(clinic.services, clinic.ehr.store, tuple(filed), with_months=totals > 0)


def test_an_observation_stands_on_the_visit_from_which_the_chart_was_opened(
    open_clinic: OpenClinic, browser: Browser
) -> None:
    clinic = open_clinic(registration={"write_back": "observation"})
    entry_id = browser.open(clinic, IN_A_VISIT).entry()
    clinic.deliver_all()
    (observation,) = ours(clinic.ehr.store, "Observation")[entry_id]
    assert observation["encounter"] == {"reference": f"Encounter/{IN_A_VISIT}-encounter-1"}


@pytest.mark.parametrize("status", [403, 405, 422])
def test_what_the_ehr_refuses_in_fact_is_filed_one_rung_lower_and_the_panel_says_so(
    open_clinic: OpenClinic, browser: Browser, status: int
) -> None:
    clinic = open_clinic()
    panel = browser.open(clinic, IN_A_VISIT)
    assert panel.view()["writeback"]["rung"] == "encounter_observation"
    clinic.fault("POST", "/fhir/Encounter", times=-1, status=status)
    entry_id = panel.entry()
    clinic.deliver_all()
    assert counts(clinic.ehr.store, entry_id) == {"Observation": 1}
    view = panel.view()
    assert view["writeback"]["rung"] == "observation"
    why = f"The EHR refused Encounter (HTTP {status})."
    assert view["writeback"]["why"] == why
    assert f"Filing in the chart was stepped down. {why}" in view["notices"]
    clinic.forget_requests()
    panel.entry(key="key-2")
    clinic.deliver_all()
    assert not [path for _, path, _ in written(clinic) if "Encounter" in path]  # it is not asked again


def test_the_ehr_s_limit_is_remembered_for_a_day_and_for_every_launch_as_far_as_that_launch_can_go(
    open_clinic: OpenClinic, browser: Browser, other_browser: Browser
) -> None:
    clinic = open_clinic()
    without_visit = other_browser.open(clinic, PATIENT, user="physician")
    panel = browser.open(clinic, IN_A_VISIT)
    clinic.fault("POST", "/fhir/Encounter", times=-1, status=422)
    panel.entry()
    clinic.deliver_all()
    assert without_visit.view()["writeback"]["rung"] == "note"  # there is no visit to put an Observation on
    assert browser.open(clinic, IN_A_VISIT).view()["writeback"]["rung"] == "observation"
    clinic.clock.advance(24 * 3600 + 1)
    assert browser.open(clinic, IN_A_VISIT).view()["writeback"]["rung"] == "encounter_observation"


def test_a_refused_observation_leaves_nothing_to_try_but_the_note(open_clinic: OpenClinic, browser: Browser) -> None:
    clinic = open_clinic(ehr=SandboxConfig(profile="epic"))
    panel = browser.open(clinic, IN_A_VISIT)
    clinic.fault("POST", "/fhir/Observation", times=-1, status=403)
    entry_id = panel.entry()
    clinic.deliver_all()
    assert counts(clinic.ehr.store, entry_id) == {"DocumentReference": 1}
    assert [status for _, path, status in written(clinic) if path.endswith("Observation")] == [403]


def test_an_ehr_that_refuses_everything_leaves_the_entry_held_until_a_better_launch(
    open_clinic: OpenClinic, browser: Browser
) -> None:
    clinic = open_clinic()
    panel = browser.open(clinic, PATIENT)
    for kind in KINDS:
        clinic.fault("POST", f"/fhir/{kind}", times=-1, status=403)
    entry_id = panel.entry()
    clinic.deliver_all()
    assert state_of(clinic.services, entry_id)[0] == "held"
    view = panel.view()
    assert (view["writeback"]["rung"], view["writeback"]["ok"]) == ("ledger_only", False)
    assert view["notices"][0].startswith("Filing in the chart was stepped down.")
    clinic.heal()
    clinic.clock.advance(24 * 3600 + 1)
    panel = browser.open(clinic, PATIENT)
    clinic.deliver_all()
    assert panel.statuses() == ["filed"]
    check_chart(clinic.services, clinic.ehr.store)


def test_oracle_s_own_rules_end_at_the_note(open_clinic: OpenClinic, browser: Browser) -> None:
    clinic = open_clinic(ehr=SandboxConfig(profile="oracle"))
    panel = browser.open(clinic, IN_A_VISIT)
    entry_id = panel.entry()
    clinic.deliver_all()
    assert counts(clinic.ehr.store, entry_id) == {"DocumentReference": 1}
    assert panel.view()["writeback"]["rung"] == "note"
    assert panel.statuses() == ["filed"]


@pytest.mark.parametrize("change", ["void", "amend"])
def test_a_note_is_corrected_like_anything_else(open_clinic: OpenClinic, browser: Browser, change: str) -> None:
    clinic = open_clinic(registration={"write_back": "note"})
    panel = browser.open(clinic, PATIENT)
    entry_id = panel.entry(minutes=12)
    clinic.deliver_all()
    if change == "void":
        panel.post(f"entries/{entry_id}/void", {"reason": "Wrong chart"})
    else:
        amend(panel, entry_id, minutes=9)
    clinic.deliver_all()
    (note,) = ours(clinic.ehr.store, "DocumentReference")[entry_id]
    status = {"void": ("entered-in-error", "entered-in-error"), "amend": ("current", "amended")}[change]
    assert (note["status"], note["docStatus"]) == status
    check_chart(clinic.services, clinic.ehr.store, ("DocumentReference",), with_months=False)


def test_what_was_filed_on_a_high_rung_is_amended_there_after_the_ehr_went_lower(
    open_clinic: OpenClinic, browser: Browser
) -> None:
    clinic = open_clinic()
    panel = browser.open(clinic, PATIENT)
    first = panel.entry(minutes=12)
    clinic.deliver_all()
    clinic.fault("POST", "/fhir/Encounter", times=-1, status=403)
    panel.entry(minutes=5, key="key-2", start="2026-11-23T09:00:00-05:00")
    clinic.deliver_all()
    amend(panel, first, minutes=9)
    clinic.deliver_all()
    assert counts(clinic.ehr.store, first) == BOTH
    (observation,) = ours(clinic.ehr.store, "Observation")[first]
    assert (observation["status"], observation["valueQuantity"]["value"]) == ("amended", 9)


def test_nothing_is_sent_before_the_ehr_has_said_what_it_accepts(clinic: Clinic, browser: Browser) -> None:
    clinic.fault("GET", "/fhir/metadata", times=-1, status=500)
    panel = browser.open(clinic, PATIENT)
    entry_id = panel.entry()
    assert clinic.deliver() > 0
    assert counts(clinic.ehr.store, entry_id) == {}
    clinic.heal()
    clinic.deliver_all()
    check_chart(clinic.services, clinic.ehr.store)


def amend(panel: Any, entry_id: str, **fields: Any) -> None:
    """Replaces what an entry says; what is not named is as a new manual entry's."""
    values = {
        "start": "2026-11-24T09:30:00-05:00",
        "minutes": 12,
        "activity": "medication_review",
        "modality": "phone",
        "note": "As it really was.",
        "reason": "Looked at the clock again",
    }
    answer = panel.post(f"entries/{entry_id}/amend", values | fields)
    assert answer.status_code == 200, answer.text
