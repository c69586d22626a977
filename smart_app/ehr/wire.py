"""Owns the `requests` adapter through which everything leaves the house: FHIR, discovery and the token endpoint alike.

It refuses addresses that may not be called, ends at the deadline, bounds the answer's size while it is being
decompressed, and turns every failure into an EhrError that holds no URL.
"""

from __future__ import annotations

import http.client
import ssl
import time
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

from requests import PreparedRequest, Response
from requests.adapters import HTTPAdapter
from requests.exceptions import RequestException
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import DecodeError, HTTPError
from urllib3.exceptions import TimeoutError as HttpTimeout

from smart_app.ehr.addresses import HostTrust, split_url
from smart_app.ehr.deadline import DeadlineSocket, Exchange, connect, running, tls_context
from smart_app.ehr.errors import (
    EhrError,
    EhrNotSecure,
    EhrRedirected,
    EhrRubbish,
    EhrTimeout,
    EhrUnreachable,
    EhrUntrusted,
)

CHUNK = 64 * 1024
REDIRECTS = frozenset({301, 302, 303, 307, 308})
REQUEST_ID = "X-Request-Id"


class _Connection(HTTPConnection):
    def _new_conn(self) -> DeadlineSocket:
        return connect(self.host, self.port or self.default_port, secure=False)


class _TlsConnection(HTTPSConnection):
    def _new_conn(self) -> DeadlineSocket:
        return connect(self.host, self.port or self.default_port, secure=True)


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _TlsConnection


class DeadlineAdapter(HTTPAdapter):
    """Sends one request within `deadline` seconds in total and at most `max_bytes` of decoded answer.

    Mounted on a `requests` session it also refuses every redirect. Safe to share between threads.
    """

    def __init__(
        self, *, trusts_host: HostTrust, user_agent: str, ca_bundle: str, deadline: float, max_bytes: int
    ) -> None:
        self._trusts_host = trusts_host
        self._user_agent = user_agent
        self._ca_bundle = ca_bundle
        self._deadline = deadline
        self._max_bytes = max_bytes
        super().__init__(pool_connections=64, pool_maxsize=32)

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **pool_kwargs: Any) -> None:
        super().init_poolmanager(connections, maxsize, block, ssl_context=tls_context(self._ca_bundle), **pool_kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        """Nothing to do: the pool's own TLS context verifies, and no caller can switch that off."""

    def send(self, request: PreparedRequest, *_: Any, **__: Any) -> Response:
        """One exchange for a `requests` session; what the session says of time, TLS and proxies is not heard."""
        response = self.exchange(request, time.monotonic() + self._deadline)
        if response.status_code in REDIRECTS:
            raise EhrRedirected
        return response

    def exchange(self, request: PreparedRequest, ends: float) -> Response:
        """The whole answer, its body read, by `ends` on the monotonic clock. Raises EhrError.

        A GET on a kept-alive connection that the server has meanwhile closed is sent once more on a new one.
        """
        split_url(request.url or "")
        exchange = Exchange(ends, self._trusts_host)
        request.headers["User-Agent"] = self._user_agent
        request.headers["Accept-Encoding"] = "gzip, deflate"
        request.headers.setdefault(REQUEST_ID, str(uuid4()))
        try:
            return self._attempt(request, exchange)
        except EhrUnreachable:
            if request.method != "GET" or exchange.opened:
                raise
        return self._attempt(request, Exchange(ends, self._trusts_host))

    def _attempt(self, request: PreparedRequest, exchange: Exchange) -> Response:
        # Raised outside the handler, so that no exception whose text quotes the URL stays chained to ours.
        try:
            with running(exchange):
                response = super().send(request, stream=True, timeout=exchange.left())
                self._read(response)
                return response
        except (RequestException, HTTPError, OSError, ValueError) as error:
            failure = _named(error, exchange)
        raise failure

    def _read(self, response: Response) -> None:
        body = bytearray()
        while chunk := response.raw.read(CHUNK, decode_content=True):
            body += chunk
            if len(body) > self._max_bytes:
                response.close()
                raise EhrRubbish("The EHR's answer is too large.", outcome_unknown=True)
        response._content = bytes(body)
        response._content_consumed = True  # type: ignore[attr-defined]


def _named(error: Exception, exchange: Exchange) -> EhrError:
    causes = tuple(_causes(error))

    def caused_by(*kinds: type[BaseException]) -> bool:
        return any(isinstance(cause, kinds) for cause in causes)

    if caused_by(TimeoutError, HttpTimeout) and not caused_by(ConnectionError):
        return EhrTimeout(outcome_unknown=exchange.sent)
    if caused_by(ssl.SSLError) and not exchange.sent:
        return EhrNotSecure()
    if caused_by(ConnectionError):
        return EhrUnreachable(outcome_unknown=exchange.sent)
    if caused_by(http.client.HTTPException, DecodeError):
        return EhrRubbish(outcome_unknown=exchange.sent)
    if isinstance(error, ValueError) and not exchange.opened and not exchange.sent:
        return EhrUntrusted()
    return EhrUnreachable(outcome_unknown=exchange.sent)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
