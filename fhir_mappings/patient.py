"""Owns the reading of a Patient (https://hl7.org/fhir/R4/patient.html)."""

from __future__ import annotations

from ccm.chart import ChartPatient
from fhir_mappings.names import chosen_name, with_suffix
from fhir_mappings.tolerant import Json, codings, concept_text, line, mapping, mappings, number, reference_key, truth

NO_NAME = "Name not in the chart"

# Kinds of identifier (HL7 table 0203) that a person may read as the record number, best first.
_RECORD_NUMBER_TYPES = ("MR", "MRT", "PI")
_PHONE_USES = ("mobile", "home", "work", "")
_NEVER = 99


def read_patient(resource: object) -> ChartPatient:
    """Read a Patient; never raises. What is missing is empty, and a missing name is said in words.

    The prefix ("Mrs.") is left out of the name, the suffix ("Jr.", "PharmD") kept, for it can tell people apart.
    """
    patient = mapping(resource)
    name = chosen_name(patient.get("name"))
    deceased_on = line(patient.get("deceasedDateTime"))
    return ChartPatient(
        id=line(patient.get("id")),
        name=with_suffix(name) if name else NO_NAME,
        birth_date=line(patient.get("birthDate")),
        gender=line(patient.get("gender")),
        mrn=_record_number(patient),
        telephone=_telephone(patient),
        language=_language(patient),
        deceased=bool(deceased_on) or truth(patient.get("deceasedBoolean")),
        deceased_on=deceased_on,
        replaced_by=_replaced_by(patient),
        active=patient.get("active") is not False,
    )


def _record_number(patient: Json) -> str:
    """The medical record number: by its type, else the identifier marked as usual and of no other kind, else ''.

    Never a social security number, a licence, a payer's number or a login: each says by its type what it is.
    """
    ranked = [(_record_number_rank(each), line(each.get("value"))) for each in mappings(patient.get("identifier"))]
    usable = [pair for pair in ranked if pair[0] < _NEVER and pair[1]]
    return min(usable, key=lambda pair: pair[0])[1] if usable else ""


def _record_number_rank(identifier: Json) -> int:
    kind = mapping(identifier.get("type"))
    codes = [coding.code for coding in codings(kind)]
    words = line(kind.get("text")).casefold()
    system = line(identifier.get("system")).casefold()
    if "ssn" in system or identifier.get("use") == "old":
        return _NEVER
    ended = 10 if mapping(identifier.get("period")).get("end") else 0
    known = [_RECORD_NUMBER_TYPES.index(code) for code in codes if code in _RECORD_NUMBER_TYPES]
    if known:
        return min(known) + ended
    if not codes and ("medical record" in words or words == "mrn"):
        return 1 + ended
    if not codes and words == "epi":  # Epic's enterprise number, which its sites show as the record number
        return 3 + ended
    untyped = not codes and not words
    return 4 + ended if untyped and identifier.get("use") == "usual" and "payer" not in system else _NEVER


def _telephone(patient: Json) -> str:
    """The number to call: by the chart's own rank, else mobile before home before work; '' if there is none."""
    phones = [
        each
        for each in mappings(patient.get("telecom"))
        if each.get("system") in ("phone", "sms") and each.get("use") != "old" and line(each.get("value"))
    ]
    return line(min(phones, key=_phone_rank)["value"]) if phones else ""


def _phone_rank(phone: Json) -> tuple[bool, float, int]:
    rank, use = number(phone.get("rank")), line(phone.get("use"))
    ended = bool(mapping(phone.get("period")).get("end"))
    return ended, _NEVER if rank is None else rank, _PHONE_USES.index(use) if use in _PHONE_USES else len(_PHONE_USES)


def _language(patient: Json) -> str:
    """The language the patient prefers, else the first one named, in words."""
    spoken = [each for each in mappings(patient.get("communication")) if concept_text(each.get("language"))]
    spoken.sort(key=lambda each: not truth(each.get("preferred")))
    return concept_text(spoken[0].get("language")) if spoken else ""


def _replaced_by(patient: Json) -> str:
    """The record ("Patient/2") that this one was merged into, or ''."""
    links = (
        reference_key(link.get("other")) for link in mappings(patient.get("link")) if link.get("type") == "replaced-by"
    )
    return next(filter(None, links), "")
