"""Owns the leaks: where a month loses care or its claim unnoticed, each with its owner and what to do about it.

They are derived from what is recorded, and never kept. An owner who is away is stood in for by the backup.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from ccm.cadence.absences import Acting, acting
from ccm.cadence.situation import Situation
from ccm.follow_ups import FollowUp, overdue
from ccm.touchpoints import attempts_in

LEAKS: Final[dict[str, str]] = {
    "outreach_unfinished": "Outreach started and not finished",
    "attempts_without_contact": "Attempts without contact",
    "near_threshold": "Minutes short of the threshold, few days left",
    "minutes_without_consent": "Minutes without consent",
    "not_in_chart": "Entries not in the chart",
    "follow_up_overdue": "Follow-up overdue",
    "nobody_responsible": "Minutes, but nobody responsible",
    "entered_late": "Entered more than 48 hours late",
}
NEAR_MINUTES: Final = 5  # 15 to 19 of the 20 minutes of 99490
FEW_DAYS: Final = 5
WAITS_TOO_LONG: Final = 3600  # seconds after which an entry that is not yet in the chart is no longer on its way
ENTERED_LATE: Final = 48 * 3600


@dataclass(frozen=True, slots=True)
class Leak:
    """One leak: a key of `LEAKS`, what is the matter, what to do, and who is to do it today."""

    code: str
    text: str
    todo: str
    owner: Acting


def leaks(situation: Situation) -> tuple[Leak, ...]:
    """The leaks of a care month, in the order of `LEAKS`; after its hand-off only what can still be mended there."""
    checks = _ALWAYS if situation.handed_off else (*_BEFORE_HAND_OFF, *_ALWAYS)
    found = [leak for check in checks for leak in check(situation)]
    return tuple(sorted(found, key=lambda leak: _ORDER.index(leak.code)))


def _outreach_unfinished(seen: Situation) -> Iterator[Leak]:
    if seen.status == "invited" and seen.status_since is not None:
        waited = (seen.today - seen.status_since).days
        if waited > seen.setup.cadence.follow_up_days:
            yield Leak(
                "outreach_unfinished",
                f"Invited {waited} days ago, and neither enrolled nor declined.",
                "Ask again; then enrol the patient, or record that the patient declines.",
                seen.responsible("enrols"),
            )
    if seen.status != "enrolled" or seen.do_not_call or seen.contacted() or seen.assessment.track is not None:
        return
    made, wanted = len(attempts_in(seen.touchpoints, seen.month, seen.zone)), seen.setup.cadence.attempts_per_month
    if 0 < made < wanted and _stalled(seen):
        yield Leak(
            "outreach_unfinished",
            f"{made} of {wanted} attempts made, no contact, and the next one is overdue.",
            "Try again, or plan the day of the next attempt.",
            seen.coordinating(),
        )


def _stalled(seen: Situation) -> bool:
    if seen.today > seen.last_day:
        return True
    due = seen.due()
    return due is not None and due.on < seen.today


def _attempts_without_contact(seen: Situation) -> Iterator[Leak]:
    made, wanted = len(attempts_in(seen.touchpoints, seen.month, seen.zone)), seen.setup.cadence.attempts_per_month
    if seen.status == "enrolled" and made >= wanted and not seen.contacted():
        yield Leak(
            "attempts_without_contact",
            f"{made} attempts this month, and nobody was reached.",
            "Check the number and the best time, try a permitted contact or a letter, or ask at the next visit.",
            seen.coordinating(),
        )


def _near_threshold(seen: Situation) -> Iterator[Leak]:
    earns, days_left = seen.assessment.earnings, (seen.last_day - seen.today).days
    minutes = earns.tracks[earns.shown.name].minutes
    short = earns.shown.base.minutes - minutes
    if seen.status == "enrolled" and earns.track is None and 0 < short <= NEAR_MINUTES and 0 <= days_left <= FEW_DAYS:
        left = "the last day" if days_left == 0 else f"{days_left} {'day' if days_left == 1 else 'days'} left"
        yield Leak(
            "near_threshold",
            f"{minutes} of {earns.shown.base.minutes} minutes, {left}.",
            "See what care is still to be done this month: open follow-ups, medications, results, the care plan.",
            seen.coordinating(),
        )


def _minutes_without_consent(seen: Situation) -> Iterator[Leak]:
    seconds = sum(each.seconds for each in seen.assessment.excluded if each.reason == "before_consent")
    if seconds:
        yield Leak(
            "minutes_without_consent",
            f"{_minutes(seconds)} of work without consent: it does not count.",
            "Ask for consent, or record when and how it was given.",
            seen.responsible("enrols"),
        )


def _nobody_responsible(seen: Situation) -> Iterator[Leak]:
    if not any(each.stands for each in seen.entries):
        return
    who = seen.coordinating()
    if seen.coordinator is None:
        text, todo = "There are minutes this month, and no coordinator is named.", "Name a coordinator and a backup."
    elif who.away:
        text, todo = f"{seen.coordinator.name} is away, and nobody stands in.", "Name a backup who is there."
    else:
        return
    yield Leak("nobody_responsible", text, todo, seen.responsible("reviews"))


def _entered_late(seen: Situation) -> Iterator[Leak]:
    late = [each for each in seen.entries if each.stands and each.recorded_at - each.entry.end > ENTERED_LATE]
    if late:
        days = max(each.recorded_at - each.entry.end for each in late) // 86400
        yield Leak(
            "entered_late",
            f"{_entries(len(late))} recorded more than 48 hours after the work, up to {days} days.",
            "Compare with the chart what was done and when, and record work on the day it is done.",
            seen.responsible("documents"),
        )


def _not_in_chart(seen: Situation) -> Iterator[Leak]:
    stuck = [
        each
        for each in seen.entries
        if each.status == "attention" or (each.status == "waiting" and seen.now - each.recorded_at > WAITS_TOO_LONG)
    ]
    if stuck:
        yield Leak(
            "not_in_chart",
            f"{_entries(len(stuck))} not in the chart.",
            "Open the patient's entries and see what the chart answered; file again, or void what is wrong.",
            seen.responsible("documents"),
        )


def _follow_up_overdue(seen: Situation) -> Iterator[Leak]:
    for each in overdue(seen.follow_ups, seen.today):
        days = (seen.today - each.due_on).days
        yield Leak(
            "follow_up_overdue",
            f"Overdue for {days} {'day' if days == 1 else 'days'}: {each.text}",
            "Do it and record what came of it, give it to somebody, or cancel it with the reason.",
            _owner(each, seen),
        )


def _owner(follow_up: FollowUp, seen: Situation) -> Acting:
    return acting(follow_up.owner, follow_up.backup, seen.away)


def _minutes(seconds: int) -> str:
    return f"{seconds // 60} min" if seconds >= 60 else f"{seconds} s"


def _entries(count: int) -> str:
    return "1 entry is" if count == 1 else f"{count} entries are"


_Check = Callable[[Situation], Iterator[Leak]]
_ORDER: Final = tuple(LEAKS)
_BEFORE_HAND_OFF: Final[tuple[_Check, ...]] = (
    _outreach_unfinished,
    _attempts_without_contact,
    _near_threshold,
    _minutes_without_consent,
    _nobody_responsible,
    _entered_late,
)
_ALWAYS: Final[tuple[_Check, ...]] = (_not_in_chart, _follow_up_overdue)
