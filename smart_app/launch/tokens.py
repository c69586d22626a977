"""Owns the reading of a token response: tokens, scope and launch context (SMART App Launch 2.2, "Token response")."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from fhir_mappings.tolerant import line, mappings
from smart_app.ehr.addresses import is_callable
from smart_app.ehr.errors import EhrRubbish

DEFAULT_LIFETIME: Final = 300
LONGEST_LIFETIME: Final = 86400

_TOKEN = re.compile(r"[\x21-\x7e]{1,16384}")
_ID = re.compile(r"(?!\.{1,2}$)[A-Za-z0-9._~-]{1,64}")


@dataclass(frozen=True, slots=True)
class TokenResponse:
    """What a token endpoint gave. `expires_at` is in POSIX seconds; what was not given is ''.

    `patient` and `encounter` are FHIR ids; an id that no FHIR server gives reads as not given. `scope` is what was
    granted, which is what was asked for where the EHR does not say otherwise (RFC 6749, section 5.1).
    """

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    id_token: str = field(repr=False)
    expires_at: int
    scope: str
    patient: str = field(default="", repr=False)
    encounter: str = field(default="", repr=False)
    need_patient_banner: bool = True
    smart_style_url: str = ""
    tenant: str = ""
    intent: str = ""
    fhir_context: tuple[Mapping[str, Any], ...] = field(default=(), repr=False)


def read_token_response(response: Mapping[str, Any], *, asked: str, now: int) -> TokenResponse:
    """Read a token response. Raises EhrRubbish where it gives no usable bearer token."""
    if line(response.get("token_type")).lower() != "bearer":
        raise EhrRubbish("The EHR gave a token of an unknown type.")
    if not (access_token := _token(response.get("access_token"))):
        raise EhrRubbish("The EHR gave no access token.")
    return TokenResponse(
        access_token=access_token,
        refresh_token=_token(response.get("refresh_token")),
        id_token=_token(response.get("id_token")),
        expires_at=now + _lifetime(response.get("expires_in")),
        scope=line(response.get("scope")) or asked,
        patient=fhir_id(response.get("patient")),
        encounter=fhir_id(response.get("encounter")),
        need_patient_banner=response.get("need_patient_banner") not in (False, "false"),
        smart_style_url=_url(response.get("smart_style_url")),
        tenant=line(response.get("tenant"))[:200],
        intent=line(response.get("intent"))[:200],
        fhir_context=tuple(mappings(response.get("fhirContext"))[:50]),
    )


def fhir_id(value: object) -> str:
    """An id as a FHIR server gives one (https://hl7.org/fhir/R4/datatypes.html#id, and `_` and `~` besides), or ''."""
    return value if isinstance(value, str) and _ID.fullmatch(value) else ""


def _token(value: object) -> str:
    return value if isinstance(value, str) and _TOKEN.fullmatch(value) else ""


def _url(value: object) -> str:
    return value if isinstance(value, str) and is_callable(value) else ""


def _lifetime(value: object) -> int:
    """Seconds; some servers send a string. What is absent or absurd is kept short, for a refresh sets it right."""
    text = str(value)
    seconds = int(text) if re.fullmatch(r"[0-9]{1,9}", text) else DEFAULT_LIFETIME
    return min(seconds, LONGEST_LIFETIME)
