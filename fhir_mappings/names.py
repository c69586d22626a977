"""Owns the choice among a person's names and how one is put into words (https://hl7.org/fhir/R4/datatypes.html#HumanName)."""

from __future__ import annotations

from fhir_mappings.tolerant import Json, line, lines, mapping, mappings

_USE_RANK = {"official": 0, "usual": 1, "": 2, "temp": 3, "nickname": 4, "anonymous": 5, "maiden": 20, "old": 21}
_ENDED = 10


def chosen_name(names: object) -> Json | None:
    """The name to call a person by, of a `HumanName` list; None where none says anything.

    Official before usual before unmarked; a name whose period has an end comes after every current one, and maiden
    and old names come last: they are taken only if there is no other. Of equals the one that began last is taken.
    """
    usable = [name for name in mappings(names) if spoken_name(name)]
    usable.sort(key=lambda name: line(mapping(name.get("period")).get("start")), reverse=True)
    return min(usable, key=_rank, default=None)


def spoken_name(name: Json) -> str:
    """One name in words, or ''.

    `text` is how the name's owner wants it displayed, so it comes first; else given and family names in that order,
    whatever parts there are. Prefixes and suffixes are left to the caller.
    """
    return line(name.get("text")) or " ".join((*lines(name.get("given")), *lines(name.get("family"))))


def with_suffix(name: Json) -> str:
    """One name in words followed by its suffixes ("Jr.", "RN") where they are not yet in its text."""
    spoken = spoken_name(name)
    words = {word.strip(",").casefold() for word in spoken.split()}
    missing = [suffix for suffix in lines(name.get("suffix")) if suffix.casefold() not in words]
    return ", ".join((spoken, *missing))


def _rank(name: Json) -> int:
    ended = _ENDED if line(mapping(name.get("period")).get("end")) else 0
    return _USE_RANK.get(line(name.get("use")), 3) + ended
