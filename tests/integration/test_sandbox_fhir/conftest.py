"""A store with two patients, and a client of the FHIR API over it for any rights and profile."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from sandbox_ehr.access import Access
from sandbox_ehr.fhir import Store, fhir_blueprint
from tests.integration.test_sandbox_fhir.support import BASE, EVERYTHING, OAUTH, Serve


@pytest.fixture
def store() -> Store:
    store = Store()
    for id_ in ("p1", "p2"):
        store.put({"resourceType": "Patient", "id": id_, "name": [{"family": f"Family-{id_}"}]})
    store.put({"resourceType": "Practitioner", "id": "n1"})
    store.put({"resourceType": "Organization", "id": "org"})
    return store


@pytest.fixture
def serve(store: Store) -> Serve:
    """Starts the API; the rights are the same for each request, or asked for at each."""

    def start(access: Access | Callable[[], Access | None] | None = EVERYTHING, profile: str = "open") -> FlaskClient:
        app = Flask("ehr")
        authorise = access if callable(access) else lambda: access
        app.register_blueprint(
            fhir_blueprint(store, base_url=BASE, profile=profile, authorise=authorise, smart_extension=OAUTH)
        )
        return app.test_client()

    return start


@pytest.fixture
def client(serve: Serve) -> FlaskClient:
    return serve()
