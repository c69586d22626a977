"""Owns the export's protocol: kicked off, waited for, its files fetched, and deleted at the end.

FHIR Bulk Data Access 2.0.0 (https://hl7.org/fhir/uv/bulkdata/STU2/export.html). An EHR may keep its files on another
host, if that is public and HTTPS; the access token goes to the FHIR base's own origin only, so an export whose files
lie elsewhere and want the token is refused.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar
from urllib.parse import urlencode, urljoin

from fhir_mappings.outcome import outcome_text
from fhir_mappings.text import shortened
from fhir_mappings.tolerant import line, mappings, truth
from smart_app.ehr.addresses import is_callable, origin_of
from smart_app.ehr.answers import Reply, read_object, wait_of
from smart_app.ehr.client import FHIR_JSON
from smart_app.ehr.download import Sink, download
from smart_app.ehr.errors import (
    EhrBusy,
    EhrError,
    EhrFatal,
    EhrRefused,
    EhrRubbish,
    EhrTemporary,
    EhrUntrusted,
)
from smart_app.ehr.transport import Transport

TYPES: Final = ("Patient", "Condition", "Encounter")
"""What is asked for: no more of a chart than decides a candidate."""
ATTEMPTS: Final = 5
FIRST_PAUSE: Final = 2.0
LONGEST_PAUSE: Final = 60.0
WAIT_SECONDS: Final = 12 * 3600.0
_GONE: Final = frozenset({404, 410})
_GATEWAYS: Final = frozenset({502, 503, 504})
T = TypeVar("T")


class ExportFailed(EhrFatal):
    """The EHR says that the export has failed, or gave something that is none."""


class ExportGone(EhrFatal):
    """The EHR does not hold the export any more: a new one must be begun."""

    text = "The EHR does not hold the export any more."


class StillPreparing(EhrTemporary):
    """The EHR has not finished the export within our patience."""

    text = "The EHR is still preparing the export."


@dataclass(frozen=True, slots=True)
class Manifest:
    """What an export came to: the addresses of its files of rows, and of what it has to say of its errors.

    `as_of` is the EHR's transactionTime, `deleted` how many files tell of resources that are no more.
    """

    as_of: str
    needs_token: bool
    files: tuple[str, ...] = field(repr=False)
    errors: tuple[str, ...] = field(repr=False)
    deleted: int = 0


@dataclass(frozen=True, slots=True)
class BulkExport:
    """One EHR's exports. `token` gives an access token that is valid for a while, `refused` hears that it is not.

    Everything raises `EhrError`. What may pass by itself is tried again; `pause` waits for some seconds, and `clock`
    is monotonic.
    """

    base: str
    transport: Transport
    token: Callable[[], str]
    refused: Callable[[], None]
    pause: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic

    def kick_off(self, *, since: str = "", group: str = "") -> str:
        """Begins an export of all patients, or of a Group's, changed since an instant; returns its status address."""
        asked = {"_type": ",".join(TYPES)} | ({"_since": since} if since else {})
        place = f"Group/{group}" if group else "Patient"
        url = f"{self.base}/{place}/$export?{urlencode(asked, safe=',')}"
        reply = self._patiently(lambda: self._ask("GET", url, FHIR_JSON, {"Prefer": "respond-async"}).checked())
        location = reply.headers.get("Content-Location", "")
        if reply.status != 202 or not location:
            raise ExportFailed("The EHR did not begin an export.")
        return self._usable(urljoin(f"{self.base}/", location))

    def wait(self, status_url: str, report: Callable[[str], None], *, limit: float = WAIT_SECONDS) -> Manifest:
        """The manifest, once the EHR has it; `report` hears how it goes on, in the EHR's own words.

        Asks as often as the EHR says. Raises `StillPreparing` after `limit` seconds, `ExportGone` or `ExportFailed`.
        """
        ends = self.clock() + limit
        own = FIRST_PAUSE
        while True:
            reply = self._status(status_url)
            if reply.status == 200:
                return self._manifest(reply)
            report(shortened(line(reply.headers.get("X-Progress")), 80))
            wait = wait_of(reply.headers.get("Retry-After", ""))
            if self.clock() >= ends:
                raise StillPreparing
            self.pause(max(own if wait is None else wait, 1.0))
            own = min(own * 1.5, LONGEST_PAUSE)

    def fetch(self, url: str, manifest: Manifest, keep: Callable[[Callable[[Sink], int]], None]) -> None:
        """Downloads a file. `keep` is called with what pours it into a sink, anew with each attempt."""
        headers = {"Accept": "application/fhir+ndjson"}

        def once() -> None:
            bearer = self._bearer(url) if manifest.needs_token else {}
            keep(lambda sink: download(self.transport, url, sink, headers={**headers, **bearer}))

        try:
            self._patiently(once, passing=(EhrTemporary, EhrRubbish))
        except EhrRefused as error:
            if error.status in _GONE or (error.status == 403 and not manifest.needs_token):  # a signed address runs out
                raise ExportGone from None
            raise

    def delete(self, status_url: str) -> bool:
        """Tells the EHR that its files are not needed any more; False where it does not take that."""
        try:
            return self._ask("DELETE", status_url, FHIR_JSON, {}).status in (200, 202, 204, 404)
        except EhrError:
            return False

    def _status(self, url: str) -> Reply:
        def once() -> Reply:
            reply = self._ask("GET", url, "application/json", {})
            if reply.status >= 500 and reply.status not in _GATEWAYS:
                raise ExportFailed(_failure(reply))
            return reply.checked()

        try:
            return self._patiently(once)
        except EhrRefused as error:
            if error.status in _GONE:
                raise ExportGone from None
            raise ExportFailed(f"The EHR refused the export (HTTP {error.status}). {error.detail}".strip()) from None

    def _manifest(self, reply: Reply) -> Manifest:
        body = reply.json_object()
        if not isinstance(body.get("output"), list):
            raise ExportFailed("The EHR's export has no list of files.")
        needs_token = truth(body.get("requiresAccessToken"))
        files = tuple(self._file(each, reply.url, needs_token) for each in mappings(body["output"]) if _is_asked(each))
        errors = tuple(self._file(each, reply.url, needs_token) for each in mappings(body.get("error")))
        return Manifest(
            line(body.get("transactionTime")), needs_token, files, errors, len(mappings(body.get("deleted")))
        )

    def _file(self, named: Mapping[str, Any], beside: str, needs_token: bool) -> str:
        url = self._usable(urljoin(beside, line(named.get("url"))))
        if needs_token and not self._is_ours(url):
            raise EhrUntrusted("The export's files lie on another host that wants our access token.")
        return url

    def _usable(self, url: str) -> str:
        if not is_callable(url) or not (self._is_ours(url) or url.startswith("https:")):
            raise EhrUntrusted("The export names an address that this installation may not call.")
        return url

    def _is_ours(self, url: str) -> bool:
        return origin_of(url) == origin_of(self.base)

    def _bearer(self, url: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token()}"} if self._is_ours(url) else {}

    def _ask(self, method: str, url: str, accept: str, headers: Mapping[str, str]) -> Reply:
        return self.transport.request(method, url, headers={"Accept": accept, **self._bearer(url), **headers})

    def _patiently(self, once: Callable[[], T], passing: tuple[type[EhrError], ...] = (EhrTemporary,)) -> T:
        """The result, tried again after what may pass: a busy or broken EHR, and a token that has run out."""
        own, renewed = FIRST_PAUSE, False
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return once()
            except EhrRefused as error:
                if error.status != 401 or renewed or attempt == ATTEMPTS:
                    raise
                self.refused()
                renewed = True
            except passing as error:
                if attempt == ATTEMPTS:
                    raise
                wait = error.retry_after if isinstance(error, EhrBusy) else None
                self.pause(own if wait is None else wait)
                own = min(own * 2, LONGEST_PAUSE)
        raise AssertionError("unreachable")


def _is_asked(named: Mapping[str, Any]) -> bool:
    return line(named.get("type")) in TYPES


def _failure(reply: Reply) -> str:
    try:
        said = outcome_text(read_object(reply.body))
    except EhrRubbish:
        said = ""
    return f"The EHR's export has failed (HTTP {reply.status}{f': {said}' if said else ''})."
