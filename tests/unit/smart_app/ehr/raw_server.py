"""A TCP server that does to its client exactly what a test says, byte by byte, HTTP or not."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Script = Callable[[socket.socket, "RawServer"], None]


class RawServer:
    """Runs `script` once for each connection. `requests` are the heads it saw, `gone` is set when the test is over."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.requests: list[bytes] = []
        self.connections = 0
        self.gone = threading.Event()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"

    def serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self.listener.accept()
                self.connections += 1
                threading.Thread(target=self._run, args=(connection,), daemon=True).start()

    def _run(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            self.script(connection, self)

    def read_request(self, connection: socket.socket) -> bytes:
        """One request's head and body; b'' when the client has gone."""
        data = b""
        while b"\r\n\r\n" not in data:
            got = connection.recv(65536)
            if not got:
                return b""
            data += got
        head, _, body = data.partition(b"\r\n\r\n")
        for line in head.lower().split(b"\r\n"):
            if line.startswith(b"content-length:"):
                while len(body) < int(line.split(b":")[1]):
                    body += connection.recv(65536)
        self.requests.append(head + b"\r\n\r\n" + body)
        return self.requests[-1]


@contextmanager
def raw_server(script: Script) -> Iterator[RawServer]:
    server = RawServer(script)
    thread = threading.Thread(target=server.serve, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.gone.set()
        with contextlib.suppress(OSError):
            server.listener.shutdown(socket.SHUT_RDWR)
        server.listener.close()
        thread.join(2)


def answering(*answers: bytes) -> Script:
    """Answers the nth request of a connection with the nth of these, then closes."""

    def script(connection: socket.socket, server: RawServer) -> None:
        for answer in answers:
            if not server.read_request(connection):
                return
            connection.sendall(answer)

    return script


def dripping(head: bytes, drop: bytes) -> Script:
    """Sends `head`, then one drop every few milliseconds until the client gives up."""

    def script(connection: socket.socket, server: RawServer) -> None:
        server.read_request(connection)
        connection.sendall(head)
        while not server.gone.wait(0.01):
            connection.sendall(drop)

    return script


def hang(connection: socket.socket, server: RawServer) -> None:
    server.read_request(connection)
    server.gone.wait(5)


def silent(_: socket.socket, server: RawServer) -> None:
    server.gone.wait(5)


def reset(connection: socket.socket, server: RawServer) -> None:
    server.read_request(connection)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def ok(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body
