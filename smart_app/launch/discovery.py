"""Owns what an EHR says of its authorization server (SMART App Launch 2.2, "Conformance": .well-known).

Read from `{issuer}/.well-known/smart-configuration`, else, as before SMART 2, from the security extension of its
CapabilityStatement. Endpoints are held to be absolute HTTPS URLs; whatever else is missing or odd reads as absent.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from fhir_mappings.tolerant import line, lines, mapping, mappings, truth
from smart_app.ehr.addresses import is_callable
from smart_app.ehr.errors import EhrError, EhrRefused, EhrRubbish
from smart_app.ehr.freshness import FreshCache
from smart_app.ehr.transport import Transport

LIFETIME = 600.0
OAUTH_URIS = "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris"


@dataclass(frozen=True, slots=True)
class SmartConfiguration:
    """One EHR's authorization server.

    `fhir_base` is where it was discovered; `issuer` is what it calls itself, '' where it does not say, and need not
    be on the same host (Oracle, athena). Endpoints that are not given are ''. `before_smart_2` is true where it was
    read from the CapabilityStatement.
    """

    fhir_base: str
    authorization_endpoint: str
    token_endpoint: str
    issuer: str = ""
    jwks_uri: str = ""
    revocation_endpoint: str = ""
    introspection_endpoint: str = ""
    registration_endpoint: str = ""
    capabilities: tuple[str, ...] = ()
    scopes_supported: tuple[str, ...] = ()
    code_challenge_methods: tuple[str, ...] = ()
    auth_methods: tuple[str, ...] = ()
    auth_signing_algorithms: tuple[str, ...] = ()
    grant_types: tuple[str, ...] = ()
    sends_iss: bool = False
    before_smart_2: bool = False


class DiscoveryCache:
    """The configurations of EHRs, each fetched anew after `lifetime` seconds. Safe to share between threads."""

    def __init__(
        self, transport: Transport, *, lifetime: float = LIFETIME, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._transport = transport
        self._fresh: FreshCache[SmartConfiguration] = FreshCache(lifetime=lifetime, clock=clock)

    def get(self, issuer: str) -> SmartConfiguration:
        """The configuration of a registered issuer. Raises EhrError."""
        return self._fresh.get(issuer, lambda: discover(issuer, self._transport))


def discover(issuer: str, transport: Transport) -> SmartConfiguration:
    """Fetch the configuration of `issuer`, a FHIR base without a trailing slash. Raises EhrError."""
    try:
        document = _fetch(f"{issuer}/.well-known/smart-configuration", transport)
    except EhrRefused:
        return _from_capabilities(issuer, _fetch(f"{issuer}/metadata", transport))
    return _from_document(issuer, document, _jwks_uri(issuer, document, transport))


def _fetch(url: str, transport: Transport) -> dict[str, Any]:
    return transport.request("GET", url, headers={"Accept": "application/json"}).checked().json_object()


def _from_document(issuer: str, document: Mapping[str, Any], jwks_uri: str) -> SmartConfiguration:
    return SmartConfiguration(
        fhir_base=issuer,
        authorization_endpoint=_required(document.get("authorization_endpoint")),
        token_endpoint=_required(document.get("token_endpoint")),
        issuer=line(document.get("issuer")),
        jwks_uri=jwks_uri,
        revocation_endpoint=_optional(document.get("revocation_endpoint")),
        introspection_endpoint=_optional(document.get("introspection_endpoint")),
        registration_endpoint=_optional(document.get("registration_endpoint")),
        capabilities=lines(document.get("capabilities")),
        scopes_supported=lines(document.get("scopes_supported")),
        code_challenge_methods=lines(document.get("code_challenge_methods_supported")),
        auth_methods=lines(document.get("token_endpoint_auth_methods_supported")),
        auth_signing_algorithms=lines(document.get("token_endpoint_auth_signing_alg_values_supported")),
        grant_types=lines(document.get("grant_types_supported")),
        sends_iss=truth(document.get("authorization_response_iss_parameter_supported")),
    )


def _from_capabilities(issuer: str, statement: Mapping[str, Any]) -> SmartConfiguration:
    securities = (mapping(rest.get("security")) for rest in mappings(statement.get("rest")))
    named = [
        extension
        for security in securities
        for extension in mappings(security.get("extension"))
        if extension.get("url") == OAUTH_URIS
    ]
    uris = {line(uri.get("url")): uri.get("valueUri") for each in named for uri in mappings(each.get("extension"))}
    return SmartConfiguration(
        fhir_base=issuer,
        authorization_endpoint=_required(uris.get("authorize")),
        token_endpoint=_required(uris.get("token")),
        revocation_endpoint=_optional(uris.get("revoke")),
        introspection_endpoint=_optional(uris.get("introspect")),
        registration_endpoint=_optional(uris.get("register")),
        before_smart_2=True,
    )


def _jwks_uri(issuer: str, document: Mapping[str, Any], transport: Transport) -> str:
    """Where the keys are; a server that does not say so here may say so as an OpenID provider."""
    stated = document.get("jwks_uri")
    if stated is not None:
        return _required(stated)
    if "openid" not in lines(document.get("scopes_supported")):
        return ""
    provider = (line(document.get("issuer")) or issuer).rstrip("/")
    try:
        return _optional(_fetch(f"{provider}/.well-known/openid-configuration", transport).get("jwks_uri"))
    except EhrError:
        return ""


def _required(url: object) -> str:
    if not (found := _optional(url)):
        raise EhrRubbish("The EHR's SMART configuration lacks an endpoint, or names one that is not HTTPS.")
    return found


def _optional(url: object) -> str:
    return url if isinstance(url, str) and is_callable(url) else ""
