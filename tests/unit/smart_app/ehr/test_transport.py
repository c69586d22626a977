from __future__ import annotations

import gzip
import logging
import socket
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from smart_app.ehr.addresses import trusting
from smart_app.ehr.errors import (
    EhrRedirected,
    EhrRubbish,
    EhrTimeout,
    EhrUnreachable,
    EhrUntrusted,
)
from smart_app.ehr.transport import Transport
from tests.unit.smart_app.ehr.raw_server import RawServer, answering, dripping, hang, ok, raw_server, reset, silent

DEADLINE = 0.15
TRUSTED = trusting("http://127.0.0.1")


def transport(*, deadline: float = 5, max_bytes: int = 1_000_000) -> Transport:
    return Transport(trusts_host=TRUSTED, deadline=deadline, max_bytes=max_bytes)


def elapsed(started: float) -> float:
    return time.monotonic() - started


@pytest.mark.parametrize(
    "script",
    [
        dripping(b"HTTP/1.1 200 OK\r\n", b"X"),
        dripping(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n", b"a"),
        dripping(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\na\r\n"),
        dripping(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        hang,
    ],
    ids=["headers", "body", "chunks", "continues", "hang"],
)
def test_a_server_that_drips_or_hangs_is_cut_at_the_deadline(script: object) -> None:
    with raw_server(script) as server:  # type: ignore[arg-type]
        started = time.monotonic()
        with pytest.raises(EhrTimeout) as caught:
            transport(deadline=DEADLINE).request("GET", server.url)
        assert DEADLINE <= elapsed(started) < DEADLINE + 0.5
        assert caught.value.outcome_unknown


def test_a_tls_handshake_that_never_ends_is_cut_at_the_deadline() -> None:
    with raw_server(silent) as server:
        started = time.monotonic()
        with pytest.raises(EhrTimeout) as caught:
            transport(deadline=DEADLINE).request("POST", server.url.replace("http:", "https:"), body=b"{}")
        assert elapsed(started) < DEADLINE + 0.5
        assert not caught.value.outcome_unknown


def test_a_name_that_never_resolves_is_cut_at_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    with raw_server(hang) as server:

        def never(*_: object, **__: object) -> list[object]:
            server.gone.wait(5)
            return []

        monkeypatch.setattr(socket, "getaddrinfo", never)
        with pytest.raises(EhrTimeout) as caught:
            transport(deadline=DEADLINE).request("GET", "https://ehr.example")
        assert not caught.value.outcome_unknown


def test_one_slow_server_does_not_hold_up_another_user() -> None:
    shared = transport(deadline=5)
    with raw_server(hang) as slow, raw_server(answering(ok(b"{}"))) as quick, ThreadPoolExecutor() as pool:
        waiting = pool.submit(shared.request, "GET", slow.url, deadline=DEADLINE)
        assert shared.request("GET", quick.url).status == 200
        assert not waiting.done()
        with pytest.raises(EhrTimeout):
            waiting.result()


def test_a_refused_connection_was_surely_not_carried_out() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(EhrUnreachable) as caught:
        transport().request("POST", f"http://127.0.0.1:{port}/Observation?patient=canary", body=b"{}")
    assert not caught.value.outcome_unknown
    assert "canary" not in str(caught.value)


def test_a_reset_after_a_write_was_sent_leaves_its_outcome_unknown() -> None:
    with raw_server(reset) as server:
        with pytest.raises(EhrUnreachable) as caught:
            transport().request("POST", server.url, body=b"{}")
        assert caught.value.outcome_unknown
        assert len(server.requests) == 1


def test_an_error_is_not_chained_to_one_that_quotes_the_url() -> None:
    with raw_server(reset) as server, pytest.raises(EhrUnreachable) as caught:
        transport().request("POST", f"{server.url}/Patient?name=canary", body=b"{}")
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{",
        b"this is not HTTP at all\r\n\r\n",
        ok(b"not gzip", "Content-Encoding: gzip"),
        b"HTTP/1.1 200 OK\r\n" + b"X-Many: headers\r\n" * 200 + b"\r\n",
    ],
    ids=["truncated", "truncated chunk", "no HTTP", "bad gzip", "too many headers"],
)
def test_an_answer_that_is_no_whole_http_is_rubbish(answer: bytes) -> None:
    with raw_server(answering(answer)) as server, pytest.raises(EhrRubbish):
        transport().request("GET", server.url)


def test_an_answer_is_cut_at_its_size_limit_while_it_is_being_decompressed() -> None:
    bomb = gzip.compress(b"0" * 5_000_000)
    with raw_server(answering(ok(bomb, "Content-Encoding: gzip"))) as server, pytest.raises(EhrRubbish, match="large"):
        transport().request("GET", server.url)


def test_a_connection_is_kept_for_the_next_request_and_its_host_asked_about_once() -> None:
    asked_about: list[str] = []
    shared = Transport(trusts_host=lambda host: not asked_about.append(host), deadline=5)  # type: ignore[func-returns-value]
    with raw_server(answering(ok(b"1"), ok(b"2"))) as server:
        assert [shared.request("GET", server.url).body for _ in range(2)] == [b"1", b"2"]
        assert server.connections == 1
    assert asked_about == ["127.0.0.1"]
    shared.close()


def _closes_when_asked_again(connection: socket.socket, server: RawServer) -> None:
    server.read_request(connection)
    connection.sendall(ok(b"1"))
    server.read_request(connection)


def test_a_read_on_a_stale_connection_is_sent_once_more() -> None:
    scripts = iter([_closes_when_asked_again, answering(ok(b"2"))])

    def script(connection: socket.socket, server: RawServer) -> None:
        next(scripts)(connection, server)

    with raw_server(script) as server:
        shared = transport()
        assert [shared.request("GET", server.url).body for _ in range(2)] == [b"1", b"2"]
        assert server.connections == 2


def test_a_write_on_a_stale_connection_is_never_sent_twice() -> None:
    with raw_server(_closes_when_asked_again) as server:
        shared = transport()
        shared.request("GET", server.url)
        with pytest.raises(EhrUnreachable) as caught:
            shared.request("POST", server.url, body=b"{}")
        assert caught.value.outcome_unknown
        assert server.connections == 1


def _redirect(location: str, status: str = "302 Found") -> bytes:
    return ok(b"", f"Location: {location}", status=status)


def test_a_read_follows_redirects_within_its_origin() -> None:
    with raw_server(answering(_redirect("/b"), ok(b"here"))) as server:
        reply = transport().request("GET", f"{server.url}/a")
        assert (reply.body, reply.url) == (b"here", f"{server.url}/b")


@pytest.mark.parametrize("location", ["http://127.0.0.1:1/", "https://evil.example/", "//evil.example", "http://[", ""])
def test_a_redirect_to_another_origin_is_not_followed(location: str) -> None:
    with raw_server(answering(_redirect(location))) as server, pytest.raises(EhrRedirected):
        transport().request("GET", server.url, headers={"Authorization": "Bearer canary"})


def test_redirects_in_circles_end() -> None:
    with raw_server(answering(*[_redirect("/")] * 9)) as server:
        with pytest.raises(EhrRedirected):
            transport().request("GET", server.url)
        assert len(server.requests) == 4


def test_a_write_is_never_redirected() -> None:
    with raw_server(answering(_redirect("/b", "307 Temporary Redirect"))) as server, pytest.raises(EhrRedirected):
        transport().request("POST", server.url, body=b"{}")


@pytest.mark.parametrize(
    "url",
    [
        "http://ehr.example/fhir",
        "ftp://ehr.example",
        "//ehr.example",
        "https://user@ehr.example",
        "https://ehr.example@evil.example",
        "https://ehr.example/#x",
        "https://ehr.example\\@evil.example",
        "https://ehr.example/\r\nX: y",
        "https://",
        "https://[::1",
        "https://ehr.example:port",
        "file:///etc/passwd",
    ],
)
def test_an_address_whose_text_is_suspect_is_not_called(url: str) -> None:
    with pytest.raises(EhrUntrusted):
        transport().request("GET", url)


@pytest.mark.parametrize(
    "address",
    ["10.0.0.1", "127.0.0.1", "169.254.169.254", "192.168.1.1", "100.64.0.1", "::1", "fe80::1", "fd00:ec2::254",
     "::ffff:10.0.0.1", "64:ff9b::a00:1", "2002:a00:1::", "0.0.0.0", "224.0.0.1", "240.0.0.1"],
)  # fmt: skip
def test_a_name_that_resolves_to_a_private_address_is_not_called(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    public = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("93.184.216.34", 443))
    rebound = (family, socket.SOCK_STREAM, 6, "", (address, 443))
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [public, rebound])
    with pytest.raises(EhrUntrusted):
        transport().request("GET", "https://rebinding.example/token")


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:9", "https://127.0.0.1:9", "https://169.254.169.254/latest/meta-data"]
)
def test_a_private_literal_that_no_registration_names_is_not_called(url: str) -> None:
    with pytest.raises(EhrUntrusted):
        Transport(deadline=DEADLINE).request("GET", url)


