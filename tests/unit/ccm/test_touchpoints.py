"""Touchpoints: what an attempt must say, what follows from it, and what of it survives being kept."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ccm import touchpoints as tp
from ccm.records import Event, Person, Struck
from tests.unit.ccm.records_support import BILLER, LEAD, NOVEMBER, OCTOBER, ZONE, Recorder, at, day

CORA = Person("Practitioner/coordinator", "Cora Coordinator")
REACHED = tp.ContactAttempted(
    modality="phone",
    by=CORA,
    purpose="monthly",
    started_at=at("2026-11-24T09:30"),
    outcome="reached",
    identifiers=frozenset({"name", "birth_date"}),
    next_on=day("2026-12-03"),
)
VOICEMAIL = replace(REACHED, outcome="voicemail", identifiers=frozenset(), next_on=None)
PLANNED = tp.ContactPlanned("phone", CORA, "monthly", day("2026-11-27"))


def attempt(started: str, outcome: str = "no_answer") -> tp.ContactAttempted:
    return replace(VOICEMAIL, started_at=at(started), outcome=outcome)


def test_whoever_is_reached_by_telephone_is_identified_by_two_things() -> None:
    record = Recorder(tp.append)
    assert record.refusal(replace(REACHED, identifiers=frozenset({"name"}))).field == "identifiers"
    assert record.refusal(replace(REACHED, identifiers=frozenset({"name", "room"}))).field == "identifiers"
    record.add(REACHED)
    record.add(replace(REACHED, modality="portal", identifiers=frozenset()))
    record.add(VOICEMAIL)
    assert [each.contact for each in tp.attempts(record.events, ZONE)] == [True, True, False]


def test_a_caregiver_is_named() -> None:
    record = Recorder(tp.append)
    reached = replace(REACHED, outcome="reached_caregiver")
    assert record.refusal(reached).field == "whom"
    record.add(replace(reached, whom="Dora Doe, daughter"))


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (replace(REACHED, started_at=at("2026-11-24T10:01")), "started_at"),
        (replace(REACHED, started_at=-(10**13)), "started_at"),
        (replace(REACHED, modality="chart"), "modality"),
        (replace(REACHED, outcome="happy"), "outcome"),
        (replace(VOICEMAIL, modality="portal"), "outcome"),
        (replace(VOICEMAIL, outcome="message_sent"), "outcome"),
        (replace(REACHED, by=Person("", "Nobody")), "by"),
        (replace(REACHED, purpose="sales"), "purpose"),
        (replace(REACHED, next_on=day("2026-11-23")), "next_on"),
        (replace(REACHED, next_on=day("2028-01-01")), "next_on"),
        (replace(REACHED, note="x" * 4001), "note"),
        (replace(PLANNED, on=day("2026-11-23")), "on"),
        (replace(PLANNED, modality="team"), "modality"),
        (tp.EntryLinked(0, "e1"), "number"),
        (Struck(0, "x"), "number"),
    ],
)
def test_what_cannot_be_is_refused_by_field(body: object, field: str) -> None:
    assert Recorder(tp.append).refusal(body).field == field


def test_a_biller_does_not_call_patients() -> None:
    assert "Your role" in Recorder(tp.append).refusal(REACHED, BILLER).reason


def test_attempts_stand_in_the_order_in_which_they_were_made_and_in_their_own_month() -> None:
    record = Recorder(tp.append)
    record.add(attempt("2026-11-20T09:00"))
    record.add(attempt("2026-10-31T23:59"))
    record.add(attempt("2026-11-01T00:00"))
    assert [str(each.on) for each in tp.attempts(record.events, ZONE)] == ["2026-10-31", "2026-11-01", "2026-11-20"]
    assert len(tp.attempts_in(record.events, OCTOBER, ZONE)) == 1
    assert len(tp.attempts_in(record.events, NOVEMBER, ZONE)) == 2


def test_the_entry_of_an_attempt_may_be_linked_later_and_the_last_link_stands() -> None:
    record = Recorder(tp.append)
    record.add(replace(REACHED, entry="e0"))
    record.add(tp.EntryLinked(0, "e1"))
    assert [each.entry for each in tp.attempts(record.events, ZONE)] == ["e1"]
    record.add(Struck(1, "wrong entry"), LEAD)
    assert [each.entry for each in tp.attempts(record.events, ZONE)] == ["e0"]


def test_the_last_contact_is_the_latest_that_reached_somebody() -> None:
    record = Recorder(tp.append)
    assert tp.last_contact(record.events, ZONE) is None
    record.add(REACHED)
    record.add(attempt("2026-11-24T09:45"))
    found = tp.last_contact(record.events, ZONE)
    assert found is not None
    assert found.body == REACHED


def test_an_attempt_settles_the_plan_and_may_bring_the_next() -> None:
    record = Recorder(tp.append)
    record.add(PLANNED, now="2026-11-24T09:00")
    assert tp.next_planned(record.events) == tp.Planned(day("2026-11-27"), "phone", CORA, "monthly")
    record.add(VOICEMAIL)
    assert tp.next_planned(record.events) is None
    record.add(replace(REACHED, started_at=at("2026-11-24T09:40")))
    found = tp.next_planned(record.events)
    assert found is not None
    assert found.on == day("2026-12-03")


def test_an_earlier_attempt_recorded_late_leaves_the_plan_alone() -> None:
    record = Recorder(tp.append)
    record.add(PLANNED, now="2026-11-24T09:00")
    record.add(attempt("2026-11-20T09:00"))
    assert tp.next_planned(record.events) is not None


def test_a_plan_struck_out_gives_way_to_the_one_before() -> None:
    record = Recorder(tp.append)
    record.add(PLANNED)
    record.add(replace(PLANNED, on=day("2026-11-30")))
    record.add(Struck(1, "wrong patient"), LEAD)
    found = tp.next_planned(record.events)
    assert found is not None
    assert found.on == day("2026-11-27")


@settings(deadline=None, max_examples=50)
@given(
    outcome=st.sampled_from(sorted(tp.OUTCOMES)),
    modality=st.sampled_from(tp.TOUCH_MODALITIES),
    identifiers=st.frozensets(st.sampled_from(sorted(tp.IDENTIFIERS))),
    started_at=st.integers(at("2020-01-01T00:00"), at("2026-11-24T10:00")),
)
def test_what_the_guard_takes_survives_json_and_counts_as_contact_only_if_identified(
    outcome: str, modality: str, identifiers: frozenset[str], started_at: int
) -> None:
    body = replace(
        REACHED,
        outcome=outcome,
        modality=modality,
        identifiers=identifiers,
        started_at=started_at,
        whom="Dora Doe",
    )
    made = Recorder(tp.append).try_to(body)
    if isinstance(made, Event):
        assert tp.event_from_dict(json.loads(json.dumps(tp.event_to_dict(made)))) == made
        (kept,) = tp.attempts((made,), ZONE)
        assert not kept.contact or modality not in ("phone", "video") or len(identifiers) >= 2
    else:
        assert made.field in ("outcome", "identifiers")
