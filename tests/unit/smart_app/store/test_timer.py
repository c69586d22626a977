"""What a timer has run, and since when it has run without a sign of life."""

from __future__ import annotations

from dataclasses import replace

from smart_app.store.timers import Timer

TIMER = Timer(
    id="t",
    user_id="u",
    patient_id="p",
    practice_id="c",
    activity="referral",
    modality="chart",
    note="",
    stretches=((0, 60), (100, 100), (200, 230)),
    running_since=None,
    seen_at=0,
)


def test_a_paused_timer_has_run_for_its_stretches_and_empty_ones_are_none() -> None:
    assert TIMER.all_stretches(1000) == ((0, 60), (200, 230))
    assert TIMER.seconds(1000) == 90


def test_a_running_timer_runs_until_now() -> None:
    running = replace(TIMER, running_since=500)
    assert running.all_stretches(560) == ((0, 60), (200, 230), (500, 560))
    assert running.seconds(560) == 150
    assert running.seconds(500) == 90


def test_a_clock_that_was_set_back_takes_nothing_away() -> None:
    assert replace(TIMER, running_since=500).seconds(400) == 90


def test_silence_begins_at_the_last_sign_of_life_or_when_the_timer_began() -> None:
    running = replace(TIMER, running_since=500, seen_at=600)
    assert running.silent_since(900, 300) is None
    assert running.silent_since(901, 300) == 600
    assert replace(running, seen_at=400).silent_since(901, 300) == 500
    assert TIMER.silent_since(10_000, 300) is None
