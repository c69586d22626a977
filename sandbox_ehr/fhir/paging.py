"""Owns the pages of a search: results kept as they were found, so that writes meanwhile shift nothing."""

from __future__ import annotations

import re
import secrets
import threading
from collections import OrderedDict
from dataclasses import dataclass

from sandbox_ehr.fhir.outcome import FhirError
from sandbox_ehr.fhir.references import Resource

_KEPT = 256
_TOKEN = re.compile(r"([\w\-]+)\.([0-9]{1,9})\Z")


@dataclass(frozen=True, slots=True)
class Result:
    """One search that did not fit on a page: the type searched, all its matches, and the page size."""

    kind: str
    rows: list[Resource]
    count: int


class Pages:
    """The latest searches that did not fit on one page, under tokens that tell nothing."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._results: OrderedDict[str, Result] = OrderedDict()

    def keep(self, result: Result) -> str:
        """Keeps a result and returns the token of its second page; the oldest result gives way."""
        key = secrets.token_urlsafe(12)
        with self._lock:
            self._results[key] = result
            while len(self._results) > _KEPT:
                self._results.popitem(last=False)
        return f"{key}.{result.count}"

    def page(self, token: str) -> tuple[Result, list[Resource], str | None]:
        """The result that a token belongs to, the rows of that page, and the token of the next, if any.

        Raises FhirError 410 for a token that is unknown or no longer kept.
        """
        found = _TOKEN.match(token)
        key, start = (found[1], int(found[2])) if found else ("", 0)
        with self._lock:
            result = self._results.get(key)
        if result is None or start >= len(result.rows):
            raise FhirError(410, "expired", "this page is no longer kept: search again")
        end = start + result.count
        return result, result.rows[start:end], f"{key}.{end}" if end < len(result.rows) else None
