"""The store: versions, the index by patient, and all-or-nothing writes."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime
from typing import Any

from sandbox_ehr.fhir import Store


def observation(id_: str, patient: str = "p1", **more: Any) -> dict[str, Any]:
    return {"resourceType": "Observation", "id": id_, "subject": {"reference": f"Patient/{patient}"}, **more}


def ids(rows: list[dict[str, Any]]) -> list[str]:
    return [row["id"] for row in rows]


def test_versions_count_up_and_carry_the_time_of_the_write_in_utc() -> None:
    store = Store(clock=lambda: datetime(2026, 11, 24, 9, 30, 0, 123456, tzinfo=UTC))
    store.put(observation("o1"))
    second = store.put(observation("o1", status="final"))
    assert second["meta"] == {"versionId": "2", "lastUpdated": "2026-11-24T09:30:00.123Z"}
    assert [row and row["meta"]["versionId"] for row in store.versions("Observation", "o1")] == ["1", "2"]


def test_what_a_reader_was_given_stays_as_it_was_when_the_resource_is_replaced() -> None:
    store = Store()
    given = {"resourceType": "Patient", "id": "p1", "meta": {"tag": [{"code": "x"}]}}
    before = store.put(given)
    store.put({**given, "active": True})
    assert "active" not in before
    assert before["meta"]["versionId"] == "1"
    assert given["meta"] == {"tag": [{"code": "x"}]}
    assert before["meta"]["tag"] == [{"code": "x"}]


def test_a_deleted_resource_is_gone_but_its_number_goes_on() -> None:
    store = Store()
    store.put(observation("o1"))
    assert store.delete("Observation", "o1")
    assert not store.delete("Observation", "o1")
    assert store.read("Observation", "o1") is None
    assert store.of_patient("Observation", "p1") == []
    assert store.put(observation("o1"))["meta"]["versionId"] == "3"


def test_the_index_follows_a_resource_to_another_patient() -> None:
    store = Store()
    store.put(observation("o1"))
    store.put(observation("o2"))
    store.put(observation("o1", "p2"))
    assert ids(store.of_patient("Observation", "p1")) == ["o2"]
    assert ids(store.of_patient("Observation", "p2")) == ["o1"]
    assert store.holds_about("p2")
    assert not store.holds_about("p3")


def test_a_block_that_fails_leaves_nothing_behind() -> None:
    store = Store()
    store.put(observation("kept", status="final"))
    store.put(observation("removed"))
    with contextlib.suppress(RuntimeError), store.atomically():
        store.put(observation("kept", "p2", status="amended"))
        store.put(observation("new"))
        store.delete("Observation", "removed")
        raise RuntimeError
    assert sorted(ids(store.all("Observation"))) == ["kept", "removed"]
    kept = store.read("Observation", "kept")
    assert kept is not None
    assert kept["status"] == "final"
    assert sorted(ids(store.of_patient("Observation", "p1"))) == ["kept", "removed"]
    assert store.of_patient("Observation", "p2") == []
    assert store.versions("Observation", "new") == []
