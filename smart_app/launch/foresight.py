"""Owns a guess that saves a round trip: whom the id_token will name, read before its signature is checked.

The guess only decides which Practitioner is read along with the chart. Who signed in is what
`smart_app.launch.identity` verifies, and the name is used only if both agree.
"""

from __future__ import annotations

import json

from joserfc.util import urlsafe_b64decode

from fhir_mappings.tolerant import line, mapping


def likely_fhir_user(token: str) -> str:
    """The reference in the fhirUser claim ("Practitioner/123"), unverified; '' where there is none to read."""
    try:
        claims = mapping(json.loads(urlsafe_b64decode(token.split(".")[1].encode("ascii"))))
    except (IndexError, ValueError, RecursionError):
        return ""
    return "/".join(line(claims.get("fhirUser")).split("/")[-2:])
