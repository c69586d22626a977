"""An EHR that fails in every way: in the end each entry stands in the chart once (hazards 15 to 18, 21, 22)."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from fhir_mappings.encounter import build_encounter
from sandbox_ehr.config import Client, SandboxConfig
from sandbox_ehr.server import SandboxServer
from smart_app.outbox.worker import Worker
from smart_app.registrations import Registration
from smart_app.store.ehr_state import FAILURES_TO_OPEN
from smart_app.store.tables import EhrStateRow, TokenRow
from tests.integration.browser import Browser, browsing
from tests.integration.clinic import CLIENT_ID, Clinic, register
from tests.integration.conftest import OpenClinic
from tests.integration.delivery.chart import check_chart, counts, months, ours, standing, state_of
from tests.integration.delivery.test_ladder import amend, written

PATIENT, IN_A_VISIT = "albarracin-marisol", "ferreby-constance"
BOTH = {"Encounter": 1, "Observation": 1}
OUTAGE_SECONDS = 180
RECOVERY_SECONDS = 120
HTML = {"body": "<!doctype html><title>Maintenance</title>", "content_type": "text/html"}
NO_PLACE = {"headers": {"Location": "", "ETag": "", "Content-Location": ""}}


def work_for(clinic: Clinic, seconds: int) -> None:
    """A worker's time, in steps of ten seconds."""
    for _ in range(0, seconds, 10):
        while clinic.deliver():
            pass
        clinic.clock.advance(10)


@pytest.mark.parametrize("kind", ["Encounter", "Observation"])
@pytest.mark.parametrize(
    "fault",
    [
        {"status": 500},
        {"status": 429},
        {"status": 503},
        {"drop_response": True},
        {"truncate": True, **NO_PLACE},
        {**HTML, **NO_PLACE},
        HTML,
    ],
    ids=["500", "429", "503", "reset", "truncated", "html", "html-with-location"],
)
def test_when_an_outage_has_ended_everything_stands_once_within_two_minutes(
    clinic: Clinic, browser: Browser, fault: dict[str, Any], kind: str
) -> None:
    panel = browser.open(clinic, PATIENT)
    entries = [panel.entry(key=f"key-{n}", start=f"2026-11-{n + 1:02}T09:00:00-05:00", minutes=20) for n in range(2)]
    clinic.fault("POST", f"/fhir/{kind}", times=-1, **fault)
    work_for(clinic, OUTAGE_SECONDS)
    clinic.heal()
    work_for(clinic, RECOVERY_SECONDS)
    assert clinic.waiting() == []
    assert [counts(clinic.ehr.store, entry) for entry in entries] == [BOTH] * 2
    assert check_chart(clinic.services, clinic.ehr.store) == 2


@pytest.mark.parametrize("kind", ["Encounter", "Observation"])
def test_an_answer_that_comes_too_late_is_looked_for(open_clinic: OpenClinic, browser: Browser, kind: str) -> None:
    clinic = open_clinic(ehr_deadline_seconds=0.4)
    panel = browser.open(clinic, PATIENT)
    entry_id = panel.entry()
    clinic.fault("POST", f"/fhir/{kind}", delay_ms=500)
    while clinic.deliver():
        pass
    assert state_of(clinic.services, entry_id)[0] == "unknown"
    clinic.deliver_all()
    assert counts(clinic.ehr.store, entry_id) == BOTH
    assert [status for _, path, status in written(clinic) if path.endswith(kind)].count(201) <= 2


@pytest.mark.parametrize("fault", [{"drop_response": True}, {**HTML, **NO_PLACE}], ids=["reset", "html"])
def test_the_month_s_total_whose_answer_was_lost_is_found_again(
    clinic: Clinic, browser: Browser, fault: dict[str, Any]
) -> None:
    panel = browser.open(clinic, PATIENT)
    panel.entry()
    while not ours(clinic.ehr.store, "Observation"):
        clinic.deliver()
    clinic.fault("POST", "/fhir/Observation", **fault)
    clinic.deliver_all()
    assert [len(found) for found in months(clinic.ehr.store).values()] == [1]
    check_chart(clinic.services, clinic.ehr.store)


