"""Owns the way out: one transport per process, shared by all launches, that asks and gets a whole answer or an error.

Nothing is logged here, and urllib3 is kept from it: its warnings and debug lines quote whole URLs, and the query of a
FHIR search names the patient. Neither cookies nor proxies nor .netrc play a part.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from urllib.parse import urljoin

import requests

from smart_app.ehr.addresses import HostTrust, origin_of
from smart_app.ehr.answers import Reply
from smart_app.ehr.errors import EhrRedirected, EhrUntrusted
from smart_app.ehr.wire import REDIRECTS, REQUEST_ID, DeadlineAdapter

DEADLINE = 10.0
MAX_BYTES = 20 * 1024 * 1024
MAX_REDIRECTS = 3

logging.getLogger("urllib3").setLevel(logging.ERROR)


def user_agent() -> str:
    """The name that we call ourselves by, as "Cadence/0.1.0"."""
    try:
        return f"Cadence/{version('cadence-ccm')}"
    except PackageNotFoundError:
        return "Cadence"


class Transport:
    """Sends requests within a total deadline. Safe to share between threads; connections are kept and reused.

    `trusts_host` says of a host name whether it is that of a registration: only such hosts may have private
    addresses. `ca_bundle` is a PEM file of further certificate authorities. `deadline` is in seconds, `max_bytes`
    counts the decompressed answer.
    """

    def __init__(
        self,
        *,
        trusts_host: HostTrust = lambda _: False,
        ca_bundle: str = "",
        deadline: float = DEADLINE,
        max_bytes: int = MAX_BYTES,
    ) -> None:
        self.deadline = deadline
        self.adapter = DeadlineAdapter(
            trusts_host=trusts_host,
            user_agent=user_agent(),
            ca_bundle=ca_bundle,
            deadline=deadline,
            max_bytes=max_bytes,
        )

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        deadline: float | None = None,
    ) -> Reply:
        """The answer, whatever its status. `deadline` (seconds) may only shorten the transport's own.

        A GET follows up to three redirects within its origin; anything else that redirects raises EhrRedirected.
        Raises EhrError.
        """
        ends = time.monotonic() + min(self.deadline, deadline if deadline is not None else self.deadline)
        for _ in range(MAX_REDIRECTS + 1):
            prepared = _prepared(method, url, headers, body)
            answer = self.adapter.exchange(prepared, ends)
            if answer.status_code not in REDIRECTS:
                return Reply(answer.status_code, answer.headers, answer.content, url, prepared.headers[REQUEST_ID])
            url = _followed(method, url, answer.headers.get("Location", ""))
        raise EhrRedirected

    def close(self) -> None:
        """Close the kept connections."""
        self.adapter.close()


def _prepared(method: str, url: str, headers: Mapping[str, str] | None, body: bytes | None) -> requests.PreparedRequest:
    origin_of(url)
    try:
        return requests.Request(method, url, headers=dict(headers or {}), data=body).prepare()
    except ValueError:  # all of requests' own complaints about a URL or a header are ValueErrors
        raise EhrUntrusted from None


def _followed(method: str, url: str, location: str) -> str:
    try:
        target = urljoin(url, location)
        same = origin_of(target) == origin_of(url)
    except (ValueError, EhrUntrusted):
        same = False
    if method != "GET" or not location or not same:
        raise EhrRedirected
    return target
