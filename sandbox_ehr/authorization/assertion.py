"""Owns private_key_jwt: a client proves itself by a signed assertion (SMART Client Authentication: Asymmetric).

RS384 and ES384; `iss` = `sub` = client id, `aud` = the token endpoint, a `jti` used once, `exp` at most five minutes
ahead, keys from the client's `jwks_uri` or inline `jwks`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import requests
from authlib.oauth2.rfc6749 import InvalidClientError
from authlib.oauth2.rfc7523 import JWTBearerClientAssertion
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import Key, KeySet

from sandbox_ehr.authorization.clients import RegisteredClient

ALGORITHMS = ["RS384", "ES384"]
LONGEST_SECONDS = 300
SKEW_SECONDS = 5
FETCH_TIMEOUT_SECONDS = 2.0
CACHE_SECONDS = 60.0


class PrivateKeyJwt(JWTBearerClientAssertion):  # type: ignore[misc]
    """Authlib's check of a client assertion, made as strict as SMART wants it."""

    CLIENT_AUTH_METHOD = "private_key_jwt"

    def __init__(self, token_endpoint: str, clock: Callable[[], float]) -> None:
        super().__init__(leeway=SKEW_SECONDS)
        self._token_endpoint = token_endpoint
        self._clock = clock
        self._lock = threading.Lock()
        self._seen: dict[str, float] = {}
        self._fetched: dict[str, tuple[float, KeySet]] = {}

    def get_audiences(self) -> list[str]:
        """The one `aud` that is accepted."""
        return [self._token_endpoint]

    def resolve_client_public_key(self, client: RegisteredClient) -> Callable[[Any], Key]:
        """A function that finds the client's key for an assertion by its `kid`."""
        return lambda token: self._key(client, token.headers().get("kid"))

    def process_assertion_claims(self, assertion: str, resolve_key: Any) -> Any:
        """The claims of a well-signed assertion; raises InvalidClientError otherwise."""
        try:
            token = jwt.decode(assertion, resolve_key, algorithms=ALGORITHMS)
        except (JoseError, ValueError, TypeError, AttributeError) as error:
            raise InvalidClientError(description="The client assertion cannot be verified.") from error
        self.verify_claims(token.claims)
        return token.claims

    def verify_claims(self, claims: dict[str, Any]) -> None:
        """Refuses an assertion that lives longer than five minutes, then checks the rest, `jti` last."""
        expires = claims.get("exp")
        if not isinstance(expires, int | float) or expires - self._clock() > LONGEST_SECONDS + SKEW_SECONDS:
            raise InvalidClientError(description="The client assertion lives longer than five minutes.")
        super().verify_claims(claims)

    def validate_jti(self, claims: dict[str, Any], jti: object) -> bool:
        """Whether this `jti` is new for the client."""
        now, key = self._clock(), f"{claims['sub']} {jti}"
        with self._lock:
            self._seen = {seen: until for seen, until in self._seen.items() if until > now}
            if key in self._seen:
                return False
            self._seen[key] = claims["exp"] + SKEW_SECONDS
            return True

    def _key(self, client: RegisteredClient, kid: object) -> Key:
        if client.config.jwks:
            key = _find(KeySet.import_key_set(dict(client.config.jwks)), kid)  # type: ignore[arg-type]
        else:
            key = _find(self._cached(client), kid) or _find(self._fetch(client), kid)
        if key is None:
            raise InvalidClientError(description="The client has no key of this kid.")
        return key

    def _cached(self, client: RegisteredClient) -> KeySet | None:
        until, keys = self._fetched.get(client.client_id, (0.0, None))
        return keys if self._clock() < until else None

    def _fetch(self, client: RegisteredClient) -> KeySet:
        try:
            answer = requests.get(client.config.jwks_uri, timeout=FETCH_TIMEOUT_SECONDS, allow_redirects=False)
            answer.raise_for_status()
            keys = KeySet.import_key_set(answer.json())
        except (requests.RequestException, JoseError, ValueError, KeyError, TypeError) as error:
            raise InvalidClientError(description="The client's keys cannot be fetched.") from error
        self._fetched[client.client_id] = (self._clock() + CACHE_SECONDS, keys)
        return keys


def _find(keys: KeySet | None, kid: object) -> Key | None:
    return next((key for key in keys.keys if key.kid == kid), None) if keys and kid else None
