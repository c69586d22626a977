"""Owns the keys that sign id_tokens: made when first needed, published as a JWK Set, rotated on request."""

from __future__ import annotations

import secrets
import threading
from typing import Any

from joserfc.jwk import ECKey, KeySet, RSAKey

KEPT = 2


class SigningKeys:
    """The newest key of each kind signs; the one before stays published for tokens under way."""

    def __init__(self, default_algorithm: str) -> None:
        self._default = default_algorithm
        self._lock = threading.Lock()
        self._keys: dict[str, list[RSAKey | ECKey]] = {}

    def signing(self, algorithm: str) -> RSAKey | ECKey:
        """The private key that signs with this algorithm (RS256, RS384 or ES384)."""
        kind = algorithm[:2]
        with self._lock:
            if not self._keys.get(kind):
                self._keys[kind] = [_generate(kind)]
            return self._keys[kind][0]

    def rotate(self) -> None:
        """Makes a new signing key of each kind in use."""
        self.signing(self._default)
        with self._lock:
            for kind, keys in self._keys.items():
                self._keys[kind] = [_generate(kind), *keys][:KEPT]

    def jwks(self) -> dict[str, Any]:
        """The public keys as a JWK Set (RFC 7517)."""
        self.signing(self._default)
        with self._lock:
            keys = [key for kind in self._keys.values() for key in kind]
        return dict(KeySet([*keys]).as_dict(private=False))


def _generate(kind: str) -> RSAKey | ECKey:
    parameters: Any = {"kid": secrets.token_hex(8), "use": "sig"}
    if kind == "ES":
        return ECKey.generate_key("P-384", parameters)
    return RSAKey.generate_key(2048, parameters)
