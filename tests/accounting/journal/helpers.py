"""A database that can be away, and a sleep that only tests end."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

from tests.sample_records import opening, record

from plexus.accounting.journal import Journal, JournalOptions
from plexus.accounting.journal.lines import decode_line
from plexus.accounting.journal.segments import list_segments, segment_path
from plexus.domain.record import Record


class Sleep:
    """``JournalOptions.sleep``: sleepers wait until ``end`` is called for their number of seconds."""

    def __init__(self) -> None:
        self.begun: list[float] = []
        self._sleepers: list[tuple[float, asyncio.Future[None]]] = []
        self._changed = asyncio.Event()

    async def __call__(self, seconds: float) -> None:
        sleeper = asyncio.get_running_loop().create_future()
        self.begun.append(seconds)
        self._sleepers.append((seconds, sleeper))
        self._changed.set()
        await sleeper

    async def end(self, seconds: float) -> None:
        """End a sleep of ``seconds``, as soon as there is one."""
        while True:
            for position, (length, sleeper) in enumerate(self._sleepers):
                if length == seconds and not sleeper.done():
                    del self._sleepers[position]
                    sleeper.set_result(None)
                    return
            self._changed.clear()
            await self._changed.wait()


class Store:
    """A database for journals. While ``failure`` is set, it raises that; ``tried`` is set at each call."""

    def __init__(self) -> None:
        self.records: dict[str, Record] = {}
        self.batches: list[list[Record]] = []
        self.failure: Exception | None = None
        self.tried = asyncio.Event()
        self.gate: asyncio.Event | None = None

    async def drain(self, records: Sequence[Record]) -> None:
        self.tried.set()
        if self.gate is not None:
            await self.gate.wait()
        if self.failure is not None:
            raise self.failure
        self.batches.append(list(records))
        for one in records:
            self.records.setdefault(one.id, one)

    @property
    def received(self) -> list[Record]:
        """What was added, in order."""
        return list(self.records.values())


@contextlib.asynccontextmanager
async def running(folder: Path, store: Store, options: JournalOptions | None = None) -> AsyncIterator[Journal]:
    """A journal from its start to its stop."""
    journal = Journal(folder, store.drain, options)
    await journal.start()
    try:
        yield journal
    finally:
        await journal.stop()


async def drained(folder: Path) -> Store:
    """What a new process finds in ``folder``."""
    store = Store()
    async with running(folder, store) as journal:
        await journal.flush()
    return store


def crash(folder: Path, name: str = "after the crash") -> Path:
    """The folder as a process that is killed now would leave it. (Its lock is freed by the kernel: here it is a copy.)"""
    return Path(shutil.copytree(folder, folder.parent / name))


def entries(folder: Path) -> list[tuple[str, str]]:
    """(Opening or Record, id) for each line of all segments."""
    found = []
    for number in list_segments(folder):
        for line in segment_path(folder, number).read_bytes().splitlines():
            entry = decode_line(line)
            found.append((type(entry).__name__, entry.id))
    return found


SMALL = JournalOptions(segment_bytes=4000, batch=7, remembered=5)
"""So small that a hundred records meet every edge."""


def exchange(journal: Journal, *numbers: int) -> None:
    for number in numbers:
        journal.open(opening(number))
        journal.close(record(number))


def numbered(*numbers: int) -> list[Record]:
    return [record(number) for number in numbers]


def interrupted_of(number: int) -> Record:
    left = opening(number)
    members: dict[str, Any] = {name: getattr(left, name) for name in left.__struct_fields__ if name != "target"}
    return Record(kind="interrupted", provider="acme", target_model="small-1", **members)
