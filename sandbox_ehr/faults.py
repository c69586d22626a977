"""Owns the faults that a test asks for: which request they meet, and what they do to its answer."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any

from werkzeug.wrappers import Response

from sandbox_ehr.wire import DropConnectionError


@dataclass(slots=True)
class Fault:
    """What happens to the next `times` requests of `method` ("" for any) whose path holds `path`.

    A `path` with a `?` is compared with path and query. `times` below zero stays until cleared. `status` answers
    without doing the work. Without it the work is done, after `delay_ms`, and then `drop_response` closes the
    connection, `truncate` cuts the body in half (or to that many bytes), `trickle_ms` sends one byte in each such
    time, and `headers`, `body` (text, or JSON) and `content_type` replace those of the answer.
    """

    method: str = ""
    path: str = ""
    times: int = 1
    status: int | None = None
    delay_ms: int = 0
    drop_response: bool = False
    truncate: bool | int = False
    trickle_ms: int = 0
    headers: dict[str, str] | None = None
    body: Any = None
    content_type: str = ""

    def meets(self, method: str, path: str, query: str) -> bool:
        """Whether this fault is for that request."""
        target = f"{path}?{query}" if "?" in self.path else path
        return self.times != 0 and self.method in ("", method) and self.path in target

    def wait(self) -> None:
        """Holds the request for `delay_ms`."""
        if self.delay_ms:
            time.sleep(self.delay_ms / 1000)

    def instead(self) -> Response | None:
        """The answer given in place of the work, or None where the work is done."""
        if self.status is None:
            return None
        body = "" if self.status in (204, 304) else _default_body(self.status)
        return Response(body, self.status, content_type="application/fhir+json")

    def spoil(self, response: Response) -> Response:
        """The answer as the client gets it; raises DropConnectionError where it gets none."""
        if self.drop_response:
            raise DropConnectionError
        if self.body is not None:
            response.set_data(self.body if isinstance(self.body, str) else json.dumps(self.body))
        if self.content_type:
            response.headers["Content-Type"] = self.content_type
        for name, value in (self.headers or {}).items():
            response.headers[name] = value
        if self.truncate:
            data = response.get_data()
            response.set_data(data[: len(data) // 2 if self.truncate is True else self.truncate])
        if self.trickle_ms:
            response.response = _trickle(response.get_data(), self.trickle_ms / 1000)
        return response


def parse_fault(asked: object) -> Fault:
    """The fault that a JSON body describes; an absent field and null mean the default.

    Raises ValueError, naming the field, where it is unknown or of the wrong type.
    """
    if not isinstance(asked, dict):
        raise ValueError("a fault is a JSON object")
    known = {field.name for field in fields(Fault)}
    if unknown := set(asked) - known:
        raise ValueError(f"unknown fields {sorted(unknown)}; a fault has {sorted(known)}")
    given = {name: value for name, value in asked.items() if value is not None}
    if asked.get("times", 1) is None:
        given["times"] = -1
    for name, kind in _TYPES.items():
        if name in given and not isinstance(given[name], kind):
            raise ValueError(f"{name} is of the wrong type")
    if not 200 <= given.get("status", 200) <= 599:
        raise ValueError("status is from 200 to 599")
    return Fault(**{**given, "method": given.get("method", "").upper()})


class Faults:
    """The faults that wait for their request."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._lock = threading.Lock()

    def add(self, fault: Fault) -> None:
        """Puts a fault at the end of the queue."""
        with self._lock:
            self._faults.append(fault)

    def clear(self) -> None:
        """Forgets all faults."""
        with self._lock:
            self._faults.clear()

    def take(self, method: str, path: str, query: str) -> Fault | None:
        """The first fault that meets this request, used once, or None."""
        with self._lock:
            for fault in self._faults:
                if fault.meets(method, path, query):
                    fault.times -= 1 if fault.times > 0 else 0
                    return fault
        return None


_TYPES: dict[str, Any] = {
    "method": str,
    "path": str,
    "times": int,
    "status": int,
    "delay_ms": int,
    "drop_response": bool,
    "truncate": (bool, int),
    "trickle_ms": int,
    "headers": dict,
    "content_type": str,
}


def _default_body(status: int) -> str:
    issue = {"severity": "error", "code": "exception", "diagnostics": f"fault: {status}"}
    return json.dumps({"resourceType": "OperationOutcome", "issue": [issue]})


def _trickle(data: bytes, seconds: float) -> Iterator[bytes]:
    for i in range(len(data)):
        time.sleep(seconds)
        yield data[i : i + 1]
