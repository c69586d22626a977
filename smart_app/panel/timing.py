"""Owns what a press on the timer does. Every action may come twice: the second changes nothing.

Each stretch between start (or resume) and pause (or stop) becomes an entry of its own, because an auditor is shown
when work began and ended, and a pause is not work.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from sqlalchemy.exc import IntegrityError

from smart_app.panel.forms import TimerAction
from smart_app.roles import performer_class
from smart_app.store.engine import UnitOfWork
from smart_app.store.launches import Launch
from smart_app.store.ledger import Work, add_entry
from smart_app.store.timers import (
    Timer,
    find_timer,
    hold_timers,
    remove_timer,
    running_elsewhere,
    save_timer,
    start_timer,
)

DEFAULT_ACTIVITY = "patient_contact"
DEFAULT_MODALITY = "phone"


@dataclass(frozen=True, slots=True)
class TimerPress:
    """What the press led to: new entries' ids, and whether a timer in another chart was paused for it."""

    entries: tuple[str, ...] = ()
    paused_elsewhere: bool = False


def press(session: UnitOfWork, launch: Launch, action: TimerAction, now: int) -> TimerPress:
    """Carries out one action at `now` (POSIX seconds)."""
    hold_timers(session, launch)
    timer = find_timer(session, launch)
    if timer is not None:
        timer = _with_choices(timer, action)
    if action.action in ("start", "resume"):
        return _run(session, launch, timer, action, now)
    if timer is None:
        return TimerPress()
    if action.action == "pause":
        save_timer(session, _paused(timer, now))
        return TimerPress()
    if not remove_timer(session, timer.id) or action.action == "discard":
        return TimerPress()
    return TimerPress(entries=_file(session, launch, timer, now))


def _run(session: UnitOfWork, launch: Launch, timer: Timer | None, action: TimerAction, now: int) -> TimerPress:
    other = running_elsewhere(session, launch)
    if other is not None:  # one running timer per person: nobody works on two charts in the same second
        save_timer(session, _paused(other, now))
    if timer is not None:
        since = now if timer.running_since is None else timer.running_since
        save_timer(session, replace(timer, running_since=since))
    else:
        _start(session, launch, action, now)
    return TimerPress(paused_elsewhere=other is not None)


def _start(session: UnitOfWork, launch: Launch, action: TimerAction, now: int) -> None:
    try:
        with session.begin_nested():
            start_timer(
                session,
                launch,
                activity=action.activity or DEFAULT_ACTIVITY,
                modality=action.modality or DEFAULT_MODALITY,
                note=action.note or "",
                now=now,
            )
    except IntegrityError:
        return  # the other half of a double click has just started it


def _paused(timer: Timer, now: int) -> Timer:
    return replace(timer, stretches=timer.all_stretches(now), running_since=None)


def _with_choices(timer: Timer, action: TimerAction) -> Timer:
    return replace(
        timer,
        activity=action.activity or timer.activity,
        modality=action.modality or timer.modality,
        note=timer.note if action.note is None else action.note,
    )


def _file(session: UnitOfWork, launch: Launch, timer: Timer, now: int) -> tuple[str, ...]:
    entries = []
    for number, (start, end) in enumerate(timer.all_stretches(now), start=1):
        work = Work(
            start=start,
            end=end,
            activity=timer.activity,
            modality=timer.modality,
            note=timer.note,
            key=f"timer:{timer.id}:{number}",
            source="timer",
            performer_class=performer_class(launch.role),
        )
        entries.append(add_entry(session, launch, work, now)[0])
    return tuple(entries)
