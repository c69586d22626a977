"""Owns the clients that the server knows, from its configuration and from dynamic registration."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Iterable

from sandbox_ehr.config import Client


class RegisteredClient:
    """A client as Authlib asks about it (its ClientMixin)."""

    def __init__(self, client: Client) -> None:
        self.config = client
        self.client_id = client.client_id

    def get_client_id(self) -> str:
        """The client's id."""
        return self.client_id

    def get_default_redirect_uri(self) -> None:
        """None: a request names its redirect_uri."""

    def get_allowed_scope(self, scope: str | None) -> str | None:
        """The scope as it is: what is granted was narrowed before."""
        return scope or None

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        """Whether it is registered, character by character (RFC 9700 §4.1.3)."""
        return redirect_uri in self.config.redirect_uris

    def check_client_secret(self, client_secret: str) -> bool:
        """Whether the secret is the client's."""
        known = self.config.client_secret
        return bool(known) and secrets.compare_digest(known.encode(), client_secret.encode())

    def check_endpoint_auth_method(self, method: str, _endpoint: str) -> bool:
        """Whether the client proves itself by this method; the same at every endpoint."""
        return method == self.config.auth_method

    def check_response_type(self, response_type: str) -> bool:
        """Whether the client may use the authorization endpoint."""
        return response_type == "code" and self.check_grant_type("authorization_code")

    def check_grant_type(self, grant_type: str) -> bool:
        """Whether the client is registered for this grant."""
        return grant_type in self.config.grant_types


class Clients:
    """The clients by id."""

    def __init__(self, clients: Iterable[Client]) -> None:
        self._lock = threading.Lock()
        self._clients = {client.client_id: RegisteredClient(client) for client in clients}

    def find(self, client_id: str) -> RegisteredClient | None:
        """The client of that id."""
        return self._clients.get(client_id)

    def add(self, client: Client) -> RegisteredClient:
        """Registers a client, or replaces the one of the same id."""
        registered = RegisteredClient(client)
        with self._lock:
            self._clients[client.client_id] = registered
        return registered
