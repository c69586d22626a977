"""Owns a delivery from claim to outcome: what is tried, and what each answer of the EHR means for the next try.

Nothing here decides twice: what the EHR accepted is kept at once, so a delivery that stops half-way goes on where it
stopped, and whatever may be in the chart is searched for before it is written again.
"""

from __future__ import annotations

import random

from smart_app.ehr.client import FhirClient
from smart_app.ehr.errors import EhrBusy, EhrError, EhrRefused, EhrTemporary
from smart_app.ehr.granted import Granted
from smart_app.ehr.ladder import LEDGER_ONLY, RUNG_LABELS, choose_rung, rung_allowed
from smart_app.logs import log
from smart_app.outbox import queue
from smart_app.outbox.credentials import LaunchOver, RefreshUnderWay, refuse_token, rights
from smart_app.outbox.filing import file_entry
from smart_app.outbox.job import Job, NeedsPerson, NotYet
from smart_app.outbox.month_total import file_month, month_can_be_kept
from smart_app.outbox.queue import Claim
from smart_app.services import Services
from smart_app.store.ehr_state import lower_ceiling, note_failure, note_success
from smart_app.store.launches import Launch, get_launch
from smart_app.store.outbox import MONTH
from smart_app.store.registrations import get_practice, get_registration

LONGEST_PAUSE_SECONDS = 60  # after an outage ends, everything is filed within two minutes
RELAUNCH_PAUSE_SECONDS = 3600
NOT_YET_SECONDS = 2
_STEP_DOWN = (403, 405, 422)
_WAITS_FOR_LAUNCH = "Waits for Cadence to be opened again on this chart."


class _RungClosed(Exception):
    """What the launch was promised, this token or the EHR does not allow now: nothing was sent."""

    def __init__(self, granted: Granted) -> None:
        super().__init__()
        self.granted = granted


def deliver_due(services: Services, *, since: int = 0, limit: int = 10) -> int:
    """Delivers what is due, one after another; returns how many rows were taken.

    `since` is when this worker began (POSIX seconds): older rows are searched for in the chart before they are sent.
    """
    claims = queue.claim(services.store, services.clock(), since=since, limit=limit)
    for held in claims:
        try:
            _Delivery(services, held).run()
        except queue.StaleClaim:
            log.warning("delivery_taken_over", delivery=held.id)
    return len(claims)


class _Delivery:
    """One claimed row on its way to an outcome."""

    def __init__(self, services: Services, held: Claim) -> None:
        self._services = services
        self._held = held
        with services.store.reading() as session:
            self._practice = get_practice(session, held.practice_id)
            self._registration = get_registration(session, held.registration_id)
            self._launch = get_launch(session, held.launch_id) if held.launch_id else None

    def run(self) -> None:
        """Tries once, and keeps what came of it. Raises `StaleClaim`."""
        try:
            self._file()
        except LaunchOver:
            self._later(RELAUNCH_PAUSE_SECONDS, unknown=self._held.must_search, detail=_WAITS_FOR_LAUNCH)
        except (NotYet, RefreshUnderWay):
            self._again()
        except _RungClosed as closed:
            self._change_rung(closed.granted, "The EHR does not allow more.")
        except NeedsPerson as task:
            queue.set_aside(self._services.store, self._held, "attention", str(task))
        except EhrRefused as refused:
            self._refused(refused)
        except EhrError as error:
            self._failed(error)
        else:
            self._done()

    def _file(self) -> None:
        job = self._job()
        if job.capabilities is None:
            raise EhrTemporary("The EHR did not say what it accepts.")
        if self._held.kind == MONTH:
            if month_can_be_kept(job):
                file_month(job)
        elif rung_allowed(self._held.rung, job.capabilities, job.granted):
            file_entry(job)
        else:
            raise _RungClosed(job.granted)

    def _job(self) -> Job:
        right = rights(self._services, self._registration, self._launch)
        return Job(
            services=self._services,
            held=self._held,
            registration=self._registration,
            practice=self._practice,
            launch=self._launch,
            client=FhirClient(self._registration.issuer, self._services.transport, right.token),
            capabilities=self._services.capabilities.get(self._registration.issuer),
            granted=right.granted,
        )

    def _done(self) -> None:
        queue.finish(self._services.store, self._held, self._services.clock())
        with self._services.store.writing() as session:
            note_success(session, self._held.registration_id)
        log.info("delivered", kind=self._held.kind, delivery=self._held.id, attempts=self._held.attempts + 1)

    def _refused(self, refused: EhrRefused) -> None:
        if refused.status == 401:
            refuse_token(self._services, self._registration, self._launch)
            self._again()
        elif refused.status in _STEP_DOWN and self._held.kind != MONTH and self._launch is not None:
            self._step_down(self._launch, refused)
        else:
            queue.set_aside(self._services.store, self._held, "attention", str(refused))

    def _step_down(self, launch: Launch, refused: EhrRefused) -> None:
        """The EHR does not take this rung in fact, whatever it said: this EHR goes one lower, and the panel says so."""
        why = f"The EHR refused {RUNG_LABELS[self._held.rung]} (HTTP {refused.status})."
        rung = self._change_rung(Granted(launch.scope), why)
        with self._services.store.writing() as session:
            lower_ceiling(session, self._registration.id, rung, why, self._services.clock())
        log.warning("stepped_down", registration=self._registration.id, rung=rung, status=refused.status)

    def _change_rung(self, granted: Granted, why: str) -> str:
        """Goes on one rung lower, or holds the entry where there is none; returns the rung."""
        lower = choose_rung(
            self._services.capabilities.get(self._registration.issuer),
            granted,
            policy=self._registration.write_back,
            launch_encounter=bool(self._launch and self._launch.encounter_id),
            below=self._held.rung,
        )
        state = "held" if lower.code == LEDGER_ONLY else "waiting"
        now = self._services.clock()
        queue.change_rung(self._services.store, self._held, lower.code, state=state, detail=why, now=now)
        return lower.code

    def _failed(self, error: EhrError) -> None:
        if not isinstance(error, EhrTemporary) and not error.outcome_unknown:
            queue.set_aside(self._services.store, self._held, "attention", str(error))
            return
        unknown = self._held.must_search or error.outcome_unknown
        self._later(_pause(self._held.attempts, error), unknown=unknown, detail=str(error))
        with self._services.store.writing() as session:
            note_failure(session, self._held.registration_id, self._services.clock())

    def _later(self, seconds: int, *, unknown: bool, detail: str) -> None:
        until, attempts = self._services.clock() + seconds, self._held.attempts + 1
        queue.postpone(self._services.store, self._held, until=until, unknown=unknown, detail=detail, attempts=attempts)

    def _again(self) -> None:
        """Soon, and not as a failed try."""
        until, attempts = self._services.clock() + NOT_YET_SECONDS, self._held.attempts
        unknown = self._held.must_search
        queue.postpone(self._services.store, self._held, until=until, unknown=unknown, detail="", attempts=attempts)


def _pause(attempts: int, error: EhrError) -> int:
    """Seconds to the next try: what the EHR asks for, else doubling with jitter, so that workers do not march."""
    if isinstance(error, EhrBusy) and error.retry_after is not None:
        return max(1, int(error.retry_after))
    longest = min(LONGEST_PAUSE_SECONDS, 1 << min(attempts, 6))
    return max(1, round(longest * random.uniform(0.5, 1.0)))  # noqa: S311 - not a secret
