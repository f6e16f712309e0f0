"""The writing end, on a disk that works, and on one that does not."""

from __future__ import annotations

import errno
import os
import resource
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.accounting.journal.helpers import entries
from tests.sample_records import opening, record

from plexus.accounting.journal import JournalOptions
from plexus.accounting.journal import spool as module
from plexus.accounting.journal.lines import encode_line
from plexus.accounting.journal.segments import Position, list_segments, segment_path
from plexus.accounting.journal.spool import Spool

LINE = len(encode_line(record(1)))


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Callable[..., Spool]]:
    made: list[Spool] = []

    def make(**options: Any) -> Spool:
        made.append(Spool(tmp_path, 1, JournalOptions(**options)))
        return made[-1]

    yield make
    for spool in made:
        spool.finish()


def exchange(spool: Spool, number: int) -> None:
    spool.open(opening(number).id, encode_line(opening(number)))
    close(spool, number)


def close(spool: Spool, number: int) -> None:
    spool.close(record(number), encode_line(record(number)))


def test_lines_are_in_the_file_at_once(make: Callable[..., Spool], tmp_path: Path) -> None:
    spool = make()
    exchange(spool, 1)
    assert entries(tmp_path) == [("Opening", record(1).id), ("Record", record(1).id)]
    assert spool.end == spool.closed_to == Position(1, segment_path(tmp_path, 1).stat().st_size)
    spool.open(opening(2).id, encode_line(opening(2)))
    assert spool.end > spool.closed_to
    assert (spool.closed, spool.unclosed) == (1, 1)


def test_a_new_segment_begins_with_what_is_open(make: Callable[..., Spool], tmp_path: Path) -> None:
    spool = make(segment_bytes=LINE * 2)
    spool.open(opening(1).id, encode_line(opening(1)))
    for number in (2, 3):
        exchange(spool, number)
    assert list_segments(tmp_path) == [1, 2]
    assert segment_path(tmp_path, 2).read_bytes() == encode_line(opening(1))
    assert spool.end == Position(2, len(encode_line(opening(1))))
    assert spool.closed_to == Position(1, segment_path(tmp_path, 1).stat().st_size)
    exchange(spool, 4)
    exchange(spool, 5)
    assert segment_path(tmp_path, 3).read_bytes() == encode_line(opening(1))


def test_a_head_longer_than_a_segment_is_no_endless_loop(make: Callable[..., Spool], tmp_path: Path) -> None:
    spool = make(segment_bytes=10)
    for number in range(5):
        spool.open(opening(number).id, encode_line(opening(number)))
    assert list_segments(tmp_path) == [1, 2, 3, 4, 5, 6]


def test_the_newest_are_remembered(make: Callable[..., Spool]) -> None:
    spool = make(remembered=2)
    ends = []
    for number in range(4):
        exchange(spool, number)
        ends.append(spool.end)
    assert list(spool.remembered) == [(ends[2], record(2)), (ends[3], record(3))]
    assert spool.remembered_from == ends[1]


def is_synced(spool: Spool) -> bool:
    return spool.synced


