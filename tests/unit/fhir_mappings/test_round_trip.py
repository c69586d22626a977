from __future__ import annotations

from dataclasses import replace
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from ccm.entries import Entry
from ccm.vocabulary import ACTIVITIES, MODALITIES, PERFORMER_CLASSES, PROGRAMMES
from fhir_mappings.document import build_note
from fhir_mappings.encounter import build_encounter
from fhir_mappings.entry import read_entry
from fhir_mappings.observation import build_entry_observation
from fhir_mappings.text import clean_line, clean_note
from tests.unit.fhir_mappings.builders import NOON

performers = st.from_regex(r"(https://ehr\.example/fhir/)?Practitioner/[A-Za-z0-9.-]{1,64}", fullmatch=True)
any_text = st.text(st.characters(exclude_categories=()), max_size=200)  # control characters and half pairs included
entries = st.builds(
    Entry,
    id=st.uuids().map(str),
    start=st.integers(946684800, NOON),
    end=st.just(0),
    performer=performers | st.from_regex(r"[a-z0-9]+\|[0-9]+", fullmatch=True),
    performer_class=st.sampled_from(PERFORMER_CLASSES),
    activity=st.sampled_from(sorted(ACTIVITIES)),
    modality=st.sampled_from(sorted(MODALITIES)),
    performer_name=any_text,
    note=any_text,
    programme=st.sampled_from(PROGRAMMES),
    separate_from_visit=st.booleans(),
    voided=st.booleans(),
)
lengths = st.integers(1, 86400)
quick = settings(max_examples=60, deadline=None)


def as_stored(entry: Entry) -> Entry:
    return replace(entry, performer_name=clean_line(entry.performer_name), note=clean_note(entry.note))


@given(entries, lengths)
@quick
def test_an_observation_gives_back_the_entry_that_it_was_built_from(entry: Entry, length: int) -> None:
    entry = replace(entry, end=entry.start + length)
    observation = build_entry_observation(entry, patient="p1", issued=NOON, counted_seconds=length // 2)
    assert read_entry(observation) == as_stored(entry)


@given(entries, lengths)
@quick
def test_a_note_gives_back_the_entry_that_it_was_built_from(entry: Entry, length: int) -> None:
    entry = replace(entry, end=entry.start + length)
    note = build_note(entry, patient="p1", date=NOON, zone=ZoneInfo("America/New_York"))
    assert read_entry(note) == as_stored(entry)


@given(entries, lengths)
@quick
def test_an_encounter_gives_back_all_but_the_note(entry: Entry, length: int) -> None:
    entry = replace(entry, end=entry.start + length)
    expected = replace(as_stored(entry), note="", separate_from_visit=False)
    assert read_entry(build_encounter(entry, patient="p1")) == expected


def test_ten_thousand_characters_of_mixed_script_come_back() -> None:
    note = ("שלום e\u0301 👩‍⚕️ line\n" * 800)[:10_000].strip()
    entry = Entry("a1", NOON, NOON + 60, "Practitioner/1", "staff", "documentation", note=note)
    assert read_entry(build_entry_observation(entry, patient="p1", issued=NOON)) == entry
