"""Owns the rebuilding of a lost ledger: every entry and total that the charts hold is read back, page by page.

The chart is the system of record for what was delivered. It needs the registration's Backend Services, for no launch
sees all patients; without them each patient's ledger comes back when their chart is next opened.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ccm.filed import FiledEntry
from fhir_mappings.codes import CODE_SYSTEM, ENTRY_TIME, MONTH_TIME
from fhir_mappings.document import PROGRESS_NOTE
from fhir_mappings.entry import read_filed_entry
from fhir_mappings.observation import read_filed_time
from fhir_mappings.tolerant import mapping, reference_key
from smart_app.ehr.client import FhirClient
from smart_app.ehr.errors import EhrError
from smart_app.outbox.credentials import rights
from smart_app.registrations import Registration
from smart_app.services import Services
from smart_app.store.adoption import ChartOf, adopt_entries, adopt_months
from smart_app.store.registrations import first_practice

_PAGE = "500"
_AT_ONCE = 50  # ids in one search: a URL of some 2,000 characters passes everywhere
Resource = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a rebuild has come: our resources read, entries that the ledger did not have, what is missing."""

    read: int = 0
    restored: int = 0
    gaps: tuple[str, ...] = ()


def rebuild(services: Services, registration: Registration, report: Callable[[Progress], None]) -> Progress:
    """Reads back all that the EHR's charts hold of ours; may be repeated. Raises `LaunchOver` without Backend
    Services, or `EhrError`. `report` is called after each page.
    """
    client = FhirClient(registration.issuer, services.transport, lambda: rights(services, registration, None).token)
    with services.store.reading() as session:
        chart = ChartOf(first_practice(session, registration.id).id, registration.id)
    progress = Progress()
    for resources, gaps in _ours(client):
        restored = _take_in(services, chart, resources)
        progress = Progress(progress.read + len(resources), progress.restored + restored, (*progress.gaps, *gaps))
        report(progress)
    return progress


def _ours(client: FhirClient) -> Iterator[tuple[Sequence[Resource], tuple[str, ...]]]:
    """Pages of our Observations, each with the Encounters to which they point, then of notes, which carry the same
    facts where an EHR takes no Observation.
    """
    codes = ",".join(f"{CODE_SYSTEM}|{code}" for code in (ENTRY_TIME, MONTH_TIME))
    for resource_type, parameters in (
        ("Observation", {"code": codes}),
        ("DocumentReference", {"type": f"{PROGRESS_NOTE.system}|{PROGRESS_NOTE.code}"}),
    ):
        for page in client.pages(resource_type, {**parameters, "_count": _PAGE}):
            yield page.resources, tuple(gap.reason for gap in page.gaps)
            yield from _encounters(client, page.resources)


def _encounters(
    client: FhirClient, observations: Sequence[Resource]
) -> Iterator[tuple[Sequence[Resource], tuple[str, ...]]]:
    """The Encounters of Observations; whether one is ours or a visit, its own identifier says."""
    named = (reference_key(each.get("encounter")) for each in observations if each.get("resourceType") == "Observation")
    ids = [key.removeprefix("Encounter/") for key in dict.fromkeys(named) if key.startswith("Encounter/")]
    for first in range(0, len(ids), _AT_ONCE):
        some = ids[first : first + _AT_ONCE]
        try:
            found = client.search("Encounter", {"_id": ",".join(some), "_count": str(_AT_ONCE)})
        except EhrError as error:
            yield (), (f"{len(some)} encounters could not be read: {error}",)
        else:
            yield found.resources, tuple(gap.reason for gap in found.gaps)


def _take_in(services: Services, chart: ChartOf, resources: Sequence[Resource]) -> int:
    entries: list[FiledEntry] = [found for each in resources if (found := read_filed_entry(each))]
    now = services.clock()
    with services.store.writing() as session:
        restored = adopt_entries(session, chart, entries, now)
        for resource in resources:
            patient = reference_key(mapping(resource).get("subject")).removeprefix("Patient/")
            adopt_months(session, chart, patient, read_filed_time([resource]), now)
    return restored
