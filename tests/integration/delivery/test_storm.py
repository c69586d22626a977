"""Random histories under random faults, against a simple model; and an EHR that loses answers (hazard 22).

`CCM_TEST_LOSSY_WRITES` is how many writes the lossy EHR gets.
"""

from __future__ import annotations

import os
import random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from sandbox_ehr.faults import Fault
from smart_app.outbox import queue
from smart_app.outbox.delivery import deliver_due
from smart_app.outbox.queue import LEASE_SECONDS
from smart_app.store.tables import EntryRow
from tests.integration.browser import Browser
from tests.integration.clinic import Clinic
from tests.integration.delivery.chart import check_chart
from tests.integration.delivery.consent import consented
from tests.integration.delivery.test_crash import do, forget_everything
from tests.integration.delivery.test_workers import add_entries

PATIENT = "albarracin-marisol"
WRITES = int(os.environ.get("CCM_TEST_LOSSY_WRITES", "200"))
LOST = 0.3
FAULTS: tuple[dict[str, Any], ...] = (
    {"status": 500},
    {"status": 429, "headers": {"Retry-After": "7"}},
    {"drop_response": True},
    {"body": "<html>", "content_type": "text/html", "headers": {"Location": "", "ETag": ""}},
    {"method": "POST", "status": 412},
    {"status": 401},
)
ENTRY, MINUTES = st.integers(0, 1), st.integers(1, 50)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(("add", "amend", "void")), ENTRY, MINUTES),
        st.tuples(st.just("fault"), st.integers(0, len(FAULTS) - 1), st.sampled_from((1, 2))),
        st.tuples(st.sampled_from(("deliver", "die", "restart", "wait")), st.just(0), st.integers(1, 90)),
    ),
    max_size=20,
)
Model = dict[int, tuple[int, bool]]
"""By entry, its minutes and whether it is void."""


def one_step(clinic: Clinic, model: Model, step: tuple[str, int, int]) -> None:
    """Does one step in the clinic and in the model."""
    action, number, amount = step
    if action in ("add", "amend", "void"):
        if (number in model) == (action == "add"):
            return  # it is there already, or there is nothing to change
        do(clinic.services, action, number, amount)
        minutes, voided = model.get(number, (amount, False))
        new = {"add": (amount, False), "amend": (minutes if voided else amount, voided), "void": (minutes, True)}
        model[number] = new[action]
    elif action == "fault":
        clinic.ehr.sandbox.traffic.faults.add(Fault(**{"path": "/fhir/", "times": amount, **FAULTS[number]}))
    elif action == "deliver":
        clinic.deliver()
    elif action == "die":
        queue.claim(clinic.services.store, clinic.clock(), since=0)  # and nothing is ever heard of it
    elif action == "restart":
        deliver_due(clinic.services, since=clinic.clock() + 1)
    else:
        clinic.clock.advance(amount)


@settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=STEPS)
def run_histories(clinic: Clinic, steps: list[tuple[str, int, int]]) -> None:
    """Any history ends, once faults have ended, with the chart and the ledger equal to the model."""
    clinic.heal()
    forget_everything(clinic)
    model: Model = {}
    for step in steps:
        one_step(clinic, model, step)
    clinic.heal()
    clinic.clock.advance(LEASE_SECONDS + 1)
    clinic.deliver_all()
    with clinic.services.store.reading() as session:
        rows = session.scalars(select(EntryRow)).all()
    ledger = {
        int(row.key.removeprefix("key-")): ((row.end - row.start) // 60, row.voided_at is not None) for row in rows
    }
    assert ledger == model
    check_chart(clinic.services, clinic.ehr.store)


def test_any_history_under_any_faults_ends_with_the_chart_equal_to_the_ledger(clinic: Clinic, browser: Browser) -> None:
    consented(browser.open(clinic, PATIENT))
    run_histories(clinic)


def test_an_ehr_that_loses_a_third_of_its_answers_holds_everything_once(
    clinic: Clinic, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    consented(browser.open(clinic, PATIENT))
    chance, lost = random.Random(22), 0

    def lose(method: str, path: str, _: str) -> Fault | None:
        nonlocal lost
        if not path.startswith("/fhir/") or chance.random() > LOST:
            return None
        lost += 1
        return Fault(drop_response=True)

    monkeypatch.setattr(clinic.ehr.sandbox.traffic.faults, "take", lose)
    monkeypatch.setattr("smart_app.outbox.filing._condition", lambda *_: None)
    add_entries(clinic, WRITES // 2)
    for _ in range(WRITES):
        while clinic.deliver():
            pass
        if not clinic.waiting():
            break
        clinic.clock.advance(31)
    assert check_chart(clinic.services, clinic.ehr.store) == WRITES // 2
    assert lost > WRITES * LOST / 2
