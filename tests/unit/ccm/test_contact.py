"""How a patient is reached: what stands, what ended, and what is refused."""

from __future__ import annotations

import json

import pytest

from ccm import contact
from ccm.records import Struck
from tests.unit.ccm.records_support import BILLER, LEAD, Recorder

DAUGHTER = contact.ContactPermitted("Dora Doe", "daughter", "555-010-0123", frozenset({"call_backs", "appointments"}))


def test_what_nobody_recorded_is_taken_from_the_chart() -> None:
    found = contact.preferences((), telephone="555-010-0100", language="es")
    assert (found.telephone, found.language, found.voicemail) == ("555-010-0100", "es", None)


def test_what_a_person_recorded_last_stands_before_the_chart() -> None:
    record = Recorder(contact.append)
    record.add(contact.TelephoneRecorded("555-010-0111", voicemail=False))
    record.add(contact.TelephoneRecorded("+1 (555) 010-0199 x12", voicemail=True))
    record.add(contact.LanguageRecorded("zh-Hant", interpreter=True))
    record.add(contact.BestTimeRecorded(frozenset({"evening", "morning"}), "never on Fridays"))
    found = contact.preferences(record.events, telephone="555-010-0100", language="en")
    assert (found.telephone, found.voicemail) == ("+1 (555) 010-0199 x12", True)
    assert (found.language, found.interpreter) == ("zh-Hant", True)
    assert (found.best_times, found.best_time_note) == (("morning", "evening"), "never on Fridays")


def test_a_permission_ends_by_the_patients_word_and_once() -> None:
    record = Recorder(contact.append)
    record.add(DAUGHTER)
    assert [kept.body.name for kept in contact.permitted(record.events)] == ["Dora Doe"]
    record.add(contact.PermissionEnded(0, "The patient asked us to"))
    assert contact.preferences(record.events).permitted == ()
    assert record.refusal(contact.PermissionEnded(0, "again")).field == "number"
    record.add(Struck(1, "another patient's wish"), LEAD)
    assert len(contact.permitted(record.events)) == 1


def test_do_not_call_holds_until_it_is_lifted_and_can_be_set_again() -> None:
    record = Recorder(contact.append)
    assert "nothing to lift" in record.refusal(contact.DoNotCallLifted("x")).reason
    record.add(contact.DoNotCallSet("Write, please"))
    assert contact.preferences(record.events).do_not_call == "Write, please"
    record.add(contact.DoNotCallLifted("Changed her mind"))
    assert contact.preferences(record.events).do_not_call == ""
    record.add(contact.DoNotCallSet("No calls at all"))
    assert contact.preferences(record.events).do_not_call == "No calls at all"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (contact.TelephoneRecorded("call me", voicemail=True), "number"),
        (contact.TelephoneRecorded("12345", voicemail=True), "number"),
        (contact.TelephoneRecorded("1" * 16, voicemail=True), "number"),
        (contact.LanguageRecorded("Spanish, please", interpreter=False), "language"),
        (contact.BestTimeRecorded(frozenset()), "times"),
        (contact.BestTimeRecorded(frozenset({"noon"})), "times"),
        (contact.ContactPermitted("", "son", "", frozenset({"health"})), "name"),
        (contact.ContactPermitted("Sam", "son", "", frozenset()), "may_be_told"),
        (contact.ContactPermitted("Sam", "son", "", frozenset({"gossip"})), "may_be_told"),
        (contact.ContactPermitted("Sam", "son", "abc", frozenset({"health"})), "telephone"),
        (contact.DoNotCallSet(" "), "reason"),
    ],
)
def test_what_cannot_be_is_refused_by_field(body: object, field: str) -> None:
    assert Recorder(contact.append).refusal(body).field == field


def test_a_biller_does_not_decide_how_a_patient_is_reached() -> None:
    assert "Your role" in Recorder(contact.append).refusal(DAUGHTER, BILLER).reason


def test_events_survive_json_and_unknown_fields_do_not() -> None:
    record = Recorder(contact.append)
    for body in (
        DAUGHTER,
        contact.PermissionEnded(0, "x"),
        contact.LanguageRecorded("es", interpreter=True),
        contact.BestTimeRecorded(frozenset({"weekend"})),
    ):
        record.add(body)
    plain = [json.loads(json.dumps(contact.event_to_dict(event))) for event in record.events]
    assert tuple(contact.event_from_dict(each) for each in plain) == record.events
    plain[0]["body"]["favourite_colour"] = "blue"
    with pytest.raises(ValueError, match="known fields"):
        contact.event_from_dict(plain[0])
