"""The staff register: classes by credential, country and day; rows added, ended and read from CSV."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from typing import Any

import pytest

from ccm import staff
from ccm.entries import Entry
from ccm.records import Refusal
from tests.unit.ccm.records_support import ZONE, at, day

NURSE = staff.StaffRow(
    "Practitioner/nurse",
    "Nora Nurse",
    "Clinic",
    "RN",
    "US",
    day("2026-01-01"),
    licence_number="123",
    licence_state="NY",
    supervisor="Practitioner/doctor",
)
TODAY = day("2026-11-24")


def class_of(**changes: Any) -> str:
    return staff.class_on([replace(NURSE, **changes)], NURSE.performer, TODAY)


@pytest.mark.parametrize(
    ("credential", "expected"),
    [
        ("MD", "practitioner"),
        ("M.D.", "practitioner"),
        ("D.O.", "practitioner"),
        ("MD, PhD", "practitioner"),
        ("RN, FNP-C", "practitioner"),
        ("PA-C", "practitioner"),
        ("APRN", "practitioner"),
        ("cnm", "practitioner"),
        ("Nurse  Practitioner", "practitioner"),
        ("CNS", "practitioner"),
        ("RN", "staff"),
        ("R.N., BSN", "staff"),
        ("LPN/LVN", "staff"),
        ("CMA", "staff"),
        ("PharmD", "staff"),
        ("LCSW", "staff"),
        ("Medical Assistant", "staff"),
        ("PhD", "non_clinical"),
        ("BSN", "non_clinical"),
        ("receptionist", "non_clinical"),
        ("", "non_clinical"),
    ],
)
def test_credentials_make_the_class(credential: str, expected: str) -> None:
    assert class_of(credential=credential) == expected


def test_the_practice_may_know_better_than_the_table() -> None:
    assert class_of(credential="Health coach", clinical=True) == "staff"
    assert class_of(credential="RN", clinical=False) == "non_clinical"


@pytest.mark.parametrize(
    ("country", "expected"), [("US", "staff"), ("PR", "staff"), ("GU", "staff"), ("PH", "outside_us")]
)
def test_who_works_outside_the_united_states_never_counts(country: str, expected: str) -> None:
    assert class_of(country=country) == expected
    assert class_of(country="IN", credential="MD") == "outside_us"


def test_who_is_not_in_the_register_is_non_clinical_and_the_reason_is_said() -> None:
    stranger = staff.standing_on([NURSE], "Practitioner/x", TODAY)
    assert (stranger.performer_class, stranger.row) == ("non_clinical", None)
    assert stranger.why == "Practitioner/x is not in the staff register: this time does not count."
    early = staff.standing_on([NURSE], NURSE.performer, day("2025-12-31"))
    assert early.why.startswith("Nora Nurse has no row for this day")


def test_entries_take_the_class_of_their_own_day() -> None:
    register = [
        replace(NURSE, effective_to=day("2026-10-31")),
        replace(NURSE, credential="FNP", effective_from=day("2026-11-01")),
    ]
    entries = [
        Entry(text, at(text), at(text) + 60, NURSE.performer, "non_clinical", "documentation")
        for text in ("2025-12-31T23:59", "2026-01-01T00:00", "2026-10-31T23:59", "2026-11-01T00:00")
    ]
    found = staff.classified(entries, register, ZONE)
    assert [entry.performer_class for entry in found] == ["non_clinical", "staff", "staff", "practitioner"]
    assert [entry.id for entry in found] == [entry.id for entry in entries]


def test_rows_of_one_performer_never_overlap() -> None:
    again = replace(NURSE, effective_from=day("2026-11-01"))
    refusal = staff.admit([NURSE], again)
    assert str(refusal) == ("effective_from: overlaps the row since 2026-01-01: end that one on 2026-10-31 or earlier")
    closed = staff.ended(NURSE, day("2026-10-31"))
    assert isinstance(closed, staff.StaffRow)
    assert staff.admit([closed], again) == again
    assert isinstance(staff.admit([closed], replace(again, effective_from=day("2026-10-31"))), Refusal)
    assert staff.admit([NURSE], replace(again, performer="Practitioner/other")) != NURSE


def test_a_row_ends_within_its_own_days() -> None:
    assert isinstance(staff.ended(NURSE, day("2025-12-31")), Refusal)
    closed = replace(NURSE, effective_to=day("2026-10-31"))
    assert isinstance(staff.ended(closed, day("2026-11-01")), Refusal)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"performer": " "}, "performer"),
        ({"name": ""}, "name"),
        ({"employer": ""}, "employer"),
        ({"credential": ""}, "credential"),
        ({"country": "USA"}, "country"),
        ({"licence_state": "XX"}, "licence_state"),
        ({"licence_state": ""}, "licence_state"),
        ({"effective_to": day("2025-12-31")}, "effective_to"),
        ({"supervisor": "Practitioner/nurse"}, "supervisor"),
    ],
)
def test_a_row_that_lacks_something_is_refused_by_field(changes: dict[str, Any], field: str) -> None:
    refusal = staff.admit([], replace(NURSE, **changes))
    assert isinstance(refusal, Refusal)
    assert refusal.field == field


def test_codes_are_tidied() -> None:
    assert staff.admit([], replace(NURSE, country=" us", licence_state="ny ")) == NURSE


def test_what_an_auditor_would_miss_is_a_warning() -> None:
    assert staff.row_warnings(NURSE) == ()
    bare = replace(NURSE, supervisor="", licence_number="", licence_state="")
    assert staff.row_warnings(bare) == (
        "Name the practitioner who supervises Nora Nurse.",
        "Record the licence and its state for Nora Nurse (RN).",
    )
    assert len(staff.row_warnings(replace(bare, credential="Health coach", clinical=True))) == 2


def test_rows_read_back_as_they_were_written() -> None:
    assert staff.row_from_dict(json.loads(json.dumps(staff.row_to_dict(NURSE)))) == NURSE
    with pytest.raises(ValueError, match="row"):
        staff.row_from_dict({"performer": "x"})


def read(text: str, register: tuple[staff.StaffRow, ...] = ()) -> tuple[tuple[staff.StaffRow, ...], list[str]]:
    rows, errors = staff.read_staff_rows(csv.DictReader(io.StringIO(text)), register)
    return rows, [str(error) for error in errors]


HEADER = ",".join(staff.COLUMNS)
GOOD = "Practitioner/nurse,Nora Nurse,Clinic,RN,123,NY,Practitioner/doctor,US,2026-01-01,,"


def test_a_csv_of_the_register_is_read() -> None:
    assert read(f"{HEADER}\n{GOOD}\n") == ((NURSE,), [])
    rows, _ = read(
        "performer,name,employer,credential,country,effective_from,clinical\np,N,C,Coach,us,2026-01-01,Yes\n"
    )
    assert (rows[0].clinical, rows[0].country) == (True, "US")


@pytest.mark.parametrize(
    ("line", "error"),
    [
        (GOOD, "line 3: effective_from: overlaps the row from 2026-01-01 to further notice"),
        (GOOD.replace("2026-01-01", "1/1/2026"), "line 3: effective_from: must be a date such as 2026-10-02"),
        (GOOD.replace("2026-01-01,", ","), "line 3: effective_from: is missing"),
        (GOOD + "perhaps", "line 3: clinical: must be yes, no or empty"),
        (GOOD.replace("US", "Canada"), "line 3: country: must be a country's two letters, such as US"),
    ],
)
def test_each_fault_of_a_csv_is_named_by_line_and_column(line: str, error: str) -> None:
    rows, errors = read(f"{HEADER}\n{GOOD}\n{line}\n")
    assert (rows, errors) == ((NURSE,), [error])


def test_columns_that_are_not_known_or_too_many_are_refused() -> None:
    assert read(f"{HEADER},salary\n{GOOD},9\n")[1][0].startswith("line 2: has a column that is not known")
    assert read(f"{HEADER}\n{GOOD},,9\n")[1][0].startswith("line 2: has a column that is not known")
    assert read(f"{HEADER}\nPractitioner/x\n")[1] == ["line 2: effective_from: is missing"]


def test_rows_that_overlap_the_present_register_are_refused() -> None:
    assert len(read(f"{HEADER}\n{GOOD}\n", (NURSE,))[1]) == 1
