"""The key file: made whole, private, never replaced."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from smart_app import keys
from smart_app.keys import KeysMissing, create_keyring, load_keyring
from smart_app.settings import Settings


def test_keys_are_read_as_they_were_made(key_file: Path) -> None:
    settings = Settings(key_file=key_file)
    keyring = load_keyring(settings)
    assert [key["alg"] for key in keyring.signing] == ["ES384", "RS384"]
    assert key_file.stat().st_mode & 0o777 == 0o600
    assert not [secret for secret in (keyring.cookie_secret, keyring.encryption[0]) if secret in repr(keyring)]


def test_keys_are_never_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("smart_app.keys._new_signing_key", lambda algorithm: {"alg": algorithm})
    path = tmp_path / "folder" / "keys.json"
    create_keyring(path)
    made = path.read_bytes()
    with pytest.raises(FileExistsError):
        create_keyring(path)
    assert path.read_bytes() == made
    assert [each.name for each in path.parent.iterdir()] == ["keys.json"]


def test_a_key_file_that_could_not_be_finished_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("smart_app.keys._new_signing_key", lambda algorithm: {"alg": algorithm})
    monkeypatch.setattr(json, "dump", fail)
    with pytest.raises(OSError, match="disk full"):
        create_keyring(tmp_path / "keys.json")
    assert list(tmp_path.iterdir()) == []


def fail(*_: object, **__: object) -> None:
    """A disk without room."""
    raise OSError("disk full")


def test_keys_lie_beside_a_sqlite_database_and_must_be_named_for_any_other() -> None:
    assert key_file_of("sqlite:////data/clinic.db") == Path("/data/clinic.keys.json")
    for url in ("postgresql://db/ccm", "sqlite://", "sqlite:///:memory:"):
        with pytest.raises(KeysMissing, match="CCM_KEY_FILE"):
            key_file_of(url)


def key_file_of(url: str) -> Path:
    """Where the keys of an installation with this database are."""
    return keys.key_file(Settings(database_url=url))
