"""Voids and amendments reach the chart, or become a task for a person that stays until it is done."""

from __future__ import annotations

import pytest

from sandbox_ehr.config import SandboxConfig
from tests.integration.browser import Browser, Panel
from tests.integration.clinic import Clinic
from tests.integration.conftest import OpenClinic
from tests.integration.delivery.chart import check_chart, counts, months, ours, standing, state_of
from tests.integration.delivery.test_ladder import amend, written

PATIENT, IN_A_VISIT = "albarracin-marisol", "ferreby-constance"


def void(panel: Panel, entry_id: str) -> None:
    """Voids an entry."""
    assert panel.post(f"entries/{entry_id}/void", {"reason": "Entered twice"}).status_code == 200


def total(clinic: Clinic) -> dict[str, object]:
    """The one month's total that stands, as its status, minutes and number of sources."""
    ((found,),) = months(clinic.ehr.store).values()
    return {
        "status": found["status"],
        "minutes": found["valueQuantity"]["value"],
        "sources": len(found.get("derivedFrom", [])),
    }


def test_what_is_voided_before_it_was_sent_is_never_sent(either_clinic: Clinic, browser: Browser) -> None:
    clinic = either_clinic
    panel = browser.open(clinic, PATIENT)
    void(panel, panel.entry())
    clinic.forget_requests()
    clinic.deliver_all()
    assert written(clinic) == []
    assert months(clinic.ehr.store) == {}


def test_what_is_voided_after_it_was_filed_is_marked_and_leaves_the_total(
    either_clinic: Clinic, browser: Browser
) -> None:
    clinic = either_clinic
    panel = browser.open(clinic, PATIENT)
    gone = panel.entry()
    panel.entry(key="key-2", start="2026-11-23T09:00:00-05:00", minutes=20)
    clinic.deliver_all()
    assert total(clinic)["sources"] == 2
    void(panel, gone)
    clinic.deliver_all()
    for kind in ("Encounter", "Observation"):
        (resource,) = ours(clinic.ehr.store, kind)[gone]
        assert resource["status"] == "entered-in-error"
    assert total(clinic)["sources"] == 1
    check_chart(clinic.services, clinic.ehr.store)


def test_the_last_entry_of_a_month_voided_leaves_a_total_of_nothing(clinic: Clinic, browser: Browser) -> None:
    panel = browser.open(clinic, PATIENT)
    entry_id = panel.entry()
    clinic.deliver_all()
    void(panel, entry_id)
    clinic.deliver_all()
    assert total(clinic) == {"status": "preliminary", "minutes": 0, "sources": 0}


@pytest.mark.parametrize("kind", ["Encounter", "Observation"])
def test_what_is_voided_while_its_outcome_is_unknown_is_looked_for_and_marked(
    clinic: Clinic, browser: Browser, kind: str
) -> None:
    panel = browser.open(clinic, PATIENT)
    clinic.fault("POST", f"/fhir/{kind}", drop_response=True)
    entry_id = panel.entry()
    clinic.deliver()
    assert state_of(clinic.services, entry_id)[0] == "unknown"
    void(panel, entry_id)
    assert state_of(clinic.services, entry_id)[0] == "unknown"
    clinic.deliver_all()
    for each in ("Encounter", "Observation"):
        assert standing(ours(clinic.ehr.store, each)[entry_id]) == []
    check_chart(clinic.services, clinic.ehr.store)


