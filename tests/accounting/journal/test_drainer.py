"""Records reach the database in order, in batches, also after it was away."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path
from typing import Any

import pytest
from tests.accounting.journal.helpers import (
    SMALL,
    Sleep,
    Store,
    drained,
    exchange,
    numbered,
    running,
)
from tests.sample_records import opening, record

from plexus.accounting.journal import Journal, JournalOptions, RecordsRefused
from plexus.accounting.journal.keeper import SET_ASIDE
from plexus.accounting.journal.lines import encode_line
from plexus.accounting.journal.segments import list_segments
from plexus.domain.record import Record


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
