"""The bulk export's protocol, by an EHR that does what each test says."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from smart_app.ehr.errors import EhrBusy, EhrRefused, EhrUntrusted
from smart_app.importing.bulk_export import ExportFailed, ExportGone
from smart_app.importing.work import Progress
from smart_app.outbox.credentials import LaunchOver
from tests.integration.importing.bulk_server import BulkServer, answer, bulk_server, ndjson
from tests.integration.importing.generated import condition, encounter, patient
from tests.integration.importing.support import Installation, installation

DIABETES = condition(1, 1, "E11.9", "Diabetes")
PRESSURE = condition(2, 1, "I10", "Hypertension")


def told(*texts: str) -> dict[str, object]:
    issues = [{"severity": "error", "code": "incomplete", "details": {"text": text}} for text in texts]
    return {"resourceType": "OperationOutcome", "issue": issues}


@pytest.fixture
def ehr() -> Iterator[BulkServer]:
    with bulk_server() as running:
        yield running


@pytest.fixture
def app(ehr: BulkServer, sqlite_url: str, key_file: Path) -> Iterator[Installation]:
    with installation(sqlite_url, key_file, ehr.base) as running:
        yield running


def test_an_export_is_asked_for_read_and_deleted_and_nothing_is_left_behind(ehr: BulkServer, app: Installation) -> None:
    ehr.offers(ndjson(patient(1)), ndjson(DIABETES, PRESSURE), ndjson(encounter(1, 1, "2026-05-04")))
    outcome = app.export(since="2026-11-01T04:00:00Z")
    assert ehr.asked(path="$export") == [
        "/fhir/Patient/$export?_type=Patient,Condition,Encounter&_since=2026-11-01T04%3A00%3A00Z"
    ]
    assert (outcome.as_of, outcome.patients) == ("2026-11-24T14:00:00Z", {"new": 1})
    assert app.standing() == {"p1": "in"}
    assert ehr.asked("DELETE") == ["/fhir/status"]
    assert app.left_behind() == []


def test_the_ehr_is_asked_again_as_often_as_it_says(ehr: BulkServer, app: Installation) -> None:
    ehr.offers(ndjson(patient(1)))
    ready = ehr.answers["/fhir/status"]
    ehr.answers["/fhir/status"] = [
        answer(202, X_Progress="12%", Retry_After="7"),
        answer(202, X_Progress="50%"),
        answer(429, Retry_After="90"),
        *ready,
    ]
    app.export()
    assert app.pauses == [7.0, 3.0, 90.0]
    assert [each.words for each in app.progress if each.phase == "preparing"] == ["12%", "50%"]


def test_a_token_that_runs_out_amid_the_export_is_renewed(ehr: BulkServer, app: Installation) -> None:
    ehr.offers(ndjson(patient(1)), ndjson(DIABETES, PRESSURE))
    ehr.expired.add("token-1")
    assert app.export().patients == {"new": 1}
    assert ehr.tokens == 2
    ehr.expired.add("token-2")
    assert app.export().patients == {"unchanged": 1}
    assert ehr.tokens == 3


def test_a_token_that_is_refused_again_ends_the_import(ehr: BulkServer, app: Installation) -> None:
    ehr.expired |= {"token-1", "token-2"}
    with pytest.raises(EhrRefused) as caught:
        app.export()
    assert (caught.value.status, ehr.tokens) == (401, 2)


def test_an_ehr_that_stays_busy_is_given_up_and_asked_for_the_same_export_later(
    ehr: BulkServer, app: Installation
) -> None:
    ehr.offers(ndjson(patient(1)), ndjson(DIABETES, PRESSURE))
    ehr.answers["/files/1"] = [answer(503, Retry_After="5")] * 5 + ehr.answers["/files/1"]
    with pytest.raises(EhrBusy):
        app.export()
    assert app.pauses == [5.0] * 4
    outcome = app.export()
    assert (outcome.resumed, app.standing()) == (True, {"p1": "in"})
    assert len(ehr.asked(path="$export")) == 1
    assert len(ehr.asked(path="/files/0")) == 1


def test_a_file_that_is_cut_short_is_fetched_again(ehr: BulkServer, app: Installation) -> None:
    ehr.offers(ndjson(patient(1)))
    (whole,) = ehr.answers["/files/0"]
    ehr.answers["/files/0"] = [
        (200, {"Content-Length": str(len(whole[2]) + 9), "Connection": "close"}, whole[2]),
        whole,
    ]
    assert app.export().rows == {"Patient": 1}
    assert len(ehr.asked(path="/files/0")) == 2


def test_a_gzipped_file_is_read_however_it_says_so(ehr: BulkServer, app: Installation) -> None:
    packed = gzip.compress((json.dumps(patient(1)) + "\n").encode())
    ehr.offers(answer(200, packed, Content_Encoding="gzip"), answer(200, gzip.compress(json.dumps(DIABETES).encode())))
    assert app.export().rows == {"Patient": 1, "Condition": 1}


def test_an_export_that_the_ehr_calls_failed_says_why(ehr: BulkServer, app: Installation) -> None:
    ehr.answers["/fhir/status"] = [answer(500, told("no space left"))]
    with pytest.raises(ExportFailed, match=r"HTTP 500: incomplete: no space left"):
        app.export()
    assert app.rows() == []
    ehr.offers(ndjson(patient(1)))
    ehr.answers["/fhir/status"].insert(0, answer(500))
    assert app.export().patients == {"new": 1}
    assert len(ehr.asked(path="$export")) == 2


def test_a_refused_kick_off_is_told_by_its_status(ehr: BulkServer, app: Installation) -> None:
    ehr.answers["/fhir/Patient/$export"] = [answer(403, told("not your patients"))]
    with pytest.raises(EhrRefused) as caught:
        app.export()
    assert (caught.value.status, caught.value.detail) == (403, "incomplete: not your patients")


@pytest.mark.parametrize("begun", [answer(200), answer(202), answer(204)])
def test_an_answer_without_an_address_for_the_status_is_no_export(
    ehr: BulkServer, app: Installation, begun: tuple[int, dict[str, str], bytes]
) -> None:
    ehr.answers["/fhir/Patient/$export"] = [begun]
    with pytest.raises(ExportFailed):
        app.export()


def test_what_the_ehr_says_of_errors_is_passed_on_and_nothing_is_taken_for_gone(
    ehr: BulkServer, app: Installation
) -> None:
    ehr.offers(ndjson(patient(1)), ndjson(DIABETES, PRESSURE))
    app.export()
    ehr.offers(ndjson(patient(1)), ndjson(DIABETES), errors=(ndjson(told("some Conditions are missing"), "rubbish"),))
    outcome = app.export()
    assert outcome.notes == ("the EHR said: incomplete: some Conditions are missing",)
    assert app.standing() == {"p1": "in"}


def test_a_whole_export_drops_what_it_no_longer_holds(ehr: BulkServer, app: Installation) -> None:
    ehr.offers(ndjson(patient(1)), ndjson(DIABETES, PRESSURE))
    app.export()
    ehr.offers(ndjson(patient(1)), ndjson(DIABETES))
    assert app.export().patients == {"changed": 1}
    assert app.standing() == {"p1": "out"}


def test_a_change_is_merged_into_what_is_known_and_a_resolved_problem_taken_out(
    ehr: BulkServer, app: Installation
) -> None:
    ehr.offers(ndjson(patient(1)), ndjson(DIABETES, PRESSURE), ndjson(encounter(1, 1, "2026-05-04")))
    app.export()
    heart = condition(3, 1, "I50.9", "Heart failure")
    ehr.offers(ndjson(PRESSURE | {"clinicalStatus": {"coding": [{"code": "resolved"}]}}, heart))
    app.export(since="2026-11-01T04:00:00Z")
    evidence = app.candidates()["p1"].evidence
    assert [problem.icd10() for problem in evidence.problems] == ["E11.9", "I50.9"]
    assert str(evidence.last_visit) == "2026-05-04"


def test_deletions_since_a_day_are_told(ehr: BulkServer, app: Installation) -> None:
    ehr.offers(ndjson(patient(1)), deleted=[{"type": "Bundle", "url": f"{ehr.root}/deleted"}])
    assert app.export().notes == ()
    assert app.export(since="2026-11-01T04:00:00Z").notes == (
        "the EHR tells of deletions, which only an import without --since takes in",
    )


def test_an_import_stopped_amid_the_files_fetches_only_those_that_are_left(ehr: BulkServer, app: Installation) -> None:
    ehr.offers(ndjson(patient(1)), ndjson(DIABETES, PRESSURE))
    progress = app.progress

    class Stopping(list[Progress]):
        def append(self, told: Progress) -> None:
            if told.files_done == 1 and told.counts.get("Condition"):
                raise KeyboardInterrupt

    app.progress = Stopping()
    with pytest.raises(KeyboardInterrupt):
        app.export()
    app.progress = progress
    outcome = app.export()
    assert (outcome.resumed, outcome.rows) == (True, {"Patient": 1, "Condition": 2})
    assert [len(ehr.asked(path=path)) for path in ("$export", "/files/0", "/files/1")] == [1, 1, 1]
    assert app.left_behind() == []


def test_an_export_that_is_gone_when_it_is_taken_up_again_is_begun_anew(ehr: BulkServer, app: Installation) -> None:
    ehr.offers(ndjson(patient(1)))
    ready = ehr.answers["/fhir/status"]
    ehr.answers["/fhir/status"] = [answer(503)] * 5 + [answer(404), *ready]
    with pytest.raises(EhrBusy):
        app.export()
    outcome = app.export()
    assert (outcome.resumed, outcome.patients) == (False, {"new": 1})
    assert len(ehr.asked(path="$export")) == 2


def test_an_export_that_is_gone_at_once_is_not_begun_for_ever(ehr: BulkServer, app: Installation) -> None:
    ehr.answers["/fhir/status"] = [answer(404)]
    with pytest.raises(ExportGone):
        app.export()
    assert len(ehr.asked(path="$export")) == 1


@pytest.mark.parametrize(
    "url",
    [
        "http://ehr.example/1",
        "file:///etc/passwd",
        "https://user@ehr.example/1",
        "http://127.0.0.1:1/1",
        "https://a/#b",
    ],
)
def test_an_address_that_may_not_be_called_is_refused_before_anything_is_fetched(
    ehr: BulkServer, app: Installation, url: str
) -> None:
    ehr.offers(ndjson(patient(1)), requiresAccessToken=False, output=[{"type": "Patient", "url": url}])
    with pytest.raises(EhrUntrusted):
        app.export()


def test_the_token_is_not_taken_to_another_host(ehr: BulkServer, app: Installation) -> None:
    ehr.offers(output=[{"type": "Patient", "url": "https://files.example/1"}])
    with pytest.raises(EhrUntrusted, match="another host that wants our access token"):
        app.export()


def test_a_private_address_of_another_host_is_not_called(ehr: BulkServer, app: Installation) -> None:
    ehr.offers(requiresAccessToken=False, output=[{"type": "Patient", "url": "https://10.0.0.1/1"}])
    with pytest.raises(EhrUntrusted):
        app.export()


def test_the_token_goes_with_the_files_only_where_the_manifest_says_so(ehr: BulkServer, app: Installation) -> None:
    ehr.offers(ndjson(patient(1)), requiresAccessToken=False)
    app.export()
    assert [token for _, path, token in ehr.seen if path == "/files/0"] == [""]


def test_without_backend_services_nothing_is_asked(ehr: BulkServer, sqlite_url: str, key_file: Path) -> None:
    with installation(sqlite_url, key_file, ehr.base, scope="") as app, pytest.raises(LaunchOver):
        app.export()
    assert ehr.seen == []
