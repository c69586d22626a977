"""Owns the files of an import while it runs: a stream of pieces, each sealed, so that no chart lies readable on disk.

AES-256-GCM by the import's own key, which is kept sealed in the database: what a killed import leaves behind opens
only together with the installation's keys. Each piece is bound to its place, and the last one says that it is the
last, so that pieces neither swap nor get lost unnoticed. The `cryptography` package does the work.
"""

from __future__ import annotations

import io
import os
import struct
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

PIECE: Final = 256 * 1024
_NONCE: Final = 12
_HEAD: Final = struct.Struct(">I")


class SealBroken(OSError):
    """The file is cut short, altered, or another import's."""


def new_key() -> bytes:
    """A key for one import."""
    return AESGCM.generate_key(256)


class Sealer:
    """Seals and opens small values by an import's key, each bound to its place."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    def seal(self, plain: bytes, place: str) -> bytes:
        """Ciphertext with its nonce in front."""
        nonce = os.urandom(_NONCE)
        return nonce + self._cipher.encrypt(nonce, plain, place.encode())

    def open(self, sealed: bytes, place: str) -> bytes:
        """The value. Raises `SealBroken`."""
        try:
            return self._cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], place.encode())
        except (InvalidTag, ValueError):
            raise SealBroken("a value of the import does not open") from None


class SealedWriter:
    """Writes a new sealed file; only a block that ends without an error makes the file whole."""

    def __init__(self, path: Path, sealer: Sealer) -> None:
        self._file: BinaryIO = os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb")
        self._sealer = sealer
        self._waiting = bytearray()
        self._number = 0

    def write(self, data: bytes) -> None:
        """Adds to the file."""
        self._waiting += data
        while len(self._waiting) >= PIECE:
            self._put(bytes(self._waiting[:PIECE]), last=False)
            del self._waiting[:PIECE]

    def __enter__(self) -> SealedWriter:
        return self

    def __exit__(self, kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None) -> None:
        with self._file:
            if kind is None:
                self._put(bytes(self._waiting), last=True)

    def _put(self, plain: bytes, *, last: bool) -> None:
        sealed = self._sealer.seal(plain, _place(self._number, last=last))
        self._file.write(_HEAD.pack(len(sealed)) + sealed)
        self._number += 1


class SealedReader(io.RawIOBase):
    """Reads a sealed file as the stream that it was; buffer it. Raises `SealBroken` where it does not open whole."""

    def __init__(self, path: Path, sealer: Sealer) -> None:
        self._file = path.open("rb")
        self._sealer = sealer
        self._number = 0
        self._piece = memoryview(b"")
        self._ended = False

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """The next bytes; 0 at the end."""
        while not self._piece and not self._ended:
            self._piece = memoryview(self._next())
        size = min(len(buffer), len(self._piece))
        buffer[:size] = self._piece[:size]
        self._piece = self._piece[size:]
        return size

    def close(self) -> None:
        """Closes the file."""
        self._file.close()
        super().close()

    def _next(self) -> bytes:
        head = self._file.read(_HEAD.size)
        if len(head) < _HEAD.size:
            raise SealBroken("a file of the import is cut short")
        (size,) = _HEAD.unpack(head)
        sealed = self._file.read(min(size, PIECE * 2))
        self._ended = not self._file.peek(1)
        plain = self._sealer.open(sealed, _place(self._number, last=self._ended))
        self._number += 1
        return plain


def _place(number: int, *, last: bool) -> str:
    return f"{number}{'.' if last else ''}"
