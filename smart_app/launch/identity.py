"""Owns who signed in: the EHR's published keys and the id_token that they must have signed.

OpenID Connect Core 1.0, section 3.1.3.7, with the algorithms fixed to asymmetric ones: a token that names "none", a
shared-secret algorithm or a key of its own is refused before any key is looked up (RFC 8725, sections 3.1 and 3.5).
"""

from __future__ import annotations

import hmac
import json
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey
from joserfc.jws import JWSRegistry
from joserfc.jwt import JWTClaimsRegistry
from joserfc.util import urlsafe_b64decode

from fhir_mappings.tolerant import line, mappings
from smart_app.ehr.addresses import is_callable, origin_of
from smart_app.ehr.errors import EhrFatal
from smart_app.ehr.freshness import FreshCache
from smart_app.ehr.transport import Transport

KEY_TYPES: Final[Mapping[str, str]] = {"RS256": "RSA", "RS384": "RSA", "ES384": "EC"}
LEEWAY: Final = 60
OLDEST: Final = 86400
LIFETIME: Final = 600.0
REFETCH_INTERVAL: Final = 60.0
MOST_KEYS: Final = 100

_KEYS_OF_ITS_OWN: Final = frozenset({"jwk", "jku", "x5u", "x5c", "crit", "b64"})
_PERSON = re.compile(
    r"(?:Practitioner|PractitionerRole|Patient|RelatedPerson|Person)/(?!\.{1,2}$)[A-Za-z0-9._~-]{1,128}"
)
_RSA_CHARACTERS = range(342, 1367)  # base64url of 2048 to 8192 bits


class IdentityRefused(EhrFatal):
    """The id_token does not prove who signed in; the text says what is wrong with it, and quotes nothing of it."""

    def __init__(self, why: str) -> None:
        super().__init__(f"The EHR's proof of who signed in was refused: {why}.")


@dataclass(frozen=True, slots=True)
class Identity:
    """Who signed in. `subject` is unique at `issuer`.

    `fhir_user` is a reference on the FHIR base ("Practitioner/123"), '' where the claim is absent or leads elsewhere;
    `fhir_user_url` is the claim as an absolute URL. `name` is one clean line, '' if the token gives none.
    """

    issuer: str
    subject: str
    fhir_user: str = ""
    fhir_user_url: str = ""
    name: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class PublishedKey:
    """One public key of an EHR that can verify what we accept; `algorithm` is '' where it is not bound to one."""

    kid: str
    algorithm: str
    key_type: str
    key: RSAKey | ECKey


Keys = tuple[PublishedKey, ...]
KeyReader = Callable[[bool], Keys]
"""Gives the EHR's keys; called with true where the kept ones did not serve, to look for new ones."""


