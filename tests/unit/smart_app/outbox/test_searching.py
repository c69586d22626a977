"""Finding our own resources again: by identifier where that can be searched, else by facts; never by trust."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from ccm.chart import Gap
from fhir_mappings.capability import Capabilities, ResourceCapability
from fhir_mappings.codes import ENTRY_SYSTEM, ENTRY_TIME
from smart_app.ehr.client import SearchResult
from smart_app.ehr.errors import EhrTemporary
from smart_app.outbox.job import Job
from smart_app.outbox.searching import ours_in_chart

INTERVAL = (1795532400, 1795533000)


def resource(id_: str, value: str = "entry-1", **fields: Any) -> dict[str, Any]:
    """An Observation with our identifier."""
    identifier = [{"system": ENTRY_SYSTEM, "value": value}]
    return {"resourceType": "Observation", "id": id_, "status": "final", "identifier": identifier, **fields}


class Ehr:
    """An EHR that answers every search with the same, and remembers what it was asked."""

    def __init__(self, *resources: dict[str, Any], gaps: tuple[Gap, ...] = ()) -> None:
        self.answer = SearchResult(resources, gaps)
        self.asked: list[tuple[str, list[tuple[str, str]]]] = []

    def search(self, resource_type: str, parameters: list[tuple[str, str]]) -> SearchResult:
        self.asked.append((resource_type, parameters))
        return self.answer


def found(ehr: Ehr, *searchable: str, kind: str = "Observation") -> list[tuple[str, str]]:
    """The ids and standings of what is found where these parameters can be searched."""
    capabilities = Capabilities({kind: ResourceCapability(search_params=frozenset(searchable))})
    held = SimpleNamespace(patient_id="pat-1", entry_id="entry-1", month="")
    job = cast(Job, SimpleNamespace(capabilities=capabilities, client=ehr, held=held, identifier="entry-1"))
    rows = ours_in_chart(job, kind, system=ENTRY_SYSTEM, code=ENTRY_TIME, interval=INTERVAL)
    return [(row.id, row.standing) for row in rows]


def test_it_is_searched_for_by_identifier_where_the_ehr_can() -> None:
    ehr = Ehr(resource("a"))
    assert found(ehr, "identifier") == [("a", "kept")]
    assert ehr.asked == [("Observation", [("identifier", f"{ENTRY_SYSTEM}|entry-1")])]


def test_else_by_patient_code_and_the_time_of_the_work() -> None:
    ehr = Ehr(resource("a"))
    assert found(ehr, "patient") == [("a", "kept")]
    (_, parameters) = ehr.asked[0]
    assert [name for name, _ in parameters] == ["patient", "code", "date", "date"]
    assert dict(parameters)["patient"] == "pat-1"
    assert [value for name, value in parameters if name == "date"] == [
        "ge2026-11-24T15:00:00Z",
        "le2026-11-24T15:10:00Z",
    ]


def test_a_note_is_not_looked_for_by_the_time_of_the_work_for_its_date_is_when_it_was_written() -> None:
    ehr = Ehr()
    assert found(ehr, "patient", kind="DocumentReference") == []
    assert [name for name, _ in ehr.asked[0][1]] == ["patient"]


def test_what_an_ehr_gives_that_was_not_asked_for_is_not_taken_for_ours() -> None:
    foreign = {"resourceType": "Observation", "id": "x", "status": "final"}
    assert found(Ehr(resource("b", "entry-2"), foreign, resource("a")), "identifier") == [("a", "kept")]


def test_the_oldest_comes_first_and_what_is_in_error_is_told_apart() -> None:
    newer = resource("newer", meta={"lastUpdated": "2026-11-24T16:00:00Z"})
    older = resource("older", meta={"lastUpdated": "2026-11-24T15:00:00Z"}, status="entered-in-error")
    assert found(Ehr(newer, older), "identifier") == [("older", "in_error"), ("newer", "kept")]


def test_a_part_of_the_answer_proves_that_ours_is_there_but_never_that_it_is_not() -> None:
    gap = (Gap("Observation", "further pages are missing"),)
    assert found(Ehr(resource("a"), gaps=gap), "identifier") == [("a", "kept")]
    with pytest.raises(EhrTemporary):
        found(Ehr(gaps=gap), "identifier")
