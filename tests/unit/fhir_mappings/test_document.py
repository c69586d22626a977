from __future__ import annotations

from base64 import b64decode
from zoneinfo import ZoneInfo

from fhir_mappings.document import build_note, note_text
from fhir_mappings.entry import read_entry
from tests.unit.fhir_mappings.builders import ENTRY_ID, NOON, entry

NEW_YORK = ZoneInfo("America/New_York")


def test_the_note_tells_all_facts_in_the_practices_time() -> None:
    text = note_text(entry(separate_from_visit=True), zone=NEW_YORK, counted_seconds=600)
    assert text.splitlines() == [
        "Care management time",
        "Activity: Patient contact",
        "Modality: Phone",
        "Programme: Chronic Care Management",
        "From: 2026-11-24 07:00:00 EST",
        "To: 2026-11-24 07:12:34 EST",
        "Minutes: 12.5667",
        "Minutes counted: 10",
        "Separate from a visit of the same day",
        "By: Ana Ruiz, RN, Clinical staff",
        f"Entry: {ENTRY_ID}",
        "",
        "Note:",
        "Asked about weight and breath.",
    ]


def test_a_note_without_free_text_ends_with_its_facts() -> None:
    assert note_text(entry(note=""), zone=NEW_YORK).endswith(f"Entry: {ENTRY_ID}\n")


def test_the_document_is_a_final_progress_note_in_plain_text() -> None:
    document = build_note(entry(), patient="p1", date=NOON, zone=NEW_YORK, encounter="e1")
    assert (document["status"], document["docStatus"]) == ("current", "final")
    assert document["type"]["coding"][0]["code"] == "11506-3"
    assert document["date"] == "2026-11-24T12:00:00Z"
    assert document["author"] == [{"reference": "Practitioner/nurse", "display": "Ana Ruiz, RN"}]
    assert document["context"]["encounter"] == [{"reference": "Encounter/e1"}]
    assert document["context"]["period"]["start"] == "2026-11-24T12:00:00Z"
    attachment = document["content"][0]["attachment"]
    assert attachment["contentType"] == "text/plain"
    assert b64decode(attachment["data"]).decode() == note_text(entry(), zone=NEW_YORK)


def test_a_document_whose_text_is_gone_still_gives_back_the_facts() -> None:
    document = build_note(entry(), patient="p1", date=NOON, zone=NEW_YORK)
    document["content"] = [{"attachment": {"data": "%%%é", "url": "Binary/1"}}]
    assert read_entry(document) == entry(note="")


def test_somebody_elses_document_is_no_entry() -> None:
    assert read_entry({"resourceType": "DocumentReference", "status": "current"}) is None
