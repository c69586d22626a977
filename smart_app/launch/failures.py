"""Owns what is said when a launch does not open: what happened, and what to do, with the status that fits.

What is the EHR's failure is answered 502, or 504 where it was too slow (RFC 9110, sections 15.6.3 and 15.6.5).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Self

from smart_app.ehr.errors import EhrBusy, EhrError, EhrTimeout
from smart_app.launch.grant import GrantRefused
from smart_app.launch.identity import IdentityRefused
from smart_app.logs import log
from smart_app.problems import Problem

AGAIN = "Go back to the patient's chart in the EHR and start Cadence again."
TELL_IT = "If it stays, tell whoever runs Cadence for you."


class LaunchFailure(Problem):
    """A launch that did not open; nothing was read or written under it."""

    @classmethod
    def unknown_ehr(cls) -> Self:
        """`iss` is not registered here, or not any more."""
        return cls(
            400,
            "This EHR is not registered here",
            "Ask whoever runs Cadence for you to register the EHR's address (its FHIR base URL).",
        )

    @classmethod
    def incomplete(cls) -> Self:
        """The EHR's call lacks `iss` or `launch`."""
        return cls(400, "The EHR did not say which chart to open", AGAIN)

    @classmethod
    def unknown_state(cls) -> Self:
        """`state` is missing, used, expired, or of another browser."""
        return cls(
            400,
            "This sign-in was not begun in this browser, or was already used",
            f"{AGAIN} If it happens inside the EHR's window each time, the browser blocks our cookie there: "
            "open Cadence in a window of its own.",
        )

    @classmethod
    def refused(cls, error: str) -> Self:
        """The person or the EHR refused the authorization."""
        if error == "access_denied":
            return cls(403, "The EHR did not allow Cadence to open this chart", f"{AGAIN} {TELL_IT}")
        return cls(403, "The EHR refused the sign-in", f"{AGAIN} {TELL_IT}")

    @classmethod
    def no_patient(cls) -> Self:
        """The token names no patient."""
        return cls(403, "The EHR did not say whose chart is open", f"Open a patient's chart first. {AGAIN}")

    @classmethod
    def other_patient(cls) -> Self:
        """A patient-scoped launch came back with somebody else."""
        return cls(409, "The EHR opened another patient's chart than the one asked for", AGAIN)


@contextmanager
def explained() -> Iterator[None]:
    """Turns what goes wrong with the EHR into a `LaunchFailure`, and logs why, for whoever runs the installation."""
    try:
        yield
    except EhrError as error:
        log.warning("launch_failed", kind=type(error).__name__, why=str(error))
        raise _failure(error) from None


def _failure(error: EhrError) -> LaunchFailure:
    if isinstance(error, IdentityRefused):
        return LaunchFailure(403, "The EHR's word for who signed in could not be verified", f"{AGAIN} {TELL_IT}")
    if isinstance(error, GrantRefused):
        return LaunchFailure(403, "The EHR refused the sign-in", f"{AGAIN} {TELL_IT}")
    if isinstance(error, EhrTimeout):
        return LaunchFailure(504, "The EHR did not answer in time", f"Wait a moment. {AGAIN} {TELL_IT}")
    if isinstance(error, EhrBusy):
        wait = int(error.retry_after) if error.retry_after else None
        return LaunchFailure(502, "The EHR is busy", f"Wait a moment. {AGAIN}", retry_after=wait)
    return LaunchFailure(502, str(error).rstrip("."), f"{AGAIN} {TELL_IT}")
