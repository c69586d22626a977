"""Owns corrections in the chart: read what the EHR holds, change it, write it back under its version.

Where the EHR does not allow updates, the correction becomes a task for a person.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from fhir_mappings.correct import as_entered_in_error
from fhir_mappings.tolerant import line, mapping
from smart_app.ehr.errors import EhrRefused
from smart_app.outbox.job import Job, NeedsPerson
from smart_app.outbox.queue import Filed

Resource = Mapping[str, Any]
_GONE = (404, 410)
_CHANGED_MEANWHILE = (409, 412)


def mark_in_error(job: Job, filed: Sequence[Filed]) -> None:
    """Marks resources as entered in error. Raises `NeedsPerson` where the EHR does not allow it, or `EhrError`."""
    wrong = [each for each in filed if each.standing != "in_error"]
    barred = [each for each in wrong if not _may_update(job, each)]
    for each in wrong:
        if each not in barred:
            version = change(job, each, as_entered_in_error)
            job.keep(replace(each, version=version, standing="in_error"))
    if barred:
        raise NeedsPerson(f"Mark {_named(barred)} as entered in error in the chart: the EHR does not let us.")


def change(job: Job, filed: Filed, make: Callable[[Resource], Resource]) -> str:
    """Replaces a resource by what `make` makes of it; returns its new version. Raises `EhrError`.

    A resource that somebody changed meanwhile is read again; one that is gone needs no correction.
    """
    for last in (False, False, True):
        try:
            present = job.client.read(f"{filed.resource_type}/{filed.id}")
            version = line(mapping(present.get("meta")).get("versionId"))
            return job.client.update(make(present), if_match=version or None).version
        except EhrRefused as refused:
            if refused.status in _GONE:
                return filed.version
            if refused.status not in _CHANGED_MEANWHILE or last:
                raise
    raise AssertionError("the last try returns or raises")


def require_update(job: Job, filed: Filed) -> None:
    """Raises `NeedsPerson` where the EHR does not let us amend the resource."""
    if not _may_update(job, filed):
        raise NeedsPerson(f"Correct {_named([filed])} in the chart: the EHR does not let us amend it.")


def _may_update(job: Job, filed: Filed) -> bool:
    return job.may(filed.resource_type, "update") and job.may(filed.resource_type, "read")


def _named(filed: Sequence[Filed]) -> str:
    return " and ".join(f"{each.resource_type}/{each.id}" for each in filed)
