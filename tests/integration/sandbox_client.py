"""A bare SMART client for tests of the sandbox EHR: it sends what it is told to, right or wrong."""

from __future__ import annotations

import base64
import hashlib
import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import requests
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, RSAKey

from sandbox_ehr.config import Client
from sandbox_ehr.server import SandboxServer

REDIRECT = "http://localhost:8000/callback"
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
SCOPE = "openid fhirUser launch offline_access patient/Observation.crus patient/Encounter.crus patient/Patient.rs"

RSA = RSAKey.generate_key(2048, {"kid": "rsa-1", "use": "sig"})
EC = ECKey.generate_key("P-384", {"kid": "ec-1", "use": "sig"})
JWKS: Mapping[str, Any] = dict(KeySet([RSA, EC]).as_dict(private=False))

ALL_GRANTS = ("authorization_code", "refresh_token", "client_credentials")
CLIENTS = (
    Client("public", (REDIRECT,), name="Public app"),
    Client("basic", (REDIRECT,), auth_method="client_secret_basic", client_secret="a:b c%d"),
    Client("post", (REDIRECT,), auth_method="client_secret_post", client_secret="s3cret"),
    Client("keys", (REDIRECT,), auth_method="private_key_jwt", jwks=JWKS, grant_types=ALL_GRANTS),
)


def challenge_of(verifier: str) -> str:
    """The S256 code challenge of a verifier."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def query_of(url: str) -> dict[str, str]:
    """The query parameters of a URL."""
    return dict(parse_qsl(urlsplit(url).query))


def error_of(answer: requests.Response) -> str:
    """The OAuth error of a redirect or of a JSON answer."""
    if answer.status_code == 302:
        return query_of(answer.headers["Location"])["error"]
    assert 400 <= answer.status_code < 500, answer.text
    return str(answer.json()["error"])


class App:
    """One client at one sandbox."""

    def __init__(self, server: SandboxServer, client_id: str = "public", redirect: str = REDIRECT) -> None:
        self.server = server
        self.client_id = client_id
        self.redirect = redirect
        self.verifier = secrets.token_urlsafe(48)
        self.session = requests.Session()

    def launch(self, patient: str = "albarracin-marisol", **query: str) -> str:
        """A launch handle from the EHR's own redirect."""
        answer = self.session.get(
            f"{self.server.base_url}/launch/{patient}", params=query, allow_redirects=False, timeout=5
        )
        assert answer.status_code == 302, answer.text
        return query_of(answer.headers["Location"])["launch"]

    def request(self, **changes: str | None) -> dict[str, str]:
        """The parameters of an authorization request; None takes one out."""
        parameters: dict[str, str | None] = {}
        parameters |= {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": self.redirect,
            "scope": SCOPE,
            "state": "state-1",
            "nonce": "nonce-1",
            "aud": self.server.fhir_base,
            "code_challenge": challenge_of(self.verifier),
            "code_challenge_method": "S256",
        }
        parameters |= changes
        return {name: value for name, value in parameters.items() if value is not None}

    def authorize(self, **changes: str | None) -> requests.Response:
        """The answer to an authorization request, its redirect not followed."""
        return self.session.get(
            f"{self.server.base_url}/auth/authorize", params=self.request(**changes), allow_redirects=False, timeout=5
        )

    def code(self, **changes: str | None) -> str:
        """A code for a fresh launch of the default patient."""
        if "launch" not in changes:
            changes["launch"] = self.launch()
        answer = self.authorize(**changes)
        return query_of(answer.headers["Location"])["code"]

    def token(self, auth: Any = None, **form: str) -> requests.Response:
        """The token endpoint's answer to these form fields."""
        return self.session.post(f"{self.server.base_url}/auth/token", data=form, auth=auth, timeout=5)

    def exchange(self, code: str, auth: Any = None, **changes: str) -> requests.Response:
        """The answer to an exchange of a code."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.redirect,
            "code_verifier": self.verifier,
        }
        if auth is None:
            form["client_id"] = self.client_id
        return self.token(auth, **form | changes)

    def tokens(self, **changes: str | None) -> dict[str, Any]:
        """The token response of a whole launch."""
        answer = self.exchange(self.code(**changes))
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def refresh(self, refresh_token: str, **changes: str) -> requests.Response:
        """The answer to a refresh of a public client."""
        form = {"grant_type": "refresh_token", "refresh_token": refresh_token, "client_id": self.client_id}
        return self.token(**form | changes)

    def read(self, access_token: str, path: str = "Patient/albarracin-marisol") -> int:
        """The status of a FHIR read with that token."""
        headers = {"Authorization": f"Bearer {access_token}"}
        return self.session.get(f"{self.server.fhir_base}/{path}", headers=headers, timeout=5).status_code

    def assertion(self, key: Any = EC, algorithm: str = "ES384", **changes: Any) -> dict[str, str]:
        """The form fields of private_key_jwt; `changes` replace claims."""
        now = int(time.time())
        claims = {
            "iss": self.client_id,
            "sub": self.client_id,
            "aud": f"{self.server.base_url}/auth/token",
            "jti": secrets.token_hex(8),
            "iat": now,
            "exp": now + 300,
        } | changes
        signed = jwt.encode({"alg": algorithm, "kid": key.kid}, claims, key, algorithms=[algorithm])
        return {"client_assertion_type": ASSERTION_TYPE, "client_assertion": signed}


@contextmanager
def app_at(server: SandboxServer, client_id: str = "public", redirect: str = REDIRECT) -> Iterator[App]:
    """An App whose connections are closed afterwards."""
    app = App(server, client_id, redirect)
    try:
        yield app
    finally:
        app.session.close()
