"""Applying a change to a program's own file: a backup first, then the whole file at once."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from plexus.clients.client import Change
from plexus.clients.merge import CannotMerge, merge
from plexus.configuration.file_source import write_atomically


class Written(NamedTuple):
    """What became of a file. ``backup`` is None where there was none before; nothing was written if not ``changed``."""

    path: Path
    backup: Path | None
    changed: bool


def apply_changes(changes: tuple[Change, ...], home: Path) -> list[Written]:
    """Merge ``changes`` into their files below ``home``. All are merged before the first is written.

    The files get mode 0600, since a key is in them, and so do the backups beside them (``.plexus-backup``, numbered).
    Raises CannotMerge (its message begins with the path), OSError.
    """
    ready = []
    for change in changes:
        path = (home / change.path).resolve()  # a link, as dotfile managers make, stays a link
        old = path.read_text(encoding="utf-8") if path.exists() else ""
        try:
            ready.append((path, old, merge(old, change.form, change.members)))
        except CannotMerge as reason:
            raise CannotMerge(f"{path}: {reason}") from None
    return [_write(path, old, new) for path, old, new in ready]


def _write(path: Path, old: str, new: str) -> Written:
    if path.exists() and old == new:
        return Written(path, None, changed=False)
    backup = None
    if path.exists():
        backup = _free(path)
        write_atomically(backup, old)
    write_atomically(path, new)
    return Written(path, backup, changed=True)


def _free(path: Path) -> Path:
    """The first name for a backup that is not taken: an older one may be the only copy of what was there at first."""
    number = 0
    while True:
        number += 1
        candidate = path.with_name(f"{path.name}.plexus-backup-{number}")
        if not candidate.exists():
            return candidate