def test_retry_after_is_honoured(clinic: Clinic, browser: Browser) -> None:
    panel = browser.open(clinic, PATIENT)
    entry_id = panel.entry()
    clinic.fault("POST", "/fhir/Encounter", status=429, headers={"Retry-After": "90"})
    work_for(clinic, 90)
    assert [status for _, _, status in written(clinic)] == [429]
    assert panel.statuses() == ["waiting"]
    work_for(clinic, 10)
    assert counts(clinic.ehr.store, entry_id) == BOTH


def test_a_panel_answers_while_the_ehr_is_away(clinic: Clinic, browser: Browser) -> None:
    panel = browser.open(clinic, PATIENT)
    clinic.fault(times=-1, status=500)
    panel.entry()
    clinic.deliver()
    assert panel.statuses() == ["waiting"]
    assert panel.timer("start")["timer"]["state"] == "running"


@contextlib.contextmanager
def another_ehr(clinic: Clinic) -> Iterator[Clinic]:
    """The same application, with a second EHR that trusts it."""
    keys = f"{clinic.address}/.well-known/jwks.json"
    client = Client(CLIENT_ID, (f"{clinic.address}/callback",), auth_method="private_key_jwt", jwks_uri=keys)
    config = SandboxConfig(clock=clinic.clock, clients=(client,), app_launch_url=f"{clinic.address}/launch")
    with SandboxServer(config) as ehr:
        registration = Registration(str(uuid.uuid4()), ehr.fhir_base, "Other EHR", CLIENT_ID)
        register(clinic.services, registration)
        yield replace(clinic, ehr=ehr, registration=registration)


def test_after_five_failures_an_ehr_is_left_alone_and_another_one_is_not(clinic: Clinic, browser: Browser) -> None:
    with another_ehr(clinic) as other, browsing() as second:
        panel = browser.open(clinic, PATIENT)
        for number in range(20):
            panel.entry(key=f"key-{number}", start=f"2026-11-{number + 1:02}T09:00:00-05:00")
        elsewhere = second.open(other, PATIENT).entry()
        clinic.fault("POST", times=-1, status=500)
        clinic.forget_requests()
        while clinic.deliver():
            pass
        assert len(written(clinic)) == FAILURES_TO_OPEN
        assert counts(other.ehr.store, elsewhere) == BOTH
        clinic.clock.advance(29)
        while clinic.deliver():
            pass
        assert len(written(clinic)) == FAILURES_TO_OPEN
        clinic.clock.advance(1)
        assert clinic.deliver() > 0
        assert len(written(clinic)) == FAILURES_TO_OPEN + 1  # one try, and it is left alone again
        clinic.heal()
        work_for(clinic, RECOVERY_SECONDS)
        assert clinic.waiting() == []
        with clinic.services.store.reading() as session:
            state = session.get_one(EhrStateRow, clinic.registration.id)
            assert (state.failures, state.open_until) == (0, 0)


def test_a_disabled_ehr_is_sent_nothing(clinic: Clinic, browser: Browser) -> None:
    panel = browser.open(clinic, PATIENT)
    entry_id = panel.entry()
    with clinic.services.store.writing() as session:
        session.connection().exec_driver_sql("UPDATE registration SET disabled_at = 1")
    assert clinic.deliver() == 0
    with clinic.services.store.writing() as session:
        session.connection().exec_driver_sql("UPDATE registration SET disabled_at = NULL")
    clinic.deliver_all()
    assert counts(clinic.ehr.store, entry_id) == BOTH


