"""The whole journal: records reach the database in order, whatever it, the disk and the process do meanwhile."""

from __future__ import annotations

import asyncio
import errno
import os
import random
import shutil
import tempfile
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.accounting.journal.helpers import Sleep, Store, crash, drained, running
from tests.sample_records import opening, record

from plexus.accounting.journal import Journal, JournalInUse, JournalOptions, RecordsRefused
from plexus.accounting.journal import spool as spool_module
from plexus.accounting.journal.keeper import SET_ASIDE
from plexus.accounting.journal.lines import encode_line
from plexus.accounting.journal.segments import list_segments, segment_path
from plexus.canonical.usage import Usage
from plexus.domain.record import Record

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


class TestDraining:
    async def test_records_reach_the_database_in_order(self, tmp_path: Path) -> None:
        store = Store()
        async with running(tmp_path, store) as journal:
            exchange(journal, *range(5))
            assert journal.pending == 5
            await journal.flush()
            assert journal.pending == 0
        assert store.batches == [numbered(*range(5))]

    @pytest.mark.parametrize("options", [SMALL, JournalOptions()], ids=["small", "default"])
    async def test_a_thousand_in_bursts(self, tmp_path: Path, options: JournalOptions) -> None:
        store = Store()
        async with running(tmp_path, store, options) as journal:
            chance = random.Random(7)
            number = 0
            while number < 1000:
                burst = range(number, number + chance.randint(1, 90))
                exchange(journal, *burst)
                number = burst.stop
                if chance.random() < 0.5:
                    await asyncio.sleep(0)
            await journal.flush()
            assert journal.state().drained == number
            assert len(list_segments(tmp_path)) <= 2, "drained segments go"
        assert store.received == numbered(*range(number))
        assert all(len(batch) <= options.batch for batch in store.batches)
        assert list_segments(tmp_path) == []

    async def test_a_batch_waits_a_moment_for_others(self, tmp_path: Path) -> None:
        sleep, store = Sleep(), Store()
        async with running(tmp_path, store, JournalOptions(linger=0.2, sleep=sleep)) as journal:
            exchange(journal, 1)
            await asyncio.sleep(0)
            exchange(journal, 2)
            await sleep.end(0.2)
            await store.tried.wait()
            exchange(journal, 3)
            await sleep.end(0.2)
            await journal.flush()
        assert store.batches == [numbered(1, 2), numbered(3)]

    async def test_a_full_batch_does_not_wait(self, tmp_path: Path) -> None:
        sleep, store = Sleep(), Store()
        async with running(tmp_path, store, JournalOptions(batch=3, linger=0.2, sleep=sleep)) as journal:
            exchange(journal, 1, 2, 3)
            await store.tried.wait()
            assert 0.2 not in sleep.begun
        assert store.batches == [numbered(1, 2, 3)]

    async def test_only_openings_are_nothing_to_drain(self, tmp_path: Path) -> None:
        store = Store()
        async with running(tmp_path, store) as journal:
            journal.open(opening(1))
            await journal.flush()
            assert journal.pending == 0
        assert store.batches == []

    async def test_what_the_database_refuses_is_set_aside(self, tmp_path: Path) -> None:
        taken: list[Record] = []

        async def drain(records: Any) -> None:
            taken.extend(one for one in records if one != record(2))
            raise RecordsRefused([one for one in records if one == record(2)], "too strange")

        journal = Journal(tmp_path, drain)
        await journal.start()
        exchange(journal, 1, 2, 3)
        await journal.flush()
        assert (journal.pending, journal.state().set_aside) == (0, 1)
        await journal.stop()
        assert taken == numbered(1, 3)
        assert (tmp_path / SET_ASIDE).read_bytes() == encode_line(record(2))


