"""The files of the journal, and of the spool: one line a record, in numbered segments, under a lock that names its owner.

    FOLDER/0/lock              held (flock) by the process that writes here
    FOLDER/0/00000001.log      lines of JSON: in the journal an Opening or a Record each, in the spool a Turn
    FOLDER/0/drained           how far the database has everything

A second process on the same folder takes FOLDER/1. What a dead process left is taken over by the next one that starts.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Generic, TypeAlias, TypeVar

import msgspec

from plexus.domain.record import Opening, Record

Line: TypeAlias = Opening | Record

L = TypeVar("L")

JOURNAL: msgspec.json.Decoder[Line] = msgspec.json.Decoder(Opening | Record)
_ENCODER = msgspec.json.Encoder()
SEGMENT_BYTES = 16 * 1024 * 1024
SUFFIX = ".log"


class Position(msgspec.Struct, frozen=True, order=True):
    """A place in the journal: everything before it is in the database."""

    segment: int = 0
    offset: int = 0


def encode_line(line: msgspec.Struct) -> bytes:
    """One line."""
    return _ENCODER.encode(line) + b"\n"


class Segments(Generic[L]):
    """The files of one owner. Raises OSError where the disk fails; the journal handles that."""

    def __init__(self, folder: Path, lock: int, decoder: msgspec.json.Decoder[L]) -> None:
        self.folder = folder
        self._decoder = decoder
        self._lock = lock
        self._numbers = sorted(int(path.stem) for path in folder.glob(f"*{SUFFIX}"))
        self._descriptor: int | None = None
        self._size = 0

    @property
    def current(self) -> int:
        """The number of the segment that is written to; 0 before the first."""
        return self._numbers[-1] if self._numbers else 0

    @property
    def numbers(self) -> list[int]:
        """All segments, the oldest first."""
        return list(self._numbers)

    def start(self) -> None:
        """Begin a new segment."""
        self._close_file()
        number = self.current + 1
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        self._descriptor = os.open(self._path(number), flags, 0o600)
        self._size = 0
        self._numbers.append(number)

    def append(self, line: bytes) -> None:
        """Write one whole line."""
        if self._descriptor is None or self._size >= SEGMENT_BYTES:
            self.start()
        assert self._descriptor is not None
        written = os.write(self._descriptor, line)
        if written != len(line):
            # The disk is full in the middle of a line: take the torn one back, so that the next line starts clean.
            os.ftruncate(self._descriptor, self._size)
            raise OSError(f"only {written} of {len(line)} bytes fit")
        self._size += written

    def end(self) -> Position:
        """Behind the last line."""
        return Position(self.current, self._size)

    def sync(self) -> None:
        """Survive a power cut."""
        if self._descriptor is not None:
            os.fsync(self._descriptor)

    def read(self, start: Position, max_bytes: int) -> tuple[list[L], Position]:
        """Whole lines from ``start`` on, about ``max_bytes`` of them, and where they end. Torn lines are left out."""
        for number in self._numbers:
            if number < start.segment:
                continue
            offset = start.offset if number == start.segment else 0
            with self._path(number).open("rb") as file:
                file.seek(offset)
                data = file.read(max_bytes)
                if data and not data.endswith(b"\n"):
                    data += file.readline()
            if number == self.current and not data.endswith(b"\n"):
                data = data[: data.rfind(b"\n") + 1]  # still being written
            if data:
                return list(self._decode(data)), Position(number, offset + len(data))
        return [], max(start, Position(self.current, 0))

    def _decode(self, data: bytes) -> Iterator[L]:
        for line in data.split(b"\n"):
            if not line:
                continue
            try:
                yield self._decoder.decode(line)
            except (msgspec.MsgspecError, UnicodeDecodeError):
                self._set_aside(line)

    def _set_aside(self, line: bytes) -> None:
        """A line that is no record (torn by a crash, or damaged) is kept for people to look at."""
        with (self.folder / "damaged").open("ab") as file:
            file.write(line + b"\n")

    def drained(self) -> Position:
        """How far the database had everything when it was last said."""
        try:
            return msgspec.json.decode((self.folder / "drained").read_bytes(), type=Position)
        except (OSError, msgspec.MsgspecError):
            return Position()

    def set_drained(self, position: Position) -> None:
        """Say so, and delete the segments before it."""
        temporary = self.folder / "drained.new"
        temporary.write_bytes(msgspec.json.encode(position))
        temporary.replace(self.folder / "drained")
        for number in self._numbers[:]:
            if number < position.segment:
                self._path(number).unlink(missing_ok=True)
                self._numbers.remove(number)

    def remove(self) -> None:
        """Delete everything; the folder's records are elsewhere now."""
        self._close_file()
        for path in self.folder.iterdir():
            if path.name != "damaged":
                path.unlink(missing_ok=True)
        self.release()
        if not any(self.folder.iterdir()):
            self.folder.rmdir()

    def release(self) -> None:
        """Close the files and give the lock up."""
        self._close_file()
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    def _close_file(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _path(self, number: int) -> Path:
        return self.folder / f"{number:08d}{SUFFIX}"


def claim(folder: Path, decoder: msgspec.json.Decoder[L]) -> tuple[Segments[L], list[Segments[L]]]:
    """The files for this process, and those that dead ones left. Raises OSError when the folder cannot be used."""
    folder.mkdir(parents=True, exist_ok=True)
    existing = sorted(int(path.name) for path in folder.iterdir() if path.is_dir() and path.name.isdecimal())
    claimed = [segments for number in existing if (segments := _try_lock(folder / str(number), decoder)) is not None]
    if claimed:
        return claimed[0], claimed[1:]
    number = next(number for number in range(len(existing) + 1) if number not in existing)
    while (own := _try_lock(folder / str(number), decoder)) is None:
        number += 1
    return own, []


def _try_lock(folder: Path, decoder: msgspec.json.Decoder[L]) -> Segments[L] | None:
    folder.mkdir(mode=0o700, exist_ok=True)
    descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return Segments(folder, descriptor, decoder)
