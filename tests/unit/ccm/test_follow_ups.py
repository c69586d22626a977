"""Follow-ups: who owns them, when they are late, and how they end."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from ccm import follow_ups as fu
from ccm.records import Person, Struck
from tests.unit.ccm.records_support import ADMIN, BILLER, LEAD, Recorder, day

CORA, BEN = Person("Practitioner/coordinator", "Cora Coordinator"), Person("Practitioner/ben", "Ben Backup")
OPENED = fu.FollowUpOpened("Ask the pharmacy about the refill", day("2026-11-24"), CORA, BEN, touchpoint=3)


def opened() -> Recorder:
    record = Recorder(fu.append)
    record.add(OPENED)
    return record


def test_a_follow_up_is_overdue_the_day_after_it_was_due() -> None:
    record = opened()
    assert fu.overdue(record.events, day("2026-11-24")) == ()
    assert [each.text for each in fu.overdue(record.events, day("2026-11-25"))] == [OPENED.text]


def test_what_is_closed_is_not_overdue_and_cannot_be_closed_twice() -> None:
    record = opened()
    record.add(fu.Done(0, "Refilled for 90 days"))
    (found,) = fu.follow_ups(record.events)
    assert (found.status, found.closed and found.closed.body.reason) == ("done", "Refilled for 90 days")
    assert fu.overdue(record.events, day("2027-01-01")) == ()
    assert record.refusal(fu.Cancelled(0, "x")).reason == "is already done"
    record.add(Struck(1, "It was another refill"), LEAD)
    assert [each.status for each in fu.open_follow_ups(record.events)] == ["open"]


def test_it_goes_to_another_owner_and_another_day() -> None:
    record = opened()
    record.add(fu.Reassigned(0, BEN))
    record.add(fu.Postponed(0, day("2026-12-01"), "The pharmacy is closed"))
    (found,) = fu.follow_ups(record.events)
    assert (found.owner, found.backup, found.due_on) == (BEN, None, day("2026-12-01"))


def test_they_stand_by_due_date() -> None:
    record = Recorder(fu.append)
    for due in ("2026-12-05", "2026-11-30", "2026-12-01"):
        record.add(replace(OPENED, due_on=day(due)))
    record.add(fu.Cancelled(1, "Moved away"))
    assert [each.number for each in fu.follow_ups(record.events)] == [1, 2, 0]
    assert [each.number for each in fu.open_follow_ups(record.events)] == [2, 0]


def test_what_is_struck_out_is_no_follow_up() -> None:
    record = opened()
    record.add(Struck(0, "wrong patient"))
    assert fu.follow_ups(record.events) == ()
    assert record.refusal(fu.Done(0, "x")).field == "number"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (replace(OPENED, text=" "), "text"),
        (replace(OPENED, due_on=day("2026-11-23")), "due_on"),
        (replace(OPENED, due_on=day("2036-11-23")), "due_on"),
        (replace(OPENED, owner=Person("", "")), "owner"),
        (replace(OPENED, backup=CORA), "backup"),
        (replace(OPENED, touchpoint=-1), "touchpoint"),
        (fu.Done(7, "x"), "number"),
        (fu.Done(0, ""), "reason"),
        (fu.Cancelled(0, ""), "reason"),
        (fu.Postponed(0, day("2026-12-01"), ""), "reason"),
        (fu.Reassigned(0, CORA, CORA), "backup"),
    ],
)
def test_what_cannot_be_is_refused_by_field(body: object, field: str) -> None:
    assert opened().refusal(body).field == field


def test_a_biller_may_own_a_task_and_an_admin_may_not() -> None:
    record = opened()
    assert "Your role" in record.refusal(OPENED, ADMIN).reason
    record.add(OPENED, BILLER)


def test_events_survive_json() -> None:
    record = opened()
    record.add(fu.Reassigned(0, BEN))
    record.add(fu.Postponed(0, day("2026-12-01"), "later"))
    record.add(fu.Cancelled(0, "needless"))
    record.add(Struck(3, "not so"))
    plain = [json.loads(json.dumps(fu.event_to_dict(event))) for event in record.events]
    assert tuple(fu.event_from_dict(each) for each in plain) == record.events
