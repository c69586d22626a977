from __future__ import annotations

import pytest

from sandbox_ehr.authorization.scopes import narrow, needs_patient, parse_clinical, reason, supported

PEOPLE = ("patient", "user")


def narrowed(asked: str, *, style: str = "both", limit: str = "", withheld: tuple[str, ...] = ()) -> str:
    return " ".join(narrow(asked, style=style, levels=PEOPLE, limit=limit, withheld=withheld))


@pytest.mark.parametrize(
    "text",
    [
        "patient/Observation.",
        "patient/observation.rs",
        "patient/Observation.sr",
        "Patient/*.rs",
        "user/*.read?x=1",
        "openid",
        "patient/*.rs x",
    ],
)
def test_what_is_no_clinical_scope_is_not_taken_for_one(text: str) -> None:
    assert parse_clinical(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "patient/Observation.crus",
        "user/*.cruds",
        "patient/*.read",
        "system/Encounter.write",
        "patient/*.*",
        "patient/Observation.rs?category=laboratory",
    ],
)
def test_a_clinical_scope_is_written_as_it_was_read(text: str) -> None:
    assert str(parse_clinical(text)) == text


def test_what_is_granted_was_asked_for_and_each_scope_once() -> None:
    assert narrowed("launch patient/*.rs launch what/ever system/*.rs") == "launch patient/*.rs"


@pytest.mark.parametrize(
    ("asked", "withheld", "granted"),
    [
        ("patient/Observation.crus", "patient/Observation.cu", "patient/Observation.rs"),
        ("patient/Observation.crus", "patient/*.cud", "patient/Observation.rs"),
        ("patient/Observation.crus", "patient/Observation.crus", ""),
        ("patient/Observation.crus", "user/Observation.crus", "patient/Observation.crus"),
        ("patient/Observation.write", "patient/Observation.c", ""),
        ("patient/Observation.*", "patient/Observation.cud", "patient/Observation.read"),
        ("launch offline_access", "offline_access", "launch"),
    ],
)
def test_withheld_scopes_take_their_letters_from_what_is_asked(asked: str, withheld: str, granted: str) -> None:
    assert narrowed(asked, withheld=(withheld,)) == granted


def test_a_clients_registered_scope_limits_it() -> None:
    limit = "launch patient/*.rs patient/Observation.crus"
    asked = "launch openid patient/Patient.rs patient/Observation.cu patient/Encounter.c user/Patient.r"
    assert narrowed(asked, limit=limit) == "launch patient/Patient.rs patient/Observation.cu"


def test_a_server_may_know_one_form_only() -> None:
    assert narrowed("patient/*.read patient/*.rs", style="v1") == "patient/*.read"
    assert narrowed("patient/*.read patient/*.rs", style="v2") == "patient/*.rs"
    assert "patient/*.read" not in supported("v2")
    assert "patient/*.cruds" not in supported("v1")


def test_a_system_gets_no_identity_and_no_launch() -> None:
    assert narrow("openid launch system/*.rs", style="both", levels=("system",)) == ("system/*.rs",)


def test_scopes_of_one_patient_need_a_patient() -> None:
    assert needs_patient(["launch/patient"])
    assert needs_patient(["user/*.rs", "patient/*.rs"])
    assert not needs_patient(["openid", "user/*.rs"])


def test_reasons_are_in_plain_words() -> None:
    assert reason("patient/Observation.crus") == "Read, search, add and change Observation records of this patient"
    assert reason("user/*.r") == "Read all records of the patients you may see"
    assert reason("openid").startswith("Know who you are")
