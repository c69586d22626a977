"""Owns corrections in the chart: read what the EHR holds, change it, write it back under its version.

Where the EHR does not allow updates, says so beforehand or only when it is asked, the correction becomes a task for a
person. What does not carry our identifier is never changed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from fhir_mappings.codes import ENTRY_SYSTEM, MONTH_SYSTEM
from fhir_mappings.correct import as_entered_in_error
from fhir_mappings.tolerant import identifier_of, line, mapping
from smart_app.ehr.errors import EhrRefused
from smart_app.outbox.job import Doubtful, Job, NeedsPerson
from smart_app.outbox.queue import Filed

Resource = Mapping[str, Any]
GONE = (404, 410)
CHANGED_MEANWHILE = (409, 412)
_SIGN_IN = 401
_TRIES = 3


def mark_in_error(job: Job, filed: Sequence[Filed]) -> None:
    """Marks resources as entered in error. Raises `NeedsPerson` where the EHR does not allow it, or `EhrError`."""
    wrong = [each for each in filed if each.standing != "in_error"]
    barred = [each for each in wrong if not _mark(job, each)]
    if barred:
        raise NeedsPerson(f"Mark {_named(barred)} as entered in error in the chart: the EHR does not let us.")


def amend(job: Job, filed: Filed, make: Callable[[Resource], Resource]) -> str | None:
    """Replaces a resource by what `make` makes of it; returns its new version, or None where it is gone.

    Raises `NeedsPerson` where the EHR does not let us, or `EhrError`.
    """
    task = f"Correct {_named([filed])} in the chart: the EHR does not let us amend it."
    if not _may_update(job, filed):
        raise NeedsPerson(task)
    try:
        return _change(job, filed, make)
    except EhrRefused as refused:
        if refused.status == _SIGN_IN:
            raise
        raise NeedsPerson(task) from None


def _mark(job: Job, filed: Filed) -> bool:
    """Marks one resource, or finds it gone; False where the EHR does not let us."""
    if not _may_update(job, filed):
        return False
    try:
        version = _change(job, filed, as_entered_in_error)
    except NeedsPerson:
        return False
    except EhrRefused as refused:
        if refused.status == _SIGN_IN:
            raise
        return False
    job.keep(replace(filed, version=version or filed.version, standing="in_error"))
    return True


def _change(job: Job, filed: Filed, make: Callable[[Resource], Resource]) -> str | None:
    """The new version, or None where the resource is gone; one that somebody changed meanwhile is read again."""
    for _ in range(_TRIES):
        try:
            present = job.client.read(f"{filed.resource_type}/{filed.id}")
            if not _is_ours(job, present):
                raise NeedsPerson(f"Correct {_named([filed])} in the chart: it no longer says that we filed it.")
            version = line(mapping(present.get("meta")).get("versionId"))
            return job.update(make(present), version=version).version
        except EhrRefused as refused:
            if refused.status in GONE:
                return None
            if refused.status not in CHANGED_MEANWHILE:
                raise
    raise Doubtful


def _is_ours(job: Job, present: Resource) -> bool:
    own = (identifier_of(present, system) for system in (ENTRY_SYSTEM, MONTH_SYSTEM))
    return job.identifier in own


def _may_update(job: Job, filed: Filed) -> bool:
    return job.may(filed.resource_type, "update") and job.may(filed.resource_type, "read")


def _named(filed: Sequence[Filed]) -> str:
    return " and ".join(f"{each.resource_type}/{each.id}" for each in filed)
