"""Owns the total deadline of one HTTP exchange, and the sockets that keep it.

A timeout in `requests` starts anew with every received byte, so a server that sends one byte a second holds a worker
for ever. Here each read and write of a socket gets only the time that is left of the whole exchange, name resolution,
connection and TLS handshake included. An exchange lives in the thread that runs it; pooled sockets hold no state.
"""

from __future__ import annotations

import queue
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from requests.utils import DEFAULT_CA_BUNDLE_PATH

from smart_app.ehr.addresses import HostTrust, literal, may_connect
from smart_app.ehr.errors import EhrUntrusted

AddressInfo = tuple[int, int, int, str, tuple[Any, ...]]


@dataclass(slots=True)
class Exchange:
    """One request and its answer. `ends` is on the monotonic clock.

    `trusts_host` is asked, when a connection is opened, whether a host is that of a registration. `opened` tells
    whether it needed a new connection, `sent` whether any of the request was handed to the network.
    """

    ends: float
    trusts_host: HostTrust
    opened: bool = False
    sent: bool = False

    def left(self) -> float:
        """Seconds left, always more than zero. Raises TimeoutError when none are."""
        left = self.ends - time.monotonic()
        if left <= 0:
            raise TimeoutError("deadline passed")
        return left


_EXCHANGE: ContextVar[Exchange] = ContextVar("exchange")


@contextmanager
def running(exchange: Exchange) -> Iterator[None]:
    """Make this the exchange whose deadline the calling thread's sockets keep."""
    token = _EXCHANGE.set(exchange)
    try:
        yield
    finally:
        _EXCHANGE.reset(token)


class DeadlineSocket(socket.socket):
    """A plain socket whose every wait ends with the exchange."""

    def recv_into(self, buffer: Any, nbytes: int = 0, flags: int = 0) -> int:
        self.settimeout(_EXCHANGE.get().left())
        return super().recv_into(buffer, nbytes, flags)

    def sendall(self, data: Any, flags: int = 0) -> None:
        exchange = _EXCHANGE.get()
        self.settimeout(exchange.left())
        exchange.sent = True
        super().sendall(data, flags)


class DeadlineTlsSocket(ssl.SSLSocket):
    """A TLS socket whose every wait ends with the exchange; OpenSSL bounds a handshake and a record by the timeout."""

    def do_handshake(self, block: bool = False) -> None:
        self.settimeout(_EXCHANGE.get().left())
        super().do_handshake(block)

    def read(self, len: int = 1024, buffer: Any = None) -> Any:
        self.settimeout(_EXCHANGE.get().left())
        return super().read(len, buffer)

    def send(self, data: Any, flags: int = 0) -> int:
        exchange = _EXCHANGE.get()
        self.settimeout(exchange.left())
        exchange.sent = True
        return super().send(data, flags)


@lru_cache(maxsize=4)
def tls_context(ca_bundle: str) -> ssl.SSLContext:
    """TLS 1.2 or newer with verification; `ca_bundle` (a PEM file, or '') is trusted beside the public authorities."""
    context = ssl.create_default_context(cafile=DEFAULT_CA_BUNDLE_PATH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.sslsocket_class = DeadlineTlsSocket
    if ca_bundle:
        context.load_verify_locations(ca_bundle)
    return context


def connect(host: str, port: int, *, secure: bool) -> DeadlineSocket:
    """A connection to the first of the host's addresses that answers within its share of the time left.

    Raises EhrUntrusted where any of its addresses is one that may not be called, OSError or TimeoutError otherwise.
    """
    exchange = _EXCHANGE.get()
    exchange.opened = True
    trusted = exchange.trusts_host(host)
    found = _resolve(host, port, exchange.left())
    allowed = (may_connect(str(a[4][0]), host=host, secure=secure, trusted=trusted) for a in found)
    if not all(allowed):
        raise EhrUntrusted
    failure: OSError | None = None
    for tried, (family, kind, protocol, _, address) in enumerate(found):
        try:
            return _open(family, kind, protocol, address, exchange.left() / (len(found) - tried))
        except OSError as error:
            failure = error
    if isinstance(failure, TimeoutError):
        raise failure
    raise ConnectionError("no connection")  # without an errno: urllib3 goes on after a reset, as if connected


def _open(family: int, kind: int, protocol: int, address: tuple[Any, ...], within: float) -> DeadlineSocket:
    opened = DeadlineSocket(family, kind, protocol)
    try:
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        opened.settimeout(within)
        opened.connect(address)
    except BaseException:
        opened.close()
        raise
    return opened


def _resolve(host: str, port: int, within: float) -> list[AddressInfo]:
    """Resolve a name in a thread of its own, because the system's resolver knows no deadline."""
    if literal(host) is not None:
        return _look_up(host, port)
    answers: queue.SimpleQueue[list[AddressInfo] | OSError] = queue.SimpleQueue()

    def ask() -> None:
        try:
            answers.put(_look_up(host, port))
        except (OSError, UnicodeError) as error:
            answers.put(error if isinstance(error, OSError) else OSError("not a host name"))

    threading.Thread(target=ask, daemon=True, name="resolve").start()
    try:
        answer = answers.get(timeout=within)
    except queue.Empty:
        raise TimeoutError("name resolution took too long") from None
    if isinstance(answer, OSError):
        raise answer
    return answer


def _look_up(host: str, port: int) -> list[AddressInfo]:
    return list(socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM))
