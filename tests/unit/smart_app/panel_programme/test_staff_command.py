"""`ccm staff`: rows come in whole files, faults name line and field, and earlier days keep their judgement."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from smart_app.cli import main
from smart_app.cli.wiring import opened_services
from smart_app.registrations import Registration
from smart_app.settings import Settings
from smart_app.store.registrations import add_registration

ISSUER = "https://ehr.example/fhir"
HEADER = (
    "performer,name,employer,credential,licence_number,licence_state,supervisor,country,effective_from,effective_to\n"
)
NURSE = "Practitioner/1,Imani Okwuosa,Larkspur,RN,RN-1,NY,Practitioner/2,US,2026-01-01,\n"
Run = Callable[..., Result]


@pytest.fixture
def run(sqlite_url: str, key_file: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs `ccm staff` on a database with one registration."""
    monkeypatch.setenv("CCM_DATABASE_URL", sqlite_url)
    monkeypatch.setenv("CCM_KEY_FILE", str(key_file))
    registration = Registration(id=str(uuid.uuid4()), issuer=ISSUER, name="EHR", client_id="c")
    settings = Settings(database_url=sqlite_url, key_file=key_file)
    with opened_services(settings) as services, services.store.writing() as session:
        add_registration(session, registration, practice="Larkspur", timezone="America/New_York", now=0)

    def invoke(*arguments: str, csv: str = "", issuer: str = ISSUER) -> Result:
        return CliRunner().invoke(main, ["staff", arguments[0], "--issuer", issuer, *arguments[1:]], input=csv)

    return invoke


def test_rows_of_a_file_stand_in_the_register(run: Run) -> None:
    outcome = run("import", "-", csv=HEADER + NURSE)
    assert (outcome.exit_code, outcome.output) == (0, "1 row added to the register of Larkspur.\n")
    assert run("list").output == "Practitioner/1\tImani Okwuosa\tRN\t2026-01-01\t\tstaff\n"


def test_what_an_auditor_would_miss_is_said(run: Run) -> None:
    outcome = run("import", "-", csv=HEADER + "Practitioner/3,Al Reyes,Larkspur,RN,,,,US,2026-01-01,\n")
    assert "To do: Name the practitioner who supervises Al Reyes." in outcome.output


def test_faults_name_line_and_field_and_nothing_is_added(run: Run) -> None:
    faulty = "Practitioner/3,Al Reyes,Larkspur,RN,,,,USA,2026-01-01,\nPractitioner/4,,Larkspur,RN,,,,US,soon,\n"
    outcome = run("import", "-", csv=HEADER + NURSE + faulty)
    assert outcome.exit_code == 1
    assert "line 3: country: must be a country's two letters, such as US" in outcome.output
    assert "line 4: effective_from: must be a date such as 2026-10-02" in outcome.output
    assert run("list").output == ""


@pytest.mark.parametrize(
    "csv", ["", "who,what\n1,2\n", HEADER.strip() + ",shoe_size\n" + NURSE.strip() + ",9\n", NURSE]
)
def test_what_is_no_register_is_refused(run: Run, csv: str) -> None:
    outcome = run("import", "-", csv=csv)
    assert outcome.exit_code == 1
    assert "the columns are performer, name" in outcome.output


def test_a_row_with_more_fields_than_columns_is_refused(run: Run) -> None:
    outcome = run("import", "-", csv=HEADER + NURSE.strip() + "x,y\n")
    assert outcome.exit_code == 1
    assert "line 2" in outcome.output


def test_the_same_person_cannot_stand_twice_on_one_day(run: Run) -> None:
    run("import", "-", csv=HEADER + NURSE)
    outcome = run("import", "-", csv=HEADER + NURSE)
    assert "line 2: effective_from: overlaps the row" in outcome.output


def test_a_row_ends_and_another_follows(run: Run) -> None:
    run("import", "-", csv=HEADER + NURSE)
    assert run("end", "Practitioner/1", "2026-06-30").exit_code == 0
    assert (
        run("import", "-", csv=HEADER + NURSE.replace("2026-01-01", "2026-07-01").replace(",RN,", ",NP,")).exit_code
        == 0
    )
    assert [line.split("\t")[3:] for line in run("list").output.splitlines()] == [
        ["2026-01-01", "2026-06-30", "staff"],
        ["2026-07-01", "", "practitioner"],
    ]


@pytest.mark.parametrize(
    ("performer", "day", "said"),
    [
        ("Practitioner/9", "2026-06-30", "is not in the register"),
        ("Practitioner/1", "2025-06-30", "lies before the row's first day"),
        ("Practitioner/1", "soon", "must be a date"),
    ],
)
def test_what_cannot_end_is_said(run: Run, performer: str, day: str, said: str) -> None:
    run("import", "-", csv=HEADER + NURSE)
    outcome = run("end", performer, day)
    assert outcome.exit_code != 0
    assert said in outcome.output


def test_an_ehr_that_is_not_registered_has_no_register(run: Run) -> None:
    assert "is not registered" in run("list", issuer="https://other.example/fhir").output
