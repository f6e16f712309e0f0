"""Files that are written wholly or not at all, readable by their owner alone."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path


def replace(path: Path, data: bytes) -> None:
    """Write ``path``, mode 0600: a crash leaves the old file or the new one. A symbolic link stays one. Raises OSError."""
    path = path.resolve()
    with _temporary(path, data) as temporary:
        temporary.replace(path)
    _sync(path.parent)


def create_once(path: Path, data: bytes) -> None:
    """Write ``path``, mode 0600, if it is not there. Raises FileExistsError if it is, OSError."""
    with _temporary(path, data) as temporary:
        os.link(temporary, path)
    _sync(path.parent)


@contextlib.contextmanager
def _temporary(path: Path, data: bytes) -> Iterator[Path]:
    """A file beside ``path`` that holds ``data``, on the disk; gone afterwards if it was not moved."""
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)  # mode 0600
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        yield temporary
    finally:
        temporary.unlink(missing_ok=True)


def _sync(folder: Path) -> None:
    """Make a new name survive a power cut."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
