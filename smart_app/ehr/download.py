"""Owns the streamed download: an answer too large for memory, poured out piece by piece as it comes.

The same address guard, TLS and errors as every other way out; besides the total deadline, a server that falls silent
is given up after a minute, for a total that suits the largest file would let a dead one hold on for hours. Redirects
are refused: where the file is, the export's manifest says.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from uuid import uuid4

import requests
from requests import Response

from smart_app.ehr.addresses import split_url
from smart_app.ehr.answers import error_of
from smart_app.ehr.deadline import Exchange
from smart_app.ehr.errors import EhrRedirected, EhrRubbish, EhrUntrusted
from smart_app.ehr.transport import MAX_BYTES, Transport
from smart_app.ehr.wire import CHUNK, REDIRECTS, REQUEST_ID, DeadlineAdapter

DEADLINE = 2 * 3600.0
SILENCE = 60.0
LARGEST = 64 * 1024**3

Sink = Callable[[bytes], object]
"""Takes one piece of the decoded answer."""


class SinkFailed(Exception):
    """What was downloaded could not be kept; the cause is the sink's own error."""


def download(
    transport: Transport,
    url: str,
    sink: Sink,
    *,
    headers: Mapping[str, str],
    deadline: float = DEADLINE,
    silence: float = SILENCE,
    largest: int = LARGEST,
) -> int:
    """Pours the answer to a GET into `sink` and returns its decoded size in bytes.

    `deadline` and `silence` are in seconds, `largest` in bytes. Raises `SinkFailed`, or `EhrError`: after one of these
    the sink may hold a part of the answer, which is to be thrown away.
    """
    adapter = _StreamingAdapter(transport.adapter, sink, largest)
    try:
        return adapter.stream(_prepared(url, headers), time.monotonic() + deadline, silence)
    finally:
        adapter.close()


@dataclass(slots=True)
class _Stream(Exchange):
    """An exchange that also ends when nothing comes for `silence` seconds."""

    silence: float = SILENCE

    def left(self) -> float:
        return min(Exchange.left(self), self.silence)


class _StreamingAdapter(DeadlineAdapter):
    """For one download: its connection is its own, so that none of it is ever sent or poured twice."""

    def __init__(self, beside: DeadlineAdapter, sink: Sink, largest: int) -> None:
        self._sink = sink
        self._largest = largest
        self._poured = 0
        super().__init__(
            trusts_host=beside._trusts_host,
            user_agent=beside._user_agent,
            ca_bundle=beside._ca_bundle,
            deadline=DEADLINE,
            max_bytes=MAX_BYTES,
        )

    def stream(self, request: requests.PreparedRequest, ends: float, silence: float) -> int:
        request.headers["User-Agent"] = self._user_agent
        request.headers["Accept-Encoding"] = "gzip, deflate"
        request.headers[REQUEST_ID] = str(uuid4())
        response = self._attempt(request, _Stream(ends, self._trusts_host, silence=silence))
        if response.status_code in REDIRECTS:
            raise EhrRedirected
        if response.status_code != 200:
            raise error_of(response.status_code, response.headers, response.content)
        return self._poured

    def _read(self, response: Response) -> None:
        if response.status_code != 200:
            super()._read(response)
            return
        while chunk := response.raw.read(CHUNK, decode_content=True):
            self._poured += len(chunk)
            if self._poured > self._largest:
                response.close()
                raise EhrRubbish("The EHR's file is too large.")
            self._pour(chunk)
        response._content_consumed = True  # type: ignore[attr-defined]

    def _pour(self, chunk: bytes) -> None:
        try:
            self._sink(chunk)
        except OSError as error:  # a full disk is no failure of the EHR, as which it would be read further up
            raise SinkFailed from error


def _prepared(url: str, headers: Mapping[str, str]) -> requests.PreparedRequest:
    split_url(url)
    try:
        return requests.Request("GET", url, headers=dict(headers)).prepare()
    except ValueError:
        raise EhrUntrusted from None
