"""What the EHR really holds of ours, and whether it equals the ledger: the one invariant of delivery."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select

from ccm.months import parse_month
from fhir_mappings.codes import ENTRY_SYSTEM, MONTH_SYSTEM
from sandbox_ehr.fhir import Store as EhrStore
from smart_app.months import assessed_month
from smart_app.services import Services
from smart_app.store.registrations import get_practice
from smart_app.store.tables import DeliveryRow, EntryRow, PracticeRow

Resource = dict[str, Any]
ENCOUNTER_AND_OBSERVATION = ("Encounter", "Observation")
KINDS = ("Encounter", "Observation", "DocumentReference")


def ours(store: EhrStore, kind: str, system: str = ENTRY_SYSTEM) -> dict[str, list[Resource]]:
    """All resources of a type with an identifier of ours, by its value, those in error included."""
    found: dict[str, list[Resource]] = defaultdict(list)
    for resource in store.all(kind):
        for identifier in resource.get("identifier", []) if isinstance(resource.get("identifier"), list) else []:
            if identifier.get("system") == system:
                found[identifier["value"]].append(resource)
    return found


def standing(resources: Iterable[Resource]) -> list[Resource]:
    """Those that are not marked as entered in error."""
    return [each for each in resources if each["status"] != "entered-in-error"]


def counts(store: EhrStore, entry_id: str) -> dict[str, int]:
    """How many resources of each type stand for an entry; types without any are left out."""
    found = {kind: len(standing(ours(store, kind)[entry_id])) for kind in KINDS}
    return {kind: number for kind, number in found.items() if number}


def months(store: EhrStore) -> dict[str, list[Resource]]:
    """The totals that stand, by "patient|month"."""
    return {key: found for key, all_ in ours(store, "Observation", MONTH_SYSTEM).items() if (found := standing(all_))}


def state_of(services: Services, entry_id: str) -> tuple[str, str]:
    """The state and the detail of an entry's delivery."""
    with services.store.reading() as session:
        row = session.scalars(select(DeliveryRow).where(DeliveryRow.entry_id == entry_id)).one()
        return row.state, row.detail


def check_chart(
    services: Services, store: EhrStore, kinds: Sequence[str] = ENCOUNTER_AND_OBSERVATION, *, with_months: bool = True
) -> int:
    """Asserts that the chart tells of every entry of the ledger once, rightly, and of nothing else; returns how many.

    `kinds` are the resources by which each entry is told; `with_months`: the totals too are right and there once.
    """
    with services.store.reading() as session:
        entries = session.scalars(select(EntryRow)).all()
    known = {entry.id for entry in entries}
    for kind in KINDS:
        held = ours(store, kind)
        assert set(held) <= known, f"{kind} of no entry"
        for entry in entries:
            expected = 1 if kind in kinds and entry.voided_at is None else 0
            stand = standing(held[entry.id])
            assert len(stand) == expected, (kind, entry.id, [(each["id"], each["status"]) for each in held[entry.id]])
            for resource in stand:
                check_content(resource, entry)
    if with_months:
        check_months(services, store, entries)
    return len(entries)


def check_content(resource: Resource, entry: EntryRow) -> None:
    """Asserts patient and time of a resource."""
    assert resource["subject"]["reference"] == f"Patient/{entry.patient_id}"
    period = resource.get("effectivePeriod") or resource.get("period") or resource["context"]["period"]
    said = tuple(int(datetime.fromisoformat(period[end]).timestamp()) for end in ("start", "end"))
    assert said == (entry.start, entry.end), (resource["resourceType"], entry.id)


def check_months(services: Services, store: EhrStore, entries: Sequence[EntryRow]) -> None:
    """Asserts that each care month has one total, which says what counts now and derives from what stands."""
    totals = months(store)
    with services.store.reading() as session:
        practices = session.scalars(select(PracticeRow.id)).all()
        rows = session.scalars(select(DeliveryRow).where(DeliveryRow.month.is_not(None))).all()
        wanted = {(row.practice_id, row.patient_id, str(row.month)) for row in rows}
        for practice_id, patient, month in wanted:
            stated = totals.pop(f"{patient}|{month}", [])
            assessed = assessed_month(session, get_practice(session, practice_id), patient, parse_month(month))
            sources = [row.entry.id for row in assessed.rows if not row.entry.voided]
            if not stated:
                assert not sources, f"{month} has no total"
                continue
            assert len(stated) == 1, f"{month} has {len(stated)} totals"
            total = stated[0]
            assert total["valueQuantity"]["value"] == assessed.assessment.counted_seconds // 60, month
            held = ours(store, "Observation")
            derived = {f"Observation/{standing(held[source])[0]['id']}" for source in sources}
            assert {each["reference"] for each in total.get("derivedFrom", [])} == derived, month
    assert practices
    assert not totals, "a total of no care month"
    assert all(any(entry.patient_id == patient for entry in entries) for _, patient, _ in wanted)
