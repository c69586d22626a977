"""Owns the proof that a form came from our own page: a token derived from the launch and its cookie (OWASP: HMAC
token pattern). It is the launch's own, so that a page of one chart cannot post to another.
"""

from __future__ import annotations

import hashlib
import hmac

from flask import request

from smart_app.problems import Problem


def csrf_token(cookie_secret: str, launch_id: str, cookie: str) -> str:
    """The token of one launch in one browser."""
    message = f"csrf\x1f{launch_id}\x1f{cookie}".encode()
    return hmac.new(cookie_secret.encode(), message, hashlib.sha256).hexdigest()


def check_csrf(expected: str) -> None:
    """Raises `Problem` 403 unless the request carries the token as form field or as X-CSRF-Token."""
    given = request.headers.get("X-CSRF-Token") or request.form.get("csrf_token", "")
    if not hmac.compare_digest(given.encode(), expected.encode()):
        raise Problem(
            403,
            "This form does not belong to this page",
            "Reload the panel and send it again.",
            lost="Nothing was saved.",
        )
