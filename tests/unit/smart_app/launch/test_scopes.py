from __future__ import annotations

from dataclasses import replace

import pytest

from smart_app.ehr.granted import Granted
from smart_app.launch.scopes import asked, speaks_v1
from tests.unit.smart_app.launch.ehr import CONFIGURATION

V2 = replace(
    CONFIGURATION, capabilities=("permission-v1", "permission-v2"), scopes_supported=("openid", "offline_access")
)
V1 = replace(CONFIGURATION, capabilities=("permission-v1",))


def test_the_best_policy_asks_for_every_rung_of_the_ladder() -> None:
    assert asked(V2, write_back="best") == (
        "launch openid fhirUser offline_access patient/Patient.r patient/Condition.rs patient/CarePlan.rs "
        "patient/Observation.crus patient/Encounter.crus patient/Goal.rs "
        "patient/DocumentReference.crus user/Practitioner.r"
    )


@pytest.mark.parametrize(
    ("policy", "written"),
    [
        ("observation", {"patient/Observation.crus", "patient/Encounter.rs", "patient/DocumentReference.crus"}),
        ("note", {"patient/Observation.rs", "patient/Encounter.rs", "patient/DocumentReference.crus"}),
        ("ledger_only", {"patient/Observation.rs", "patient/Encounter.rs"}),
    ],
)
def test_a_lower_policy_asks_for_no_more_than_it_needs(policy: str, written: set[str]) -> None:
    read = {"patient/Patient.r", "patient/Condition.rs", "patient/CarePlan.rs", "patient/Goal.rs"}
    assert {scope for scope in asked(V2, write_back=policy).split() if scope.startswith("patient/")} == read | written


def test_an_ehr_that_knows_only_v1_is_asked_in_v1() -> None:
    assert asked(V1, write_back="observation") == (
        "launch openid fhirUser patient/Patient.read patient/Condition.read patient/CarePlan.read "
        "patient/Observation.read patient/Observation.write patient/Encounter.read patient/Goal.read "
        "patient/DocumentReference.read patient/DocumentReference.write user/Practitioner.read"
    )


def test_the_list_of_scopes_decides_where_the_capabilities_do_not() -> None:
    listed = ("openid", "patient/Patient.read", "patient/*.write")
    assert speaks_v1(replace(CONFIGURATION, scopes_supported=listed))
    assert not speaks_v1(replace(CONFIGURATION, scopes_supported=(*listed, "patient/*.rs")))
    assert not speaks_v1(replace(CONFIGURATION, scopes_supported=("openid",)))
    assert not speaks_v1(CONFIGURATION)
    assert speaks_v1(replace(CONFIGURATION, before_smart_2=True))


def test_writing_is_not_asked_for_where_the_ehr_lists_its_resource_scopes_without_it() -> None:
    listed = replace(V2, scopes_supported=("patient/Observation.crs", "patient/Condition.rs"))
    scopes = asked(listed, write_back="best").split()
    assert "patient/Observation.crs" in scopes
    assert "patient/Encounter.rs" in scopes
    assert not any("DocumentReference" in scope or "Goal" in scope for scope in scopes)


@pytest.mark.parametrize(
    ("supported", "capabilities", "expected"),
    [
        (("offline_access", "online_access"), (), "offline_access"),
        (("online_access",), (), "online_access"),
        ((), ("permission-offline",), "offline_access"),
        ((), ("permission-online",), "online_access"),
        ((), (), ""),
    ],
)
def test_a_lasting_grant_is_asked_for_only_where_it_is_offered(
    supported: tuple[str, ...], capabilities: tuple[str, ...], expected: str
) -> None:
    configuration = replace(CONFIGURATION, scopes_supported=supported, capabilities=capabilities)
    lasting = [scope for scope in asked(configuration, write_back="best").split() if scope.endswith("_access")]
    assert lasting == [expected] * bool(expected)


def test_a_standalone_launch_asks_for_a_patient_or_only_for_the_user() -> None:
    assert asked(V2, write_back="best", ehr_launch=False).startswith("launch/patient openid")
    alone = asked(V2, write_back="best", ehr_launch=False, patient=False)
    assert alone == "openid fhirUser offline_access user/Practitioner.r"


@pytest.mark.parametrize(
    ("scope", "allowed"),
    [
        ("patient/Observation.crus", "crus"),
        ("patient/Observation.rs", "rs"),
        ("user/Observation.c", "c"),
        ("patient/*.cruds", "cruds"),
        ("patient/Observation.read", "rs"),
        ("patient/Observation.write", "cud"),
        ("patient/Observation.*", "cruds"),
        ("patient/*.read", "rs"),
        ("patient/*.*", "cruds"),
        ("patient/Observation.cruds?category=http://x|vital-signs", "rs"),
        ("patient/Observation.r patient/Observation.s", "rs"),
        ("system/Observation.cruds", "cruds"),
        ("patient/Condition.cruds", ""),
        ("patient/Observation.", ""),
        ("patient/Observation.sr", ""),
        ("patient/Observation.cruds2", ""),
        ("xpatient/Observation.cruds", ""),
        ("Observation.cruds", ""),
        ("", ""),
        ("launch openid fhirUser", ""),
    ],
)
def test_a_granted_scope_allows_what_its_syntax_says(scope: str, allowed: str) -> None:
    granted = Granted(scope)
    assert "".join(letter for letter in "cruds" if granted.can(letter, "Observation")) == allowed


def test_what_was_withheld_is_said_in_plain_words() -> None:
    wanted = "launch openid patient/Patient.r patient/Observation.crus patient/Encounter.crus"
    granted = Granted("openid patient/Patient.read patient/Observation.rs")
    assert granted.missing(wanted) == (
        "create and update Observation",
        "create and read and update and search Encounter",
    )
    assert Granted(wanted).missing(wanted) == ()


def test_a_plain_scope_is_found_as_it_stands() -> None:
    assert Granted("openid offline_access").has("offline_access")
    assert not Granted("openid xoffline_access").has("offline_access")