@pytest.mark.parametrize("status", [409, 412])
@pytest.mark.parametrize("already", [0, 1, 2])
def test_a_conditional_create_that_ends_in_a_conflict_is_settled_by_looking(
    clinic: Clinic, browser: Browser, status: int, already: int
) -> None:
    panel = browser.open(clinic, PATIENT)
    entry_id = panel.entry()
    clinic.fault("POST", "/fhir/Encounter", status=status)
    clinic.deliver()
    for number in range(already):  # what a racing server has made
        clinic.put(encounter(entry_id, f"raced-{number}"))
    clinic.deliver_all()
    assert state_of(clinic.services, entry_id)[0] == "filed"
    assert counts(clinic.ehr.store, entry_id) == BOTH
    check_chart(clinic.services, clinic.ehr.store)


def encounter(entry_id: str, id_: str) -> dict[str, Any]:
    """An Encounter as ours for the default manual entry."""
    return {
        "resourceType": "Encounter",
        "id": id_,
        "status": "finished",
        "identifier": [{"system": "https://cadence-ccm.example.org/fhir/sid/entry", "value": entry_id}],
        "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "VR"},
        "subject": {"reference": f"Patient/{PATIENT}"},
        "period": {"start": "2026-11-24T14:30:00Z", "end": "2026-11-24T14:42:00Z"},
    }


def test_a_conditional_create_that_finds_the_resource_makes_no_second(clinic: Clinic, browser: Browser) -> None:
    panel = browser.open(clinic, PATIENT)
    entry_id = panel.entry()
    clinic.put(encounter(entry_id, "there-already"))
    clinic.deliver_all()
    assert ("POST", "/fhir/Encounter", 200) in written(clinic)
    (found,) = ours(clinic.ehr.store, "Encounter")[entry_id]
    assert found["id"] == "there-already"


@pytest.mark.parametrize(
    ("profile", "policy", "kind"),
    [
        ("epic", "best", "Observation"),  # no search by identifier, no conditional create
        ("epic", "note", "DocumentReference"),
        ("oracle", "note", "DocumentReference"),
        ("open", "observation", "Observation"),
    ],
)
def test_what_may_be_in_the_chart_is_searched_for_before_it_is_sent_again(
    open_clinic: OpenClinic, browser: Browser, profile: str, policy: str, kind: str
) -> None:
    clinic = open_clinic(ehr=SandboxConfig(profile=profile), registration={"write_back": policy})
    panel = browser.open(clinic, IN_A_VISIT)
    entry_id = panel.entry()
    clinic.fault("POST", f"/fhir/{kind}", drop_response=True)
    clinic.forget_requests()
    clinic.deliver_all()
    methods = [row["method"] for row in clinic.asked(path=f"/fhir/{kind}")]
    assert methods[:2] == ["POST", "GET"]
    assert counts(clinic.ehr.store, entry_id) == {kind: 1}
    assert len(ours(clinic.ehr.store, kind)[entry_id]) == 1


def test_what_was_sent_before_an_amendment_is_found_by_the_time_that_it_said_then(
    open_clinic: OpenClinic, browser: Browser
) -> None:
    clinic = open_clinic(ehr=SandboxConfig(profile="epic"))
    panel = browser.open(clinic, IN_A_VISIT)
    entry_id = panel.entry()
    clinic.fault("POST", "/fhir/Observation", drop_response=True)
    clinic.deliver()
    amend(panel, entry_id, start="2026-11-02T09:00:00-05:00", minutes=4)
    clinic.deliver_all()
    assert len(ours(clinic.ehr.store, "Observation")[entry_id]) == 1
    state, detail = state_of(clinic.services, entry_id)
    assert (state, "Correct Observation/" in detail) == ("attention", True)  # epic takes no updates


def test_a_search_that_gives_a_part_only_proves_nothing(open_clinic: OpenClinic, browser: Browser) -> None:
    clinic = open_clinic(ehr=SandboxConfig(profile="epic"))
    panel = browser.open(clinic, IN_A_VISIT)
    entry_id = panel.entry()
    clinic.fault("POST", "/fhir/Observation", drop_response=True)
    part = {"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": None}]}
    clinic.fault("GET", "/fhir/Observation", times=2, body=part)
    clinic.deliver_all()
    assert len(ours(clinic.ehr.store, "Observation")[entry_id]) == 1


