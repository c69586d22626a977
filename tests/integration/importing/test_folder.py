"""The import from a folder: what is taken, what is passed over, and what a second or a stopped run comes to."""

from __future__ import annotations

import gzip
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ccm.chart import Chart, ChartPatient, LaunchEncounter
from smart_app.importing import loading, weighing
from smart_app.importing.considering import consider
from smart_app.importing.from_folder import NothingToImport
from smart_app.importing.staging import Fault
from smart_app.importing.workplace import ImportUnderWay, work_folder, working_in
from smart_app.store.imports import last_import, running_import
from smart_app.store.records import PatientRef, append_record
from smart_app.store.registrations import keep_user
from tests.charts import charts_dir
from tests.integration.importing.generated import condition, encounter, patient, population
from tests.integration.importing.support import NOW, Installation, installation, write_rows

ISSUER = "https://ehr.example/fhir"
PROGRAM = "from smart_app.cli import main; main()"


@pytest.fixture
def app(database_url: str, key_file: Path) -> Iterator[Installation]:
    with installation(database_url, key_file, ISSUER) as running:
        yield running


@pytest.fixture
def lone(sqlite_url: str, key_file: Path) -> Iterator[Installation]:
    """An installation on SQLite."""
    with installation(sqlite_url, key_file, ISSUER) as running:
        yield running


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "export"
    path.mkdir()
    return path


def test_a_second_import_leaves_the_same_rows(app: Installation, folder: Path) -> None:
    population(folder, 60)
    first = app.read(folder)
    rows = app.rows()
    second = app.read(folder)
    assert (first.patients, second.patients) == ({"new": 60}, {"unchanged": 60})
    assert app.rows() == rows
    assert app.left_behind() == []
    with app.services.store.reading() as session:
        assert running_import(session, app.practice_id) is None
        kept = last_import(session, app.practice_id)
    assert kept is not None
    assert (kept.source, kept.plan) == ("folder", {})


def test_files_of_any_name_packed_or_not_come_together(app: Installation, folder: Path) -> None:
    write_rows(folder / "a" / "1.ndjson", condition(1, 1, "E11.9", "Diabetes"))
    packed = gzip.compress(json.dumps(condition(2, 1, "I10", "Hypertension")).encode())
    (folder / "b.NDJSON.gz").write_bytes(packed)
    (folder / "c.jsonl").write_bytes(packed)
    write_rows(folder / "z.ndjson", encounter(1, 1, "2026-05-04"), patient(1))
    write_rows(folder / "notes.txt", "not looked at")
    assert app.read(folder).rows == {"Patient": 1, "Condition": 3, "Encounter": 1}
    assert app.standing() == {"p1": "in"}
    assert len(app.candidates()["p1"].evidence.problems) == 2


