"""Owns the cookies: one that recognises the browser during a launch, and one for each open launch.

They must come back inside the EHR's frame, which is another site: Secure, HttpOnly, SameSite=None, Partitioned
(CHIPS, https://www.rfc-editor.org/rfc/rfc6265bis and https://developer.mozilla.org/docs/Web/Privacy/Partitioned).
A launch's cookie is sent to that launch's pages only, so that two charts in two tabs cannot mix.
"""

from __future__ import annotations

import secrets

from flask import request
from werkzeug.wrappers import Response

BROWSER_COOKIE = "ccm_browser"
LAUNCH_COOKIE = "ccm_launch"


def browser_secret() -> str:
    """The secret that this browser sent, or a fresh one."""
    sent = request.cookies.get(BROWSER_COOKIE, "")
    return sent if len(sent) == 43 else secrets.token_urlsafe(32)


def set_browser_cookie(response: Response, secret: str, max_age: int) -> None:
    """Lets the browser be recognised until the callback. `max_age` in seconds."""
    _set(response, BROWSER_COOKIE, secret, path="/", max_age=max_age)


def set_launch_cookie(response: Response, launch_id: str, secret: str, max_age: int) -> None:
    """Opens the launch's pages to this browser. `max_age` in seconds."""
    _set(response, LAUNCH_COOKIE, secret, path=f"/p/{launch_id}/", max_age=max_age)


def drop_launch_cookie(response: Response, launch_id: str) -> None:
    """Closes the launch's pages to this browser."""
    _set(response, LAUNCH_COOKIE, "", path=f"/p/{launch_id}/", max_age=0)


def _set(response: Response, name: str, value: str, *, path: str, max_age: int) -> None:
    response.set_cookie(
        name, value, max_age=max_age, path=path, secure=True, httponly=True, samesite="None", partitioned=True
    )
