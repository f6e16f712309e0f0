from __future__ import annotations

import asyncio
import errno
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from textwrap import dedent

import pytest
from tests.accounting.test_segments import opening, record

from plexus.accounting.estimate import estimate_text
from plexus.accounting.journal import Journal
from plexus.accounting.segments import Line, Segments
from plexus.domain.record import Record


class Store:
    """A database that can be down."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.down = False
        self.asked = asyncio.Event()

    async def drain(self, records: Sequence[Record]) -> None:
        self.asked.set()
        if self.down:
            raise ConnectionError("the database is down")
        self.records += records

    @property
    def ids(self) -> list[str]:
        return [each.id for each in self.records]


async def no_sleep(_: float) -> None:
    await asyncio.sleep(0)


async def journal_on(folder: Path, store: Store) -> Journal:
    journal = Journal(folder, store.drain, sleep=no_sleep)
    await journal.start()
    return journal


async def until_drained(journal: Journal) -> None:
    async with asyncio.timeout(10):
        while journal.backlog:
            await asyncio.sleep(0)


async def test_records_reach_the_database_in_order(tmp_path: Path) -> None:
    store = Store()
    journal = await journal_on(tmp_path, store)
    for number in range(50):
        journal.open(opening(number))
        journal.close(record(number))
    await until_drained(journal)
    await journal.stop()
    assert store.ids == [f"r{number}" for number in range(50)]


async def test_a_stop_drains_what_is_left(tmp_path: Path) -> None:
    store = Store()
    journal = await journal_on(tmp_path, store)
    journal.close(record(1))
    await journal.stop()
    assert store.ids == ["r1"]


async def test_while_the_database_is_down_records_wait_and_nothing_raises(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = Store()
    store.down = True
    journal = await journal_on(tmp_path, store)
    with caplog.at_level(logging.WARNING):
        journal.close(record(1))
        await store.asked.wait()
        journal.close(record(2))
        async with asyncio.timeout(10):
            while journal.drain_error is None:
                await asyncio.sleep(0)
    assert "ConnectionError" in journal.drain_error
    assert journal.backlog
    store.down = False
    await until_drained(journal)
    await journal.stop()
    assert store.ids == ["r1", "r2"]


async def test_the_next_process_drains_what_the_last_one_could_not(tmp_path: Path) -> None:
    down = Store()
    down.down = True
    journal = await journal_on(tmp_path, down)
    journal.close(record(1))
    await journal.stop(seconds=0.1)
    store = Store()
    journal = await journal_on(tmp_path, store)
    await until_drained(journal)
    await journal.stop()
    assert store.ids == ["r1"]


async def test_an_opening_without_a_record_was_interrupted(tmp_path: Path) -> None:
    journal = await journal_on(tmp_path, Store())
    journal.open(opening(1))
    journal.open(opening(2))
    journal.close(record(2))
    await journal.stop()
    store = Store()
    journal = await journal_on(tmp_path, store)
    await until_drained(journal)
    await journal.stop()
    (interrupted,) = [each for each in store.records if each.kind == "interrupted"]
    assert (interrupted.id, interrupted.provider, interrupted.error) == ("r1", "p", "interrupted")
    assert interrupted.usage is not None
    assert interrupted.usage.estimated
    assert interrupted.usage.input == estimate_text(opening(1).bytes_in) > 0
    assert "tokens_estimated" in interrupted.notes
    third = Store()
    journal = await journal_on(tmp_path, third)
    await until_drained(journal)
    await journal.stop()
    assert third.records == []


async def test_a_long_exchange_outlives_its_segment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("plexus.accounting.segments.SEGMENT_BYTES", 400)
    journal = await journal_on(tmp_path, Store())
    journal.open(opening(0))
    for number in range(1, 20):
        journal.close(record(number))
        await until_drained(journal)
    await journal.stop()
    store = Store()
    journal = await journal_on(tmp_path, store)
    await until_drained(journal)
    await journal.stop()
    assert [each.id for each in store.records if each.kind == "interrupted"] == ["r0"]


async def test_a_full_disk_breaks_nothing_and_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    store = Store()
    journal = await journal_on(tmp_path, store)

    def full(_: Segments[Line], line: bytes) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch, caplog.at_level(logging.ERROR):
        patch.setattr(Segments, "append", full)
        journal.open(opening(1))
        journal.close(record(1))
        journal.close(record(2))
    assert caplog.text.count("the journal cannot be written") == 1
    journal.close(record(3))
    await until_drained(journal)
    await journal.stop()
    assert sorted(store.ids) == ["r1", "r2", "r3"]
    assert journal.lost == 0


WRITER = """
    import asyncio, sys
    from pathlib import Path
    from plexus.accounting.journal import Journal
    from tests.accounting.test_segments import opening, record

    async def drain(records):
        raise ConnectionError("never")

    async def main():
        journal = Journal(Path(sys.argv[1]), drain)
        await journal.start()
        number = 0
        while True:
            journal.open(opening(number))
            journal.close(record(number))
            sys.stdout.buffer.write(b"%d\\n" % number)
            sys.stdout.buffer.flush()
            journal.open(opening(1_000_000 + number))
            number += 1

    asyncio.run(main())
"""


@pytest.mark.parametrize("finished", [200, pytest.param(10_000, marks=pytest.mark.full)])
async def test_kill_9_loses_no_finished_record(tmp_path: Path, finished: int) -> None:
    writer = subprocess.Popen(
        [sys.executable, "-c", dedent(WRITER), str(tmp_path)],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": "."},
    )
    assert writer.stdout is not None
    last = -1
    for _ in range(finished):
        last = int(writer.stdout.readline())
    writer.send_signal(signal.SIGKILL)
    rest = writer.stdout.read().split()
    writer.wait()
    writer.stdout.close()
    told = max([last, *(int(line) for line in rest)])
    store = Store()
    journal = await journal_on(tmp_path, store)
    await until_drained(journal)
    await journal.stop()
    whole = {each.id for each in store.records if each.kind == "exchange"}
    assert whole >= {f"r{number}" for number in range(told + 1)}
    interrupted = [each.id for each in store.records if each.kind == "interrupted"]
    assert len(interrupted) >= finished - 1
    assert len(set(store.ids)) == len(store.ids)
