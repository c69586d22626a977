"""Owns our signing keys towards EHRs and the assertion that they sign: `private_key_jwt`.

RFC 7523 as SMART App Launch 2.2 narrows it ("Client Authentication: Asymmetric"): RS384 or ES384, `kid` in the
header, issuer and subject the client id, audience the token endpoint, a fresh `jti`, five minutes at most.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import uuid4

from authlib.common.urls import add_params_to_qs
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeyParameters, RSAKey

ALGORITHMS: Final = ("ES384", "RS384")
LIFETIME: Final = 240
SHORTEST_MODULUS: Final = 342  # 2048 bits in base64url
ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


class UnusableKey(Exception):
    """A JWK that cannot sign an assertion; the text says why, without the key."""


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key: RS384 with RSA of 2048 bits or more, ES384 with P-384."""

    kid: str
    algorithm: str
    _key: RSAKey | ECKey = field(repr=False, compare=False)  # Authlib hashes what it is handed, keys have no hash

    @classmethod
    def from_jwk(cls, jwk: Mapping[str, Any]) -> SigningKey:
        """Read a private JWK (RFC 7517) with `alg` and, unless its thumbprint is to serve, `kid`.

        Raises UnusableKey.
        """
        algorithm = str(jwk.get("alg"))
        if algorithm not in ALGORITHMS:
            raise UnusableKey("A signing key needs the algorithm RS384 or ES384.")
        if algorithm == "RS384" and len(str(jwk.get("n"))) < SHORTEST_MODULUS:
            raise UnusableKey("RS384 needs an RSA key of 2048 bits or more.")
        try:
            key = (RSAKey if algorithm == "RS384" else ECKey).import_key(dict(jwk))
        except (JoseError, ValueError, TypeError, KeyError):
            raise UnusableKey(f"The signing key cannot be read as a key for {algorithm}.") from None
        if key.private_key is None:
            raise UnusableKey("A signing key needs its private part.")
        if isinstance(key, ECKey) and key.curve_name != "P-384":
            raise UnusableKey("ES384 needs a key on the curve P-384.")
        return cls(str(jwk.get("kid") or key.thumbprint()), algorithm, key)

    @classmethod
    def generate(cls, algorithm: str) -> SigningKey:
        """A new key for "ES384" or "RS384", whose `kid` is its thumbprint (RFC 7638)."""
        parameters: KeyParameters = {"alg": algorithm, "use": "sig"}
        key = ECKey.generate_key("P-384", parameters) if algorithm == "ES384" else RSAKey.generate_key(3072, parameters)
        return cls.from_jwk(key.as_dict(private=True))

    def sign(self, claims: Mapping[str, Any]) -> str:
        """A compact JWT of these claims."""
        header = {"alg": self.algorithm, "kid": self.kid}
        return jwt.encode(header, dict(claims), self._key, algorithms=[self.algorithm])

    def public_jwk(self) -> dict[str, Any]:
        """The public half, as it is published."""
        public = self._key.as_dict(private=False)
        described = {"kid": self.kid, "alg": self.algorithm, "use": "sig", "key_ops": ["verify"]}
        return {**public, **described}


def signing_key(jwks: Iterable[Mapping[str, Any]], algorithm: str) -> SigningKey | None:
    """The first of these private JWKs that signs with `algorithm`, or None. Raises UnusableKey."""
    return next((SigningKey.from_jwk(jwk) for jwk in jwks if jwk.get("alg") == algorithm), None)


def public_jwks(keys: Iterable[SigningKey]) -> dict[str, Any]:
    """The JWK Set to publish (RFC 7517, section 5)."""
    return {"keys": [key.public_jwk() for key in keys]}


@dataclass(frozen=True, slots=True)
class ClientAssertion:
    """Authenticates one token request; every call makes a new assertion. `now` is in POSIX seconds.

    It is a client authentication method as Authlib's `register_client_auth_method` takes one.
    """

    client_id: str
    token_endpoint: str
    key: SigningKey
    now: int

    def claims(self) -> dict[str, Any]:
        """The claims of one assertion."""
        return {
            "iss": self.client_id,
            "sub": self.client_id,
            "aud": self.token_endpoint,
            "jti": str(uuid4()),
            "iat": self.now,
            "exp": self.now + LIFETIME,
        }

    def __call__(
        self, _: object, __: str, uri: str, headers: dict[str, str], body: str
    ) -> tuple[str, dict[str, str], str]:
        assertion = [
            ("client_assertion_type", ASSERTION_TYPE),
            ("client_assertion", self.key.sign(self.claims())),
        ]
        signed: str = add_params_to_qs(body or "", assertion)
        headers["Content-Length"] = str(len(signed))
        return uri, headers, signed
