"""The ladder as delivery goes down it."""

from __future__ import annotations

import pytest

from fhir_mappings.capability import Capabilities, ResourceCapability
from smart_app.ehr.granted import Granted
from smart_app.ehr.ladder import LADDER, choose_rung, refused_rung, rungs_below

CREATES = ResourceCapability(interactions=frozenset({"create"}))
ALL = Capabilities(dict.fromkeys(("Encounter", "Observation", "DocumentReference"), CREATES))
EVERYTHING = Granted("patient/*.cruds")


@pytest.mark.parametrize(
    ("refused", "rung"),
    [("Encounter", "encounter_observation"), ("Observation", "observation"), ("DocumentReference", "note")],
)
def test_what_is_refused_closes_every_rung_that_writes_it(refused: str, rung: str) -> None:
    assert refused_rung(refused) == rung


def test_below_the_last_rung_there_is_none() -> None:
    assert rungs_below(LADDER[0]) == LADDER[1:]
    assert rungs_below("ledger_only") == ()


@pytest.mark.parametrize(
    ("below", "launch_encounter", "rung"),
    [
        ("encounter_observation", True, "observation"),
        ("encounter_observation", False, "note"),
        ("observation", True, "note"),
        ("note", True, "ledger_only"),
        ("ledger_only", True, "ledger_only"),
    ],
)
def test_one_goes_down_to_the_next_rung_that_this_launch_can_use(below: str, launch_encounter: bool, rung: str) -> None:
    found = choose_rung(ALL, EVERYTHING, policy="best", launch_encounter=launch_encounter, below=below)
    assert found.code == rung


def test_a_filtered_scope_is_no_right_to_write() -> None:
    granted = Granted("patient/Encounter.cu patient/Observation.c?category=laboratory")
    assert choose_rung(ALL, granted, policy="best", launch_encounter=True).code == "ledger_only"
