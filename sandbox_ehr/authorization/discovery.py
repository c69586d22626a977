"""Owns what the server says of itself: smart-configuration and the extension of its CapabilityStatement.

Source: SMART App Launch 2.2, "App Launch: Conformance" (`.well-known/smart-configuration`).
"""

from __future__ import annotations

from typing import Any

from sandbox_ehr.authorization import scopes
from sandbox_ehr.authorization.assertion import ALGORITHMS
from sandbox_ehr.config import CLIENT_AUTH_METHODS, GRANT_TYPES, ID_TOKEN_ALGORITHMS, SandboxConfig

CAPABILITIES = (
    "launch-ehr",
    "launch-standalone",
    "authorize-post",
    "client-public",
    "client-confidential-symmetric",
    "client-confidential-asymmetric",
    "sso-openid-connect",
    "context-banner",
    "context-style",
    "context-ehr-patient",
    "context-ehr-encounter",
    "context-standalone-patient",
    "permission-offline",
    "permission-online",
    "permission-patient",
    "permission-user",
)
OAUTH_URIS = "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris"


def endpoints(config: SandboxConfig) -> dict[str, str]:
    """The addresses of the authorization server by their names in smart-configuration."""
    auth = config.base_url + "/auth"
    return {
        "authorization_endpoint": f"{auth}/authorize",
        "token_endpoint": f"{auth}/token",
        "introspection_endpoint": f"{auth}/introspect",
        "revocation_endpoint": f"{auth}/revoke",
        "registration_endpoint": f"{auth}/register",
        "jwks_uri": f"{auth}/jwks.json",
    }


def smart_configuration(config: SandboxConfig) -> dict[str, Any]:
    """The document at `{iss}/.well-known/smart-configuration`; the issuer is the FHIR base itself."""
    styles = [f"permission-{style}" for style in ("v1", "v2") if config.scope_style in ("both", style)]
    return {
        "issuer": config.fhir_base,
        **endpoints(config),
        "grant_types_supported": list(GRANT_TYPES),
        "response_types_supported": ["code"],
        "scopes_supported": scopes.supported(config.scope_style),
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": list(CLIENT_AUTH_METHODS),
        "token_endpoint_auth_signing_alg_values_supported": ALGORITHMS,
        "authorization_response_iss_parameter_supported": True,
        "capabilities": [*CAPABILITIES, *styles],
    }


def openid_configuration(config: SandboxConfig) -> dict[str, Any]:
    """The same for OpenID Connect Discovery, which adds what is said of id_tokens."""
    return {
        **smart_configuration(config),
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": list(ID_TOKEN_ALGORITHMS),
    }


def smart_extension(config: SandboxConfig) -> dict[str, Any]:
    """The oauth-uris extension of CapabilityStatement.rest.security."""
    known = endpoints(config)
    names = ("authorize", "token", "introspect", "revoke", "register")
    keys = ("authorization", "token", "introspection", "revocation", "registration")
    parts = [{"url": n, "valueUri": known[f"{k}_endpoint"]} for n, k in zip(names, keys, strict=True)]
    return {"url": OAUTH_URIS, "extension": parts}
