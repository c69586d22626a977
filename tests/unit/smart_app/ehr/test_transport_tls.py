from __future__ import annotations

import socket
import ssl
import time
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from smart_app.ehr.addresses import trusting
from smart_app.ehr.deadline import tls_context
from smart_app.ehr.errors import EhrNotSecure, EhrTimeout
from smart_app.ehr.transport import Transport
from tests.unit.smart_app.ehr.raw_server import RawServer, Script, answering, dripping, ok, raw_server

DEADLINE = 0.3


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key and a certificate for 127.0.0.1 that it signed itself, in one PEM file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    path.write_bytes(private + made.public_bytes(pem))
    return path


def over_tls(certificate: Path, script: Script) -> Script:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)

    def secured(connection: socket.socket, server: RawServer) -> None:
        with context.wrap_socket(connection, server_side=True) as tls:
            script(tls, server)

    return secured


def transport(ca_bundle: str, deadline: float = 5) -> Transport:
    return Transport(trusts_host=trusting("https://127.0.0.1"), ca_bundle=ca_bundle, deadline=deadline)


def test_a_certificate_that_nobody_vouches_for_is_refused_before_anything_is_sent(certificate: Path) -> None:
    with raw_server(over_tls(certificate, answering(ok(b"{}")))) as server:
        with pytest.raises(EhrNotSecure) as caught:
            transport("").request("POST", server.url.replace("http:", "https:"), body=b"{}")
        assert not caught.value.outcome_unknown
        assert server.requests == []


def test_a_clinic_may_add_its_own_certificate_authority(certificate: Path) -> None:
    with raw_server(over_tls(certificate, answering(ok(b"1"), ok(b"2")))) as server:
        ours = transport(str(certificate))
        url = server.url.replace("http:", "https:")
        assert [ours.request("GET", url).body for _ in range(2)] == [b"1", b"2"]
        assert server.connections == 1
        ours.close()


def test_a_certificate_for_another_host_is_refused(certificate: Path) -> None:
    with raw_server(over_tls(certificate, answering(ok(b"{}")))) as server:
        ours = Transport(trusts_host=trusting("https://localhost"), ca_bundle=str(certificate), deadline=2)
        with pytest.raises(EhrNotSecure):
            ours.request("GET", f"https://localhost:{server.port}")


@pytest.mark.parametrize(
    "script",
    [dripping(b"HTTP/1.1 200 OK\r\n", b"X"), dripping(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n", b"a")],
    ids=["headers", "body"],
)
def test_a_server_that_drips_through_tls_is_cut_at_the_deadline(certificate: Path, script: Script) -> None:
    with raw_server(over_tls(certificate, script)) as server:
        started = time.monotonic()
        with pytest.raises(EhrTimeout) as caught:
            transport(str(certificate), DEADLINE).request("GET", server.url.replace("http:", "https:"))
        assert time.monotonic() - started < DEADLINE + 0.5
        assert caught.value.outcome_unknown


def test_nothing_older_than_tls_1_2_is_spoken() -> None:
    assert tls_context("").minimum_version is ssl.TLSVersion.TLSv1_2
    assert tls_context("").verify_mode is ssl.CERT_REQUIRED
    assert tls_context("").check_hostname
