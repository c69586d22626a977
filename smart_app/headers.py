"""Owns the response headers: what may run in our pages, who may frame them, and that nothing is kept by caches.

No X-Frame-Options: it cannot name an EHR, and browsers ignore it beside frame-ancestors (CSP level 3, section 6.4.2).
"""

from __future__ import annotations

from collections.abc import Iterable

from flask import Flask, Response, g, request

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors {ancestors}"
)


def allow_framing(ancestors: Iterable[str]) -> None:
    """Lets this request's answer be framed by these origins only."""
    g.frame_ancestors = tuple(ancestors)


def install(app: Flask) -> None:
    """Puts the headers on every answer."""
    app.after_request(_add_headers)


def _add_headers(response: Response) -> Response:
    ancestors = " ".join(g.get("frame_ancestors", ())) or "'none'"
    response.headers["Content-Security-Policy"] = _POLICY.format(ancestors=ancestors)
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=()"
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    if request.endpoint != "static":
        response.headers.setdefault("Cache-Control", "no-store")
    if request.is_secure:
        response.headers["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
    return response
