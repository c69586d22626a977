"""Owns how a Practitioner is called in the panel and in what is filed."""

from __future__ import annotations

from fhir_mappings.names import chosen_name, spoken_name, with_suffix
from fhir_mappings.text import shortened
from fhir_mappings.tolerant import Json, concept_text, line, lines, mapping, mappings

_LONGEST_CREDENTIAL = 12


def practitioner_name(resource: object) -> str:
    """ "June Kassulke, RN": the chosen name with its credentials; '' where the Practitioner has no name.

    Credentials are the name's suffixes, else the short forms of the qualifications ("RN", not "Registered Nurse
    licensed in …"). A title ("Dr.") stands in front only where there are no credentials.
    """
    practitioner = mapping(resource)
    name = chosen_name(practitioner.get("name"))
    if name is None:
        return ""
    if lines(name.get("suffix")):
        return with_suffix(name)
    spoken = spoken_name(name)
    if credentials := _qualifications(practitioner):
        return ", ".join((spoken, *credentials))
    prefix = " ".join(lines(name.get("prefix")))
    return spoken if line(name.get("text")) or not prefix else f"{prefix} {spoken}"


def _qualifications(practitioner: Json) -> tuple[str, ...]:
    texts = (concept_text(each.get("code")) for each in mappings(practitioner.get("qualification")))
    short = (shortened(text, _LONGEST_CREDENTIAL) for text in texts if text and len(text) <= _LONGEST_CREDENTIAL)
    return tuple(dict.fromkeys(short))
