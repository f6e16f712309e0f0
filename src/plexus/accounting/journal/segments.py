"""Segments: numbered files of lines, read in chunks, so that memory stays small however much has gathered."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from plexus.accounting.journal.lines import decode_line
from plexus.domain.record import Opening

SUFFIX = ".journal"
CHUNK = 256 * 1024
UNREADABLE = frozenset({errno.ENOENT, errno.EIO, errno.EACCES, errno.EISDIR})
"""What reading a segment may fail with for good. Other failures (too many open files) pass."""


class Position(NamedTuple):
    """A place in the journal; positions sort in the order of writing."""

    segment: int
    offset: int


def segment_path(folder: Path, number: int) -> Path:
    """The file of segment ``number``."""
    return folder / f"{number:010d}{SUFFIX}"


def list_segments(folder: Path) -> list[int]:
    """The numbers of the segments that are there, ascending."""
    return sorted(int(path.stem) for path in folder.iterdir() if path.suffix == SUFFIX and path.stem.isdecimal())


def read_lines(path: Path, offset: int, end: int | None = None) -> tuple[list[bytes], int]:
    """Whole lines from ``offset`` on, about CHUNK bytes of them, without their newlines, and the offset behind them.

    ``end``: where the file counts as ended; None for all of it. At the end, a line that lacks its newline is handed out as
    it is. No lines: nothing is left. Raises OSError.
    """
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size if end is None else end
        file.seek(offset)
        data = file.read(min(CHUNK, size - offset)) if offset < size else b""
        while b"\n" not in data and offset + len(data) < size:  # one line longer than a chunk
            more = file.read(min(CHUNK, size - offset - len(data)))
            if not more:
                break
            data += more
    if not data:
        return [], offset
    if offset + len(data) < size:
        data = data[: data.rfind(b"\n") + 1] or data
    lines = data.split(b"\n")
    if not lines[-1]:
        lines.pop()
    return lines, offset + len(data)


@dataclass(slots=True)
class Leftovers:
    """What earlier processes left: the openings without a record, and how many records lie behind the checkpoint."""

    unclosed: dict[str, Opening] = field(default_factory=dict)
    pending: int = 0

    def note(self, line: bytes, pending: bool) -> None:
        """One more line; one that cannot be read is left for the drainer to set aside."""
        try:
            entry = decode_line(line)
        except ValueError:
            return
        if isinstance(entry, Opening):
            self.unclosed[entry.id] = entry
        else:
            self.unclosed.pop(entry.id, None)
            self.pending += pending


def scan(folder: Path, numbers: list[int], checkpoint: Position, stopped: Callable[[], bool]) -> Leftovers | None:
    """Read the segments ``numbers`` once over, to know what was left; None when ``stopped`` says to give up.

    Takes as long as the disk and the decoder need (about 2 µs a line): call it from a thread. Raises OSError.
    """
    left = Leftovers()
    for number in numbers:
        try:
            for offset, line in _lines_of(segment_path(folder, number)):
                if stopped():
                    return None
                left.note(line, Position(number, offset) >= checkpoint)
        except OSError as error:
            if error.errno not in UNREADABLE:  # else the drainer puts it away
                raise
    return left


def _lines_of(path: Path) -> Iterator[tuple[int, bytes]]:
    offset = 0
    while True:
        lines, after = read_lines(path, offset)
        if not lines:
            return
        for line in lines:
            yield offset, line
            offset += len(line) + 1
        offset = after
