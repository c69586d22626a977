"""Owns the language of scopes at the authorization server: what is understood, narrowed, and said in plain words.

Sources: SMART App Launch 2.2, "Scopes and Launch Context" (v2 `patient/Observation.crus?category=…`, v1 `.read`).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

IDENTITY = ("openid", "fhirUser", "profile")
LAUNCH = ("launch", "launch/patient", "launch/encounter")
REFRESH = ("offline_access", "online_access")
LEVELS = ("patient", "user", "system")

_CLINICAL = re.compile(r"(patient|user|system)/([A-Z][A-Za-z]+|\*)\.(read|write|\*|c?r?u?d?s?)(\?\S+)?")
_V1 = {"read": "rs", "write": "cud", "*": "cruds"}
_WORDS = {"c": "add", "r": "read", "u": "change", "d": "delete", "s": "search"}
_REASONS = {
    "openid": "Know who you are, by signing you in",
    "profile": "See your name and staff record",
    "fhirUser": "See your name and staff record",
    "launch": "Open in the chart that you are looking at",
    "launch/patient": "Know which patient you choose",
    "launch/encounter": "Know which visit is open",
    "offline_access": "Keep working after you sign out, until you take the permission back",
    "online_access": "Stay connected while you are signed in",
}
_WHOSE = {"patient": "of this patient", "user": "of the patients you may see", "system": "of all patients"}


@dataclass(frozen=True, slots=True)
class Clinical:
    """One clinical scope: `letters` out of "cruds", `query` with its leading `?`, `v1` as it was written."""

    level: str
    resource: str
    letters: str
    query: str
    v1: bool

    def __str__(self) -> str:
        if not self.v1:
            return f"{self.level}/{self.resource}.{self.letters}{self.query}"
        word = next(word for word, letters in _V1.items() if letters == self.letters)
        return f"{self.level}/{self.resource}.{word}"

    def without(self, letters: str) -> Clinical | None:
        """What remains when `letters` are withheld, or None; a v1 scope loses the whole of a word."""
        if not self.v1:
            rest = "".join(letter for letter in self.letters if letter not in letters)
            return replace(self, letters=rest) if rest else None
        words = "".join(
            kept for kept in ("cud", "rs") if set(kept) <= set(self.letters) and not set(kept) & set(letters)
        )
        return replace(self, letters="cruds" if len(words) == 5 else words) if words else None

    def covers(self, other: Clinical) -> bool:
        """Whether everything that `other` allows is allowed by this scope."""
        return (
            self.level == other.level
            and self.resource in ("*", other.resource)
            and set(other.letters) <= set(self.letters)
            and self.query in ("", other.query)
        )


def parse_clinical(scope: str) -> Clinical | None:
    """The clinical scope, or None where the text is not one."""
    match = _CLINICAL.fullmatch(scope)
    if not match or not match[3]:
        return None
    level, resource, access, query = match[1], match[2], match[3], match[4] or ""
    v1 = access in _V1
    if v1 and query:
        return None
    return Clinical(level, resource, _V1.get(access, access), query, v1)


def narrow(
    asked: str, *, style: str, levels: Collection[str], limit: str = "", withheld: Iterable[str] = ()
) -> tuple[str, ...]:
    """The part of the `asked` scopes that can be granted, in their order, each once.

    `style` "v1" or "v2" refuses the other form. Clinical scopes are limited to `levels`; the others are granted to
    people only (levels that hold "user" or "patient"). `limit` is the client's registered scope, "" for no limit.
    """
    granted: dict[str, None] = {}
    for scope in asked.split():
        kept = _narrow_one(scope, style, levels, limit.split(), tuple(withheld))
        if kept:
            granted[kept] = None
    return tuple(granted)


def _narrow_one(scope: str, style: str, levels: Collection[str], limit: list[str], withheld: tuple[str, ...]) -> str:
    clinical = parse_clinical(scope)
    if clinical is None:
        known = scope in (*IDENTITY, *LAUNCH, *REFRESH) and set(levels) != {"system"}
        return scope if known and scope not in withheld and (not limit or scope in limit) else ""
    if clinical.level not in levels or style == ("v2" if clinical.v1 else "v1"):
        return ""
    if limit and not any((allowed := parse_clinical(one)) and allowed.covers(clinical) for one in limit):
        return ""
    for one in withheld:
        taken = parse_clinical(one)
        if clinical and taken and taken.level == clinical.level and taken.resource in ("*", clinical.resource):
            clinical = clinical.without(taken.letters)
    return str(clinical) if clinical else ""


def needs_patient(scopes: Iterable[str]) -> bool:
    """Whether these scopes mean nothing without a patient in context."""
    return any(scope == "launch/patient" or scope.startswith("patient/") for scope in scopes)


def reason(scope: str) -> str:
    """What the scope allows, in a sentence for the person who is asked."""
    clinical = parse_clinical(scope)
    if clinical is None:
        return _REASONS.get(scope, scope)
    verbs = [_WORDS[letter] for letter in "rscud" if letter in clinical.letters]
    what = "all records" if clinical.resource == "*" else f"{clinical.resource} records"
    sentence = ", ".join(verbs[:-1]) + (" and " if verbs[1:] else "") + verbs[-1]
    return f"{sentence.capitalize()} {what} {_WHOSE[clinical.level]}"


def supported(style: str) -> list[str]:
    """The scopes that smart-configuration lists."""
    v1 = ["patient/*.read", "patient/*.write", "user/*.read", "user/*.write", "system/*.read", "system/*.write"]
    v2 = ["patient/*.cruds", "user/*.cruds", "system/*.cruds"]
    clinical = {"v1": v1, "v2": v2}.get(style, v2 + v1)
    return [*IDENTITY, *LAUNCH, *REFRESH, *clinical]
