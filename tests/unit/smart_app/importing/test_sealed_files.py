from __future__ import annotations

import io
from pathlib import Path

import pytest

from smart_app.importing.sealed_files import PIECE, SealBroken, SealedReader, SealedWriter, Sealer, new_key

SEALER = Sealer(new_key())


def written(path: Path, data: bytes) -> Path:
    with SealedWriter(path, SEALER) as writer:
        for start in range(0, len(data), 1000):
            writer.write(data[start : start + 1000])
    return path


def read(path: Path, sealer: Sealer = SEALER) -> bytes:
    with io.BufferedReader(SealedReader(path, sealer)) as reader:
        return reader.read()


@pytest.mark.parametrize("size", [0, 1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE])
def test_what_was_written_is_read_and_does_not_lie_open(tmp_path: Path, size: int) -> None:
    data = (b"the patient's name " * (size // 19 + 1))[:size]
    path = written(tmp_path / "file", data)
    assert read(path) == data
    assert b"patient" not in path.read_bytes()
    assert path.stat().st_mode & 0o077 == 0


def test_another_key_opens_nothing(tmp_path: Path) -> None:
    with pytest.raises(SealBroken):
        read(written(tmp_path / "file", b"data"), Sealer(new_key()))


def test_a_file_that_lost_its_end_is_not_taken_for_whole(tmp_path: Path) -> None:
    path = written(tmp_path / "file", b"x" * (2 * PIECE))
    whole = path.read_bytes()
    piece = PIECE + 4 + 12 + 16
    for kept in (0, 3, 100, piece, 2 * piece, len(whole) - 1):
        path.write_bytes(whole[:kept])
        with pytest.raises(SealBroken):
            read(path)


def test_pieces_that_changed_places_do_not_open(tmp_path: Path) -> None:
    path = written(tmp_path / "file", b"x" * (2 * PIECE))
    whole, piece = path.read_bytes(), PIECE + 4 + 12 + 16
    path.write_bytes(whole[piece : 2 * piece] + whole[:piece] + whole[2 * piece :])
    with pytest.raises(SealBroken):
        read(path)


def test_a_writing_that_failed_leaves_no_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "file"
    writer = SealedWriter(path, SEALER)
    writer.write(b"x" * (PIECE + 1))
    writer.__exit__(RuntimeError, RuntimeError(), None)
    with pytest.raises(SealBroken):
        read(path)


def test_a_value_opens_only_in_its_place() -> None:
    sealed = SEALER.seal(b"value", "p1/Condition/c1")
    assert SEALER.open(sealed, "p1/Condition/c1") == b"value"
    for other in (sealed, b"", b"short"):
        with pytest.raises(SealBroken):
            SEALER.open(other, "p2/Condition/c1")
