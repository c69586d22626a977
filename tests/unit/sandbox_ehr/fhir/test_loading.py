"""Loading: Bundles and NDJSON, references brought into server form, and malformed rows kept out."""

from __future__ import annotations

import gzip
import json
import logging
import time
from pathlib import Path
from typing import Any

import pytest

from sandbox_ehr.fhir import Store, load_path
from sandbox_ehr.fhir.parameters import PARAMETERS
from sandbox_ehr.fhir.references import references
from tests.charts import charts_dir

UUID = "0d5c6a43-5f0e-4f0e-9d7c-0b8f3a2f9b11"


def bundle(*entries: Any) -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": "transaction", "entry": list(entries)}


def entry(resource: dict[str, Any], full_url: str = "", url: str = "") -> dict[str, Any]:
    return {"fullUrl": full_url, "resource": resource, "request": {"method": "PUT", "url": url}}


def load(store: Store, path: Path, content: Any) -> int:
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return load_path(store, path)


def test_an_entry_without_id_takes_its_uuid_and_references_follow(tmp_path: Path) -> None:
    store = Store()
    content = bundle(
        entry({"resourceType": "Condition", "subject": {"reference": f"urn:uuid:{UUID}"}}, f"urn:uuid:{UUID[::-1]}"),
        entry({"resourceType": "Patient"}, f"urn:uuid:{UUID}"),
        entry({"resourceType": "Patient", "id": "named"}, "urn:uuid:another"),
        entry({"resourceType": "Goal", "subject": {"reference": "urn:uuid:another"}}, "", "Goal/g1"),
    )
    assert load(store, tmp_path / "one.json", content) == 4
    assert store.all("Condition")[0]["subject"] == {"reference": f"Patient/{UUID}"}
    goal = store.read("Goal", "g1")
    assert goal is not None
    assert goal["subject"] == {"reference": "Patient/named"}
    assert store.of_patient("Condition", UUID)


def test_conditional_references_are_resolved_where_one_target_is_known(tmp_path: Path) -> None:
    identifier = [{"system": "urn:npi", "value": "7"}]
    encounter = {
        "resourceType": "Encounter",
        "id": "e1",
        "participant": [{"individual": {"reference": "Practitioner?identifier=urn:npi|7"}}],
        "serviceProvider": {"reference": "Organization?identifier=urn:npi|7"},
    }
    store = Store()
    practitioner = {"resourceType": "Practitioner", "id": "n7", "identifier": identifier}
    load(store, tmp_path / "one.json", bundle(entry(encounter), entry(practitioner)))
    loaded = store.all("Encounter")[0]
    assert loaded["participant"][0]["individual"] == {"reference": "Practitioner/n7"}
    assert loaded["serviceProvider"] == {"reference": "Organization?identifier=urn:npi|7"}


def test_a_folder_is_read_to_its_depth_gzipped_or_not_and_each_resource_once(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    patient = {"resourceType": "Patient", "id": "p1"}
    (tmp_path / "a.json").write_text(json.dumps(patient))
    (tmp_path / "deep" / "b.ndjson.gz").write_bytes(
        gzip.compress((json.dumps(patient) + "\n\n" + json.dumps({**patient, "id": "p2"}) + "\n").encode())
    )
    (tmp_path / "README.md").write_text("{}")
    store = Store()
    assert load_path(store, tmp_path) == 2
    assert load_path(store, tmp_path) == 0
    assert [row["meta"]["versionId"] for row in store.all("Patient")] == ["1", "1"]


def test_malformed_rows_are_kept_out_and_counted_and_the_rest_is_loaded(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    rows = [
        '{"resourceType":"Patient","id":"p1"}', '{"resourceType":"Patient"}', '{"id":"x"}', "[1]", "{cut",
        '{"resourceType":"Patient","id":"not an id"}', '{"resourceType":"Patient","id":5}', "null",
    ]  # fmt: skip
    store = Store()
    with caplog.at_level(logging.WARNING):
        assert load(store, tmp_path / "rows.ndjson", "\n".join(rows)) == 1
    assert "7 malformed rows kept out" in caplog.text


@pytest.mark.parametrize(
    "content",
    [
        bundle("no entry", {"resource": "no resource"}, {}, {"resource": {"resourceType": "Patient"}}),
        {"resourceType": "Bundle", "entry": "no list"},
        "not JSON at all",
        "",
    ],
)
def test_a_broken_document_loads_nothing_and_raises_nothing(tmp_path: Path, content: Any) -> None:
    assert load(Store(), tmp_path / "broken.json", content) == 0


def test_a_broken_archive_is_logged_and_passed_over(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "cut.json.gz").write_bytes(gzip.compress(b'{"resourceType":"Patient","id":"p1"}')[:-9])
    (tmp_path / "good.json").write_text('{"resourceType":"Patient","id":"p1"}')
    assert load_path(Store(), tmp_path) == 1
    assert "cut.json.gz cannot be read" in caplog.text


def test_a_path_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        load_path(Store(), tmp_path / "none")


def test_all_charts_load_at_once_each_patient_once_and_fast() -> None:
    store = Store()
    started = time.perf_counter()
    assert load_path(store, charts_dir()) > 3000
    assert time.perf_counter() - started < 2
    assert len(store.all("Patient")) == 36
    rows = [row for kind in PARAMETERS for row in store.all(kind)]
    dangling = {one["reference"] for one in references(rows) if one["reference"].startswith("urn:uuid:")}
    assert dangling.isdisjoint(f"urn:uuid:{row['id']}" for row in rows)
    assert {row["meta"]["versionId"] for row in rows} == {"1"}


def test_bundles_and_resolved_rows_hold_the_same_charts() -> None:
    stores = [Store(), Store()]
    for store, folder in zip(stores, ("bundles", "resolved"), strict=True):
        load_path(store, charts_dir() / folder)
    for kind in ("Patient", "Condition", "CarePlan", "Observation"):
        one, other = ({row["id"]: row.get("subject") for row in store.all(kind)} for store in stores)
        assert one == other