class TestDatabaseAway:
    async def test_records_wait_and_arrive_in_order(self, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
        sleep, store = Sleep(), Store()
        options = JournalOptions(linger=0.2, backoff=0.3, backoff_limit=1.2, batch=4, remembered=5, sleep=sleep)
        async with running(tmp_path, store, options) as journal:
            store.failure = ConnectionError("the database is away")
            exchange(journal, *range(10))
            for backoff in (0.3, 0.6, 1.2, 1.2):
                await sleep.end(backoff)
            exchange(journal, *range(10, 20))
            state = journal.state()
            assert (state.pending, state.draining, state.drained) == (20, False, 0)
            assert state.drain_failures >= 4
            store.failure = None
            await journal.flush()
            assert journal.state().draining
        assert store.received == numbered(*range(20))
        assert [(one.levelname, "the database is away" in one.getMessage()) for one in caplog.records] == [
            ("ERROR", True)
        ], "said once, however often it was tried"

    async def test_memory_stays_small(self, tmp_path: Path) -> None:
        store = Store()
        store.failure = ConnectionError("the database is away")
        async with running(tmp_path, store, SMALL) as journal:
            exchange(journal, *range(500))
            assert len(journal.recent(1000)) == SMALL.remembered
            assert journal.pending == 500
            store.failure = None
            await journal.flush()
        assert store.received == numbered(*range(500))

    async def test_a_stop_meanwhile_leaves_them_for_the_next_start(self, tmp_path: Path) -> None:
        store = Store()
        store.failure = ConnectionError("the database is away")
        async with running(tmp_path, store, SMALL) as journal:
            exchange(journal, *range(100))
        assert store.records == {}
        assert (await drained(tmp_path)).received == numbered(*range(100))

    async def test_a_database_that_hangs_does_not_hold_up_the_stop(self, tmp_path: Path) -> None:
        store = Store()
        store.gate = asyncio.Event()
        journal = Journal(tmp_path, store.drain)
        await journal.start()
        exchange(journal, 1)
        flushing = asyncio.create_task(journal.flush())
        await store.tried.wait()
        await journal.stop(timeout=0.01)
        await flushing
        assert (await drained(tmp_path)).received == numbered(1)

    async def test_a_stop_drains_what_it_can(self, tmp_path: Path) -> None:
        store = Store()
        journal = Journal(tmp_path, store.drain, JournalOptions(sleep=Sleep()))
        await journal.start()
        exchange(journal, *range(3))
        await journal.stop()
        assert store.received == numbered(*range(3))


class TestReaders:
    async def test_recent_are_those_that_are_on_their_way(self, tmp_path: Path) -> None:
        store = Store()
        async with running(tmp_path, store) as journal:
            exchange(journal, 1, 2, 3)
            assert journal.recent() == numbered(3, 2, 1)
            assert journal.recent(2) == numbered(3, 2)
            assert journal.find(record(2).id) == record(2)
            await journal.flush()
            assert journal.recent() == []
            assert journal.find(record(2).id) is None


class TestDisk:
    async def test_records_of_a_disk_that_fails_are_drained_from_memory(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        sleep, store = Sleep(), Store()
        async with running(tmp_path, store, JournalOptions(batch=2, sleep=sleep)) as journal:
            exchange(journal, 1)
            with monkeypatch.context() as patch:
                patch.setattr(spool_module, "os", FullDisk())
                exchange(journal, 2, 3, 4)
                state = journal.state()
                assert (state.pending, state.unwritten, state.disk_failures) == (4, 3, 1)
                assert journal.recent() == numbered(4, 3, 2, 1)
                await journal.flush()
                assert (journal.pending, journal.unwritten) == (0, 0)
            for _ in range(2):  # when the second one ends, what followed the first has been done
                await sleep.end(1.0)
            exchange(journal, 5)
            assert journal.unwritten == 0
            await journal.flush()
        assert store.received == numbered(*range(1, 6))

    async def test_with_the_database_away_too_they_go_to_the_disk_when_it_is_back(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        sleep, store = Sleep(), Store()
        store.failure = ConnectionError("the database is away")
        async with running(tmp_path, store, JournalOptions(sleep=sleep)) as journal:
            exchange(journal, 1)
            with monkeypatch.context() as patch:
                patch.setattr(spool_module, "os", FullDisk())
                exchange(journal, 2, 3)
            for _ in range(2):
                await sleep.end(1.0)
            exchange(journal, 4)
            assert (journal.pending, journal.unwritten) == (4, 0)
        assert store.received == []
        assert (await drained(tmp_path)).received == numbered(1, 2, 3, 4)

    async def test_a_last_try_at_the_stop(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        store = Store()
        store.failure = ConnectionError("the database is away")
        async with running(tmp_path / "a", store) as journal:
            with monkeypatch.context() as patch:
                patch.setattr(spool_module, "os", FullDisk())
                exchange(journal, 1)
        assert (await drained(tmp_path / "a")).received == numbered(1)
        with monkeypatch.context() as patch:
            async with running(tmp_path / "b", store) as journal:
                patch.setattr(spool_module, "os", FullDisk())
                exchange(journal, 1)
        assert "1 records were only in memory and are lost" in caplog.text

    async def test_nothing_raises_at_an_exchange(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        store = Store()
        async with running(tmp_path, store) as journal:
            journal.close(record(1, model="a\ud800"))
            journal.open(msgspec.structs.replace(opening(2), model="a\ud800"))
            journal.close(record(2, notes=object()))
            await journal.flush()
            assert journal.state().lost == 1
        assert store.received == [record(1, model="a?")]
        assert "an opening could not be written" in caplog.text
        assert "a record was lost by our own defect" in caplog.text

    async def test_pretty_printed_usage_stays_one_line(self, tmp_path: Path) -> None:
        usage = Usage(input=1, raw=msgspec.Raw(b'{\n  "prompt_tokens": 1\n}'))
        async with running(tmp_path, Store()) as journal:
            journal.close(record(1, usage=usage))
            folder = crash(tmp_path)
        compact = Usage(input=1, raw=msgspec.Raw(b'{   "prompt_tokens": 1 }'))
        assert (await drained(folder)).received == [record(1, usage=compact)]

    async def test_synced_once_a_second_off_the_loop(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        sleep, synced = Sleep(), asyncio.Event()
        loop = asyncio.get_running_loop()

        def fsync(_fd: int) -> None:
            with pytest.raises(RuntimeError):
                asyncio.get_running_loop()
            loop.call_soon_threadsafe(synced.set)

        async with running(tmp_path, Store(), JournalOptions(sync_every=1.0, sleep=sleep)) as journal:
            monkeypatch.setattr(os, "fsync", fsync)
            exchange(journal, 1)
            assert not synced.is_set()
            await sleep.end(1.0)
            await synced.wait()


class FullDisk:
    """Stands for ``os`` in the spool: nothing can be written, nor made."""

    def __getattr__(self, name: str) -> Any:
        return getattr(os, name)

    def write(self, _fd: int, _data: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    def open(self, *_: object) -> int:
        raise OSError(errno.EROFS, "Read-only file system")


class TestStart:
    async def test_one_journal_a_folder(self, tmp_path: Path) -> None:
        async with running(tmp_path, Store()):
            with pytest.raises(JournalInUse):
                await Journal(tmp_path, Store().drain).start()
        async with running(tmp_path, Store()):
            pass

    async def test_a_folder_that_cannot_be_made(self, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        with pytest.raises(OSError):
            await Journal(tmp_path / "file" / "journal", Store().drain).start()

    async def test_a_folder_of_its_own_is_made_for_the_owner_only(self, tmp_path: Path) -> None:
        async with running(tmp_path / "deep" / "journal", Store()) as journal:
            exchange(journal, 1)
            modes = {path.stat().st_mode & 0o777 for path in (tmp_path / "deep" / "journal").iterdir()}
        assert modes == {0o600}
        assert (tmp_path / "deep" / "journal").stat().st_mode & 0o777 == 0o700

    async def test_a_stop_without_a_start(self, tmp_path: Path) -> None:
        await Journal(tmp_path, Store().drain).stop()


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
