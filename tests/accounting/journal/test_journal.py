"""The journal as exchanges and readers see it."""

from __future__ import annotations

import asyncio
import errno
import os
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.accounting.journal.helpers import (
    Sleep,
    Store,
    crash,
    drained,
    exchange,
    numbered,
    running,
)
from tests.sample_records import opening, record

from plexus.accounting.journal import Journal, JournalInUse, JournalOptions
from plexus.accounting.journal import spool as spool_module
from plexus.canonical.usage import Usage
from plexus.exchange import ports


async def test_it_is_what_the_pipeline_asks_for(tmp_path: Path) -> None:
    async with running(tmp_path, Store()) as journal:
        port: ports.Journal = journal  # mypy checks that it fits
        port.open(opening(1))
        port.close(record(1))
        assert journal.recent() == [record(1)]


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
            journal.open(msgspec.structs.replace(opening(1), model="a\ud800"))
            journal.open(msgspec.structs.replace(opening(2), model=object()))
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

    async def test_a_stop_without_a_start_and_a_second_one(self, tmp_path: Path) -> None:
        journal = Journal(tmp_path, Store().drain)
        await journal.stop()
        await journal.start()
        for _ in range(2):
            await journal.stop()
        async with running(tmp_path, Store()):
            pass
