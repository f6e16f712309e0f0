"""What a process that was killed leaves behind reaches the database with the next start."""

from __future__ import annotations

import asyncio
import errno
import shutil
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.accounting.journal.helpers import (
    SMALL,
    Store,
    crash,
    drained,
    exchange,
    interrupted_of,
    numbered,
    running,
)
from tests.sample_records import opening, record

from plexus.accounting.journal import Journal, JournalOptions, segments
from plexus.accounting.journal import drainer as drainer_module
from plexus.accounting.journal.keeper import SET_ASIDE
from plexus.accounting.journal.lines import encode_line
from plexus.accounting.journal.segments import list_segments, segment_path
from plexus.domain.record import Record


class TestCrash:
    async def test_finished_ones_arrive_and_open_ones_are_interrupted(self, tmp_path: Path) -> None:
        store = Store()
        store.failure = ConnectionError("the database is away")
        async with running(tmp_path / "journal", store) as journal:
            exchange(journal, 1, 2)
            journal.open(opening(3))
            exchange(journal, 4)
            folder = crash(tmp_path / "journal")
        found = Store()
        async with running(folder, found) as journal:
            await journal.flush()
            state = journal.state()
            assert (state.pending, state.drained, state.interrupted) == (0, 4, 1)
        assert found.received == [*numbered(1, 2, 4), interrupted_of(3)]
        assert list_segments(folder) == []

    async def test_a_crash_of_the_recovery(self, tmp_path: Path) -> None:
        """As often as it crashes: each exchange has one record, with the same content."""
        async with running(tmp_path / "journal", Store()) as journal:
            journal.open(opening(1))
            folder = crash(tmp_path / "journal", "0")
        for number in range(1, 4):
            store = Store()
            store.failure = ConnectionError("the database is away")
            async with running(folder, store) as journal:
                journal.open(opening(number + 1))
                exchange(journal, number + 100)
                flushing = asyncio.create_task(journal.flush())
                await store.tried.wait()
                folder = crash(folder, str(number))
            await flushing
        received = (await drained(folder)).received
        assert sorted(received, key=lambda one: one.id) == [
            *(interrupted_of(number) for number in (1, 2, 3, 4)),
            *numbered(101, 102, 103),
        ]

    async def test_an_opening_outlives_its_segment(self, tmp_path: Path) -> None:
        store = Store()
        async with running(tmp_path / "journal", store, SMALL) as journal:
            journal.open(opening(0))
            exchange(journal, *range(1, 50))
            await journal.flush()
            assert len(list_segments(tmp_path / "journal")) == 1
            folder = crash(tmp_path / "journal")
        assert store.received == numbered(*range(1, 50))
        assert (await drained(folder)).received[-1] == interrupted_of(0)

    async def test_an_exchange_that_ends_in_a_later_segment_is_not_interrupted(self, tmp_path: Path) -> None:
        async with running(tmp_path / "journal", Store(), SMALL) as journal:
            journal.open(opening(0))
            exchange(journal, *range(1, 50))
            journal.close(record(0))
            await journal.flush()
            folder = crash(tmp_path / "journal")
        assert {one.kind for one in (await drained(folder)).received} <= {"exchange"}

    async def test_what_was_drained_is_not_drained_again(self, tmp_path: Path) -> None:
        store = Store()
        async with running(tmp_path / "journal", store) as journal:
            exchange(journal, 1, 2)
            await journal.flush()
            folder = crash(tmp_path / "journal")
        assert (await drained(folder)).received == []

    async def test_a_lost_checkpoint_only_costs_time(self, tmp_path: Path) -> None:
        async with running(tmp_path / "journal", Store()) as journal:
            exchange(journal, 1, 2)
            await journal.flush()
            folder = crash(tmp_path / "journal")
        (folder / "checkpoint").unlink()
        assert (await drained(folder)).received == numbered(1, 2)

    async def test_a_corrupt_line_is_set_aside_and_the_others_go_on(self, tmp_path: Path) -> None:
        lines = [encode_line(record(number)) for number in range(4)]
        lines[1] = b"\0\0\0" + lines[1][20:]
        lines[2:2] = [encode_line(opening(9))[:30] + b"\n"]
        segment_path(tmp_path, 1).write_bytes(b"".join(lines))
        assert (await drained(tmp_path)).received == numbered(0, 2, 3)
        assert (tmp_path / SET_ASIDE).read_bytes() == lines[1] + lines[2]

    async def test_a_segment_that_cannot_be_read_does_not_hold_up_the_others(
        self, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        segment_path(tmp_path, 1).write_bytes(encode_line(record(1)))
        segment_path(tmp_path, 2).mkdir()  # reading it fails, whoever asks
        segment_path(tmp_path, 3).write_bytes(encode_line(record(3)))
        assert (await drained(tmp_path)).received == numbered(1, 3)
        assert segment_path(tmp_path, 2).with_suffix(".unreadable").is_dir()
        assert "segment 2 cannot be read" in caplog.text

    async def test_a_recovery_that_fails_is_tried_again(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        segment_path(tmp_path, 1).write_bytes(encode_line(opening(1)) + encode_line(record(2)))
        failures = [OSError(errno.EMFILE, "Too many open files")] * 2
        scan = segments.scan

        def fail_first(*arguments: Any) -> Any:
            if failures:
                raise failures.pop()
            return scan(*arguments)

        monkeypatch.setattr(drainer_module, "scan", fail_first)
        store = Store()
        async with running(tmp_path, store, JournalOptions(backoff=0.0)) as journal:
            await journal.flush()
            assert journal.state().drain_failures == 2
        assert store.received == [record(2), interrupted_of(1)]

    async def test_a_stop_during_the_recovery(self, tmp_path: Path) -> None:
        segment_path(tmp_path, 1).write_bytes(encode_line(opening(1)) + encode_line(record(2)))
        journal = Journal(tmp_path, Store().drain)
        await journal.start()
        exchange(journal, 3)
        await journal.stop()
        received = (await drained(tmp_path)).received
        assert sorted(received, key=lambda one: one.id) == [interrupted_of(1), *numbered(2, 3)]


class Script:
    """A segment of exchanges that overlap, and what must be found of it when it ends at any byte."""

    def __init__(self, order: list[int]) -> None:
        self.pieces: list[tuple[str, int, bytes]] = []
        opened: set[int] = set()
        for number in order:
            if number in opened:
                self.pieces.append(("close", number, encode_line(record(number))))
            elif not any(piece[1] == number for piece in self.pieces):
                opened.add(number)
                self.pieces.append(("open", number, encode_line(opening(number))))
        self.data = b"".join(line for _, _, line in self.pieces)

    def expected(self, cut: int) -> tuple[list[Record], list[Record], bytes]:
        """(drained, interrupted, what is torn)."""
        closed: list[int] = []
        opened: list[int] = []
        position = 0
        for kind, number, line in self.pieces:
            end = position + len(line)
            if cut < end - 1:  # a line that lacks no more than its newline is whole
                return self._records(closed, opened, self.data[position:cut])
            (closed if kind == "close" else opened).append(number)
            if kind == "close":
                opened.remove(number)
            position = end
        return self._records(closed, opened, b"")

    @staticmethod
    def _records(closed: list[int], opened: list[int], torn: bytes) -> tuple[list[Record], list[Record], bytes]:
        return numbered(*closed), [interrupted_of(number) for number in opened], torn


@st.composite
def crashes(draw: st.DrawFn) -> tuple[Script, int]:
    order = draw(st.lists(st.integers(0, 5), min_size=1, max_size=10))
    closed_once = [number for position, number in enumerate(order) if order[:position].count(number) < 2]
    script = Script(closed_once)
    return script, draw(st.integers(0, len(script.data)))


@settings(deadline=None, max_examples=150)
@given(crashes())
async def test_every_whole_line_survives_a_crash_at_any_byte(case: tuple[Script, int]) -> None:
    script, cut = case
    folder = Path(tempfile.mkdtemp(prefix="plexus-journal-"))
    try:
        segment_path(folder, 1).write_bytes(script.data[:cut])
        store = await drained(folder)
        finished, open_ones, torn = script.expected(cut)
        assert store.received == [*finished, *open_ones]
        aside = folder / SET_ASIDE
        assert (aside.read_bytes() if aside.exists() else b"") == (torn + b"\n" if torn else b"")
        assert list_segments(folder) == []
        assert (await drained(folder)).received == []
    finally:
        shutil.rmtree(folder)
