"""One EHR as the tests of this folder know it: its addresses, its registration, its configuration, its keys."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from joserfc.jwk import ECKey, RSAKey
from joserfc.jws import JWSRegistry, serialize_compact

from smart_app.launch.discovery import SmartConfiguration
from smart_app.registrations import Registration

BASE = "https://ehr.example/fhir"
ISSUER = "https://login.ehr.example"
TOKEN_ENDPOINT = "https://login.ehr.example/token"
JWKS_URI = "https://login.ehr.example/jwks"
REDIRECT = "https://cadence.example/callback"
NOW = 1_795_521_600
CONFIGURATION = SmartConfiguration(BASE, "https://login.ehr.example/authorize", TOKEN_ENDPOINT, ISSUER, JWKS_URI)


def registration(**changes: Any) -> Registration:
    known = {"id": "r1", "issuer": BASE, "name": "EHR", "client_id": "cadence", "client_auth": "none"}
    return Registration(**(known | changes))


@cache
def rsa_key() -> RSAKey:
    return RSAKey.generate_key(2048, {"kid": "rsa"})


@cache
def ec_key(kid: str = "ec", curve: Any = "P-384") -> ECKey:
    return ECKey.generate_key(curve, {"kid": kid})


def jwks(*keys: RSAKey | ECKey) -> dict[str, Any]:
    return {"keys": [key.as_dict(private=False) for key in keys]}


def claims(**changes: Any) -> dict[str, Any]:
    known = {
        "iss": ISSUER,
        "aud": "cadence",
        "sub": "s1",
        "exp": NOW + 300,
        "iat": NOW,
        "nonce": "n1",
        "fhirUser": "Practitioner/1",
        "name": "Ada Adams",
    }
    return {name: value for name, value in (known | changes).items() if value is not None}


def signed(payload: dict[str, Any], key: Any = None, algorithm: str = "ES384", **header: Any) -> str:
    key = key or ec_key()
    whole = {"alg": algorithm, "kid": key.kid} | header
    protected = {name: value for name, value in whole.items() if value is not None}
    registry = JWSRegistry(algorithms=[algorithm], strict_check_header=False)
    return serialize_compact(protected, json.dumps(payload), key, registry=registry)
