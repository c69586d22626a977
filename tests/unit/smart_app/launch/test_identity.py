from __future__ import annotations

import base64
import hmac
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import responses
from joserfc import jws

from smart_app.ehr.errors import EhrServerError
from smart_app.ehr.transport import Transport
from smart_app.launch.identity import Identity, IdentityRefused, JwksCache, KeyReader, read_keys, verify_id_token
from tests.unit.smart_app.launch.ehr import BASE, ISSUER, JWKS_URI, NOW, claims, ec_key, jwks, rsa_key, signed


def published(*keys: Any) -> KeyReader:
    found = read_keys(jwks(*(keys or (ec_key(), rsa_key()))))
    return lambda again: found


def verify(token: str, keys: KeyReader | None = None) -> Identity:
    return verify_id_token(
        token,
        keys=keys or published(),
        issuer=ISSUER,
        client_id="cadence",
        nonce="n1",
        now=NOW,
        fhir_base=BASE,
    )


def encoded(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


@pytest.mark.parametrize(("algorithm", "key"), [("ES384", ec_key()), ("RS256", rsa_key()), ("RS384", rsa_key())])
def test_a_token_by_each_accepted_algorithm_says_who_signed_in(algorithm: str, key: Any) -> None:
    assert verify(signed(claims(), key, algorithm)) == Identity(
        ISSUER, "s1", "Practitioner/1", f"{BASE}/Practitioner/1", "Ada Adams"
    )


def test_a_token_without_any_signature_is_refused() -> None:
    headers: list[Any] = [
        {"alg": "none"},
        {"alg": "None", "kid": "ec"},
        {"alg": ""},
        {"kid": "ec"},
        {"alg": ["ES384"]},
        [],
    ]
    for header in headers:
        with pytest.raises(IdentityRefused):
            verify(f"{encoded(header)}.{encoded(claims())}.")


def test_a_shared_secret_algorithm_with_the_public_key_as_secret_is_refused() -> None:
    signing_input = f"{encoded({'alg': 'HS256', 'kid': 'rsa'})}.{encoded(claims())}"
    for secret in (rsa_key().as_pem(private=False), json.dumps(jwks(rsa_key())["keys"][0]).encode()):
        mac = hmac.digest(secret, signing_input.encode(), "sha256")
        with pytest.raises(IdentityRefused):
            verify(f"{signing_input}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}")


def test_a_published_shared_secret_is_no_key() -> None:
    assert read_keys({"keys": [{"kty": "oct", "kid": "ec", "k": "c2VjcmV0"}]}) == ()


@pytest.mark.parametrize("algorithm", ["ES256", "PS256", "RS512", "EdDSA"])
def test_an_algorithm_that_is_not_listed_is_refused(algorithm: str) -> None:
    body = signed(claims()).split(".", 1)[1]
    with pytest.raises(IdentityRefused):
        verify(f"{encoded({'alg': algorithm, 'kid': 'ec'})}.{body}")


@pytest.mark.parametrize("own", ["jwk", "jku", "x5u", "x5c", "crit"])
def test_a_token_that_brings_its_own_key_is_refused(own: str) -> None:
    attacker = ec_key("attacker")
    brought = {"jwk": attacker.as_dict(private=False), "jku": JWKS_URI, "x5u": JWKS_URI, "x5c": ["x"], "crit": ["x"]}
    header = {"alg": "ES384", "kid": "ec", own: brought[own]}
    body = signed(claims(), attacker).split(".", 1)[1]
    with pytest.raises(IdentityRefused):
        verify(f"{encoded(header)}.{body}")


def test_a_token_signed_by_another_key_under_a_known_id_is_refused() -> None:
    with pytest.raises(IdentityRefused):
        verify(signed(claims(), ec_key("attacker"), kid="ec"))


def test_a_key_of_another_type_is_not_used_for_an_algorithm() -> None:
    with pytest.raises(IdentityRefused):
        verify(signed(claims(), ec_key(), kid="rsa"))


def test_a_changed_payload_breaks_the_signature() -> None:
    header, _, signature = signed(claims()).split(".")
    with pytest.raises(IdentityRefused):
        verify(f"{header}.{encoded(claims(sub='admin'))}.{signature}")


@pytest.mark.parametrize(
    "change",
    [
        {"iss": "https://evil.example"},
        {"iss": f"{ISSUER}/"},
        {"iss": None},
        {"iss": [ISSUER]},
        {"aud": "another"},
        {"aud": None},
        {"aud": []},
        {"aud": {"cadence": 1}},
        {"aud": ["cadence", "another"]},
        {"aud": ["cadence", "another"], "azp": "another"},
        {"azp": "another"},
        {"azp": 1},
        {"exp": NOW - 61},
        {"exp": None},
        {"exp": "never"},
        {"exp": True},
        {"exp": float("nan")},
        {"exp": float("inf")},
        {"iat": NOW + 61},
        {"iat": NOW - 90_000},
        {"iat": NOW * 1000},
        {"iat": None},
        {"nbf": NOW + 61},
        {"nonce": "another"},
        {"nonce": None},
        {"nonce": ""},
        {"nonce": 1},
        {"nonce": "\ud800"},
        {"sub": ""},
        {"sub": None},
        {"sub": "a\x00b"},
        {"sub": 7},
        {"sub": "s" * 256},
    ],
    ids=str,
)
def test_a_claim_that_does_not_fit_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(IdentityRefused) as caught:
        verify(signed(claims(**change)))
    assert "Ada" not in str(caught.value)


@pytest.mark.parametrize("change", [{"exp": NOW - 59}, {"iat": NOW + 59}, {"nbf": NOW + 59}, {"aud": ["cadence"]}])
def test_a_minute_of_skew_and_a_list_of_one_audience_are_accepted(change: dict[str, Any]) -> None:
    assert verify(signed(claims(**change))).subject == "s1"


def test_several_audiences_are_accepted_when_we_are_the_authorized_party() -> None:
    assert verify(signed(claims(aud=["cadence", "api"], azp="cadence"))).subject == "s1"


@pytest.mark.parametrize(
    "token",
    ["", ".", "..", "a.b.c", "a.b.c.d.e", "é.é.é", f"{encoded('alg')}.e30.e30", f"{encoded({'alg': 'ES384'})}.[.x"],
)
def test_what_is_no_token_is_refused(token: str) -> None:
    with pytest.raises(IdentityRefused):
        verify(token, published(ec_key()))


def test_a_payload_that_is_no_object_is_refused() -> None:
    for payload in (b"[]", b"{", b"\xff", b'"text"'):
        token = jws.serialize_compact({"alg": "ES384", "kid": "ec"}, payload, ec_key(), algorithms=["ES384"])
        with pytest.raises(IdentityRefused):
            verify(token)


def test_a_header_may_say_more_than_the_standard_knows() -> None:
    assert verify(signed(claims(), **{"pi.atm": "x"})).subject == "s1"


def test_a_token_without_key_id_needs_a_single_fitting_key() -> None:
    token = signed(claims(), kid=None)
    assert verify(token, published(ec_key(), rsa_key())).subject == "s1"
    with pytest.raises(IdentityRefused):
        verify(token, published(ec_key(), ec_key("other")))


@pytest.mark.parametrize(
    ("claimed", "reference", "url"),
    [
        (f"{BASE}/Practitioner/1", "Practitioner/1", f"{BASE}/Practitioner/1"),
        (
            "https://EHR.example:443/fhir/Practitioner/1",
            "Practitioner/1",
            "https://EHR.example:443/fhir/Practitioner/1",
        ),
        ("https://evil.example/fhir/Practitioner/1", "", "https://evil.example/fhir/Practitioner/1"),
        ("https://ehr.example/other/Practitioner/1", "", "https://ehr.example/other/Practitioner/1"),
        (f"{BASE}/Device/1", "", f"{BASE}/Device/1"),
        ("Device/1", "", ""),
        ("Practitioner/..", "", ""),
        ("javascript:alert(1)", "", ""),
        (7, "", ""),
        (None, "", ""),
    ],
)
def test_the_user_is_a_reference_only_on_the_ehrs_own_base(claimed: Any, reference: str, url: str) -> None:
    found = verify(signed(claims(fhirUser=claimed)))
    assert (found.fhir_user, found.fhir_user_url) == (reference, url)


def test_an_older_server_names_the_user_in_its_profile() -> None:
    assert verify(signed(claims(fhirUser=None, profile="Practitioner/9"))).fhir_user == "Practitioner/9"


def test_a_name_is_one_clean_line_of_bounded_length() -> None:
    assert verify(signed(claims(name=" A\x00d\x1ba\n Adams "))).name == "Ada Adams"
    assert len(verify(signed(claims(name="x" * 9999))).name) == 200
    assert verify(signed(claims(name=["x"], given_name="Ada", family_name="Adams"))).name == "Ada Adams"


def test_unusable_published_keys_are_passed_over() -> None:
    good = jwks(ec_key())["keys"]
    bad: list[Any] = [
        None, "x", {}, {"kty": "RSA"}, {"kty": "RSA", "n": 1, "e": 2}, {"kty": "RSA", "n": "A" * 342, "e": "!"},
        {"kty": "RSA", "n": "A" * 170, "e": "AQAB"}, {"kty": "EC", "crv": "P-384", "x": "a", "y": "b"},
        {"kty": "EC", "crv": ["P-384"]}, {"kty": ["EC"]}, {**good[0], "use": "enc"}, {**good[0], "alg": "ES256"},
        ec_key("small", "P-256").as_dict(private=False),
    ]  # fmt: skip
    assert [key.kid for key in read_keys({"keys": [*bad, *good]})] == ["ec"]
    assert read_keys({"keys": "x"}) == read_keys({}) == ()


def test_a_rotated_key_is_found_by_one_more_fetch() -> None:
    with responses.RequestsMock() as ehr:
        ehr.get(JWKS_URI, json=jwks(ec_key("old")))
        ehr.get(JWKS_URI, json=jwks(ec_key("old"), ec_key("new")))
        reader = JwksCache(Transport()).reader(JWKS_URI)
        assert verify(signed(claims(), ec_key("old")), reader).subject == "s1"
        assert verify(signed(claims(), ec_key("new")), reader).subject == "s1"
        assert len(ehr.calls) == 2


def test_a_flood_of_unknown_keys_fetches_once_in_an_interval() -> None:
    clock = [0.0]
    with responses.RequestsMock() as ehr:
        ehr.get(JWKS_URI, json=jwks(ec_key()))
        reader = JwksCache(Transport(), clock=lambda: clock[0]).reader(JWKS_URI)
        for _ in range(20):
            with pytest.raises(IdentityRefused):
                verify(signed(claims(), kid="unknown"), reader)
        assert len(ehr.calls) == 2
        assert verify(signed(claims()), reader).subject == "s1"
        clock[0] = 61
        for _ in range(20):
            with pytest.raises(IdentityRefused):
                verify(signed(claims(), kid="unknown"), reader)
        assert len(ehr.calls) == 3


def test_many_launches_at_once_share_one_fetch_and_its_failure() -> None:
    arrived = threading.Barrier(8)
    with responses.RequestsMock() as ehr:
        ehr.add_callback("GET", JWKS_URI, lambda _: (500, {}, ""))
        cache = JwksCache(Transport())

        def ask() -> None:
            arrived.wait(2)
            cache.keys(JWKS_URI)

        with ThreadPoolExecutor(8) as pool:
            failures = [future.exception() for future in [pool.submit(ask) for _ in range(8)]]
        assert all(isinstance(failure, EhrServerError) for failure in failures)


def test_kept_keys_serve_on_while_the_ehr_is_down() -> None:
    clock = [0.0]
    with responses.RequestsMock() as ehr:
        ehr.get(JWKS_URI, json=jwks(ec_key()))
        ehr.get(JWKS_URI, status=503)
        cache = JwksCache(Transport(), clock=lambda: clock[0])
        kept = cache.keys(JWKS_URI)
        clock[0] = 601
        assert cache.keys(JWKS_URI) == kept
        assert cache.keys(JWKS_URI) == kept
        assert len(ehr.calls) == 2
        clock[0] = 601 + 3600
        with pytest.raises(Exception, match="busy"):
            cache.keys(JWKS_URI)
