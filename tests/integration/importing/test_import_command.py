"""`ccm import` as it is called."""

from __future__ import annotations

import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from smart_app.cli import main
from smart_app.importing.work import Progress
from tests.integration.importing.bulk_server import BulkServer, answer, bulk_server, ndjson
from tests.integration.importing.generated import condition, patient
from tests.integration.importing.support import installation, write_rows

Command = Callable[..., Result]


@pytest.fixture
def ehr() -> Iterator[BulkServer]:
    with bulk_server() as running:
        yield running


@pytest.fixture
def command(ehr: BulkServer, sqlite_url: str, key_file: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Command]:
    monkeypatch.setenv("CCM_DATABASE_URL", sqlite_url)
    monkeypatch.setenv("CCM_KEY_FILE", str(key_file))
    with installation(sqlite_url, key_file, ehr.base):

        def call(*arguments: str, issuer: str = ehr.base) -> Result:
            return CliRunner().invoke(main, ["import", "--issuer", issuer, *arguments])

        yield call


def test_it_tells_what_came_in_and_what_did_not(command: Command, tmp_path: Path) -> None:
    known = (patient(1), condition(1, 1, "E11.9", "x"), condition(2, 1, "I10", "y"))
    write_rows(tmp_path / "export" / "rows.ndjson", *known, "rubbish", condition(1, 2, "I10", "y"))
    result = command("--from", str(tmp_path / "export"))
    assert result.exit_code == 0, result.output
    assert result.stdout == (
        "Rows: 3 Condition, 1 Patient, 1 bad.\nPatients: 1 new, 1 unknown.\nCandidates: 1 in, 0 out.\n"
    )
    assert "rows.ndjson, line 4: not a JSON object" in result.stderr
    assert "1 patient is without a Patient resource" in result.stderr
    assert "file 1 of 1: " in result.stderr


def test_it_asks_for_a_day_as_the_practice_lives_it(command: Command, ehr: BulkServer) -> None:
    ehr.answers["/fhir/Group/g1/$export"] = ehr.answers["/fhir/Patient/$export"]
    ehr.offers(ndjson(patient(1)))
    result = command("--since", "2026-11-01", "--group", "g1")
    assert result.exit_code == 0, result.output
    assert "_since=2026-11-01T04%3A00%3A00Z" in ehr.asked(path="/fhir/Group/g1/$export")[0]
    assert "The export tells of 2026-11-24T14:00:00Z" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--since", "yesterday"), "--since: must be a date such as 2026-10-02"),
        (("--group", "../1"), "--group: is no id"),
        (("--from", ".", "--group", "1"), "--since and --group belong to the EHR's bulk export"),
        (("--from", "not-there"), "does not exist"),
    ],
)
def test_arguments_that_cannot_be_used_are_refused_by_name(
    command: Command, ehr: BulkServer, arguments: tuple[str, ...], words: str
) -> None:
    result = command(*arguments)
    assert result.exit_code == 2
    assert words in result.stderr
    assert ehr.seen == []


def test_what_goes_wrong_is_one_line(command: Command, ehr: BulkServer, tmp_path: Path) -> None:
    ehr.answers["/fhir/Patient/$export"] = [answer(403)]
    refused = command()
    assert (refused.exit_code, refused.stderr) == (1, f"Error: {ehr.base}: The EHR refused the request (HTTP 403).\n")
    empty = command("--from", str(tmp_path))
    assert (empty.exit_code, "holds no file that ends in" in empty.stderr) == (1, True)
    stranger = command(issuer="https://other.example/fhir")
    assert (stranger.exit_code, stranger.stderr) == (1, "Error: https://other.example/fhir is not registered.\n")


def test_ctrl_c_ends_it_with_the_way_to_go_on(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_rows(tmp_path / "export" / "rows.ndjson", patient(1))

    def interrupted(_: object, progress: Progress) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("smart_app.cli.import_._Teller.tell", interrupted)
    result = command("--from", str(tmp_path / "export"))
    assert (result.exit_code, result.stderr) == (1, "Error: Stopped. The same command goes on from here.\n")
    monkeypatch.undo()


def test_a_place_where_it_cannot_work_is_told(command: Command, tmp_path: Path) -> None:
    write_rows(tmp_path / "export" / "rows.ndjson", patient(1))
    (tmp_path / "cadence.db-imports").write_text("a file in the way")
    result = command("--from", str(tmp_path / "export"))
    assert (result.exit_code, "The import cannot work" in result.stderr) == (1, True)
    assert not stat.S_ISDIR((tmp_path / "cadence.db-imports").stat().st_mode)
