"""Owns what can go wrong between us and an EHR, told apart by what to do next.

    EhrError
    ├── EhrTemporary          the same request may succeed later
    │   ├── EhrUnreachable    refused, reset, no such name
    │   │   └── EhrNotSecure  its certificate or TLS version was not accepted
    │   ├── EhrTimeout        the deadline passed
    │   ├── EhrBusy           429 or 503; `retry_after` in seconds
    │   └── EhrServerError    any other 5xx
    └── EhrFatal              the same request will fail again
        ├── EhrRefused        4xx; `status`, `detail`
        ├── EhrRubbish        not what FHIR or OAuth says an answer looks like
        ├── EhrRedirected     sent elsewhere, which is not followed
        └── EhrUntrusted      an address that we do not call

`str()` of any of them is fit for a person's eye and for a log: no URL, no token, no patient data.
"""

from __future__ import annotations


class EhrError(Exception):
    """An exchange with an EHR failed.

    `outcome_unknown` is true when the request was sent and may have been carried out although no usable answer
    came: a write must then be looked for before it is sent again.
    """

    text = "The EHR could not be used."

    def __init__(self, text: str = "", *, outcome_unknown: bool = False) -> None:
        super().__init__(text or self.text)
        self.outcome_unknown = outcome_unknown


class EhrTemporary(EhrError):
    """The same request may succeed later."""


class EhrUnreachable(EhrTemporary):
    """No connection, or one that broke."""

    text = "The EHR could not be reached."


class EhrNotSecure(EhrUnreachable):
    """The TLS handshake failed: a certificate that we do not trust, or nothing newer than TLS 1.1."""

    text = "The EHR's certificate could not be verified."


class EhrTimeout(EhrTemporary):
    """The deadline passed before the whole answer was there."""

    text = "The EHR did not answer in time."


class EhrBusy(EhrTemporary):
    """The EHR asks for patience: wait `retry_after` seconds, or by one's own schedule where it is None."""

    text = "The EHR is busy."

    def __init__(self, *, retry_after: float | None = None, outcome_unknown: bool = False) -> None:
        super().__init__(outcome_unknown=outcome_unknown)
        self.retry_after = retry_after


class EhrServerError(EhrTemporary):
    """The EHR failed inside (HTTP `status` 5xx)."""

    def __init__(self, status: int, *, outcome_unknown: bool = False) -> None:
        super().__init__(f"The EHR had an internal error (HTTP {status}).", outcome_unknown=outcome_unknown)
        self.status = status


class EhrFatal(EhrError):
    """The same request will fail again: something must change first."""


class EhrRefused(EhrFatal):
    """The EHR said no, with HTTP `status`.

    `detail` is what its OperationOutcome says to a person, or ''. It may quote what was sent: show it to someone who
    may see that chart, and keep it out of logs.
    """

    def __init__(self, status: int, *, detail: str = "") -> None:
        super().__init__(f"The EHR refused the request (HTTP {status}).")
        self.status = status
        self.detail = detail


class EhrRubbish(EhrFatal):
    """The answer cannot be read as what was asked for."""

    text = "The EHR's answer could not be read."


class EhrRedirected(EhrFatal):
    """The EHR pointed to another origin, or in circles, or redirected a write."""

    text = "The EHR redirected the request, which is not followed."


class EhrUntrusted(EhrFatal):
    """The URL is malformed, not HTTPS, or leads into a private network that no registration names."""

    text = "The address is not one that this installation may call."
