"""Owns whether the pace of a month is an honest one: signs at which an auditor would look twice, and so should we.

A sign is not a fault: each says what to look at. They are of one care month; what shows only across many (minutes
that bunch just past a threshold, one note for many patients) is not seen here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from ccm.cadence.due_dates import discharge_deadline, discharges
from ccm.cadence.leak_checks import Leak
from ccm.cadence.situation import Situation
from ccm.months import local_month
from ccm.vocabulary import COUNTED_ACTIVITIES

PACE: Final[dict[str, str]] = {
    "discharge_without_contact": "Discharge without contact in two business days",
    "identical_notes": "Identical notes",
    "work_at_the_end": "More than half of the work in the last five days",
}
_LAST_DAYS: Final = 5


def pace(situation: Situation) -> tuple[Leak, ...]:
    """The signs of a care month, in the order of `PACE`."""
    return (*_discharge_without_contact(situation), *_identical_notes(situation), *_work_at_the_end(situation))


def _discharge_without_contact(seen: Situation) -> Iterator[Leak]:
    contacts = seen.contact_days()
    for discharge in discharges(seen.stays):
        deadline = discharge_deadline(discharge)
        in_month = seen.month.first_day <= discharge <= seen.last_day
        if in_month and seen.today > deadline and not any(discharge <= on <= deadline for on in contacts):
            yield Leak(
                "discharge_without_contact",
                f"Discharged on {discharge}, and nobody was reached by {deadline}.",
                "Call now, reconcile the medications, and record why it was not possible before.",
                seen.coordinating(),
            )


def _identical_notes(seen: Situation) -> Iterator[Leak]:
    notes = Counter(
        note for each in seen.entries if each.stands and (note := " ".join(each.entry.note.casefold().split()))
    )
    repeated = sum(count for count in notes.values() if count > 1)
    if repeated:
        yield Leak(
            "identical_notes",
            f"{repeated} entries of this month share their note with another.",
            "Let each note say what was done that time.",
            seen.responsible("documents"),
        )


def _work_at_the_end(seen: Situation) -> Iterator[Leak]:
    """Of the whole month's counted kinds of work, once its last days have come; a single entry makes no pace."""
    worked = [each.entry for each in seen.entries if each.stands and each.entry.activity in COUNTED_ACTIVITIES]
    since = local_month(seen.month, seen.zone).start_of(seen.last_day - timedelta(days=_LAST_DAYS - 1))
    whole = sum(each.seconds for each in worked)
    late = sum(max(0, each.end - max(each.start, since)) for each in worked)
    if len(worked) > 1 and late * 2 > whole:
        yield Leak(
            "work_at_the_end",
            f"{late // 60} of {whole // 60} min fall in the month's last {_LAST_DAYS} days.",
            "Plan the first attempt earlier in the month.",
            seen.coordinating(),
        )