class JwksCache:
    """The published keys of EHRs, kept for `lifetime` seconds. Safe to share between threads.

    An unknown key id has them fetched anew at most once in `interval` seconds, however many tokens name one.
    """

    def __init__(
        self,
        transport: Transport,
        *,
        lifetime: float = LIFETIME,
        interval: float = REFETCH_INTERVAL,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._transport = transport
        self._fresh: FreshCache[Keys] = FreshCache(lifetime=lifetime, interval=interval, clock=clock)

    def keys(self, jwks_uri: str, *, again: bool = False) -> Keys:
        """The keys published at `jwks_uri`. Raises EhrError."""
        return self._fresh.get(jwks_uri, lambda: self._fetch(jwks_uri), again=again)

    def reader(self, jwks_uri: str) -> KeyReader:
        """The keys published at `jwks_uri`, as `verify_id_token` asks for them."""
        return lambda again: self.keys(jwks_uri, again=again)

    def _fetch(self, jwks_uri: str) -> Keys:
        headers = {"Accept": "application/jwk-set+json, application/json"}
        return read_keys(self._transport.request("GET", jwks_uri, headers=headers).checked().json_object())


def read_keys(jwks: Mapping[str, Any]) -> Keys:
    """The keys of a JWK Set that can verify what we accept; any other is passed over (RFC 7517, section 5)."""
    return tuple(key for jwk in mappings(jwks.get("keys"))[:MOST_KEYS] if (key := _published_key(jwk)))


def verify_id_token(
    token: str, *, keys: KeyReader, issuer: str, client_id: str, nonce: str, now: int, fhir_base: str
) -> Identity:
    """Who an id_token says signed in, once all of it holds. `now` is in POSIX seconds; a minute's skew is allowed.

    Raises IdentityRefused, and EhrError where the keys cannot be fetched.
    """
    header = _header(token)
    key = _key_for(header, keys)
    try:
        registry = JWSRegistry(algorithms=[header["alg"]], strict_check_header=False)
        claims = jwt.decode(token, key.key, algorithms=[header["alg"]], registry=registry).claims
    except (JoseError, ValueError, TypeError, RecursionError):
        raise IdentityRefused("its signature does not hold") from None
    _check_claims(claims, issuer=issuer, client_id=client_id, now=now)
    _check_nonce(claims.get("nonce"), nonce)
    reference, url = _fhir_user(claims, fhir_base)
    return Identity(issuer, claims["sub"], reference, url, _name(claims))


def _header(token: str) -> dict[str, Any]:
    try:
        first, _, _ = token.split(".")
        header = json.loads(urlsafe_b64decode(first.encode("ascii")))
    except (ValueError, RecursionError):
        raise IdentityRefused("it is not a signed token") from None
    if not isinstance(header, dict):
        raise IdentityRefused("it is not a signed token")
    if not isinstance(header.get("alg"), str) or header["alg"] not in KEY_TYPES:
        raise IdentityRefused("it is not signed by an algorithm that is accepted")
    if _KEYS_OF_ITS_OWN & header.keys():
        raise IdentityRefused("it brings its own key")
    return header


def _key_for(header: Mapping[str, Any], keys: KeyReader) -> PublishedKey:
    for again in (False, True):
        fitting = [key for key in keys(again) if _fits(key, header)]
        if fitting and ("kid" in header or len(fitting) == 1):
            return fitting[0]
    raise IdentityRefused("none of the EHR's keys signed it")


def _fits(key: PublishedKey, header: Mapping[str, Any]) -> bool:
    named = "kid" not in header or key.kid == header["kid"]
    return named and key.key_type == KEY_TYPES[header["alg"]] and key.algorithm in ("", header["alg"])


def _published_key(jwk: Mapping[str, Any]) -> PublishedKey | None:
    kid, algorithm, key_type = line(jwk.get("kid")), line(jwk.get("alg")), jwk.get("kty")
    if jwk.get("use", "sig") != "sig" or (algorithm and algorithm not in KEY_TYPES):
        return None
    try:
        if key_type == "RSA" and len(jwk["n"]) in _RSA_CHARACTERS:
            rsa = RSAKey.import_key({"kty": "RSA", "n": jwk["n"], "e": jwk["e"]})
            return PublishedKey(kid, algorithm, "RSA", rsa)
        if key_type == "EC" and jwk["crv"] == "P-384":
            curve = ECKey.import_key({"kty": "EC", "crv": "P-384", "x": jwk["x"], "y": jwk["y"]})
            return PublishedKey(kid, algorithm, "EC", curve)
    except (JoseError, KeyError, ValueError, TypeError):
        return None
    return None


def _check_claims(claims: dict[str, Any], *, issuer: str, client_id: str, now: int) -> None:
    registry = JWTClaimsRegistry(
        now=now,
        leeway=LEEWAY,
        iss={"essential": True, "value": issuer},
        aud={"essential": True, "value": client_id},
        sub={"essential": True},
        exp={"essential": True},
        iat={"essential": True},
    )
    try:
        registry.validate(claims)
    except JoseError:
        raise IdentityRefused("its issuer, audience or times do not fit") from None
    if claims["iat"] < now - OLDEST or not 0 < len(line(claims["sub"])) == len(claims["sub"]) <= 255:
        raise IdentityRefused("it is too old or names nobody")
    several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
    if claims.get("azp", None if several else client_id) != client_id:
        raise IdentityRefused("it was issued to another application")


def _check_nonce(given: object, nonce: str) -> None:
    same = isinstance(given, str) and hmac.compare_digest(given.encode(errors="replace"), nonce.encode())
    if not (nonce and same):
        raise IdentityRefused("it belongs to another sign-in")


def _fhir_user(claims: Mapping[str, Any], fhir_base: str) -> tuple[str, str]:
    """Reference and URL of the fhirUser claim, or of `profile`, in which servers before SMART 2 said the same."""
    claimed = claims.get("fhirUser") or claims.get("profile")
    if not isinstance(claimed, str):
        return "", ""
    if _PERSON.fullmatch(claimed):
        return claimed, f"{fhir_base}/{claimed}"
    if not is_callable(claimed):
        return "", ""
    reference = "/".join(claimed.split("/")[-2:])
    home = claimed.removesuffix(f"/{reference}")
    ours = _PERSON.fullmatch(reference) and is_callable(home) and _same_base(home, fhir_base)
    return (reference if ours else ""), claimed


def _same_base(one: str, other: str) -> bool:
    """Whether two URLs are one FHIR base, whatever the case of the host or a default port written out."""
    return origin_of(one) == origin_of(other) and one.split("/")[3:] == other.rstrip("/").split("/")[3:]


def _name(claims: Mapping[str, Any]) -> str:
    given = " ".join(filter(None, (line(claims.get("given_name")), line(claims.get("family_name")))))
    return (line(claims.get("name")) or given)[:200]
