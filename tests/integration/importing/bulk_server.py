"""An EHR that serves one bulk export exactly as a test says, with a token endpoint that counts what it gives."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answer = tuple[int, dict[str, str], bytes]


def answer(status: int = 200, body: Any = b"", **headers: str) -> Answer:
    """An answer; `body` is bytes, or JSON. Underscores of header names stand for hyphens."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return status, {name.replace("_", "-"): value for name, value in headers.items()}, data


def ndjson(*rows: Any) -> Answer:
    """A file of rows."""
    return answer(200, "".join(json.dumps(row) + "\n" for row in rows).encode())


class BulkServer(ThreadingHTTPServer):
    """Answers the nth request of a path (without its query) with the nth of `answers[path]`, then the last for ever.

    `seen` are method, path with query, and bearer token of each request; `expired` are tokens that are answered 401.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.root = f"http://127.0.0.1:{self.server_address[1]}"
        self.base = f"{self.root}/fhir"
        self.answers: dict[str, list[Answer]] = {}
        self.seen: list[tuple[str, str, str]] = []
        self.expired: set[str] = set()
        self.tokens = 0
        self.lock = threading.Lock()
        self.answers["/fhir/.well-known/smart-configuration"] = [
            answer(body={"authorization_endpoint": f"{self.root}/auth", "token_endpoint": f"{self.root}/token"})
        ]
        self.answers["/fhir/Patient/$export"] = [answer(202, Content_Location=f"{self.base}/status")]

    def offers(self, *files: Answer, errors: tuple[Answer, ...] = (), **manifest: Any) -> None:
        """The export is ready, with these files."""
        output = [self._file(f"/files/{number}", each, "Patient") for number, each in enumerate(files)]
        error = [self._file(f"/errors/{number}", each, "OperationOutcome") for number, each in enumerate(errors)]
        body = {"transactionTime": "2026-11-24T14:00:00Z", "requiresAccessToken": True, "output": output}
        self.answers["/fhir/status"] = [answer(body={**body, "error": error, **manifest})]

    def asked(self, method: str = "GET", path: str = "") -> list[str]:
        """The paths of requests by a method whose path holds `path`."""
        return [seen for by, seen, _ in self.seen if by == method and path in seen]

    def _file(self, path: str, content: Answer, kind: str) -> dict[str, str]:
        self.answers[path] = [content]
        return {"type": kind, "url": f"{self.root}{path}"}


class _Handler(BaseHTTPRequestHandler):
    server: BulkServer

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self._serve()

    def do_DELETE(self) -> None:
        self._serve()

    def log_message(self, *_: object) -> None:
        """Nothing."""

    def _serve(self) -> None:
        status, headers, body = self._answer()
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def _answer(self) -> Answer:
        path, token = self.path.partition("?")[0], self.headers.get("Authorization", "").removeprefix("Bearer ")
        with self.server.lock:
            self.server.seen.append((self.command, self.path, token))
            if path == "/token":
                self.server.tokens += 1
                body = {"access_token": f"token-{self.server.tokens}", "token_type": "bearer", "expires_in": 300}
                return answer(body=body)
            if token in self.server.expired:
                return answer(401)
            if self.command == "DELETE":
                return answer(202)
            answers = self.server.answers.get(path, [answer(404)])
            return answers.pop(0) if len(answers) > 1 else answers[0]


@contextmanager
def bulk_server() -> Iterator[BulkServer]:
    """One, running."""
    server = BulkServer()
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