def test_what_may_not_be_looked_for_is_not_sent_a_second_time_but_becomes_a_task(
    open_clinic: OpenClinic, browser: Browser
) -> None:
    config = SandboxConfig(profile="epic", withhold_scopes=frozenset({"patient/DocumentReference.rs"}))
    clinic = open_clinic(ehr=config)
    panel = browser.open(clinic, PATIENT)
    entry_id = panel.entry()
    clinic.fault("POST", "/fhir/DocumentReference", drop_response=True)
    clinic.deliver_all()
    assert counts(clinic.ehr.store, entry_id) == {"DocumentReference": 1}
    assert state_of(clinic.services, entry_id)[0] == "attention"


def test_an_entry_that_the_ehr_will_not_have_as_it_is_is_shown_and_sent_no_more(
    clinic: Clinic, browser: Browser
) -> None:
    panel = browser.open(clinic, PATIENT)
    clinic.fault("POST", "/fhir/Encounter", times=-1, status=400)
    panel.entry()
    clinic.deliver_all()
    assert panel.statuses() == ["attention"]
    assert [status for _, path, status in written(clinic) if path.endswith("Encounter")] == [400]


def test_an_entry_on_which_we_fail_ourselves_keeps_no_other_from_the_chart(
    clinic: Clinic, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel = browser.open(clinic, PATIENT)
    bad = panel.entry()
    good = panel.entry(key="key-2", start="2026-11-23T09:00:00-05:00")

    def broken(entry: Any, **options: Any) -> Any:
        if entry.id == bad:
            raise ValueError("not of this world")
        return build_encounter(entry, **options)

    monkeypatch.setattr("smart_app.outbox.filing.build_encounter", broken)
    Worker(clinic.services)._round()
    assert (counts(clinic.ehr.store, bad), counts(clinic.ehr.store, good)) == ({}, BOTH)
    monkeypatch.undo()
    clinic.deliver_all()
    check_chart(clinic.services, clinic.ehr.store)


def test_a_token_that_has_run_out_is_renewed_once_and_a_refused_one_is_not_used_again(
    clinic: Clinic, browser: Browser
) -> None:
    panel = browser.open(clinic, PATIENT)
    panel.timer("start")
    clinic.clock.advance(3600 + 60)
    clinic.forget_requests()
    panel = browser.open(clinic, PATIENT)
    (entry_id,) = panel.timer("stop", minutes="61")["entries"]
    clinic.deliver_all()
    assert counts(clinic.ehr.store, entry_id) == BOTH
    clinic.fault("POST", "/fhir/Encounter", status=401)
    clinic.forget_requests()
    panel.entry()
    clinic.deliver_all()
    assert len(clinic.asked("POST", "/auth/token")) == 1
    check_chart(clinic.services, clinic.ehr.store)


def test_an_ehr_that_refuses_every_token_is_not_asked_without_end(clinic: Clinic, browser: Browser) -> None:
    panel = browser.open(clinic, PATIENT)
    panel.entry()
    clinic.fault("POST", "/fhir/Encounter", times=-1, status=401)
    clinic.forget_requests()
    work_for(clinic, 600)
    assert len(clinic.asked("POST", "/auth/token")) <= 20
    assert panel.statuses() == ["waiting"]


def test_entries_of_a_launch_whose_sign_in_is_over_wait_for_the_next_one(clinic: Clinic, browser: Browser) -> None:
    panel = browser.open(clinic, PATIENT)
    entry_id = panel.entry()
    with clinic.services.store.writing() as session:
        token = session.scalars(select(TokenRow)).one()
        token.expires_at, token.sealed_refresh = 0, None
    clinic.forget_requests()
    clinic.deliver()
    assert written(clinic) == []
    (shown,) = panel.entries()
    assert (shown["status"], "opened again" in shown["status_detail"]) == ("waiting", True)
    browser.open(clinic, PATIENT)
    clinic.deliver_all()
    assert counts(clinic.ehr.store, entry_id) == BOTH
    assert standing(ours(clinic.ehr.store, "Encounter")[entry_id])
