"""Owns the scopes: what is asked of an EHR, and what a granted scope string allows (SMART App Launch 2.2, "Scopes").

Asked is what the write-back policy needs and no more. A rung of the ladder below the policy's is asked for too,
because an EHR that refuses the higher one decides it only when the first minute is written.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from smart_app.launch.discovery import SmartConfiguration

WORDS: Final[Mapping[str, str]] = {"c": "create", "r": "read", "u": "update", "d": "delete", "s": "search"}
READING: Final = frozenset("rs")

_READ: Final[Mapping[str, str]] = {
    "Patient": "r",
    "Condition": "rs",
    "CarePlan": "rs",
    "Observation": "rs",
    "Encounter": "rs",
}
_READ_IF_OFFERED: Final[Mapping[str, str]] = {"Goal": "rs"}
_WRITTEN: Final[Mapping[str, Mapping[str, str]]] = {
    "best": {"Encounter": "crus", "Observation": "crus", "DocumentReference": "cus"},
    "observation": {"Observation": "crus", "DocumentReference": "cus"},
    "note": {"DocumentReference": "cus"},
    "ledger_only": {},
}
_V1_LETTERS: Final[Mapping[str, str]] = {"read": "rs", "write": "cud", "*": "cruds"}
_SCOPE = re.compile(r"(patient|user|system)/([A-Z][A-Za-z]*|\*)\.(read|write|\*|(?=[cruds])c?r?u?d?s?)(\?[^\s]+)?")


@dataclass(frozen=True, slots=True)
class Granted:
    """What a granted scope string allows, in v1 or v2 syntax, be it a launch's or that of Backend Services."""

    scope: str

    def can(self, interaction: str, resource_type: str) -> bool:
        """Whether one of "c", "r", "u", "d", "s" is granted on a resource type.

        A grant with a filter ("?category=…") counts for reading, where it gives a part, and not for writing, where
        what we write need not be in that part.
        """
        return any(
            kind in ("*", resource_type) and interaction in letters and (not filtered or interaction in READING)
            for kind, letters, filtered in _resource_scopes(self.scope.split())
        )

    def has(self, scope: str) -> bool:
        """Whether a scope such as "openid" stands in the string as it is."""
        return scope in self.scope.split()

    def missing(self, asked: str) -> tuple[str, ...]:
        """What was asked for on resources and not granted, as "create and update Encounter"."""
        return tuple(
            f"{' and '.join(WORDS[letter] for letter in withheld)} {kind}"
            for kind, letters, _ in _resource_scopes(asked.split())
            if (withheld := [letter for letter in letters if not self.can(letter, kind)])
        )


def asked(configuration: SmartConfiguration, *, write_back: str, ehr_launch: bool = True, patient: bool = True) -> str:
    """The scope string to ask for.

    `write_back` is the registration's policy. A standalone launch asks the EHR to let the user pick a patient, or
    with `patient` false only for who the user is.
    """
    wanted = ["openid", "fhirUser", *_lasting(configuration)]
    if ehr_launch or patient:
        wanted.insert(0, "launch" if ehr_launch else "launch/patient")
        wanted += _chart_scopes(configuration, {**_READ_IF_OFFERED, **_WRITTEN[write_back]})
    wanted.append(_spelled(configuration, "user", "Practitioner", "r"))
    return " ".join(wanted)


def speaks_v1(configuration: SmartConfiguration) -> bool:
    """Whether the EHR knows only v1 scopes (".read", ".write"): by its capabilities, else by the scopes it lists."""
    if "permission-v2" in configuration.capabilities:
        return False
    if "permission-v1" in configuration.capabilities or configuration.before_smart_2:
        return True
    listed = [found[3] for each in configuration.scopes_supported if (found := _SCOPE.fullmatch(each))]
    return bool(listed) and all(letters in _V1_LETTERS for letters in listed)


def _lasting(configuration: SmartConfiguration) -> list[str]:
    """The scope by which a refresh token comes, so that minutes can be filed after the access token has expired."""
    for scope, capability in (("offline_access", "permission-offline"), ("online_access", "permission-online")):
        if scope in configuration.scopes_supported or capability in configuration.capabilities:
            return [scope]
    return []


def _chart_scopes(configuration: SmartConfiguration, optional: Mapping[str, str]) -> Iterator[str]:
    for kind in dict.fromkeys((*_READ, *optional)):
        read = _READ.get(kind, "")
        extra = {letter for letter in optional.get(kind, "") if _is_offered(configuration, letter, kind)}
        if letters := "".join(letter for letter in WORDS if letter in read or letter in extra):
            yield _spelled(configuration, "patient", kind, letters)


def _is_offered(configuration: SmartConfiguration, letter: str, kind: str) -> bool:
    """Whether a scope that we could do without may be asked for: strict servers refuse the launch over an unlisted one.

    A list without any resource scope says nothing of them (Epic lists only the others).
    """
    listed = tuple(_resource_scopes(configuration.scopes_supported))
    return not listed or Granted(" ".join(configuration.scopes_supported)).can(letter, kind)


def _spelled(configuration: SmartConfiguration, context: str, kind: str, letters: str) -> str:
    if not speaks_v1(configuration):
        return f"{context}/{kind}.{letters}"
    rights = [right for right in ("read", "write") if set(_V1_LETTERS[right]) & set(letters)]
    return " ".join(f"{context}/{kind}.{right}" for right in rights)


def _resource_scopes(scopes: Iterable[str]) -> Iterator[tuple[str, str, bool]]:
    """Resource type or "*", letters, and whether a filter narrows it, of each scope that is on resources."""
    for scope in scopes:
        if found := _SCOPE.fullmatch(scope):
            yield found[2], _V1_LETTERS.get(found[3], found[3]), bool(found[4])
