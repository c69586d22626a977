"""Owns the registration: an EHR that this installation trusts, and how it is spoken to."""

from __future__ import annotations

from dataclasses import dataclass, field

CLIENT_AUTH_METHODS = ("none", "client_secret_basic", "client_secret_post", "private_key_jwt")
WRITE_BACK_POLICIES = ("best", "observation", "note", "ledger_only")


@dataclass(frozen=True, slots=True)
class Registration:
    """One trusted EHR.

    `issuer` is its FHIR base URL, compared with the launch's `iss` exactly (no trailing slash); `token_issuer`
    overrides the issuer expected of id_tokens where discovery does not say it. `client_secret` exists in memory
    only. `write_back` is the highest rung that this site's policy allows. `backend_scope` are the
    system scopes of SMART Backend Services, empty where the EHR has not granted any. `default_role` serves every user
    without a grant of their own. `frame_ancestors` are the origins that may frame the panel.
    """

    id: str
    issuer: str
    name: str
    client_id: str
    client_auth: str = "private_key_jwt"
    client_secret: str = field(default="", repr=False)
    signing_algorithm: str = "ES384"
    token_issuer: str = ""
    frame_ancestors: tuple[str, ...] = ()
    write_back: str = "best"
    backend_scope: str = ""
    default_role: str = "clinician"
    disabled: bool = False


@dataclass(frozen=True, slots=True)
class Practice:
    """The tenant: its patients, staff and set-up belong to one registration. `timezone` is an IANA name."""

    id: str
    registration_id: str
    name: str
    timezone: str
