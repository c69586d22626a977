"""Owns how many patients each coordinator looks after, against what the practice says they can."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from ccm.records import Person
from ccm.setup import PracticeSetup, capacity_of


@dataclass(frozen=True, slots=True)
class Caseload:
    """One coordinator's patients against the capacity; without a coordinator those whom nobody looks after."""

    coordinator: Person | None
    patients: int
    capacity: int

    @property
    def over(self) -> int:
        """How many patients are too many, 0 where there is room."""
        return max(0, self.patients - self.capacity)


def caseload(coordinators: Iterable[Person | None], setup: PracticeSetup) -> tuple[Caseload, ...]:
    """The caseloads, by name; `coordinators` gives for each enrolled patient who looks after them, None for nobody.

    Patients of nobody come first, with a capacity of 0. A person counts once, by the reference, under the last name.
    """
    patients: Counter[str] = Counter()
    people: dict[str, Person | None] = {}
    for person in coordinators:
        ref = person.ref if person else ""
        patients[ref] += 1
        people[ref] = person
    loads = (
        Caseload(person, patients[ref], capacity_of(setup, ref) if person else 0) for ref, person in people.items()
    )
    return tuple(sorted(loads, key=lambda load: _place(load.coordinator)))


def _place(person: Person | None) -> tuple[str, str]:
    return (person.name.casefold(), person.ref) if person else ("", "")
