"""Owns the readiness review of a set-up: what is still open before the programme is scaled, in plain words."""

from __future__ import annotations

from collections.abc import Iterator

from ccm.setup.reading import missing_attestations, responsible_for
from ccm.setup.scripts import tells_of_health
from ccm.setup.shape import STEPS, PracticeSetup


def gaps(setup: PracticeSetup) -> tuple[str, ...]:
    """What to do before the programme grows; nothing where the set-up is complete."""
    return (*_unowned(setup), *_unreachable(setup), *_unattested(setup))


def _unowned(setup: PracticeSetup) -> Iterator[str]:
    for step, words in STEPS.items():
        named = responsible_for(setup, step)
        if named is None:
            yield f"Name who does this step, and a backup: {words.lower()}."
        elif named.backup is None:
            yield f"Name a backup for {named.owner.name}: {words.lower()}."


def _unreachable(setup: PracticeSetup) -> Iterator[str]:
    clinic = setup.clinic
    if not clinic.callback_day:
        yield "Record the clinic's call-back number by day: the scripts say it."
    if not clinic.callback_night:
        yield "Record the number that is answered at night: patients must reach somebody at any hour."
    word = tells_of_health(clinic.discreet_name or clinic.name)
    if word:
        yield f"Choose a discreet name for voicemails: the clinic's name holds “{word}”."


def _unattested(setup: PracticeSetup) -> Iterator[str]:
    for words in missing_attestations(setup):
        yield f"Attest: {words}."
