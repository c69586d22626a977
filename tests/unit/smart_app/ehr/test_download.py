from __future__ import annotations

import gzip
import time

import pytest

from smart_app.ehr.addresses import trusting
from smart_app.ehr.download import SinkFailed, download
from smart_app.ehr.errors import EhrBusy, EhrRedirected, EhrRefused, EhrRubbish, EhrTimeout, EhrUntrusted
from smart_app.ehr.transport import Transport
from tests.unit.smart_app.ehr.raw_server import answering, dripping, hang, ok, raw_server

TRANSPORT = Transport(trusts_host=trusting("http://127.0.0.1"), deadline=5, max_bytes=1000)


def got(url: str, **options: float) -> bytes:
    found = bytearray()
    size = download(TRANSPORT, url, found.extend, headers={"Accept": "application/fhir+ndjson"}, **options)  # type: ignore[arg-type]
    assert size == len(found)
    return bytes(found)


def test_an_answer_larger_than_any_other_may_be_is_poured_out_whole() -> None:
    with raw_server(answering(ok(b"x" * 300_000))) as server:
        assert got(server.url) == b"x" * 300_000


def test_a_packed_answer_is_unpacked() -> None:
    with raw_server(answering(ok(gzip.compress(b"row\n" * 9), "Content-Encoding: gzip"))) as server:
        assert got(server.url) == b"row\n" * 9


def test_more_than_the_largest_file_is_not_taken() -> None:
    with (
        raw_server(answering(ok(gzip.compress(b"x" * 500_000), "Content-Encoding: gzip"))) as server,
        pytest.raises(EhrRubbish),
    ):
        got(server.url, largest=100_000)


@pytest.mark.parametrize(
    ("status", "error"),
    [
        ("401 No", EhrRefused),
        ("404 No", EhrRefused),
        ("429 Wait", EhrBusy),
        ("302 There", EhrRedirected),
        ("206 Part", EhrRefused),
    ],
)
def test_any_status_but_200_is_an_error_and_pours_nothing(status: str, error: type[Exception]) -> None:
    poured: list[bytes] = []
    with raw_server(answering(ok(b"{}", status=status))) as server, pytest.raises(error):
        download(TRANSPORT, server.url, poured.append, headers={})
    assert poured == []


def test_an_answer_that_is_cut_short_is_an_error() -> None:
    with (
        raw_server(answering(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nrow")) as server,
        pytest.raises(EhrRubbish),
    ):
        got(server.url)


def test_a_server_that_falls_silent_is_given_up_long_before_the_deadline() -> None:
    with raw_server(hang) as server:
        started = time.monotonic()
        with pytest.raises(EhrTimeout):
            got(server.url, silence=0.1)
        assert time.monotonic() - started < 2


def test_a_server_that_drips_is_cut_at_the_deadline() -> None:
    with (
        raw_server(dripping(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n", b"a")) as server,
        pytest.raises(EhrTimeout),
    ):
        got(server.url, deadline=0.15)


@pytest.mark.parametrize("url", ["http://ehr.example/", "https://10.0.0.1/", "https://169.254.169.254/", "ftp://a/"])
def test_an_address_that_may_not_be_called_is_not(url: str) -> None:
    with pytest.raises(EhrUntrusted):
        got(url)


def test_a_full_disk_is_not_the_ehrs_failure() -> None:
    def full(_: bytes) -> None:
        raise OSError(28, "No space left on device")

    with raw_server(answering(ok(b"row"))) as server, pytest.raises(SinkFailed) as caught:
        download(TRANSPORT, server.url, full, headers={})
    assert isinstance(caught.value.__cause__, OSError)
