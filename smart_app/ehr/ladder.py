"""Owns the write-back ladder: how far into this chart time may be written, and why not further.

The CapabilityStatement and the granted scopes disagree in the wild, so both must say yes, and the site's own policy
may hold back more. Rungs, highest first: Encounter + Observation; Observation on the launch encounter;
DocumentReference note; the ledger alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from fhir_mappings.capability import Capabilities
from smart_app.ehr.granted import Granted

ENCOUNTER_OBSERVATION: Final = "encounter_observation"
OBSERVATION: Final = "observation"
NOTE: Final = "note"
LEDGER_ONLY: Final = "ledger_only"

RUNG_LABELS: Final[dict[str, str]] = {
    ENCOUNTER_OBSERVATION: "Encounter + Observation",
    OBSERVATION: "Observation",
    NOTE: "Note",
    LEDGER_ONLY: "Cadence only",
}
LADDER: Final = tuple(RUNG_LABELS)
"""The rungs, highest first."""

RESOURCES: Final[dict[str, tuple[str, ...]]] = {
    ENCOUNTER_OBSERVATION: ("Encounter", "Observation"),
    OBSERVATION: ("Observation",),
    NOTE: ("DocumentReference",),
}
"""What each rung writes, in this order."""
_POLICY_HIDES: Final[dict[str, frozenset[str]]] = {
    "best": frozenset(),
    "observation": frozenset({ENCOUNTER_OBSERVATION}),
    "note": frozenset({ENCOUNTER_OBSERVATION, OBSERVATION}),
    "ledger_only": frozenset({ENCOUNTER_OBSERVATION, OBSERVATION, NOTE}),
}


@dataclass(frozen=True, slots=True)
class Rung:
    """Where time is filed: one of the codes above, and the reason in plain words."""

    code: str
    why: str


def choose_rung(
    capabilities: Capabilities | None,
    granted: Granted,
    *,
    policy: str,
    launch_encounter: bool,
    below: str = "",
    at_most: str = "",
) -> Rung:
    """The highest rung that EHR, token and policy all allow.

    Where `capabilities` could not be read (None), token and policy decide for now, and delivery asks again.
    `below` is a rung that the EHR has refused in fact: only what is lower comes into question; `at_most` is the
    highest that does.
    """
    hidden = _POLICY_HIDES[policy]
    highest = LADDER.index(below) + 1 if below else LADDER.index(at_most or LADDER[0])
    refusals: list[str] = []
    for code in LADDER[highest:]:
        if code == LEDGER_ONLY:
            break
        if code in hidden:
            refusals.append(f"this site's policy does not file time as {RUNG_LABELS[code]}")
        elif code == OBSERVATION and not launch_encounter:
            refusals.append("the chart was opened without an encounter to put an Observation on")
        elif refusal := _refusal(RESOURCES[code], capabilities, granted):
            refusals.append(refusal)
        else:
            return Rung(code, _why(refusals, known=capabilities is not None))
    return Rung(LEDGER_ONLY, _why(refusals))


def rungs_below(rung: str) -> tuple[str, ...]:
    """The rungs lower than `rung`, highest first."""
    return LADDER[LADDER.index(rung) + 1 :]


def refused_rung(resource_type: str) -> str:
    """The lowest rung that the EHR has refused when it refused to create this resource."""
    return next(rung for rung in reversed(LADDER) if resource_type in RESOURCES.get(rung, ()))


def may(capabilities: Capabilities | None, granted: Granted, resource_type: str, interaction: str) -> bool:
    """Whether EHR and token both allow an interaction ("create", "update", "search-type") on a resource type."""
    letter = {"create": "c", "update": "u", "search-type": "s", "read": "r"}[interaction]
    return granted.can(letter, resource_type) and (
        capabilities is not None and capabilities.allows(resource_type, interaction)
    )


def _refusal(needs: tuple[str, ...], capabilities: Capabilities | None, granted: Granted) -> str:
    checks: tuple[tuple[str, Callable[[str], bool]], ...] = (
        ("the EHR does not accept", lambda kind: capabilities is None or capabilities.allows(kind, "create")),
        ("the EHR did not grant us writing", lambda kind: granted.can("c", kind)),
    )
    for words, allowed in checks:
        refused = [kind for kind in needs if not allowed(kind)]
        if refused:
            return f"{words} {' and '.join(refused)}"
    return ""


def _why(refusals: list[str], *, known: bool = True) -> str:
    if not known:
        return "The EHR has not said what it accepts; it is asked again before anything is filed."
    if not refusals:
        return "The EHR accepts both, and granted both."
    reasons = "; ".join(dict.fromkeys(refusals))
    return f"{reasons[0].upper()}{reasons[1:]}."
