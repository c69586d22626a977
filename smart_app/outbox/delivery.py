"""Owns a delivery from claim to outcome: what is tried, and what each answer of the EHR means for the next try.

Nothing here decides twice: what the EHR accepted is kept at once, so a delivery that stops half-way goes on where it
stopped, and whatever may be in the chart is searched for before it is written again.
"""

from __future__ import annotations

import math
import random
import traceback
from pathlib import PurePath

from sqlalchemy.exc import SQLAlchemyError

from smart_app.ehr.client import FhirClient
from smart_app.ehr.errors import EhrBusy, EhrError, EhrRefused, EhrTemporary
from smart_app.ehr.granted import Granted
from smart_app.ehr.ladder import LEDGER_ONLY, Rung, choose_rung, refused_rung, rungs_below
from smart_app.logs import log
from smart_app.outbox import queue
from smart_app.outbox.credentials import LaunchOver, RefreshUnderWay, refuse_token, rights
from smart_app.outbox.filing import file_entry
from smart_app.outbox.job import Doubtful, Job, NeedsPerson, NotYet, RungClosed, RungRefused
from smart_app.outbox.month_total import file_month, month_can_be_kept
from smart_app.outbox.queue import Claim
from smart_app.services import Services
from smart_app.store.ehr_state import lower_ceiling, note_failure, note_success
from smart_app.store.launches import get_launch
from smart_app.store.outbox import MONTH
from smart_app.store.registrations import get_practice, get_registration

LONGEST_PAUSE_SECONDS = 60  # after an outage ends, everything is filed within two minutes
RELAUNCH_PAUSE_SECONDS = 3600
SHORT_PAUSE_SECONDS = 2
NOT_YET_PAUSE_SECONDS = 16
_WAITS_FOR_LAUNCH = "Waits for Cadence to be opened again on this chart."
_OUR_FAULT = "Cadence failed to file this; it is tried again."


def deliver_due(services: Services, *, since: int = 0, limit: int = 10) -> int:
    """Delivers what is due, one after another; returns how many rows were taken.

    `since` is when this worker began (POSIX seconds): older rows are searched for in the chart before they are sent.
    """
    claims = queue.claim(services.store, services.clock(), since=since, limit=limit)
    for held in claims:
        try:
            if queue.begin(services.store, held, services.clock()):
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
        self._granted = Granted("")

    def run(self) -> None:
        """Tries once, and keeps what came of it. Raises `StaleClaim`, or what the database raises."""
        unknown = self._held.outcome_unknown
        try:
            self._file()
        except LaunchOver:
            self._later(RELAUNCH_PAUSE_SECONDS, unknown=unknown, detail=_WAITS_FOR_LAUNCH)
        except RefreshUnderWay:
            self._later(SHORT_PAUSE_SECONDS, unknown=unknown)
        except NotYet:
            self._later(min(NOT_YET_PAUSE_SECONDS, self._pause()), unknown=unknown)
        except Doubtful:
            self._later(self._pause(), unknown=True)
        except RungClosed:
            self._change_rung(self._held.rung, "The EHR does not allow more.")
        except RungRefused as refused:
            self._step_down(refused)
        except NeedsPerson as task:
            queue.set_aside(self._services.store, self._held, "attention", str(task))
        except EhrRefused as refused:
            self._refused(refused)
        except EhrError as error:
            self._failed(error)
        except (SQLAlchemyError, queue.StaleClaim):
            raise
        except Exception as error:  # one row that we cannot handle must not keep the others from the chart
            where = traceback.extract_tb(error.__traceback__)[-1]
            at = f"{PurePath(where.filename).name}:{where.lineno}"
            log.error("delivery_failed", kind=type(error).__name__, where=at, delivery=self._held.id)
            self._later(LONGEST_PAUSE_SECONDS, unknown=True, detail=_OUR_FAULT)
        else:
            self._done()

    def _file(self) -> None:
        job = self._job()
        self._granted = job.granted
        if job.capabilities is None:
            raise EhrTemporary("The EHR did not say what it accepts.")
        if self._held.kind != MONTH:
            file_entry(job)
        elif month_can_be_kept(job):
            file_month(job)

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
            self._later(self._pause(), unknown=self._held.outcome_unknown)
        else:
            queue.set_aside(self._services.store, self._held, "attention", str(refused))

    def _step_down(self, refused: RungRefused) -> None:
        """The EHR does not take this in fact, whatever it said: for it all go lower, and their panels say so."""
        below = refused_rung(refused.resource_type)
        why = f"The EHR refused {refused.resource_type} (HTTP {refused.status})."
        rung = self._change_rung(below, why)
        with self._services.store.writing() as session:
            lower_ceiling(
                session,
                self._registration.id,
                rungs_below(below),
                why=why,
                now=self._services.clock(),
                lowered=lambda scope, at: self._choose(below, Granted(scope), launch_encounter=bool(at)).code,
            )
        log.warning("stepped_down", registration=self._registration.id, rung=rung, status=refused.status)

    def _change_rung(self, below: str, why: str) -> str:
        """Goes on lower than `below`, or holds the entry where there is nothing lower; returns the rung."""
        encounter = bool(self._launch and self._launch.encounter_id)
        lower = self._choose(below, self._granted, launch_encounter=encounter).code
        state = "held" if lower == LEDGER_ONLY else "waiting"
        now = self._services.clock()
        queue.change_rung(self._services.store, self._held, lower, state=state, detail=why, now=now)
        return lower

    def _choose(self, below: str, granted: Granted, *, launch_encounter: bool) -> Rung:
        return choose_rung(
            self._services.capabilities.get(self._registration.issuer),
            granted,
            policy=self._registration.write_back,
            launch_encounter=launch_encounter,
            below=below,
        )

    def _failed(self, error: EhrError) -> None:
        if not isinstance(error, EhrTemporary) and not error.outcome_unknown:
            queue.set_aside(self._services.store, self._held, "attention", str(error))
            return
        pause = self._pause()
        if isinstance(error, EhrBusy) and error.retry_after is not None:
            pause = max(1, math.ceil(error.retry_after))
        self._later(pause, unknown=self._held.outcome_unknown or error.outcome_unknown, detail=str(error))
        with self._services.store.writing() as session:
            note_failure(session, self._held.registration_id, self._services.clock())

    def _later(self, seconds: int, *, unknown: bool, detail: str = "") -> None:
        until, attempts = self._services.clock() + seconds, self._held.attempts + 1
        queue.postpone(self._services.store, self._held, until=until, unknown=unknown, detail=detail, attempts=attempts)

    def _pause(self) -> int:
        """Seconds to the next try, doubling with jitter, so that workers do not march."""
        longest = min(LONGEST_PAUSE_SECONDS, SHORT_PAUSE_SECONDS << min(self._held.attempts, 5))
        return max(1, round(longest * random.uniform(0.5, 1.0)))  # noqa: S311 - not a secret
