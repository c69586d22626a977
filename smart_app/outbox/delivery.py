"""Owns a delivery from claim to outcome: what is tried, and what each answer of the EHR means for the next try.

Nothing here decides twice: what the EHR accepted is kept at once, so a delivery that stops half-way goes on where it
stopped, and whatever may be in the chart is searched for before it is written again.
"""

from __future__ import annotations

import random

from smart_app.ehr.client import FhirClient
from smart_app.ehr.errors import EhrBusy, EhrError, EhrRefused, EhrTemporary
from smart_app.ehr.ladder import LEDGER_ONLY, RUNG_LABELS, choose_rung
from smart_app.logs import log
from smart_app.outbox import queue
from smart_app.outbox.credentials import LaunchOver, RefreshUnderWay, refuse_token, rights
from smart_app.outbox.filing import file_entry
from smart_app.outbox.job import Job, NeedsPerson, NotYet
from smart_app.outbox.month_total import file_month, month_can_be_kept
from smart_app.outbox.queue import Claim
from smart_app.registrations import Practice, Registration
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


def deliver_due(services: Services, *, since: int = 0, limit: int = 10) -> int:
    """Delivers what is due, one after another; returns how many rows were taken.

    `since` is when this worker began (POSIX seconds): older rows are searched for in the chart before they are sent.
    """
    claims = queue.claim(services.store, services.clock(), since=since, limit=limit)
    for held in claims:
        try:
            _deliver(services, held)
        except queue.StaleClaim:
            log.warning("delivery_taken_over", delivery=held.id)
    return len(claims)


def _deliver(services: Services, held: Claim) -> None:
    registration, practice, launch = _parties(services, held)
    try:
        _file(services, held, registration, practice, launch)
    except LaunchOver:
        _later(services, held, RELAUNCH_PAUSE_SECONDS, unknown=held.must_search, detail=_WAITS_FOR_LAUNCH)
    except (NotYet, RefreshUnderWay):
        _again(services, held)
    except NeedsPerson as task:
        queue.set_aside(services.store, held, "attention", str(task))
    except EhrRefused as refused:
        _refused(services, held, registration, launch, refused)
    except EhrError as error:
        _failed(services, held, error)
    else:
        queue.finish(services.store, held, services.clock())
        with services.store.writing() as session:
            note_success(session, held.registration_id)
        log.info("delivered", kind=held.kind, delivery=held.id, attempts=held.attempts + 1)


def _parties(services: Services, held: Claim) -> tuple[Registration, Practice, Launch | None]:
    with services.store.reading() as session:
        practice = get_practice(session, held.practice_id)
        launch = get_launch(session, held.launch_id) if held.launch_id else None
        return get_registration(session, held.registration_id), practice, launch


def _file(
    services: Services, held: Claim, registration: Registration, practice: Practice, launch: Launch | None
) -> None:
    right = rights(services, registration, launch)
    job = Job(
        services=services,
        held=held,
        registration=registration,
        practice=practice,
        launch=launch,
        client=FhirClient(registration.issuer, services.transport, right.token),
        capabilities=services.capabilities.get(registration.issuer),
        granted=right.granted,
    )
    if held.kind == MONTH:
        if month_can_be_kept(job):
            file_month(job)
    else:
        file_entry(job)


def _refused(
    services: Services, held: Claim, registration: Registration, launch: Launch | None, refused: EhrRefused
) -> None:
    if refused.status == 401:
        refuse_token(services, registration, launch)
        _again(services, held)
    elif refused.status in _STEP_DOWN and held.kind != MONTH and launch is not None:
        _step_down(services, held, registration, launch, refused)
    else:
        queue.set_aside(services.store, held, "attention", str(refused))


def _step_down(
    services: Services, held: Claim, registration: Registration, launch: Launch, refused: EhrRefused
) -> None:
    """The EHR does not take this rung in fact, whatever it said: one rung lower for this EHR, and the panel says so."""
    now = services.clock()
    lower = choose_rung(
        services.capabilities.get(registration.issuer),
        rights(services, registration, launch).granted,
        policy=registration.write_back,
        launch_encounter=bool(launch.encounter_id),
        below=held.rung,
    )
    why = f"The EHR refused {RUNG_LABELS[held.rung]} (HTTP {refused.status})."
    with services.store.writing() as session:
        lower_ceiling(session, registration.id, lower.code, why, now)
    state = "held" if lower.code == LEDGER_ONLY else "waiting"
    queue.change_rung(services.store, held, lower.code, state=state, detail=why, now=now)
    log.warning("stepped_down", registration=registration.id, rung=lower.code, status=refused.status)


def _failed(services: Services, held: Claim, error: EhrError) -> None:
    if not isinstance(error, EhrTemporary) and not error.outcome_unknown:
        queue.set_aside(services.store, held, "attention", str(error))
        return
    unknown = held.must_search or error.outcome_unknown
    _later(services, held, _pause(held.attempts, error), unknown=unknown, detail=str(error))
    with services.store.writing() as session:
        note_failure(session, held.registration_id, services.clock())


def _later(services: Services, held: Claim, seconds: int, *, unknown: bool, detail: str) -> None:
    until = services.clock() + seconds
    queue.postpone(services.store, held, until=until, unknown=unknown, detail=detail, attempts=held.attempts + 1)


def _again(services: Services, held: Claim) -> None:
    """Soon, and not as a failed try."""
    until = services.clock() + NOT_YET_SECONDS
    queue.postpone(services.store, held, until=until, unknown=held.must_search, detail="", attempts=held.attempts)


def _pause(attempts: int, error: EhrError) -> int:
    """Seconds to the next try: what the EHR asks for, else doubling with jitter, so that workers do not march."""
    if isinstance(error, EhrBusy) and error.retry_after is not None:
        return max(1, int(error.retry_after))
    longest = min(LONGEST_PAUSE_SECONDS, 1 << min(attempts, 6))
    return max(1, round(longest * random.uniform(0.5, 1.0)))  # noqa: S311 - not a secret
