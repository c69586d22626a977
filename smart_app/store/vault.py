"""Owns encryption at rest: tokens, secrets, charts and notes are never plain in the database.

Each value is bound to its tenant and row, so that a value copied into another row does not open there
(MultiFernet: AES-128-CBC with HMAC-SHA256; all keys decrypt, the first encrypts).
"""

from __future__ import annotations

from cryptography.fernet import Fernet, InvalidToken, MultiFernet


class VaultError(Exception):
    """A value that does not open: another row's, another installation's, or damaged."""


class Vault:
    """Encrypts and decrypts text under the installation's keys, newest key first."""

    def __init__(self, keys: tuple[str, ...]) -> None:
        self._fernet = MultiFernet([Fernet(key) for key in keys])

    def seal(self, text: str, *, tenant: str, row: str) -> bytes:
        """Ciphertext of `text`, bound to `tenant` and `row`."""
        return self._fernet.encrypt(_binding(tenant, row) + text.encode())

    def open(self, sealed: bytes, *, tenant: str, row: str) -> str:
        """The text of `sealed`. Raises `VaultError` if it was sealed for another tenant or row, or with other keys."""
        try:
            plain = self._fernet.decrypt(sealed)
        except InvalidToken:
            raise VaultError("a stored value does not open with the keys of this installation") from None
        binding = _binding(tenant, row)
        if not plain.startswith(binding):
            raise VaultError("a stored value belongs to another row")
        return plain[len(binding) :].decode()


def _binding(tenant: str, row: str) -> bytes:
    return f"{tenant}\x1f{row}\x1e".encode()
