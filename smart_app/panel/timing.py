"""Owns what a press on the timer does. Every action may come twice: the second changes nothing.

Each stretch between start (or resume) and pause (or stop) becomes an entry of its own, because an auditor is shown
when work began and ended, and a pause is not work. A timer that ran on without any sign of life (overnight, a laptop
asleep) is filed only once the person has said how long the work really was.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from sqlalchemy.exc import IntegrityError

from smart_app.panel.forms import TimerAction
from smart_app.problems import FieldError, Problem, unusable
from smart_app.roles import performer_class
from smart_app.store.engine import UnitOfWork
from smart_app.store.launches import Launch
from smart_app.store.ledger import Work, add_entry
from smart_app.store.timers import (
    Stretch,
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


@dataclass(frozen=True, slots=True)
class Moment:
    """When a press happens (POSIX seconds), and after how many silent seconds a timer must be confirmed."""

    now: int
    silence: int


def press(session: UnitOfWork, launch: Launch, action: TimerAction, at: Moment) -> TimerPress:
    """Carries out one action. Raises `Problem` 409 where the person must first say how long the work was."""
    hold_timers(session, launch)
    timer = find_timer(session, launch)
    if timer is not None:
        timer = _with_choices(timer, action)
    if action.action in ("start", "resume"):
        return _run(session, launch, timer, action, at)
    if timer is None:
        return TimerPress()
    if action.action == "discard":
        remove_timer(session, timer.id)
        return TimerPress()
    stretches = _worked(timer, action, at)
    if action.action == "keep":
        save_timer(session, replace(timer, seen_at=at.now))
    elif action.action == "pause":
        save_timer(session, replace(timer, stretches=stretches, running_since=None, seen_at=at.now))
    elif remove_timer(session, timer.id):
        return TimerPress(entries=_file(session, launch, replace(timer, stretches=stretches), at.now))
    return TimerPress()


def unconfirmed_minutes(timer: Timer, at: Moment) -> int | None:
    """Whole minutes up to the last sign of life, where the person must confirm; None where nothing is in doubt."""
    silent_since = timer.silent_since(at.now, at.silence)
    return None if silent_since is None else timer.seconds(silent_since) // 60


def _worked(timer: Timer, action: TimerAction, at: Moment) -> tuple[Stretch, ...]:
    """The stretches that were really worked: all, or the first `action.minutes` of them."""
    suggested = unconfirmed_minutes(timer, at)
    if action.minutes is not None:
        if action.minutes * 60 > timer.seconds(at.now):
            raise unusable(FieldError("minutes", "the timer has not run that long"))
        return _first(timer.all_stretches(at.now), action.minutes * 60)
    if suggested is None:
        return timer.all_stretches(at.now)
    raise Problem(
        409,
        f"The timer ran for {timer.seconds(at.now) // 60} minutes, much of it without any sign of work here",
        f"Say how many minutes you worked; up to the last sign of work it was {suggested}.",
        errors=(FieldError("minutes", "how many minutes of it were work?"),),
    )


def _first(stretches: tuple[Stretch, ...], seconds: int) -> tuple[Stretch, ...]:
    kept: list[Stretch] = []
    for start, end in stretches:
        if seconds > 0:
            kept.append((start, min(end, start + seconds)))
            seconds -= end - start
    return tuple(kept)


def _run(session: UnitOfWork, launch: Launch, timer: Timer | None, action: TimerAction, at: Moment) -> TimerPress:
    other = running_elsewhere(session, launch)
    if other is not None:  # one running timer per person: nobody works on two charts in the same second
        until = other.silent_since(at.now, at.silence) or at.now
        save_timer(session, replace(other, stretches=other.all_stretches(until), running_since=None))
    if timer is None:
        _start(session, launch, action, at.now)
    elif timer.running_since is None:
        save_timer(session, replace(timer, running_since=at.now, seen_at=at.now))
    else:
        save_timer(session, timer)
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


def _with_choices(timer: Timer, action: TimerAction) -> Timer:
    return replace(
        timer,
        activity=action.activity or timer.activity,
        modality=action.modality or timer.modality,
        note=timer.note if action.note is None else action.note,
    )


def _file(session: UnitOfWork, launch: Launch, timer: Timer, now: int) -> tuple[str, ...]:
    entries = []
    for number, (start, end) in enumerate(timer.stretches, start=1):
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
