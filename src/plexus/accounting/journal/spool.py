"""The writing end: appends lines to the newest segment. It never waits, never raises; where the disk fails, it remembers."""

from __future__ import annotations

import logging
import os
import threading
from collections import deque
from pathlib import Path

from plexus.accounting.journal.options import JournalOptions
from plexus.accounting.journal.segments import Position, segment_path
from plexus.domain.record import Record

log = logging.getLogger(__name__)

FLAGS = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC


class Spool:
    """The newest segment of ``folder``, numbered from ``first`` on, and what is remembered of it.

    ``end`` is where the next line goes. ``remembered`` holds the newest undrained records with the position behind each;
    it is complete from ``remembered_from`` on. ``unwritten`` holds records that only memory has.
    """

    def __init__(self, folder: Path, first: int, options: JournalOptions) -> None:
        self._folder = folder
        self._options = options
        self._fd: int | None = None
        self._number = first - 1
        self._offset = 0
        self._rotate_at = 0
        self._synced = Position(first, 0)
        self._syncing = threading.Lock()
        self._retired: list[int] = []
        """Files that are complete, but not yet synced."""
        self._failing = False
        self._lost_noted = False
        self._finished = False
        self._unclosed: dict[str, bytes] = {}
        self.remembered: deque[tuple[Position, Record]] = deque()
        self.remembered_from = Position(first, 0)
        self.unwritten: deque[tuple[bytes, Record]] = deque()
        self.closed_to = Position(first, 0)
        """Behind the last record that was written; later lines are openings."""
        self.closed = 0
        self.disk_failures = 0
        self.lost = 0
        self._begin_segment()

    @property
    def end(self) -> Position:
        """Where the next line goes."""
        return Position(self._number, self._offset)

    @property
    def unclosed(self) -> int:
        """Exchanges that are open now."""
        return len(self._unclosed)

    def open(self, key: str, line: bytes) -> None:
        """An exchange begins."""
        self._unclosed[key] = line
        self._write(line)  # where the disk fails, the next segment begins with it
        if self._offset >= self._rotate_at:
            self._begin_segment()

    def close(self, record: Record, line: bytes) -> None:
        """An exchange ended."""
        self._unclosed.pop(record.id, None)
        self.closed += 1
        # Behind records that wait for the disk, another one waits too: they keep their order.
        if not self.unwritten and self._write(line):
            self._remember(record)
        else:
            self._keep(line, record)
        if self._offset >= self._rotate_at:
            self._begin_segment()

    def repair(self) -> None:
        """Write what waits in memory, into a new segment, if the disk lets us. Called once in a while."""
        if not self._failing or not self._begin_segment():
            return
        while self.unwritten:
            line, record = self.unwritten[0]
            if not self._write(line):
                return
            self.unwritten.popleft()
            self._remember(record)
        self._failing = self._lost_noted = False
        log.info("journal: the disk takes records again")

    def sync(self) -> None:
        """Bring everything down to the disk. Blocks for milliseconds: call it from a thread. Raises OSError."""
        with self._syncing:
            end, fd = self.end, self._fd
            while self._retired:
                os.fsync(self._retired[0])
                os.close(self._retired.pop(0))
            if fd is not None and end != self._synced:
                os.fsync(fd)
            self._synced = end

    @property
    def synced(self) -> bool:
        """Whether ``sync`` would have nothing to do."""
        return self._synced == self.end and not self._retired

    def finish(self) -> None:
        """Sync and close. Raises OSError. Whoever comes later has only memory, and is told so."""
        self._finished = True
        self._retire()
        self.sync()

    def _write(self, line: bytes) -> bool:
        fd = self._fd
        if fd is None:
            return False
        try:
            written = os.write(fd, line)
        except OSError as error:
            return self._broke(error)
        if written != len(line):
            return self._broke(OSError("only a part of a line was written"), torn=True)
        self._offset += written
        return True

    def _begin_segment(self) -> bool:
        """Go on in a new file, which begins with the openings of all running exchanges."""
        head = b"".join(self._unclosed.values())
        path = segment_path(self._folder, self._number + 1)
        try:
            fd = os.open(path, FLAGS, 0o600)
        except OSError as error:
            self._rotate_at += self._options.segment_bytes
            return self._fd is not None or self._broke(error)  # a file that is there still serves
        self._retire()
        self._fd, self._number, self._offset = fd, self._number + 1, 0
        self._rotate_at = len(head) + self._options.segment_bytes
        return not head or self._write(head)

    def _broke(self, error: OSError, *, torn: bool = False) -> bool:
        """Go on in memory. A torn line is cut off where possible; else it stays the last one of its file."""
        self.disk_failures += 1
        if not self._failing:
            self._failing = True
            log.error("journal: the disk does not take records, they stay in memory: %s", error)
        fd = self._fd
        if torn and fd is not None:
            try:
                os.ftruncate(fd, self._offset)
            except OSError:
                pass
        self._retire()
        return False

    def _retire(self) -> None:
        if self._fd is not None:
            self._retired.append(self._fd)
            self._fd = None

    def _remember(self, record: Record) -> None:
        remembered = self.remembered
        self.closed_to = position = Position(self._number, self._offset)
        remembered.append((position, record))
        if len(remembered) > self._options.remembered:
            self.remembered_from = remembered.popleft()[0]

    def _keep(self, line: bytes, record: Record) -> None:
        self.unwritten.append((line, record))
        if self._finished:
            log.critical("journal: record %s came after the end, it is lost", record.id)
        if len(self.unwritten) > self._options.unwritten_limit:
            self.unwritten.popleft()
            self.lost += 1
            if not self._lost_noted:
                self._lost_noted = True
                log.critical("journal: neither disk nor database takes records and memory is full: the oldest are lost")
