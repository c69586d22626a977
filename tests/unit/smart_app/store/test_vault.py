"""Encryption at rest: what is sealed opens in its own row, with this installation's keys, and nowhere else."""

from __future__ import annotations

import pytest
from cryptography.fernet import Fernet
from hypothesis import given, settings
from hypothesis import strategies as st

from smart_app.store.vault import Vault, VaultError

OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()
VAULT = Vault((OLD,))


@settings(max_examples=30)
@given(st.text(max_size=200), st.text(max_size=20), st.text(max_size=20))
def test_what_is_sealed_opens_again_in_its_own_row(text: str, tenant: str, row: str) -> None:
    sealed = VAULT.seal(text, tenant=tenant, row=row)
    assert VAULT.open(sealed, tenant=tenant, row=row) == text


@pytest.mark.parametrize(("tenant", "row"), [("b", "1"), ("a", "2"), ("", ""), ("a", ""), ("a", "11"), ("a1", "")])
def test_it_does_not_open_in_another_row_or_for_another_tenant(tenant: str, row: str) -> None:
    with pytest.raises(VaultError):
        VAULT.open(VAULT.seal("note", tenant="a", row="1"), tenant=tenant, row=row)


def test_it_does_not_open_with_another_installation_s_keys() -> None:
    with pytest.raises(VaultError):
        Vault((NEW,)).open(VAULT.seal("note", tenant="a", row="1"), tenant="a", row="1")


def test_it_does_not_open_when_damaged() -> None:
    sealed = bytearray(VAULT.seal("note", tenant="a", row="1"))
    sealed[-5] ^= 1
    for damaged in (bytes(sealed), bytes(sealed[:-20]), b"", b"plain"):
        with pytest.raises(VaultError):
            VAULT.open(damaged, tenant="a", row="1")


def test_an_older_key_still_opens_and_the_newest_seals() -> None:
    rotated = Vault((NEW, OLD))
    assert rotated.open(VAULT.seal("note", tenant="a", row="1"), tenant="a", row="1") == "note"
    with pytest.raises(VaultError):
        VAULT.open(rotated.seal("note", tenant="a", row="1"), tenant="a", row="1")


def test_the_same_text_is_sealed_differently_each_time() -> None:
    assert VAULT.seal("note", tenant="a", row="1") != VAULT.seal("note", tenant="a", row="1")


def test_an_error_quotes_nothing() -> None:
    with pytest.raises(VaultError) as failure:
        VAULT.open(VAULT.seal("Marisol", tenant="a", row="1"), tenant="a", row="2")
    assert "Marisol" not in str(failure.value)
