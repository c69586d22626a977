from __future__ import annotations

from typing import Any

import pytest

from ccm.chart import Gap
from fhir_mappings.bundle import entries

GOUT = {"resourceType": "Condition", "id": "c1"}


def bundle(*rows: object, **more: Any) -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": "searchset", "entry": list(rows)} | more


def outcome(severity: str, text: str, *codings: dict[str, str]) -> dict[str, Any]:
    issue = {"severity": severity, "code": "processing", "details": {"text": text, "coding": list(codings)}}
    return {"resource": {"resourceType": "OperationOutcome", "issue": [issue]}, "search": {"mode": "outcome"}}


def test_matches_and_included_resources_are_both_kept() -> None:
    goal = {"resourceType": "Goal", "id": "g1"}
    page = entries(
        bundle({"resource": GOUT, "search": {"mode": "match"}}, {"resource": goal, "search": {"mode": "include"}})
    )
    assert page == ((GOUT, goal), None, ())


def test_one_bad_entry_is_a_gap_and_the_rest_is_kept() -> None:
    resources, _, gaps = entries(
        bundle(None, {"resource": GOUT}, {"fullUrl": "x"}, {"resource": {"id": "?"}}), "Problems"
    )
    assert resources == (GOUT,)
    assert gaps == (Gap("Problems", "3 entries of the EHR's answer are unreadable"),)


def test_an_outcome_among_the_entries_is_a_gap() -> None:
    _, _, gaps = entries(bundle(outcome("error", "Category is not supported")), "Problems")
    assert gaps == (Gap("Problems", "the EHR said: processing: Category is not supported"),)


def test_mere_information_and_what_epic_always_says_is_no_gap() -> None:
    epic = {"system": "urn:oid:1.2.840.114350.1.13.0.1.7.2.657369"}
    rows = (
        outcome("information", "Took 3 ms"),
        outcome("warning", "Resource request returns no results.", epic | {"code": "4101"}),
        outcome("warning", "It may not contain the entire record.", epic | {"code": "4119"}),
    )
    assert entries(bundle(*rows)) == ((), None, ())


def test_the_next_page_is_told_as_the_server_gave_it() -> None:
    links = [{"relation": "self", "url": "a"}, {"relation": "next", "url": "https://ehr.example/fhir?page=2"}]
    assert entries(bundle(link=links)).next_url == "https://ehr.example/fhir?page=2"


@pytest.mark.parametrize("links", [None, "next", [None], [{"relation": "next"}], [{"relation": "next", "url": 3}]])
def test_a_broken_link_is_no_next_page(links: object) -> None:
    assert entries(bundle(link=links)).next_url is None


@pytest.mark.parametrize("answer", [None, [], "<html>", {}, {"resourceType": "Patient"}])
def test_what_is_no_bundle_is_one_gap(answer: object) -> None:
    assert entries(answer, "Problems") == ((), None, (Gap("Problems", "the EHR's answer was not a list of results"),))


def test_an_outcome_instead_of_a_bundle_is_told() -> None:
    gaps = entries(outcome("fatal", "Down")["resource"], "Problems").gaps
    assert gaps == (Gap("Problems", "the EHR said: processing: Down"),)


def test_a_bundle_without_entries_is_empty_and_one_with_broken_entries_says_so() -> None:
    assert entries({"resourceType": "Bundle"}) == ((), None, ())
    assert entries(bundle() | {"entry": {}}, "Problems").gaps == (
        Gap("Problems", "the EHR's list of results could not be read"),
    )