def test_a_registered_name_may_live_in_a_private_network_but_not_where_metadata_lives(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ours = Transport(trusts_host=trusting("https://ehr.clinic.example"), deadline=DEADLINE)
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [(2, 1, 6, "", ("169.254.169.254", 443))])
    with pytest.raises(EhrUntrusted):
        ours.request("GET", "https://ehr.clinic.example/fhir")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        closed = listener.getsockname()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [(2, 1, 6, "", closed)])
    with pytest.raises(EhrUnreachable):
        ours.request("GET", "https://ehr.clinic.example/fhir")


def test_neither_proxies_nor_a_netrc_of_the_environment_play_a_part(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    netrc = tmp_path_factory.mktemp("home") / "netrc"
    netrc.write_text("machine 127.0.0.1 login canary password canary\n")
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    with raw_server(answering(ok(b"{}"))) as server:
        transport().request("GET", server.url)
        assert b"authorization" not in server.requests[0].lower()


def test_a_request_names_its_sender_and_itself() -> None:
    with raw_server(answering(ok(b"{}"), ok(b"{}"))) as server:
        shared = transport()
        ids = {shared.request("GET", server.url).request_id for _ in range(2)}
        assert len(ids) == 2
        for request, request_id in zip(server.requests, ids, strict=True):
            assert b"User-Agent: Cadence" in request
            assert any(name.encode() in request for name in ids), request_id


def test_nothing_is_logged_not_even_a_warning_with_the_url(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    broken_header = b"HTTP/1.1 200 OK\r\nbroken header\r\nContent-Length: 2\r\n\r\n{}"
    with raw_server(answering(broken_header)) as server:
        transport().request("GET", f"{server.url}/Patient?name=canary")
    assert "canary" not in caplog.text