def test_a_bad_row_is_told_by_file_and_line_and_the_rest_is_taken(
    app: Installation, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nobody = {"resourceType": "Condition", "id": "c9", "code": {"text": "Gout"}}
    write_rows(
        folder / "rows.ndjson",
        patient(1),
        "{",
        "[]",
        "",
        '{"id": "x"}',
        nobody,
        nobody | {"subject": {"reference": "Patient/p1"}, "code": {}},
        patient(1) | {"id": "../1"},
        {"resourceType": "Observation", "id": "o1"},
        "[" * 100_000,
        '{"resourceType": "Patient", "id": "' + "x" * 17_000_000 + '"}',
        condition(1, 1, "E11.9", "Diabetes"),
    )
    (folder / "torn.ndjson.gz").write_bytes(gzip.compress(json.dumps(patient(2)).encode() * 50)[:-20])
    outcome = app.read(folder)
    assert outcome.rows == {"Patient": 1, "Condition": 1, "other": 1, "bad": 8, "cut": 1}
    assert outcome.faults == (
        Fault("rows.ndjson", 2, "not a JSON object"),
        Fault("rows.ndjson", 3, "not a JSON object"),
        Fault("rows.ndjson", 5, "no resourceType"),
        Fault("rows.ndjson", 6, "a Condition that names no patient"),
        Fault("rows.ndjson", 7, "a Condition with neither code nor name"),
        Fault("rows.ndjson", 8, "a Patient without a usable id"),
        Fault("rows.ndjson", 10, "not a JSON object"),
        Fault("rows.ndjson", 11, "the line is too long"),
        Fault("torn.ndjson.gz", 1, "the file is cut short or cannot be read further"),
    )
    assert app.standing() == {"p1": "out"}


def test_a_patient_of_whom_only_rows_are_there_is_counted_and_not_considered(lone: Installation, folder: Path) -> None:
    write_rows(folder / "rows.ndjson", condition(1, 1, "E11.9", "Diabetes"), patient(2))
    assert lone.read(folder).patients == {"unknown": 1, "new": 1}
    assert lone.standing() == {"p2": "out"}


def test_of_two_rows_of_one_id_the_newer_counts(lone: Installation, folder: Path) -> None:
    resolved = {"clinicalStatus": {"coding": [{"code": "resolved"}]}, "meta": {"lastUpdated": "2026-02-01T00:00:00Z"}}
    old = {"meta": {"lastUpdated": "2025-02-01T00:00:00Z"}}
    pressure = condition(2, 1, "I10", "Hypertension")
    write_rows(folder / "rows.ndjson", patient(1), condition(1, 1, "E11.9", "x"), pressure | resolved, pressure | old)
    lone.read(folder)
    assert [each.icd10() for each in lone.candidates()["p1"].evidence.problems] == ["E11.9"]


def test_nothing_of_a_patient_lies_plain_in_the_database(lone: Installation, folder: Path) -> None:
    population(folder, 3)
    lone.read(folder)
    assert not [row for row in lone.rows() if b"Family" in bytes(str(row), "utf-8")]


def test_whoever_is_enrolled_stays_so(app: Installation, folder: Path) -> None:
    population(folder, 2)
    ref = PatientRef(app.practice_id, "p0")
    with app.services.store.writing() as session:
        user = keep_user(session, "r1", "Practitioner/1", "Ada", NOW)
        append_record(session, ref, "enrolment", {"said": "enrolled"}, number=1, user_id=user, now=NOW)
    app.read(folder)
    with app.services.store.reading() as session:
        (count,) = session.connection().exec_driver_sql("SELECT count(*) FROM record").one()
    assert (count, {key: each.recorded for key, each in app.candidates().items()}) == (1, {"p0": True, "p1": False})


def test_a_launch_considers_its_patient_and_an_import_adds_to_that(app: Installation, folder: Path) -> None:
    write_rows(folder / "rows.ndjson", patient(1), condition(1, 1, "E11.9", "x"), condition(2, 1, "I10", "y"))
    app.read(folder)
    known = app.candidates()["p1"].evidence
    chart = Chart(known.patient, known.problems[:1])

    def launched(chart: Chart) -> str:
        with app.services.store.writing() as session:
            return consider(session, app.practice_id, chart, NOW)

    assert launched(Chart(known.patient, unread=("Problems",))) == "unchanged"
    assert (launched(chart), launched(chart), app.standing()) == ("changed", "unchanged", {"p1": "out"})
    assert launched(Chart(ChartPatient("p7", "Ada"))) == "new"


@pytest.mark.parametrize(
    ("seen", "last"), [("2026-09-09", "2026-09-09"), ("2025-12-01", "2026-05-04"), ("", "2026-05-04")]
)
def test_a_launch_knows_a_newer_visit_and_does_not_forget_an_older_one(
    lone: Installation, folder: Path, seen: str, last: str
) -> None:
    write_rows(folder / "rows.ndjson", patient(1), encounter(1, 1, "2026-05-04"))
    lone.read(folder)
    visits = (LaunchEncounter("e2", "finished", "AMB", seen),) if seen else ()
    with lone.services.store.writing() as session:
        consider(session, lone.practice_id, Chart(lone.candidates()["p1"].evidence.patient, encounters=visits), NOW)
    assert str(lone.candidates()["p1"].evidence.last_visit) == last


def test_a_folder_without_ndjson_is_refused(lone: Installation, folder: Path) -> None:
    with pytest.raises(NothingToImport):
        lone.read(folder)


def test_two_imports_at_once_are_one_too_many(lone: Installation, folder: Path) -> None:
    population(folder, 1)
    with working_in(work_folder(lone.services.settings.database_url)), pytest.raises(ImportUnderWay):
        lone.read(folder)
    assert lone.left_behind() == []


@pytest.mark.parametrize("phase", ["reading", "weighing"])
def test_an_import_that_is_stopped_goes_on_where_it_was(
    app: Installation, folder: Path, monkeypatch: pytest.MonkeyPatch, phase: str
) -> None:
    monkeypatch.setattr(loading, "BATCH", 10)
    monkeypatch.setattr(weighing, "BATCH", 10)
    population(folder, 40)
    told: list[Any] = []

    class Watched(list[Any]):
        def append(self, progress: Any) -> None:
            told.append(progress)
            if progress.phase == phase and len([each for each in told if each.phase == phase]) == 4:
                raise KeyboardInterrupt

    app.progress = Watched()
    with pytest.raises(KeyboardInterrupt):
        app.read(folder)
    assert app.left_behind()
    app.progress = []
    outcome = app.read(folder)
    assert outcome.resumed
    assert outcome.rows == {"Patient": 40, "Condition": 200, "Encounter": 120}
    assert outcome.patients == {"new": 40}
    assert min(sum(each.counts.values()) for each in app.progress if each.phase == phase and each.counts) > 30
    assert app.left_behind() == []


def test_an_import_of_another_content_begins_anew_and_clears_the_old_away(
    lone: Installation, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    population(folder, 5)

    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("smart_app.importing.service._weighed", stop)
    with pytest.raises(KeyboardInterrupt):
        lone.read(folder)
    monkeypatch.undo()
    population(folder, 6)
    outcome = lone.read(folder)
    assert (outcome.resumed, outcome.patients) == (False, {"new": 6})
    assert lone.left_behind() == []


def test_an_import_that_is_killed_leaves_nothing_readable_and_the_next_loses_nothing(
    lone: Installation, folder: Path, key_file: Path
) -> None:
    population(folder, 3000)
    command = [sys.executable, "-c", PROGRAM, "import", "--issuer", ISSUER, "--from", str(folder)]
    settings = {"CCM_DATABASE_URL": lone.services.settings.database_url, "CCM_KEY_FILE": str(key_file)}
    environment = {**os.environ, **settings}
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, env=environment) as killed:
        assert killed.stderr is not None
        while b"Condition" not in killed.stderr.readline():
            assert killed.poll() is None
        killed.send_signal(signal.SIGKILL)
    left = [path for path in lone.left_behind() if path.is_file()]
    assert left
    assert not [path for path in left if b"Family" in path.read_bytes() or b"diabetes" in path.read_bytes()]
    assert {path.stat().st_mode & 0o077 for path in lone.left_behind() if path.is_dir()} == {0}
    again = subprocess.run(command, capture_output=True, text=True, env=environment, check=False, timeout=120)
    assert again.returncode == 0, again.stderr
    assert "Went on from where the last run was stopped." in again.stdout
    assert "Rows: 15000 Condition, 9000 Encounter, 3000 Patient." in again.stdout
    assert "Candidates: 3000 in, 0 out." in again.stdout
    assert lone.left_behind() == []


def test_real_shaped_charts_are_weighed_without_a_fault_but_the_broken_rows(lone: Installation) -> None:
    outcome = lone.read(charts_dir() / "resolved")
    assert outcome.rows["Patient"] == outcome.patients["new"] == 36
    assert set(lone.standing().values()) == {"in", "out"}
    broken = lone.read(charts_dir())
    assert broken.rows["bad"] > 0
    assert {fault.file for fault in broken.faults} == {"malformed-orphans.ndjson.gz"}


@pytest.mark.skipif("CCM_TEST_LARGE" not in os.environ, reason="takes minutes (set CCM_TEST_LARGE to run it)")
def test_a_hundred_thousand_patients_are_imported_in_bounded_memory(
    lone: Installation, folder: Path, key_file: Path, record_property: Callable[[str, object], None]
) -> None:
    population(folder, 100_000)
    settings = {"CCM_DATABASE_URL": lone.services.settings.database_url, "CCM_KEY_FILE": str(key_file)}
    command = [sys.executable, "-c", PROGRAM, "import", "--issuer", ISSUER, "--from", str(folder)]
    started = time.monotonic()
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL, env={**os.environ, **settings})
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    record_property("seconds", round(time.monotonic() - started))
    record_property("peak_megabytes", used.ru_maxrss // 1024)
    assert process.returncode == 0
    assert used.ru_maxrss < 256 * 1024
