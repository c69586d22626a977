"""Owns the folder in which imports work: one at a time on a machine, and nothing left behind by those that are over.

It lies beside the SQLite database. With PostgreSQL it is in the system's folder for temporary files (`TMPDIR`), for
the database may be on another machine; a run elsewhere begins anew.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy.engine import make_url


class ImportUnderWay(Exception):
    """Another import is working in the same folder now."""


def work_folder(database_url: str) -> Path:
    """Where the imports of this installation work."""
    url = make_url(database_url)
    if url.get_backend_name() == "sqlite" and url.database and url.database != ":memory:":
        path = Path(url.database).resolve()
        return path.with_name(f"{path.name}-imports")
    return Path(tempfile.gettempdir()) / f"cadence-imports-{url.host or 'local'}-{url.database or 'memory'}"


@contextlib.contextmanager
def working_in(folder: Path) -> Iterator[None]:
    """Holds the folder until the block ends, however it does; it is made where there is none, and removed if empty.

    Raises `ImportUnderWay`, or OSError where the folder cannot be made or is not ours alone.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    held = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        os.fchmod(held, 0o700)
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ImportUnderWay from None
        yield
    finally:
        with contextlib.suppress(OSError):
            folder.rmdir()
        os.close(held)


def place_of(folder: Path, import_id: str) -> Path:
    """The import's own folder, made where there is none; those of all other imports are removed."""
    for other in folder.iterdir():
        if other.is_dir() and other.name != import_id:
            shutil.rmtree(other)
    own = folder / import_id
    own.mkdir(mode=0o700, exist_ok=True)
    return own
