"""Where time is filed: the highest rung that the EHR, the token and the site's policy all allow."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_mappings.capability import Capabilities, ResourceCapability
from smart_app.ehr.granted import Granted
from smart_app.ehr.ladder import LADDER, RUNG_LABELS, choose_rung, may
from smart_app.registrations import WRITE_BACK_POLICIES

KINDS = ("Encounter", "Observation", "DocumentReference")
NEEDS = {
    "encounter_observation": {"Encounter", "Observation"},
    "observation": {"Observation"},
    "note": {"DocumentReference"},
    "ledger_only": set(),
}
POLICY_ALLOWS = {
    "best": set(LADDER),
    "observation": {"observation", "note", "ledger_only"},
    "note": {"note", "ledger_only"},
    "ledger_only": {"ledger_only"},
}
some_kinds = st.sets(st.sampled_from(KINDS))


def accepting(kinds: set[str]) -> Capabilities:
    """An EHR that lets these types be created, and all be read."""
    return Capabilities(
        {kind: ResourceCapability(frozenset({"read", "create"} if kind in kinds else {"read"})) for kind in KINDS}
    )


def granting(kinds: set[str]) -> Granted:
    """A token that lets these types be created, and all be read."""
    return Granted(" ".join(f"patient/{kind}.{'crs' if kind in kinds else 'rs'}" for kind in KINDS))


@given(some_kinds, some_kinds, st.sampled_from(WRITE_BACK_POLICIES), st.booleans())
def test_it_is_the_highest_that_all_allow_and_its_reason_is_said(
    accepted: set[str], granted: set[str], policy: str, visit: bool
) -> None:
    rung = choose_rung(accepting(accepted), granting(granted), policy=policy, launch_encounter=visit)
    allowed = [
        each
        for each in LADDER
        if NEEDS[each] <= accepted & granted and each in POLICY_ALLOWS[policy] and (each != "observation" or visit)
    ]
    assert rung.code == allowed[0]
    assert rung.why.endswith(".")
    assert rung.why[0].isupper()


@pytest.mark.parametrize(
    ("accepted", "granted", "words"),
    [
        ({"Observation"}, {"Encounter", "Observation"}, "The EHR does not accept Encounter"),
        ({"Encounter", "Observation"}, {"Observation"}, "The EHR did not grant us writing Encounter"),
        (set(), set(), "The EHR does not accept Encounter and Observation"),
    ],
)
def test_metadata_and_token_must_both_say_yes(accepted: set[str], granted: set[str], words: str) -> None:
    rung = choose_rung(accepting(accepted), granting(granted), policy="best", launch_encounter=False)
    assert rung.code == "ledger_only"
    assert rung.why.startswith(words)


def test_every_rung_has_a_label() -> None:
    assert list(RUNG_LABELS) == list(LADDER)


@pytest.mark.parametrize(
    ("interaction", "allowed"), [("create", True), ("read", True), ("update", False), ("search-type", False)]
)
def test_an_interaction_needs_metadata_and_token(interaction: str, allowed: bool) -> None:
    assert may(accepting({"Observation"}), Granted("patient/Observation.cruds"), "Observation", interaction) is allowed
    assert not may(None, Granted("patient/Observation.cruds"), "Observation", interaction)
    assert not may(accepting({"Observation"}), Granted(""), "Observation", interaction)
