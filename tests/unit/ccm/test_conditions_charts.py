"""Every active problem of the real-shaped charts, judged by hand, agrees with what is proposed of it."""

from __future__ import annotations

import gzip
import json
from collections import defaultdict
from functools import cache
from typing import Any

from ccm.chart import Problem
from ccm.conditions import Proposal, propose_all
from fhir_mappings.condition import read_problems
from smart_app.indicator import chronic_indicator
from tests.charts import charts_dir

PROPOSED = """
    124171000119105 128613002 191610000 201834006 233678006 237602007 239873007 254632001 26929004 271737000
    302870006 35489007 368581000119106 370143000 370992007 38341003 400047006 40055000 42343007 44054006 443165006
    445427006 446096008 47505003 4855003 49436004 53741008 55822004 5602001 59621000 64859006 67811000119102 709044004
    84757009 88805009 90560007 92691004
"""
# A brain injury whose row carries the ICD-10-CM code of lasting pain.
PROPOSED_BY_ICD10 = {"127295002": "G89.21"}
REVIEW = "126906006 162864005 230690007 29753000 51868009 713197008 82423001"
OTHER = """
    103001002 105531004 10939881000119104 11833005 15777000 160903007 160904001 160968000 162573006 19169002 224295006
    224299000 238131007 247824007 266934004 266948004 278860009 29857009 300635000 361055000 366979004 39065001
    410429000 415510005 423315002 428251008 429007001 442311008 445281000124101 48694002 5251000175109 55680006
    65966004 68496003 703151001 706893006 713458007 73438004 73595000 74400008 79586000 80394007 840539006
"""
TAGS = ("(finding)", "(situation)", "(event)", "(person)")


@cache
def judged() -> tuple[tuple[Problem, Proposal], ...]:
    by_patient: dict[str, list[dict[str, Any]]] = defaultdict(list)
    with gzip.open(charts_dir() / "resolved" / "Condition.ndjson.gz", "rt", encoding="utf-8") as lines:
        for row in map(json.loads, lines):
            by_patient[row["subject"]["reference"]].append(row)
    pairs: list[tuple[Problem, Proposal]] = []
    for rows in by_patient.values():
        problems, _ = read_problems(rows)
        pairs += zip(problems, propose_all(problems, chronic_indicator()), strict=True)
    return tuple(pairs)


def test_every_active_snomed_concept_is_judged_as_a_clinician_would() -> None:
    expected = dict.fromkeys((*PROPOSED.split(), *PROPOSED_BY_ICD10), "proposed")
    expected |= dict.fromkeys(REVIEW.split(), "review")
    expected |= dict.fromkeys(OTHER.split(), "other")
    found = {problem.snomed(): proposal.state for problem, proposal in judged() if problem.snomed()}
    assert found == expected


def test_no_finding_or_situation_is_proposed() -> None:
    tagged = [proposal for problem, proposal in judged() if any(tag in problem.text for tag in TAGS)]
    assert len(tagged) > 30
    assert not [proposal for proposal in tagged if proposal.state == "proposed"]


def test_the_charts_icd10_codes_decide_where_they_stand() -> None:
    found = {proposal.icd10: proposal.state for _, proposal in judged() if proposal.basis == "icd10"}
    assert found == {
        "M54.5": "other",
        "R45.851": "other",
        "G89.21": "proposed",
        "T20.21": "other",
        "Z38.00": "other",
    }


def test_problems_in_words_only_need_review() -> None:
    assert [proposal.state for _, proposal in judged() if proposal.basis == "none"] == ["review", "review"]
