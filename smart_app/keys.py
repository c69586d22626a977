"""Owns the keys of an installation: for encryption at rest, for cookies, and for signing to EHRs.

They live in one file beside the database, readable by its owner only; the database alone is worth nothing without it.
"""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy.engine import make_url

from smart_app.settings import Settings


class KeysMissing(Exception):
    """There is no usable key file; the text says where it was looked for and what to do."""


@dataclass(frozen=True, slots=True)
class Keyring:
    """`encryption` are Fernet keys, newest first; `signing` are private JWKs (RFC 7517), the first signs."""

    encryption: tuple[str, ...] = field(repr=False)
    cookie_secret: str = field(repr=False)
    signing: tuple[dict[str, Any], ...] = field(repr=False)


def key_file(settings: Settings) -> Path:
    """Where the keys are. Raises `KeysMissing` where the settings leave no place for them."""
    if settings.key_file is not None:
        return settings.key_file
    url = make_url(settings.database_url)
    if url.get_backend_name() == "sqlite" and url.database and url.database != ":memory:":
        return Path(url.database).with_suffix(".keys.json")
    raise KeysMissing("CCM_KEY_FILE is not set: name the file that holds the keys (ccm db upgrade makes it).")


def load_keyring(settings: Settings) -> Keyring:
    """The keys of this installation. Raises `KeysMissing` if the file is absent or unreadable."""
    path = key_file(settings)
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        keyring = Keyring(tuple(content["encryption"]), content["cookie_secret"], tuple(content["signing"]))
        _check(keyring)
        return keyring
    except FileNotFoundError:
        what_to_do = "restore it, or run ccm db upgrade on a new database"
        raise KeysMissing(f"There is no key file at {path}: {what_to_do}.") from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise KeysMissing(f"The key file at {path} cannot be read ({type(error).__name__}).") from None


def create_keyring(path: Path) -> Keyring:
    """Makes new keys and writes them to `path`, mode 0600, whole or not at all.

    Raises `FileExistsError` rather than replace keys.
    """
    from cryptography.fernet import Fernet

    keyring = Keyring(
        encryption=(Fernet.generate_key().decode(),),
        cookie_secret=secrets.token_urlsafe(48),
        signing=tuple(_new_signing_key(algorithm) for algorithm in ("ES384", "RS384")),
    )
    content = {
        "encryption": keyring.encryption,
        "cookie_secret": keyring.cookie_secret,
        "signing": keyring.signing,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(content, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        os.link(unfinished, path)
    finally:
        unfinished.unlink()
    return keyring


def _check(keyring: Keyring) -> None:
    """Raises `ValueError` or `TypeError` for keys with which nothing can be sealed."""
    from cryptography.fernet import Fernet, MultiFernet

    MultiFernet([Fernet(key) for key in keyring.encryption])
    if not keyring.cookie_secret:
        raise ValueError("there is no cookie secret")


def _new_signing_key(algorithm: str) -> dict[str, Any]:
    """A private JWK for one of the two algorithms that SMART asks for (client-confidential-asymmetric)."""
    from joserfc.jwk import ECKey, KeyParameters, RSAKey

    parameters: KeyParameters = {"use": "sig", "alg": algorithm, "kid": secrets.token_hex(8)}
    key = ECKey.generate_key("P-384", parameters) if algorithm == "ES384" else RSAKey.generate_key(3072, parameters)
    return dict(key.as_dict(private=True))
