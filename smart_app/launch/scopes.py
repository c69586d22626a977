"""Owns the scopes that are asked of an EHR (SMART App Launch 2.2, "Scopes"); `smart_app.ehr.granted` reads the answer.

Asked is what the write-back policy needs and no more. A rung of the ladder below the policy's is asked for too,
because an EHR that refuses the higher one decides it only when the first minute is written.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from smart_app.ehr.granted import SCOPE, V1_LETTERS, WORDS, Granted, resource_scopes
from smart_app.launch.discovery import SmartConfiguration

_READ: Final[Mapping[str, str]] = {
    "Patient": "r",
    "Condition": "rs",
    "CarePlan": "rs",
    "Observation": "rs",
    "Encounter": "rs",
}
_READ_IF_OFFERED: Final[Mapping[str, str]] = {"Goal": "rs"}
_WRITTEN: Final[Mapping[str, Mapping[str, str]]] = {
    "best": {"Encounter": "crus", "Observation": "crus", "DocumentReference": "crus"},
    "observation": {"Observation": "crus", "DocumentReference": "crus"},
    "note": {"DocumentReference": "crus"},
    "ledger_only": {},
}


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
    listed = [found[3] for each in configuration.scopes_supported if (found := SCOPE.fullmatch(each))]
    return bool(listed) and all(letters in V1_LETTERS for letters in listed)


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
    listed = tuple(resource_scopes(configuration.scopes_supported))
    return not listed or Granted(" ".join(configuration.scopes_supported)).can(letter, kind)


def _spelled(configuration: SmartConfiguration, context: str, kind: str, letters: str) -> str:
    if not speaks_v1(configuration):
        return f"{context}/{kind}.{letters}"
    rights = [right for right in ("read", "write") if set(V1_LETTERS[right]) & set(letters)]
    return " ".join(f"{context}/{kind}.{right}" for right in rights)
