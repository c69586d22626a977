"""Owns the delivery of one entry: claim, credentials, search where the outcome is unknown, write, and what is learnt.

Nothing here decides twice: what the EHR accepted is kept at once, so a delivery that stops half-way goes on where it
stopped, and a resource is searched for before it is written again.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from smart_app.ehr.client import FhirClient
from smart_app.ehr.errors import EhrBusy, EhrError, EhrRefused, EhrTemporary
from smart_app.logs import log
from smart_app.months import assessed_month
from smart_app.outbox import queue
from smart_app.outbox.credentials import LaunchOver, access_token
from smart_app.outbox.filing import Filing, create, find, steps
from smart_app.registrations import Practice, Registration
from smart_app.services import Services
from smart_app.store.launches import Launch, get_launch, load_chart
from smart_app.store.ledger import filed_ids, get_entry
from smart_app.store.registrations import get_practice, get_registration

LONGEST_PAUSE_SECONDS = 60  # after an outage ends, everything is filed within two minutes
RELAUNCH_PAUSE_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class _Job:
    """All that one delivery needs."""

    held: queue.Claim
    launch: Launch
    practice: Practice
    registration: Registration
    filing: Filing


def deliver_due(services: Services, *, limit: int = 10) -> int:
    """Delivers what is due, one after another; returns how many rows were taken."""
    claims = queue.claim(services.store, services.clock(), limit=limit)
    for held in claims:
        try:
            _deliver(services, held)
        except queue.StaleClaim:
            log.warning("delivery_taken_over", delivery=held.id)
    return len(claims)


def _deliver(services: Services, held: queue.Claim) -> None:
    now = services.clock()
    try:
        _file(services, _job(services, held))
    except LaunchOver:
        queue.postpone(
            services.store,
            held,
            until=now + RELAUNCH_PAUSE_SECONDS,
            unknown=held.must_search,
            detail="Waits for Cadence to be opened again on this chart.",
        )
    except EhrTemporary as error:
        until = now + _pause(held.attempts, error)
        unknown = held.must_search or error.outcome_unknown
        queue.postpone(services.store, held, until=until, unknown=unknown, detail=str(error))
    except EhrRefused as refused:
        _refused(services, held, refused)
    except EhrError as error:
        if error.outcome_unknown:
            until = now + _pause(held.attempts, error)
            queue.postpone(services.store, held, until=until, unknown=True, detail=str(error))
        else:
            queue.need_attention(services.store, held, str(error))
    else:
        queue.finish(services.store, held, services.clock())
        log.info("entry_filed", delivery=held.id, attempts=held.attempts + 1)


def _job(services: Services, held: queue.Claim) -> _Job:
    with services.store.reading() as session:
        launch = get_launch(session, held.launch_id)
        practice = get_practice(session, launch.practice_id)
        registration = get_registration(session, practice.registration_id)
        entry = get_entry(session, held.entry_id)
        chart = load_chart(session, launch.id)
        counted = None
        if chart is not None:
            counted = assessed_month(session, practice, chart.patient, entry.start).counted_seconds(entry.id)
    filing = Filing(
        entry=entry,
        patient_id=launch.patient_id,
        launch_encounter=launch.encounter_id,
        zone=ZoneInfo(practice.timezone),
        counted_seconds=counted,
        issued=services.clock(),
    )
    return _Job(held, launch, practice, registration, filing)


def _file(services: Services, job: _Job) -> None:
    token = access_token(services, job.registration, job.launch)
    client = FhirClient(job.registration.issuer, services.transport, token)
    capabilities = services.capabilities.get(job.registration.issuer)
    with services.store.reading() as session:
        filed = filed_ids(session, job.held.entry_id)
    for resource_type, build in steps(job.held.rung):
        if resource_type in filed:
            continue
        known = find(client, capabilities, job.filing, resource_type) if job.held.must_search else None
        created = known or create(client, capabilities, job.filing, build(job.filing, filed))
        filed[resource_type] = created.id
        queue.record_filed(
            services.store,
            job.held,
            resource_type=resource_type,
            resource_id=created.id,
            version=created.version,
            now=services.clock(),
        )


def _refused(services: Services, held: queue.Claim, refused: EhrRefused) -> None:
    if refused.status == 401:
        until = services.clock() + _pause(held.attempts, refused)
        queue.postpone(services.store, held, until=until, unknown=held.must_search, detail=str(refused))
    else:
        queue.need_attention(services.store, held, str(refused))


def _pause(attempts: int, error: EhrError) -> int:
    """Seconds to the next try: what the EHR asks for, else doubling with jitter, so that workers do not march."""
    if isinstance(error, EhrBusy) and error.retry_after is not None:
        return max(1, int(error.retry_after))
    longest = min(LONGEST_PAUSE_SECONDS, 1 << min(attempts, 6))
    return max(1, round(longest * random.uniform(0.5, 1.0)))  # noqa: S311 - not a secret