def test_syncing(make: Callable[..., Spool], monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", synced.append)
    spool = make(segment_bytes=LINE)
    assert is_synced(spool)
    exchange(spool, 1)
    assert not is_synced(spool)
    spool.sync()
    assert is_synced(spool)
    assert len(synced) == 2, "the full segment and the new one"
    assert synced[0] != synced[1]
    spool.sync()
    assert len(synced) == 2


class BrokenDisk:
    """Stands for ``os`` in the spool: what is written to files fails while ``broken`` is set."""

    def __init__(self) -> None:
        self.broken = False
        self.calls = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(os, name)

    def _fail(self) -> None:
        self.calls += 1
        if self.broken:
            raise OSError(errno.ENOSPC, "No space left on device")

    def write(self, fd: int, data: bytes) -> int:
        self._fail()
        return os.write(fd, data)

    def open(self, path: Path, flags: int, mode: int) -> int:
        self._fail()
        return os.open(path, flags, mode)


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> BrokenDisk:
    disk = BrokenDisk()
    monkeypatch.setattr(module, "os", disk)
    return disk


def test_a_full_disk(
    make: Callable[..., Spool], disk: BrokenDisk, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    spool = make()
    spool.open(opening(1).id, encode_line(opening(1)))
    disk.broken = True
    spool.open(opening(2).id, encode_line(opening(2)))
    for number in (3, 4):
        exchange(spool, number)
    spool.repair()
    assert [one for _, one in spool.unwritten] == [record(3), record(4)]
    assert [one.levelname for one in caplog.records] == ["ERROR"], "said once"
    calls = disk.calls
    exchange(spool, 5)
    assert disk.calls == calls, "not tried again at each line"
    disk.broken = False
    close(spool, 1)
    assert entries(tmp_path) == [("Opening", record(1).id)], "records keep their order behind those that wait"
    spool.repair()
    ids = [("Opening", record(2).id), *(("Record", record(number).id) for number in (3, 4, 5, 1))]
    assert entries(tmp_path) == [("Opening", record(1).id), *ids]
    assert not spool.unwritten
    assert [one for _, one in spool.remembered] == [record(number) for number in (3, 4, 5, 1)]
    exchange(spool, 6)
    assert entries(tmp_path)[-1] == ("Record", record(6).id)


def test_a_disk_that_fails_again_while_it_is_repaired(
    make: Callable[..., Spool], disk: BrokenDisk, tmp_path: Path
) -> None:
    spool = make()
    disk.broken = True
    for number in (1, 2):
        exchange(spool, number)
    disk.broken = False
    real, disk.write = disk.write, lambda fd, data: (_ for _ in ()).throw(OSError(errno.EIO, "broken"))  # type: ignore[method-assign]
    spool.repair()
    assert len(spool.unwritten) == 2
    disk.write = real  # type: ignore[method-assign]
    spool.repair()
    assert entries(tmp_path) == [("Record", record(1).id), ("Record", record(2).id)]


def test_a_new_segment_that_cannot_be_made(make: Callable[..., Spool], disk: BrokenDisk, tmp_path: Path) -> None:
    spool = make(segment_bytes=LINE)
    real, disk.open = disk.open, lambda *_: (_ for _ in ()).throw(OSError(errno.EMFILE, "too many"))  # type: ignore[method-assign]
    exchange(spool, 1)
    exchange(spool, 2)
    assert list_segments(tmp_path) == [1], "the old one serves"
    assert not spool.unwritten
    disk.open = real  # type: ignore[method-assign]
    for number in (3, 4):
        exchange(spool, number)
    assert list_segments(tmp_path) != [1]
    assert [one for one in entries(tmp_path) if one[0] == "Record"] == [("Record", record(n).id) for n in (1, 2, 3, 4)]


def test_the_oldest_is_lost_when_memory_is_full(
    make: Callable[..., Spool], disk: BrokenDisk, caplog: pytest.LogCaptureFixture
) -> None:
    spool = make(unwritten_limit=2)
    disk.broken = True
    for number in range(5):
        exchange(spool, number)
    assert [one for _, one in spool.unwritten] == [record(3), record(4)]
    assert spool.lost == 3
    assert [one.levelname for one in caplog.records] == ["ERROR", "CRITICAL"]
    disk.broken = False


def test_a_line_that_was_half_written_is_cut_off(make: Callable[..., Spool], tmp_path: Path) -> None:
    """A real short write: the kernel lets a process write no further than its limit on the size of files."""
    spool = make()
    exchange(spool, 1)
    before = segment_path(tmp_path, 1).read_bytes()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + 10, hard))
    try:
        close(spool, 2)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert segment_path(tmp_path, 1).read_bytes() == before
    assert [one for _, one in spool.unwritten] == [record(2)]
    spool.repair()
    assert segment_path(tmp_path, 2).read_bytes() == encode_line(record(2))


def test_a_record_that_comes_after_the_end_is_told_of(
    make: Callable[..., Spool], caplog: pytest.LogCaptureFixture
) -> None:
    spool = make()
    spool.finish()
    close(spool, 1)
    assert [one for _, one in spool.unwritten] == [record(1)]
    assert [one.getMessage() for one in caplog.records] == [
        f"journal: record {record(1).id} came after the end, it is lost"
    ]
