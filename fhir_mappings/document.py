"""Owns the note: an entry's facts as text for people, alone or in a DocumentReference, and reading that back.

It serves EHRs that take notes but no Observations (https://hl7.org/fhir/R4/documentreference.html), and as the
file to download where nothing can be written at all.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from datetime import datetime, tzinfo

from ccm.chart import Coding
from ccm.entries import Entry
from fhir_mappings import codes
from fhir_mappings.codes import CONCEPTS, ENTRY_SYSTEM, concept
from fhir_mappings.parts import entry_from, identifier, our_codes, performer, reference
from fhir_mappings.text import clean_line, clean_note
from fhir_mappings.times import instant, minutes, period, posix
from fhir_mappings.tolerant import line, mapping, mappings
from fhir_mappings.validation import Resource, validated

PROGRESS_NOTE = Coding("http://loinc.org", "11506-3", "Progress note")
_CLINICAL_NOTE = Coding(
    "http://hl7.org/fhir/us/core/CodeSystem/us-core-documentreference-category", "clinical-note", "Clinical Note"
)
_TITLE = "Care management time"
_NOTE_MARK = "\nNote:\n"


def note_text(entry: Entry, *, zone: tzinfo, counted_seconds: int | None = None) -> str:
    """An entry's facts in plain lines, times in `zone` (the practice's); the free note comes last."""
    start, end = (datetime.fromtimestamp(seconds, zone) for seconds in (entry.start, entry.end))
    facts = [
        _TITLE,
        f"Activity: {CONCEPTS[entry.activity]}",
        f"Modality: {CONCEPTS[entry.modality]}",
        f"Programme: {CONCEPTS[codes.programme_code(entry.programme)]}",
        f"From: {start:%Y-%m-%d %H:%M:%S %Z}",
        f"To: {end:%Y-%m-%d %H:%M:%S %Z}",
        f"Minutes: {minutes(entry.seconds)}",
    ]
    if counted_seconds is not None:
        facts.append(f"Minutes counted: {minutes(counted_seconds)}")
    if entry.separate_from_visit:
        facts.append(CONCEPTS[codes.SEPARATE_FROM_VISIT])
    who = ", ".join(filter(None, (clean_line(entry.performer_name), CONCEPTS[codes.class_code(entry.performer_class)])))
    facts += [f"By: {who}", f"Entry: {entry.id}"]
    note = clean_note(entry.note)
    return "\n".join(facts) + "\n" + (f"{_NOTE_MARK}{note}\n" if note else "")


def build_note(
    entry: Entry,
    *,
    patient: str,
    date: int,
    zone: tzinfo,
    encounter: str | None = None,
    counted_seconds: int | None = None,
    kind: Coding = PROGRESS_NOTE,
) -> Resource:
    """An entry as a DocumentReference with the note inside (text/plain, UTF-8), ready to be created.

    `patient` and `encounter` are ids or references; `date` is POSIX seconds; `zone` is the practice's; `kind` the
    site's document type. `context.event` holds the same facts as codes. Raises ValueError if invalid.
    """
    text = note_text(entry, zone=zone, counted_seconds=counted_seconds)
    events = [entry.activity, entry.modality, codes.class_code(entry.performer_class)]
    events.append(codes.programme_code(entry.programme))
    if entry.separate_from_visit:
        events.append(codes.SEPARATE_FROM_VISIT)
    context: Resource = {"event": [concept(each) for each in events], "period": period(entry.start, entry.end)}
    if encounter:
        context["encounter"] = [reference("Encounter", encounter)]
    status = "entered-in-error" if entry.voided else ""
    return validated(
        {
            "resourceType": "DocumentReference",
            "identifier": identifier(ENTRY_SYSTEM, entry.id),
            "status": status or "current",
            "docStatus": status or "final",
            "type": {"coding": [_coding(kind)], "text": kind.display or _TITLE},
            "category": [{"coding": [_coding(_CLINICAL_NOTE)], "text": _CLINICAL_NOTE.display}],
            "subject": reference("Patient", patient),
            "date": instant(date),
            "author": [performer(entry)],
            "description": _TITLE,
            "content": [
                {
                    "attachment": {
                        "contentType": "text/plain",
                        "data": b64encode(text.encode()).decode("ascii"),
                        "title": _TITLE,
                        "creation": instant(date),
                    }
                }
            ],
            "context": context,
        }
    )


def read_entry_note(resource: object) -> Entry | None:
    """The entry that a DocumentReference of ours tells of; None for any other."""
    document = mapping(resource)
    context = mapping(document.get("context"))
    stated = mapping(context.get("period"))
    return entry_from(
        document,
        start=posix(stated.get("start")),
        end=posix(stated.get("end")),
        person=next(iter(mappings(document.get("author"))), None),
        codes=our_codes(mappings(context.get("event"))),
        note=_free_note(next(iter(mappings(document.get("content"))), {}).get("attachment")),
    )


def _free_note(attachment: object) -> str:
    try:
        text = b64decode(line(mapping(attachment).get("data"))).decode()
    except ValueError:
        return ""
    return clean_note(text.partition(_NOTE_MARK)[2])


def _coding(coding: Coding) -> dict[str, str]:
    return {"system": coding.system, "code": coding.code} | ({"display": coding.display} if coding.display else {})
