"""Owns the id_token: who signed in, as OpenID Connect and SMART's `fhirUser` say it."""

from __future__ import annotations

from typing import Any

from authlib.oidc.core.grants import OpenIDCode

from sandbox_ehr.authorization.clients import RegisteredClient
from sandbox_ehr.authorization.keys import SigningKeys
from sandbox_ehr.authorization.ledger import Authorization
from sandbox_ehr.config import SandboxConfig
from sandbox_ehr.people import People


class IdToken(OpenIDCode):  # type: ignore[misc]
    """Authlib's OpenID Connect extension with this server's keys and people."""

    def __init__(self, config: SandboxConfig, keys: SigningKeys, people: People) -> None:
        super().__init__(require_nonce=False)
        self._config = config
        self._keys = keys
        self._people = people

    def exists_nonce(self, nonce: str, request: Any) -> bool:
        """False: a nonce protects the client, and a consent page validates the same request twice."""
        del nonce, request
        return False

    def get_client_algorithm(self, client: RegisteredClient) -> str:
        """The algorithm that the client registered, else the server's."""
        return client.config.id_token_algorithm or self._config.id_token_algorithm

    def resolve_client_private_key(self, client: RegisteredClient) -> Any:
        """The key that signs for this client."""
        return self._keys.signing(self.get_client_algorithm(client))

    def get_encode_header(self, client: RegisteredClient) -> dict[str, Any]:
        """The JOSE header, with the key's id."""
        return {"alg": self.get_client_algorithm(client), "kid": self.resolve_client_private_key(client).kid}

    def get_client_claims(self, client: RegisteredClient) -> dict[str, Any]:
        """The issuer, which is the FHIR base, and the audience."""
        return {"iss": self._config.fhir_base, "aud": client.client_id}

    def generate_user_info(self, user: Authorization, scope: str) -> dict[str, Any]:
        """`sub`, and with the scope `fhirUser` or `profile` the name and the absolute URL of the Practitioner."""
        claims: dict[str, Any] = {"sub": user.user}
        if {"fhirUser", "profile"} & set(scope.split()):
            url = f"{self._config.fhir_base}/Practitioner/{user.user}"
            claims |= {"name": self._people.user(user.user).name, "fhirUser": url, "profile": url}
        return claims
