"""Owns what one delivery works with: who is asked, with what right, about which patient, and what is known so far."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from fhir_mappings.capability import Capabilities
from smart_app.ehr.client import FhirClient
from smart_app.ehr.granted import Granted
from smart_app.ehr.ladder import may
from smart_app.outbox.queue import Claim, Filed, filed_resources, record_filed
from smart_app.registrations import Practice, Registration
from smart_app.services import Services
from smart_app.store.launches import Launch


class NeedsPerson(Exception):
    """What is left to do can only be done by a person in the chart; the text says what."""


class NotYet(Exception):
    """Something else must be filed first."""


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
    def launch_encounter(self) -> str:
        """The id of the encounter from which the chart was opened, or ''."""
        return self.launch.encounter_id if self.launch else ""

    def may(self, resource_type: str, interaction: str) -> bool:
        """Whether EHR and token allow an interaction, as `smart_app.ehr.ladder.may`."""
        return may(self.capabilities, self.granted, resource_type, interaction)

    def filed(self) -> list[Filed]:
        """What the chart holds for this delivery, as far as it is known."""
        return filed_resources(self.services.store, self.held)

    def keep(self, filed: Filed) -> Filed:
        """Keeps what the EHR has accepted. Raises `StaleClaim`."""
        record_filed(self.services.store, self.held, filed, self.services.clock())
        return filed
