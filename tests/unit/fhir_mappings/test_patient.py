from __future__ import annotations

from typing import Any

import pytest

from fhir_mappings.patient import NO_NAME, read_patient


def patient(**elements: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", "id": "p1"} | elements


def test_the_official_name_is_taken_before_the_usual_one_and_an_old_one_listed_first() -> None:
    names = [
        {"use": "old", "family": "Shaw", "given": ["Amy"]},
        {"use": "usual", "family": "Baxter", "given": ["Mimi"]},
        {"use": "official", "family": "Baxter", "given": ["Amy", "V."]},
    ]
    assert read_patient(patient(name=names)).name == "Amy V. Baxter"


def test_an_unmarked_name_is_taken_before_a_maiden_name() -> None:
    names = [{"use": "maiden", "family": "Shaw", "given": ["Amy"]}, {"family": "Baxter", "given": ["Amy"]}]
    assert read_patient(patient(name=names)).name == "Amy Baxter"


def test_a_name_that_has_ended_gives_way_to_a_current_one() -> None:
    names = [
        {"use": "official", "family": "Shaw", "period": {"end": "2020-07-22"}},
        {"use": "usual", "family": "Baxter", "period": {"start": "2020-07-22"}},
    ]
    assert read_patient(patient(name=names)).name == "Baxter"


def test_of_two_official_names_the_one_that_began_last_is_taken() -> None:
    names = [
        {"use": "official", "family": "Shaw", "period": {"start": "1990"}},
        {"use": "official", "family": "Baxter", "period": {"start": "2020"}},
    ]
    assert read_patient(patient(name=names)).name == "Baxter"


def test_an_old_name_is_taken_if_it_is_the_only_one() -> None:
    assert read_patient(patient(name=[{"use": "old", "text": "Amy Shaw"}])).name == "Amy Shaw"


def test_the_prefix_is_left_out_and_the_suffix_kept_once() -> None:
    name = {"family": "King", "given": ["Walton"], "prefix": ["Mr."], "suffix": ["Jr."]}
    assert read_patient(patient(name=[name])).name == "Walton King, Jr."
    assert read_patient(patient(name=[name | {"text": "Walton King Jr."}])).name == "Walton King Jr."


@pytest.mark.parametrize("name", [None, [], {}, [None], [{"use": "official"}], "x", [{"given": 3}], [{"text": "\x00"}]])
def test_a_missing_name_is_said_in_words(name: object) -> None:
    assert read_patient(patient(name=name)).name == NO_NAME


def test_right_to_left_and_emoji_names_stay_and_control_characters_go() -> None:
    assert read_patient(patient(name=[{"text": "محمد\x00 🙂\x1b"}])).name == "محمد 🙂"


def test_a_patient_with_a_date_of_death_is_deceased() -> None:
    read = read_patient(patient(deceasedDateTime="2022-07-22"))
    assert (read.deceased, read.deceased_on) == (True, "2022-07-22")


def test_a_patient_may_be_deceased_without_a_date() -> None:
    read = read_patient(patient(deceasedBoolean=True))
    assert (read.deceased, read.deceased_on) == (True, "")
    assert not read_patient(patient(deceasedBoolean=False)).deceased


def test_the_record_number_is_the_identifier_of_type_mr() -> None:
    identifiers = [
        {"use": "usual", "value": "7"},
        {"type": {"coding": [{"code": "SS"}]}, "value": "999-16-3865"},
        {"type": {"coding": [{"code": "MR"}]}, "value": " 1032702"},
    ]
    assert read_patient(patient(identifier=identifiers)).mrn == "1032702"


def test_without_a_type_the_usual_identifier_is_the_record_number() -> None:
    identifiers = [{"system": "https://x.example", "value": "uuid"}, {"use": "usual", "value": "42"}]
    assert read_patient(patient(identifier=identifiers)).mrn == "42"


@pytest.mark.parametrize(
    "identifier",
    [
        {"use": "usual", "system": "http://hl7.org/fhir/sid/us-ssn", "value": "999-16-3865"},
        {"use": "usual", "type": {"coding": [{"code": "SS"}]}, "value": "999-16-3865"},
        {"use": "usual", "type": {"text": "MYCHARTLOGIN"}, "value": "HYACINTH"},
        {"use": "usual", "system": "https://open.epic.com/FHIR/StructureDefinition/PayerMemberId", "value": "A1"},
        {"use": "old", "type": {"coding": [{"code": "MR"}]}, "value": "1"},
    ],
)
def test_no_social_security_number_login_or_payers_number_is_shown_as_record_number(identifier: Any) -> None:
    assert read_patient(patient(identifier=[identifier])).mrn == ""


def test_the_telephone_follows_the_charts_own_rank_then_mobile_before_home() -> None:
    home, mobile = ({"system": "phone", "use": use, "value": use} for use in ("home", "mobile"))
    email = {"system": "email", "value": "a@b.example", "rank": 1}
    assert read_patient(patient(telecom=[email, home, mobile])).telephone == "mobile"
    assert read_patient(patient(telecom=[mobile, home | {"rank": 1}])).telephone == "home"
    assert read_patient(patient(telecom=[email])).telephone == ""


def test_the_preferred_language_is_taken_before_the_first() -> None:
    spoken = [{"language": {"text": "English"}}, {"language": {"text": "Spanish"}, "preferred": True}]
    assert read_patient(patient(communication=spoken)).language == "Spanish"
    assert read_patient(patient(communication=spoken[:1])).language == "English"


def test_a_merged_record_names_the_one_that_replaces_it() -> None:
    link = [
        {"type": "seealso", "other": {"reference": "Patient/3"}},
        {"type": "replaced-by", "other": {"reference": "https://ehr.example/fhir/Patient/2"}},
    ]
    read = read_patient(patient(active=False, link=link))
    assert (read.active, read.replaced_by) == (False, "Patient/2")


def test_a_patient_without_the_active_flag_is_active() -> None:
    assert read_patient(patient()).active


def test_what_is_no_patient_reads_as_one_without_anything() -> None:
    assert read_patient(["not", "a", "patient"]).name == NO_NAME
