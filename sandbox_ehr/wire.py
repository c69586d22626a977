"""Owns HTTP on the socket: a threaded HTTP/1.1 server with keep-alive that can close a connection without an answer."""

from __future__ import annotations

import io
import socket
import sys
import threading
from collections.abc import Callable, Iterable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import IO, Any, cast
from urllib.parse import unquote

from werkzeug.serving import DechunkedInput

WSGIApp = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class DropConnectionError(Exception):
    """Raised by an application to close the connection without a byte of answer."""


class Handler(BaseHTTPRequestHandler):
    """Turns one HTTP request into one WSGI call.

    The request body is read before the application runs, so that an answer given without looking at the body leaves
    the connection ready for the next request.
    """

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # headers and body travel apart; together with delayed ACK that costs 40 ms
    timeout = 60
    server: Server

    def parse_request(self) -> bool:
        """Parses the request line and headers, and sends any method to the application."""
        parsed = super().parse_request()
        if parsed:
            setattr(self, f"do_{self.command}", self.answer)
        return parsed

    def answer(self) -> None:
        """Runs the application and writes what it answers; on DropConnectionError closes instead."""
        started: list[tuple[str, list[tuple[str, str]]]] = []

        def start_response(status: str, headers: list[tuple[str, str]], _: object = None) -> None:
            started[:] = [(status, headers)]

        try:
            chunks = self.server.app(self.environ(), start_response)
            status, headers = started[0]
            self.write(status, headers, chunks)
        except DropConnectionError:
            self.close_connection = True

    def write(self, status: str, headers: list[tuple[str, str]], chunks: Iterable[bytes]) -> None:
        """Sends the answer; every answer of the application carries its Content-Length."""
        code, _, reason = status.partition(" ")
        self.send_response(int(code), reason)
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        try:
            for chunk in chunks:
                self.wfile.write(chunk)
        finally:
            close = getattr(chunks, "close", None)
            if close:
                close()

    def environ(self) -> dict[str, Any]:
        """The WSGI environment of this request (PEP 3333)."""
        path, _, query = self.path.partition("?")
        host, port = self.server.server_address[:2]
        environ: dict[str, Any] = {
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(self.body()),
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
            "wsgi.input_terminated": True,
            "SERVER_SOFTWARE": "sandbox-ehr",
            "REQUEST_METHOD": self.command,
            "SCRIPT_NAME": "",
            "PATH_INFO": unquote(path, "latin-1"),
            "QUERY_STRING": query,
            "REMOTE_ADDR": self.client_address[0],
            "SERVER_NAME": host,
            "SERVER_PORT": str(port),
            "SERVER_PROTOCOL": self.request_version,
        }
        for name, value in self.headers.items():
            key = name.upper().replace("-", "_")
            key = key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"
            environ[key] = f"{environ[key]},{value}" if key in environ else value
        return environ

    def body(self) -> bytes:
        """The whole request body."""
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            return io.BufferedReader(cast(io.RawIOBase, DechunkedInput(cast(IO[bytes], self.rfile)))).read()
        length = self.headers.get("Content-Length", "0")
        return self.rfile.read(int(length)) if length.isdigit() else b""

    def handle(self) -> None:
        """Serves one connection until either side closes it."""
        try:
            super().handle()
        except (ConnectionError, TimeoutError):
            self.close_connection = True

    def version_string(self) -> str:
        """The Server header."""
        return "sandbox-ehr"

    def log_message(self, format: str, *args: object) -> None:
        """Stays quiet: the sandbox keeps its own log, without tokens."""


class Server(ThreadingHTTPServer):
    """Serves `app` in one thread per connection; `close` ends the open ones as well."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, host: str, port: int) -> None:
        self.app: WSGIApp = _not_ready
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        super().__init__((host, port), Handler)

    @property
    def port(self) -> int:
        """The port that the server is bound to."""
        return int(self.server_address[1])

    def process_request(self, request: Any, client_address: Any) -> None:
        """Remembers the connection, then serves it in its own thread."""
        with self._lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Forgets and closes the connection."""
        with self._lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A connection that breaks is the client's affair; anything else is shown."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)

    def close(self) -> None:
        """Stops listening and ends every open connection."""
        self.server_close()
        with self._lock:
            for connection in self._open:
                try:
                    connection.shutdown(socket.SHUT_RDWR)
                except OSError:
                    continue  # closed by its own thread meanwhile


def _not_ready(_: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    start_response("503 Service Unavailable", [("Content-Length", "0")])
    return ()
