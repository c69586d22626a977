"""Owns what a granted scope string allows, in v1 and in v2 syntax (SMART App Launch 2.2, "Scopes")."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

WORDS: Final[Mapping[str, str]] = {"c": "create", "r": "read", "u": "update", "d": "delete", "s": "search"}
READING: Final = frozenset("rs")
V1_LETTERS: Final[Mapping[str, str]] = {"read": "rs", "write": "cud", "*": "cruds"}
SCOPE = re.compile(r"(patient|user|system)/([A-Z][A-Za-z]*|\*)\.(read|write|\*|(?=[cruds])c?r?u?d?s?)(\?[^\s]+)?")


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
            for kind, letters, filtered in resource_scopes(self.scope.split())
        )

    def has(self, scope: str) -> bool:
        """Whether a scope such as "openid" stands in the string as it is."""
        return scope in self.scope.split()

    def missing(self, asked: str) -> tuple[str, ...]:
        """What was asked for on resources and not granted, as "create and update Encounter"."""
        return tuple(
            f"{' and '.join(WORDS[letter] for letter in withheld)} {kind}"
            for kind, letters, _ in resource_scopes(asked.split())
            if (withheld := [letter for letter in letters if not self.can(letter, kind)])
        )


def resource_scopes(scopes: Iterable[str]) -> Iterator[tuple[str, str, bool]]:
    """Resource type or "*", letters, and whether a filter narrows it, of each scope that is on resources."""
    for scope in scopes:
        if found := SCOPE.fullmatch(scope):
            yield found[2], V1_LETTERS.get(found[3], found[3]), bool(found[4])
