"""``kill -9`` of a whole gateway, again and again, in the middle of its work."""

from __future__ import annotations

import asyncio
import re
from itertools import count
from pathlib import Path

import pytest
from tests.drills.client import SHAPES, Line, Seen, is_whole
from tests.drills.process import Process, gateway_process, stored, stored_in

from plexus.mock_provider import MockProvider

WORKERS = 16
MARK = re.compile(rb'"(?:user|user_id)":\s?"n(\d+)"')


class Load:
    """So many exchanges over a handful of connections, through every death of the gateway."""

    def __init__(self, gateway: Process, total: int, kills: int) -> None:
        self.seen: list[Seen] = []
        self.stalled: list[Seen] = []
        self._gateway = gateway
        self._total = total
        self._numbers = count()
        self._complete = 0
        self._deaths = [total * (n + 1) // (kills + 1) for n in range(kills)]
        self._due = asyncio.Event()
        self._up = asyncio.Event()

    async def run(self) -> None:
        self._up.set()
        async with asyncio.TaskGroup() as group:
            reaper = group.create_task(self._reap())
            workers = [group.create_task(self._work()) for _ in range(WORKERS)]
            await asyncio.gather(*workers)
            await reaper

    async def _reap(self) -> None:
        for _ in list(self._deaths):
            await self._due.wait()
            self._due.clear()
            # A stream that has begun and will not end: whenever death comes, it is in the middle of this one.
            line, seen = await Line.open(self._gateway.port), self._next()
            await line.begin(seen, "/v1/messages", "stalled", stream=True)
            self.stalled.append(seen)
            self._up.clear()
            await self._gateway.kill()
            with pytest.raises((OSError, EOFError)):
                await line.finish(seen)
            line.close()
            await self._gateway.start()
            self._up.set()

    def _next(self) -> Seen:
        seen = Seen(next(self._numbers))
        self.seen.append(seen)
        return seen

    async def _work(self) -> None:
        while self._complete < self._total:
            await self._up.wait()
            try:
                line = await Line.open(self._gateway.port)
            except OSError:
                await asyncio.sleep(0)  # killed a moment ago: the reaper has not said so yet
                continue
            try:
                await self._talk(line)
            except (OSError, EOFError):
                pass
            finally:
                line.close()

    async def _talk(self, line: Line) -> None:
        last: Seen | None = None
        while self._complete < self._total:
            seen = self._next()
            path, model, stream = SHAPES[seen.number % len(SHAPES)]
            await line.begin(seen, path, model, stream=stream)
            if last is not None:
                last.followed = True
            await line.finish(seen)
            assert seen.status == 200, seen.body
            assert is_whole(path, stream, seen.body)
            last = seen
            self._complete += 1
            if self._deaths and self._complete >= self._deaths[0]:
                self._deaths.pop(0)
                self._due.set()


@pytest.mark.parametrize(
    ("total", "kills"), [(600, 2), pytest.param(10_000, 6, marks=[pytest.mark.full, pytest.mark.timeout(600)])]
)
async def test_every_exchange_has_its_one_record(tmp_path: Path, total: int, kills: int) -> None:
    mock = MockProvider(keep=2 * total)
    async with mock.serve() as provider, gateway_process(tmp_path, provider) as gateway:
        load = Load(gateway, total, kills)
        await load.run()
        await gateway.until_settled()
        await gateway.stop()
    records = await stored(stored_in(tmp_path))
    complete = {seen.id for seen in load.seen if seen.complete}
    cut = {seen.id for seen in load.seen if seen.id and not seen.complete}
    assert len(complete) >= total
    assert complete <= records.keys(), "what a client saw to its end is recorded"
    assert {records[seen.id] for seen in load.seen if seen.followed} == {"exchange"}
    # The record is written a moment before the last bytes go out. Of what was cut, some may have ended in that moment, but
    # not the streams that were stalled.
    assert cut <= records.keys(), "so is what a client saw cut"
    assert [records[seen.id] for seen in load.stalled] == ["interrupted"] * kills
    # Those of which no client saw a head are recorded if, and only if, they may have gone on to the provider.
    unheard = [seen.number for seen in load.seen if not seen.id]
    arrived = {int(found[1]) for call in mock.calls if (found := MARK.search(call.body))}
    others = len(records.keys() - complete - cut)
    assert len(arrived.intersection(unheard)) <= others <= len(unheard)
    journal = tmp_path / "config" / "journal"
    for folder in (journal, journal / "responses"):
        claimed = [path.name for path in folder.iterdir() if path.name.isdecimal()]
        assert claimed == ["0"], "each start took over what the one before it left"
