from __future__ import annotations

from typing import Any

import pytest
import responses

from smart_app.ehr.errors import EhrRubbish, EhrServerError
from smart_app.ehr.transport import Transport
from smart_app.launch.discovery import OAUTH_URIS, DiscoveryCache, SmartConfiguration, discover
from tests.unit.smart_app.launch.ehr import BASE, ISSUER, JWKS_URI, TOKEN_ENDPOINT

WELL_KNOWN = f"{BASE}/.well-known/smart-configuration"
AUTHORIZE = f"{ISSUER}/authorize"
DOCUMENT: dict[str, Any] = {
    "issuer": ISSUER,
    "authorization_endpoint": AUTHORIZE,
    "token_endpoint": TOKEN_ENDPOINT,
    "jwks_uri": JWKS_URI,
    "capabilities": ["launch-ehr", "permission-v2"],
    "scopes_supported": ["openid", "launch"],
    "code_challenge_methods_supported": ["S256"],
    "token_endpoint_auth_methods_supported": ["private_key_jwt"],
    "token_endpoint_auth_signing_alg_values_supported": ["RS384"],
    "grant_types_supported": ["authorization_code"],
    "authorization_response_iss_parameter_supported": True,
}


def discovered(document: Any) -> SmartConfiguration:
    with responses.RequestsMock() as ehr:
        ehr.get(WELL_KNOWN, json=document)
        return discover(BASE, Transport())


def test_a_configuration_is_read_whole_with_an_authorization_server_on_another_host() -> None:
    assert discovered(DOCUMENT) == SmartConfiguration(
        fhir_base=BASE,
        authorization_endpoint=AUTHORIZE,
        token_endpoint=TOKEN_ENDPOINT,
        issuer=ISSUER,
        jwks_uri=JWKS_URI,
        capabilities=("launch-ehr", "permission-v2"),
        scopes_supported=("openid", "launch"),
        code_challenge_methods=("S256",),
        auth_methods=("private_key_jwt",),
        auth_signing_algorithms=("RS384",),
        grant_types=("authorization_code",),
        sends_iss=True,
    )


def test_missing_and_odd_optional_fields_read_as_absent() -> None:
    odd = {
        "capabilities": {"a": 1},
        "scopes_supported": [1, None, "openid"],
        "registration_endpoint": "http://x.example",
    }
    found = discovered(
        {"authorization_endpoint": AUTHORIZE, "token_endpoint": TOKEN_ENDPOINT, "jwks_uri": JWKS_URI} | odd
    )
    assert (found.capabilities, found.scopes_supported, found.registration_endpoint) == ((), ("openid",), "")


@pytest.mark.parametrize("name", ["authorization_endpoint", "token_endpoint", "jwks_uri"])
@pytest.mark.parametrize(
    "url",
    [
        "http://ehr.example/x",
        "/x",
        "javascript:alert(1)",
        "https://user@ehr.example/x",
        "https://ehr.example/#x",
        7,
        [],
        "",
    ],
)
def test_an_endpoint_that_is_not_an_absolute_https_url_is_refused(name: str, url: Any) -> None:
    with pytest.raises(EhrRubbish):
        discovered(DOCUMENT | {name: url})


def test_plain_http_is_accepted_on_this_very_machine_only() -> None:
    assert discovered(DOCUMENT | {"token_endpoint": "http://127.0.0.1:8001/token"}).token_endpoint
    assert discovered(DOCUMENT | {"token_endpoint": "http://localhost:8001/token"}).token_endpoint


@pytest.mark.parametrize("body", ["<html>", "[]", ""])
def test_a_document_that_is_no_json_object_is_rubbish(body: str) -> None:
    with responses.RequestsMock() as ehr:
        ehr.get(WELL_KNOWN, body=body)
        with pytest.raises(EhrRubbish):
            discover(BASE, Transport())


def test_an_older_ehr_is_discovered_by_its_capability_statement() -> None:
    uris = [{"url": "authorize", "valueUri": AUTHORIZE}, {"url": "token", "valueUri": TOKEN_ENDPOINT}]
    security = {"extension": [{"url": "urn:other"}, {"url": OAUTH_URIS, "extension": uris}]}
    with responses.RequestsMock() as ehr:
        ehr.get(WELL_KNOWN, status=404)
        ehr.get(f"{BASE}/metadata", json={"resourceType": "CapabilityStatement", "rest": [{"security": security}]})
        found = discover(BASE, Transport())
    assert found == SmartConfiguration(BASE, AUTHORIZE, TOKEN_ENDPOINT, before_smart_2=True)


def test_an_ehr_without_any_authorization_server_is_rubbish() -> None:
    with responses.RequestsMock() as ehr:
        ehr.get(WELL_KNOWN, status=404)
        ehr.get(f"{BASE}/metadata", json={"resourceType": "CapabilityStatement"})
        with pytest.raises(EhrRubbish):
            discover(BASE, Transport())


def test_keys_that_smart_does_not_name_are_looked_for_as_an_openid_provider() -> None:
    document = {name: value for name, value in DOCUMENT.items() if name != "jwks_uri"}
    with responses.RequestsMock() as ehr:
        ehr.get(WELL_KNOWN, json=document)
        ehr.get(f"{ISSUER}/.well-known/openid-configuration", json={"jwks_uri": JWKS_URI})
        assert discover(BASE, Transport()).jwks_uri == JWKS_URI
    with responses.RequestsMock() as ehr:
        ehr.get(WELL_KNOWN, json=document)
        ehr.get(f"{ISSUER}/.well-known/openid-configuration", status=404)
        assert discover(BASE, Transport()).jwks_uri == ""


def test_a_configuration_is_kept_for_its_lifetime_and_then_fetched_anew() -> None:
    clock = [0.0]
    with responses.RequestsMock() as ehr:
        ehr.get(WELL_KNOWN, json=DOCUMENT)
        ehr.get(WELL_KNOWN, json=DOCUMENT | {"issuer": "https://new.example"})
        cache = DiscoveryCache(Transport(), lifetime=600, clock=lambda: clock[0])
        assert cache.get(BASE).issuer == ISSUER
        clock[0] = 599
        assert cache.get(BASE).issuer == ISSUER
        clock[0] = 600
        assert cache.get(BASE).issuer == "https://new.example"
        assert len(ehr.calls) == 2


def test_a_failed_discovery_is_not_kept() -> None:
    with responses.RequestsMock() as ehr:
        ehr.get(WELL_KNOWN, status=500)
        ehr.get(WELL_KNOWN, json=DOCUMENT)
        cache = DiscoveryCache(Transport())
        with pytest.raises(EhrServerError):
            cache.get(BASE)
        assert cache.get(BASE).issuer == ISSUER


def test_a_configuration_turned_to_rubbish_is_not_hidden_by_the_old_one() -> None:
    clock = [0.0]
    with responses.RequestsMock() as ehr:
        ehr.get(WELL_KNOWN, json=DOCUMENT)
        ehr.get(WELL_KNOWN, json={})
        cache = DiscoveryCache(Transport(), clock=lambda: clock[0])
        cache.get(BASE)
        clock[0] = 601
        with pytest.raises(EhrRubbish):
            cache.get(BASE)