def test_what_is_voided_while_it_is_being_sent_is_marked_when_the_worker_has_done(
    clinic: Clinic, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel = browser.open(clinic, PATIENT)
    entry_id = panel.entry()
    transport = clinic.services.transport
    voided: list[str] = []
    request = transport.request

    def during(method: str, url: str, **options: object) -> object:
        answer = request(method, url, **options)  # type: ignore[arg-type]
        if method == "POST" and url.endswith("Encounter") and not voided:
            voided.append(entry_id)
            void(panel, entry_id)
        return answer

    monkeypatch.setattr(transport, "request", during)
    clinic.deliver_all()
    assert voided == [entry_id]
    for kind in ("Encounter", "Observation"):
        assert standing(ours(clinic.ehr.store, kind)[entry_id]) == []
    check_chart(clinic.services, clinic.ehr.store)


def test_what_is_amended_before_it_was_filed_is_filed_as_it_is_now(clinic: Clinic, browser: Browser) -> None:
    panel = browser.open(clinic, PATIENT)
    entry_id = panel.entry(minutes=12)
    amend(panel, entry_id, minutes=7)
    clinic.deliver_all()
    (observation,) = ours(clinic.ehr.store, "Observation")[entry_id]
    assert (observation["status"], observation["valueQuantity"]["value"]) == ("final", 7)
    check_chart(clinic.services, clinic.ehr.store)


def test_what_is_amended_after_it_was_filed_is_amended_in_place(either_clinic: Clinic, browser: Browser) -> None:
    clinic = either_clinic
    panel = browser.open(clinic, PATIENT)
    entry_id = panel.entry(minutes=12)
    clinic.deliver_all()
    amend(panel, entry_id, minutes=31, start="2026-11-20T09:00:00-05:00")
    clinic.deliver_all()
    assert counts(clinic.ehr.store, entry_id) == {"Encounter": 1, "Observation": 1}
    (observation,) = ours(clinic.ehr.store, "Observation")[entry_id]
    assert (observation["status"], observation["valueQuantity"]["value"]) == ("amended", 31)
    check_chart(clinic.services, clinic.ehr.store)


def test_an_amendment_leaves_the_observation_on_the_visit_on_which_it_was_filed(
    open_clinic: OpenClinic, browser: Browser
) -> None:
    clinic = open_clinic(registration={"write_back": "observation"})
    entry_id = browser.open(clinic, IN_A_VISIT).entry()
    clinic.deliver_all()
    amend(browser.open(clinic, IN_A_VISIT, encounter=""), entry_id, minutes=3)
    clinic.deliver_all()
    (observation,) = ours(clinic.ehr.store, "Observation")[entry_id]
    assert observation["valueQuantity"]["value"] == 3
    assert observation["encounter"] == {"reference": f"Encounter/{IN_A_VISIT}-encounter-1"}


def test_a_void_never_touches_the_visit_on_which_an_observation_stands(
    open_clinic: OpenClinic, browser: Browser
) -> None:
    clinic = open_clinic(registration={"write_back": "observation"})
    entry_id = browser.open(clinic, IN_A_VISIT).entry()
    clinic.deliver_all()
    panel = browser.open(clinic, IN_A_VISIT)  # reads the Observation, which names the visit
    void(panel, entry_id)
    clinic.deliver_all()
    visit = clinic.ehr.store.read("Encounter", f"{IN_A_VISIT}-encounter-1")
    assert visit is not None
    assert visit["status"] == "in-progress"
    assert standing(ours(clinic.ehr.store, "Observation")[entry_id]) == []


@pytest.mark.parametrize("change", ["void", "amend"])
def test_where_the_ehr_takes_no_updates_the_correction_is_a_task_until_a_person_has_done_it(
    open_clinic: OpenClinic, browser: Browser, change: str
) -> None:
    clinic = open_clinic(ehr=SandboxConfig(profile="epic"))
    panel = browser.open(clinic, IN_A_VISIT)
    entry_id = panel.entry()
    clinic.deliver_all()
    (observation,) = ours(clinic.ehr.store, "Observation")[entry_id]
    clinic.forget_requests()
    if change == "void":
        void(panel, entry_id)
    else:
        amend(panel, entry_id, minutes=3)
    clinic.deliver_all()
    state, detail = state_of(clinic.services, entry_id)
    assert state == "attention"
    assert f"Observation/{observation['id']}" in detail
    assert written(clinic) == []
    (shown,) = panel.entries()
    assert shown["status_detail"] == detail
    clinic.clock.advance(60)
    panel = browser.open(clinic, IN_A_VISIT)
    clinic.deliver_all()
    assert state_of(clinic.services, entry_id)[0] == "attention"  # a new launch does not make it go away
    assert panel.post(f"entries/{entry_id}/corrected", {}).status_code == 200
    assert state_of(clinic.services, entry_id) == ("filed", "")
    assert panel.post(f"entries/{entry_id}/corrected", {}).status_code == 404


@pytest.mark.parametrize("status", [400, 403, 405, 422])
def test_a_correction_that_the_ehr_refuses_in_fact_is_a_task_and_no_step_down(
    clinic: Clinic, browser: Browser, status: int
) -> None:
    panel = browser.open(clinic, PATIENT)
    entry_id = panel.entry()
    clinic.deliver_all()
    clinic.fault("PUT", "/fhir/Encounter", times=-1, status=status)
    void(panel, entry_id)
    clinic.deliver_all()
    state, detail = state_of(clinic.services, entry_id)
    assert (state, "Encounter/" in detail, "Observation/" in detail) == ("attention", True, False)
    assert counts(clinic.ehr.store, entry_id) == {"Encounter": 1}
    assert panel.view()["writeback"]["rung"] == "encounter_observation"


def test_a_correction_is_made_on_what_a_colleague_changed_meanwhile(clinic: Clinic, browser: Browser) -> None:
    panel = browser.open(clinic, PATIENT)
    entry_id = panel.entry()
    clinic.deliver_all()
    clinic.fault("PUT", "/fhir/Observation", times=2, status=412)
    void(panel, entry_id)
    clinic.deliver_all()
    assert standing(ours(clinic.ehr.store, "Observation")[entry_id]) == []
    check_chart(clinic.services, clinic.ehr.store)


def test_a_conflict_that_lasts_is_tried_again_later(clinic: Clinic, browser: Browser) -> None:
    panel = browser.open(clinic, PATIENT)
    entry_id = panel.entry()
    clinic.deliver_all()
    clinic.fault("PUT", "/fhir/", times=6, status=412)
    void(panel, entry_id)
    clinic.deliver_all()
    check_chart(clinic.services, clinic.ehr.store)


def test_what_somebody_deleted_in_the_chart_is_filed_anew_when_it_is_amended(clinic: Clinic, browser: Browser) -> None:
    panel = browser.open(clinic, PATIENT)
    entry_id = panel.entry()
    clinic.deliver_all()
    ((total_,),) = months(clinic.ehr.store).values()
    (observation,) = ours(clinic.ehr.store, "Observation")[entry_id]
    for each in (total_, observation):
        assert clinic.ehr.store.delete("Observation", each["id"])
    amend(panel, entry_id, minutes=8)
    clinic.deliver_all()
    check_chart(clinic.services, clinic.ehr.store)


def test_nothing_is_changed_that_no_longer_says_that_we_filed_it(clinic: Clinic, browser: Browser) -> None:
    panel = browser.open(clinic, PATIENT)
    entry_id = panel.entry()
    clinic.deliver_all()
    (observation,) = ours(clinic.ehr.store, "Observation")[entry_id]
    clinic.put({name: value for name, value in observation.items() if name != "identifier"})
    void(panel, entry_id)
    clinic.deliver_all()
    kept = clinic.ehr.store.read("Observation", observation["id"])
    assert kept is not None
    assert kept["status"] == "final"
    state, detail = state_of(clinic.services, entry_id)
    assert (state, observation["id"] in detail) == ("attention", True)
