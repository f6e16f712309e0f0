"""The small files beside the segments: how far the database has them, and what could not be read."""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from pathlib import Path

from plexus.accounting.journal.segments import Position, list_segments, segment_path

log = logging.getLogger(__name__)

CHECKPOINT = "checkpoint"
SET_ASIDE = "set-aside.jsonl"
UNREADABLE_SUFFIX = ".unreadable"
"""Of segments whose file the disk does not give back."""


class Keeper:
    """Both files of one folder. Lines that cannot be set aside yet hold the checkpoint back, so that they are met again."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._waiting: list[bytes] = []
        self._saved: Position | None = None
        self.set_aside_count = 0

    def checkpoint(self) -> Position:
        """Where draining went to; the very beginning where that is unknown (it is safe to drain twice)."""
        try:
            segment, offset = (self._folder / CHECKPOINT).read_text("ascii").split()
            return Position(int(segment), int(offset))
        except (OSError, ValueError):
            return Position(0, 0)

    def set_aside(self, lines: Sequence[bytes], reason: str) -> None:
        """Keep what nobody could use, for a person to look at."""
        if lines:
            self._waiting += lines
            self.set_aside_count += len(lines)
            log.error("journal: %d lines set aside in %s: %s", len(lines), self._folder / SET_ASIDE, reason)

    def save(self, position: Position) -> bool:
        """Everything before ``position`` is in the database or set aside. False where the disk refuses to note it."""
        if position == self._saved and not self._waiting:
            return True
        try:
            self._write_waiting()
            self._write_checkpoint(position)
        except OSError as error:
            log.debug("journal: the checkpoint could not be written: %s", error)
            return False
        self._saved = position
        return True

    def put_away(self, number: int, error: OSError) -> None:
        """Give up on a segment, so that those behind it can go on. Raises OSError where that is impossible, too."""
        log.error("journal: segment %d cannot be read, its records are not drained: %s", number, error)
        path = segment_path(self._folder, number)
        if path.exists():
            path.rename(path.with_suffix(UNREADABLE_SUFFIX))

    def remove_before(self, number: int) -> None:
        """Delete the segments below ``number``. One that cannot be deleted is harmless: it lies before the checkpoint."""
        try:
            for old in list_segments(self._folder):
                if old < number:
                    segment_path(self._folder, old).unlink(missing_ok=True)
        except OSError as error:
            log.debug("journal: a drained segment could not be deleted: %s", error)

    def _write_waiting(self) -> None:
        if not self._waiting:
            return
        fd = os.open(self._folder / SET_ASIDE, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            data = b"".join(line + b"\n" for line in self._waiting)
            if os.write(fd, data) != len(data):
                raise OSError("short write")
        finally:
            os.close(fd)
        self._waiting.clear()

    def _write_checkpoint(self, position: Position) -> None:
        fd = os.open(self._folder / CHECKPOINT, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            # One write of a fixed width: over the old one, it needs no room and cannot be half done.
            os.write(fd, b"%010d %015d\n" % position)
        finally:
            os.close(fd)
