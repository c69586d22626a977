"""Owns the sandbox's configuration: where it stands, whom it trusts, and how long its tokens live."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

PATIENTS = Path(__file__).parent / "patients"

CLIENT_AUTH_METHODS = ("client_secret_basic", "client_secret_post", "private_key_jwt", "none")
GRANT_TYPES = ("authorization_code", "refresh_token", "client_credentials")
ID_TOKEN_ALGORITHMS = ("RS256", "RS384", "ES384")


@dataclass(frozen=True, slots=True)
class Client:
    """An application registered with this EHR (RFC 7591 names).

    `scope` limits what it may be granted, "" does not limit it. `jwks_uri` is fetched over HTTP when the client
    signs an assertion; `jwks` holds the same keys inline.
    """

    client_id: str
    redirect_uris: tuple[str, ...] = ()
    name: str = ""
    auth_method: str = "none"
    client_secret: str = field(default="", repr=False)
    jwks_uri: str = ""
    jwks: Mapping[str, Any] | None = None
    scope: str = ""
    grant_types: tuple[str, ...] = ("authorization_code", "refresh_token")
    id_token_algorithm: str = ""

    def __post_init__(self) -> None:
        if self.auth_method not in CLIENT_AUTH_METHODS:
            raise ValueError(f"unknown client authentication method {self.auth_method!r}")
        if unknown := set(self.grant_types) - set(GRANT_TYPES):
            raise ValueError(f"unknown grant types {sorted(unknown)}")


@dataclass(frozen=True, slots=True)
class SandboxConfig:
    """How one sandbox EHR is set up. All lifetimes are seconds; `clock` gives POSIX seconds.

    `base_url` is the sandbox's one address (no trailing slash): `iss` is `base_url + "/fhir"`, whatever host name a
    browser used. `data` is a file or folder of Bundles or NDJSON in place of the sandbox's own patients; with
    `upstream`, the base URL of another FHIR server, nothing is loaded and every FHIR request is handed on to it.
    `withhold_scopes` and `withhold_context` name what is asked for and never granted ("patient/Encounter.cu",
    "patient"); `scope_style` "v1" or "v2" makes the server understand that form of clinical scope only.
    """

    base_url: str = "http://127.0.0.1:8001"
    app_launch_url: str = "http://localhost:8000/launch"
    app_login_url: str = "http://localhost:8000/login"
    data: Path | None = None
    profile: str = "open"
    upstream: str | None = None
    clients: tuple[Client, ...] = ()
    name: str = "Larkspur EHR"
    tenant: str = "larkspur-clinic"
    id_token_algorithm: str = "RS256"  # noqa: S105 - the name of an algorithm
    scope_style: Literal["both", "v1", "v2"] = "both"
    withhold_scopes: frozenset[str] = frozenset()
    withhold_context: frozenset[str] = frozenset()
    access_token_lifetime: int = 3600
    refresh_token_lifetime: int = 90 * 24 * 3600
    code_lifetime: int = 60
    launch_lifetime: int = 300
    clock: Callable[[], float] = time.time

    def __post_init__(self) -> None:
        if self.id_token_algorithm not in ID_TOKEN_ALGORITHMS:
            raise ValueError(f"id_token_algorithm is one of {', '.join(ID_TOKEN_ALGORITHMS)}")
        if self.base_url.endswith("/"):
            raise ValueError("base_url has no trailing slash")

    @property
    def fhir_base(self) -> str:
        """The FHIR base URL, which is `iss` of every launch and the issuer of every id_token."""
        return self.base_url + "/fhir"
