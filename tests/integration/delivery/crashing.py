"""Processes that are killed at a chosen point: SIGKILL before or after the n-th commit or request.

A child is forked from this process, which has imported everything, and makes its own connections after the fork.
"""

from __future__ import annotations

import os
import signal
import sys
import warnings
from collections.abc import Callable
from dataclasses import replace
from typing import Any, NoReturn

from sqlalchemy import event

from fhir_mappings.capability import Capabilities, ResourceCapability
from smart_app.ehr.transport import Transport
from smart_app.services import Services
from smart_app.store.engine import UnitOfWork

NEVER = 1 << 30
Work = Callable[[Services, Callable[[str], None]], None]
"""What a process does, given its parts and how it tells the outside that something is done."""


class KnownCapabilities:
    """What an EHR allows, already known; without conditional create, which could hide our own mistakes."""

    def __init__(self, capabilities: Capabilities, *, conditional_create: bool) -> None:
        resources = {kind: _limited(allowed, conditional_create) for kind, allowed in capabilities.resources.items()}
        self._capabilities = replace(capabilities, resources=resources)

    def get(self, _: str) -> Capabilities:
        """The capabilities of every EHR."""
        return self._capabilities


def _limited(allowed: ResourceCapability, conditional_create: bool) -> ResourceCapability:
    return replace(allowed, conditional_create=allowed.conditional_create and conditional_create)


def run_and_kill(parts: Services, work: Work, point: int) -> tuple[bool, int, list[str]]:
    """Runs `work` in a child that is killed at its `point`-th point.

    Returns whether it was killed, how many points it passed, and what it told before.
    """
    reading, writing = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # the sandbox's threads are no concern of the child
        child = os.fork()
    if child == 0:
        os.close(reading)
        _be_the_child(parts, work, point, writing)
    os.close(writing)
    with os.fdopen(reading) as told:
        lines = told.read().splitlines()
    _, status = os.waitpid(child, 0)
    killed = os.WIFSIGNALED(status)
    assert killed or os.WEXITSTATUS(status) == 0, lines
    points = [line for line in lines if line.startswith("point ")]
    return killed, len(points), [line for line in lines if not line.startswith("point ")]


def _be_the_child(parts: Services, work: Work, point: int, pipe: int) -> NoReturn:
    try:
        passed = 0

        def reached(name: str) -> None:
            nonlocal passed
            passed += 1
            os.write(pipe, f"point {name}\n".encode())
            if passed == point:
                os.kill(os.getpid(), signal.SIGKILL)

        own = _own_parts(parts)
        _instrument(own, reached)
        work(own, lambda told: _tell(pipe, told))
        os._exit(0)
    except BaseException as error:
        os.write(pipe, f"error {type(error).__name__} {error}\n".encode())
        sys.stderr.flush()
        os._exit(1)


def _tell(pipe: int, told: str) -> None:
    os.write(pipe, f"{told}\n".encode())


def _own_parts(parts: Services) -> Services:
    """The same parts with connections to database and EHR of this process's own; compiled SQL is kept."""
    parts.store.engine.dispose(close=False)  # the inherited connections are the parent's, and left alone
    return replace(parts, transport=Transport(trusts_host=lambda _: True))


def _instrument(parts: Services, reached: Callable[[str], None]) -> None:
    event.listen(UnitOfWork, "before_commit", lambda _: reached("before commit"))
    event.listen(UnitOfWork, "after_commit", lambda _: reached("after commit"))
    request = parts.transport.request

    def sending(method: str, url: str, **options: Any) -> Any:
        reached(f"before {method}")
        answer = request(method, url, **options)
        reached(f"after {method}")
        return answer

    parts.transport.request = sending  # type: ignore[method-assign]
