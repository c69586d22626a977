"""Owns what a request to the FHIR API may do: the words that pass from the authorization server to the store."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Access:
    """The rights of one request.

    `scopes` are the granted scopes as asked, v1 (`patient/Observation.read`) or v2 (`patient/Observation.rs`, with
    optional `?param=value`). `patient` is the id of the patient in context ("" where there is none), `user` the
    Practitioner's id. `admin` reads and writes everything.
    """

    scopes: frozenset[str]
    patient: str = ""
    user: str = ""
    admin: bool = False
