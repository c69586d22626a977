"""Owns what one delivery works with: who is asked, with what right, about which patient, and what is known so far."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from fhir_mappings.capability import Capabilities
from smart_app.ehr.client import Created, FhirClient
from smart_app.ehr.granted import Granted
from smart_app.ehr.ladder import may
from smart_app.outbox.queue import Claim, Filed, StaleClaim, filed_resources, record_filed, record_stray, renew
from smart_app.registrations import Practice, Registration
from smart_app.services import Services
from smart_app.store.launches import Launch


class NeedsPerson(Exception):
    """What is left to do can only be done by a person in the chart; the text says what."""


class NotYet(Exception):
    """Something else must be filed first."""


class Doubtful(Exception):
    """The EHR says that it may have the resource already, or has another version: look again before trying again."""


class RungClosed(Exception):
    """What the launch was promised, this token or the EHR does not allow now: nothing was sent."""


class RungRefused(Exception):
    """The EHR does not let us create what it said it would (HTTP `status`)."""

    def __init__(self, resource_type: str, status: int) -> None:
        super().__init__(resource_type, status)
        self.resource_type = resource_type
        self.status = status


@dataclass(frozen=True, slots=True)
class Job:
    """One claimed delivery. `launch` is None for what was read back from a chart."""

    services: Services
    held: Claim
    registration: Registration
    practice: Practice
    launch: Launch | None
    client: FhirClient
    capabilities: Capabilities | None
    granted: Granted

    @property
    def zone(self) -> ZoneInfo:
        """The practice's time zone."""
        return ZoneInfo(self.practice.timezone)

    @property
    def identifier(self) -> str:
        """What all resources of this delivery carry: the entry's id, or patient and month, readable from the chart."""
        return self.held.entry_id or f"{self.held.patient_id}|{self.held.month}"

    @property
    def launch_encounter(self) -> str:
        """The id of the encounter from which the chart was opened, or ''."""
        return self.launch.encounter_id if self.launch else ""

    def may(self, resource_type: str, interaction: str) -> bool:
        """Whether EHR and token allow an interaction, as `smart_app.ehr.ladder.may`."""
        return may(self.capabilities, self.granted, resource_type, interaction)

    def filed(self) -> list[Filed]:
        """What the chart holds for this delivery, as far as it is known."""
        return filed_resources(self.services.store, self.held)

    def create(self, resource: Mapping[str, Any], *, condition: str | None = None) -> Created:
        """Creates a resource while the hold stands; `condition` as in `FhirClient.create`.

        Raises `StaleClaim` or `EhrError`.
        """
        renew(self.services.store, self.held, self.services.clock())
        return self.client.create(resource, if_none_exist=condition)

    def update(self, resource: Mapping[str, Any], *, version: str) -> Created:
        """Replaces `version` ('' for any) of a resource while the hold stands. Raises `StaleClaim` or `EhrError`."""
        renew(self.services.store, self.held, self.services.clock())
        return self.client.update(resource, if_match=version or None)

    def keep(self, filed: Filed) -> Filed:
        """Keeps what the EHR has accepted. Raises `StaleClaim`, having told the new holder of it."""
        now = self.services.clock()
        try:
            record_filed(self.services.store, self.held, filed, now)
        except StaleClaim:
            record_stray(self.services.store, self.held, filed, now)
            raise
        return filed
