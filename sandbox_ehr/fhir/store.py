"""Owns the resources: every version of each, in memory, indexed by patient, safe to use from several threads."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from sandbox_ehr.fhir.references import Resource, patients_of


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Store:
    """Versioned resources by type and id.

    A resource that the store holds is never altered, only replaced, so readers may keep what they were given; they
    must treat it as read-only in turn. `clock` gives the time of a write (aware, UTC).
    """

    def __init__(self, clock: Callable[[], datetime] = _utc_now) -> None:
        self.lock = threading.RLock()
        self._clock = clock
        self._versions: dict[tuple[str, str], list[Resource | None]] = {}
        self._current: dict[str, dict[str, Resource]] = {}
        self._of_patient: dict[tuple[str, str], dict[str, None]] = {}
        self._journal: list[tuple[str, str]] | None = None

    def put(self, resource: Resource) -> Resource:
        """Stores the next version of a resource (it has `resourceType` and `id`) and returns it with its `meta`.

        `meta.versionId` counts from 1 and goes on over deletions; `meta.lastUpdated` is the time of the write, in
        milliseconds and UTC.
        """
        kind, id_ = str(resource["resourceType"]), str(resource["id"])
        with self.lock:
            stamp = self._clock().astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
            number = len(self._versions.get((kind, id_), ())) + 1
            given = resource.get("meta")
            meta = dict(given) if isinstance(given, dict) else {}
            meta.update(versionId=str(number), lastUpdated=stamp)
            stored = {"resourceType": kind, "id": id_, "meta": meta}
            stored.update((name, value) for name, value in resource.items() if name not in stored)
            self._append(kind, id_, stored)
            return stored

    def delete(self, kind: str, id_: str) -> bool:
        """Ends a resource; its versions stay. False where there is none to end."""
        with self.lock:
            if self.read(kind, id_) is None:
                return False
            self._append(kind, id_, None)
            return True

    def read(self, kind: str, id_: str) -> Resource | None:
        """The current version, or None where it never was or is deleted."""
        with self.lock:
            return self._current.get(kind, {}).get(id_)

    def versions(self, kind: str, id_: str) -> list[Resource | None]:
        """All versions from the first on; None stands for a deletion. Empty where the resource never was."""
        with self.lock:
            return list(self._versions.get((kind, id_), ()))

    def all(self, kind: str) -> list[Resource]:
        """The current resources of a type, in the order of their creation."""
        with self.lock:
            return list(self._current.get(kind, {}).values())

    def of_patient(self, kind: str, patient: str) -> list[Resource]:
        """The current resources of a type in one patient's compartment, in the order of their creation."""
        with self.lock:
            current = self._current.get(kind, {})
            return [current[id_] for id_ in self._of_patient.get((kind, patient), ())]

    def holds_about(self, patient: str) -> bool:
        """Whether anything but the Patient itself belongs to this patient."""
        with self.lock:
            return any(ids and kind != "Patient" for (kind, id_), ids in self._of_patient.items() if id_ == patient)

    @contextmanager
    def atomically(self) -> Iterator[None]:
        """All writes of the block or, where it raises, none; nobody reads between them. Not to be nested."""
        with self.lock:
            self._journal = []
            try:
                yield
            except BaseException:
                for kind, id_ in reversed(self._journal):
                    self._undo(kind, id_)
                raise
            finally:
                self._journal = None

    def _append(self, kind: str, id_: str, version: Resource | None) -> None:
        self._versions.setdefault((kind, id_), []).append(version)
        self._show(kind, id_, version)
        if self._journal is not None:
            self._journal.append((kind, id_))

    def _undo(self, kind: str, id_: str) -> None:
        versions = self._versions[kind, id_]
        versions.pop()
        self._show(kind, id_, versions[-1] if versions else None)
        if not versions:
            del self._versions[kind, id_]

    def _show(self, kind: str, id_: str, version: Resource | None) -> None:
        """Makes a version the current one, here and in the index by patient."""
        current = self._current.setdefault(kind, {})
        before = set(patients_of(current[id_])) if id_ in current else set()
        after = patients_of(version) if version else []
        for patient in before.difference(after):
            self._of_patient[kind, patient].pop(id_, None)
        for patient in after:
            self._of_patient.setdefault((kind, patient), {})[id_] = None
        if version is None:
            current.pop(id_, None)
        else:
            current[id_] = version
