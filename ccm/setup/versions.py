"""Owns the versions of a set-up: who may make one, and which is in force for a month.

A month is judged by the set-up that was in force in it: a change takes effect with the month in which it is made,
and no earlier month is judged anew.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from typing import Final

from ccm.event_json import Plain, from_plain, to_plain
from ccm.months import Month, local_day, month_of
from ccm.record_guards import first_of, wrong_role
from ccm.records import Actor, Refusal
from ccm.setup.differences import difference
from ccm.setup.guards import wrong_setup
from ccm.setup.shape import PracticeSetup

WHO_MAY: Final = frozenset({"lead", "admin"})


@dataclass(frozen=True, slots=True)
class Version:
    """One version, numbered from 1: made `at` (POSIX seconds, UTC) by whom, and in force from the month's first day."""

    number: int
    at: int
    by: Actor
    effective_from: Month
    setup: PracticeSetup


def revise(
    versions: Sequence[Version],
    setup: PracticeSetup,
    actor: Actor,
    now: int,
    zone: tzinfo,
    *,
    zone_exists: Callable[[str], bool],
    based_on: int,
) -> Version | Refusal:
    """The version to add, or why it is refused. `zone` is the one in force, `now` POSIX seconds (UTC).

    `based_on` is the number of the version that was changed (0: the defaults), so that nobody undoes unseen what
    another has set meanwhile.
    """
    last = versions[-1] if versions else None
    refusal = first_of(
        wrong_role(actor, WHO_MAY, "change the practice's set-up"),
        _overtaken(last, based_on),
        Refusal("", "Nothing is changed.") if last and not difference(last.setup, setup) else None,
    )
    if refusal := refusal or wrong_setup(setup, local_day(now, zone), zone_exists):
        return refusal
    month = month_of(now, zone)
    effective_from = max(month, last.effective_from) if last else month
    return Version(last.number + 1 if last else 1, now, actor, effective_from, setup)


def in_force(versions: Sequence[Version], month: Month) -> Version | None:
    """The version by which a month is judged; None before the first, where the defaults hold."""
    return next((each for each in reversed(versions) if each.effective_from <= month), None)


def version_to_dict(version: Version) -> Plain:
    """The version as JSON values."""
    plain: Plain = to_plain(version)
    return plain


def version_from_dict(plain: object) -> Version:
    """The version that `version_to_dict` wrote; ValueError, naming the field, for anything else."""
    return from_plain(Version, plain, "version")


def _overtaken(last: Version | None, based_on: int) -> Refusal | None:
    if (last.number if last else 0) == based_on:
        return None
    if last is None or based_on > last.number:
        return Refusal("based_on", "names no version of this set-up")
    return Refusal("", f"{last.by.name} has changed the set-up meanwhile: look at version {last.number} first.")
