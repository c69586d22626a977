"""Owns what EHRs say they allow, kept for a while: a CapabilityStatement is large and changes with releases."""

from __future__ import annotations

from fhir_mappings.capability import Capabilities, read_capabilities
from smart_app.ehr.client import FhirClient
from smart_app.ehr.errors import EhrError
from smart_app.ehr.freshness import FreshCache
from smart_app.ehr.transport import Transport

LIFETIME_SECONDS = 600.0


class CapabilitiesCache:
    """The capabilities of EHRs by FHIR base. Safe to share between threads."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._fresh: FreshCache[Capabilities] = FreshCache(lifetime=LIFETIME_SECONDS)

    def get(self, issuer: str) -> Capabilities | None:
        """What the EHR at this FHIR base allows; None where it cannot be read."""
        try:
            return self._fresh.get(issuer, lambda: self._fetch(issuer))
        except EhrError:
            return None

    def known(self, issuer: str) -> Capabilities | None:
        """What the EHR at this FHIR base was last known to allow, without asking it."""
        return self._fresh.known(issuer)

    def _fetch(self, issuer: str) -> Capabilities:
        return read_capabilities(FhirClient(issuer, self._transport).capabilities())
