from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, RSAKey

from smart_app.launch.assertion import ClientAssertion, SigningKey, UnusableKey, public_jwks, signing_key
from tests.unit.smart_app.launch.ehr import NOW, TOKEN_ENDPOINT, ec_key, rsa_key


def es384() -> SigningKey:
    return SigningKey.from_jwk({**ec_key().as_dict(private=True), "alg": "ES384"})


def rs384() -> SigningKey:
    return SigningKey.from_jwk({**rsa_key().as_dict(private=True), "alg": "RS384"})


@pytest.mark.parametrize("key", [es384(), rs384()], ids=["ES384", "RS384"])
def test_an_assertion_holds_against_the_published_keys_and_says_what_smart_asks(key: SigningKey) -> None:
    _, headers, body = ClientAssertion("cadence", TOKEN_ENDPOINT, key, NOW)(None, "POST", TOKEN_ENDPOINT, {}, "a=b")
    sent = {name: values[0] for name, values in parse_qs(body).items()}
    published = KeySet.import_key_set(public_jwks([es384(), rs384()]))  # type: ignore[arg-type]
    token = jwt.decode(sent["client_assertion"], published, algorithms=[key.algorithm])
    assert token.header == {"typ": "JWT", "alg": key.algorithm, "kid": key.kid}
    jti = token.claims.pop("jti")
    assert len(jti) >= 32
    assert token.claims == {"iss": "cadence", "sub": "cadence", "aud": TOKEN_ENDPOINT, "iat": NOW, "exp": NOW + 240}
    assert sent["client_assertion_type"] == "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    assert (sent["a"], headers["Content-Length"]) == ("b", str(len(body)))


def test_no_two_assertions_share_an_id() -> None:
    assertion = ClientAssertion("cadence", TOKEN_ENDPOINT, es384(), NOW)
    assert len({assertion.claims()["jti"] for _ in range(100)}) == 100


def test_only_the_public_half_is_published() -> None:
    for jwk in public_jwks([es384(), rs384()])["keys"]:
        assert not {"d", "p", "q", "dp", "dq", "qi"} & jwk.keys()
        assert {"kid", "alg", "use", "kty"} <= jwk.keys()


def test_a_key_never_shows_itself() -> None:
    secret = ec_key().as_dict(private=True)["d"]
    assert str(secret) not in repr(es384())


def test_a_new_key_is_named_by_its_thumbprint() -> None:
    made = SigningKey.generate("ES384")
    assert made.kid == ECKey.import_key({k: made.public_jwk()[k] for k in ("kty", "crv", "x", "y")}).thumbprint()


def test_the_key_for_an_algorithm_is_the_first_that_has_it() -> None:
    ring = [{**rsa_key().as_dict(private=True), "alg": "RS384"}, {**ec_key().as_dict(private=True), "alg": "ES384"}]
    found = signing_key(ring, "ES384")
    assert found is not None
    assert found.kid == "ec"
    assert signing_key(ring[:1], "ES384") is None


@pytest.mark.parametrize(
    "jwk",
    [
        {},
        {"alg": "HS256", "kty": "oct", "k": "x"},
        {"alg": "ES384"},
        {"alg": "ES384", "kty": "RSA"},
        {**ec_key().as_dict(private=False), "alg": "ES384"},
        {**ec_key("p256", "P-256").as_dict(private=True), "alg": "ES384"},
        {"alg": "RS384", "kty": "RSA", "n": "A" * 170, "e": "AQAB", "d": "A"},
        {**RSAKey.generate_key(2048).as_dict(private=False), "alg": "RS384"},
    ],
    ids=["empty", "HS256", "nothing", "other type", "public", "other curve", "short", "public RSA"],
)
def test_a_key_that_could_not_sign_as_smart_asks_is_refused(jwk: dict[str, Any]) -> None:
    with pytest.raises(UnusableKey):
        SigningKey.from_jwk(jwk)
