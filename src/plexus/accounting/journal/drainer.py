"""The reading end: recovers what earlier processes left, then carries records to the database, in order, in batches."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from itertools import islice
from pathlib import Path
from typing import TypeAlias

from plexus.accounting.journal.keeper import Keeper
from plexus.accounting.journal.lines import decode_line, encode_line, interrupted
from plexus.accounting.journal.options import JournalOptions
from plexus.accounting.journal.segments import UNREADABLE, Position, list_segments, read_lines, scan, segment_path
from plexus.accounting.journal.spool import Spool
from plexus.domain.record import Record

log = logging.getLogger(__name__)

Drain: TypeAlias = Callable[[Sequence[Record]], Awaitable[None]]
"""Puts records into the database, all or none; those that are there already stay as they are. Any exception means: later."""


class RecordsRefused(Exception):
    """Raised by a Drain that put all records into the database but these, which it will never take."""

    def __init__(self, records: Sequence[Record], reason: str) -> None:
        super().__init__(reason)
        self.records = tuple(records)


class Drainer:
    """Reads behind ``spool`` and hands out batches; ``position`` is what the database has everything before."""

    def __init__(self, folder: Path, spool: Spool, drain: Drain, options: JournalOptions) -> None:
        self._folder = folder
        self._spool = spool
        self._drain = drain
        self._options = options
        self._keeper = Keeper(folder)
        self._first = spool.end.segment
        """Our own first segment: everything before it was left by others."""
        self.position = self._keeper.checkpoint()
        self._roused = asyncio.Event()
        self._news = asyncio.Event()
        self._idle = False
        self._stopping = False
        self._left_to_others = False
        """A stop came during the recovery: the next start will do it."""
        self._waiters: list[asyncio.Future[None]] = []
        self.drained = 0
        self.recovered = 0
        """Records that earlier processes left behind the checkpoint."""
        self.interrupted = 0
        self.failures = 0
        self.draining = True

    @property
    def set_aside(self) -> int:
        """Lines that nobody could use."""
        return self._keeper.set_aside_count

    @property
    def behind(self) -> bool:
        """Whether there may be something to drain."""
        return self.position < self._spool.closed_to or bool(self._spool.unwritten)

    def notice(self) -> None:
        """Something was written. Called for every record: cheap while the drainer is at work anyway."""
        if self._idle:
            self._news.set()

    async def flush(self) -> None:
        """Without lingering: return when nothing is left to drain. Waits as long as the database is away."""
        while self.behind and not self._stopping:
            waiter = asyncio.get_running_loop().create_future()
            self._waiters.append(waiter)
            self._rouse()
            await waiter

    def stop(self) -> None:
        """Try once to drain what is left, then end ``run``."""
        self._stopping = True
        self._rouse()

    def tidy(self) -> None:
        """Leave no segment behind when nothing needs one. For the end, when nothing is written any more."""
        if not self.behind and not self._spool.unclosed:
            self._keeper.remove_before(self._spool.end.segment + 1)

    def _rouse(self) -> None:
        self._roused.set()
        self._news.set()

    async def run(self) -> None:
        """Until ``stop``."""
        try:
            await self._run()
        finally:
            self._wake_waiters()

    async def _run(self) -> None:
        if not await self._insist(self._recover):
            return
        while not self._left_to_others:
            if not self.behind:
                self._wake_waiters()
                if self._stopping:
                    return
                await self._wait_for_news()
                continue
            if self._may_linger():
                await self._pause(self._options.linger)
            if not await self._insist(self._step):
                return

    async def _wait_for_news(self) -> None:
        self._news.clear()
        self._roused.clear()
        self._idle = True
        await self._news.wait()
        self._idle = False

    def _may_linger(self) -> bool:
        """Whether the next batch is short and nobody waits for it."""
        spool = self._spool
        short = self.position >= spool.remembered_from and len(spool.remembered) < self._options.batch
        return short and not self._waiters and not self._stopping

    async def _insist(self, step: Callable[[], Awaitable[None]]) -> bool:
        """Take ``step`` again and again until it succeeds. False: it has not, and we are stopping."""
        backoff = self._options.backoff
        while True:
            try:
                await step()
            except Exception as error:  # noqa: BLE001 - whatever the database or the disk says, the records stay and wait
                self._failed(error)
            else:
                self._succeeded()
                return True
            if self._stopping:
                return False
            await self._pause(backoff)
            backoff = min(backoff * 2, self._options.backoff_limit)

    async def _step(self) -> None:
        """Drain the next batch: from memory where it is complete there, else from the segments. Raises what went wrong."""
        spool, position = self._spool, self.position
        if position >= spool.end:
            await self._drain_unwritten()
        elif position >= spool.remembered_from:
            entries = list(islice(spool.remembered, self._options.batch))
            records = [record for _, record in entries]
            # Behind the last record there are only openings, which need no draining.
            end = spool.end if len(entries) == len(spool.remembered) else entries[-1][0]
            await self._hand_over(records)
            await self._advance(end, len(records))
        else:
            await self._drain_segment(position)

    async def _drain_segment(self, position: Position) -> None:
        current = self._spool.end
        number, offset = position
        end = current.offset if number == current.segment else None
        try:
            lines, after = read_lines(segment_path(self._folder, number), offset, end)
        except OSError as error:
            if error.errno not in UNREADABLE:
                raise
            self._keeper.put_away(number, error)
            lines, after = [], offset
        if not lines:
            await self._advance(self._after_segment(number), 0)
            return
        records, broken = _decode(lines)
        for start in range(0, len(records), self._options.batch):
            await self._hand_over(records[start : start + self._options.batch])
        self._keeper.set_aside(broken, "they are no lines of ours, or were cut by a crash")
        await self._advance(Position(number, after), len(records))

    async def _drain_unwritten(self) -> None:
        spool = self._spool
        records = [record for _, record in islice(spool.unwritten, self._options.batch)]
        await self._hand_over(records)
        # Meanwhile some may have been written after all: they stay, and are drained again.
        ids = {record.id for record in records}
        while spool.unwritten and spool.unwritten[0][1].id in ids:
            spool.unwritten.popleft()
            self.drained += 1

    async def _hand_over(self, records: Sequence[Record]) -> None:
        if not records:
            return
        try:
            await self._drain(records)
        except RecordsRefused as refusal:
            self._keeper.set_aside([encode_line(record)[:-1] for record in refusal.records], f"refused: {refusal}")

    async def _advance(self, position: Position, records: int) -> None:
        self.drained += records
        left = self.position.segment
        self.position = position
        remembered = self._spool.remembered
        while remembered and remembered[0][0] <= position:
            remembered.popleft()
        if not self._keeper.save(position) or position.segment == left:
            return
        # The openings that the old segments held stand at the head of the newest: it must be on the disk first.
        try:
            await asyncio.to_thread(self._spool.sync)
        except OSError as error:
            log.debug("journal: drained segments stay for now, the disk does not sync: %s", error)
        else:
            self._keeper.remove_before(position.segment)

    def _after_segment(self, number: int) -> Position:
        """Where to read on when nothing more can be read of segment ``number``."""
        later = [other for other in list_segments(self._folder) if other > number]
        return Position(min(later), 0) if later else self._spool.end

    async def _recover(self) -> None:
        """Close what earlier processes left open."""
        numbers = [number for number in list_segments(self._folder) if number < self._first]
        if not numbers:
            self.position = max(self.position, Position(self._first, 0))
            return
        left = await asyncio.to_thread(scan, self._folder, numbers, self.position, lambda: self._stopping)
        if left is None:
            self._left_to_others = True
            return
        for opening in left.unclosed.values():
            record = interrupted(opening)
            self._spool.close(record, encode_line(record))
        self.interrupted = len(left.unclosed)
        self.recovered = left.pending
        if left.unclosed or left.pending:
            log.warning(
                "journal: an earlier process left %d finished and %d interrupted exchanges: they are drained now",
                left.pending, len(left.unclosed),
            )  # fmt: skip

    def _failed(self, error: Exception) -> None:
        self.failures += 1
        if self.draining:
            self.draining = False
            log.error(
                "journal: records cannot be drained, they wait in the journal: %s: %s", type(error).__name__, error
            )

    def _succeeded(self) -> None:
        if not self.draining:
            self.draining = True
            log.info("journal: records are drained again")

    async def _pause(self, seconds: float) -> None:
        """Sleep, but not through a ``flush`` or ``stop``."""
        if self._roused.is_set():
            self._roused.clear()
            return
        sleeping = asyncio.ensure_future(self._options.sleep(seconds))
        roused = asyncio.ensure_future(self._roused.wait())
        try:
            await asyncio.wait((sleeping, roused), return_when=asyncio.FIRST_COMPLETED)
        finally:
            sleeping.cancel()
            roused.cancel()
        self._roused.clear()

    def _wake_waiters(self) -> None:
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)


def _decode(lines: list[bytes]) -> tuple[list[Record], list[bytes]]:
    """The records among ``lines``, and the lines that cannot be read."""
    records: list[Record] = []
    broken: list[bytes] = []
    for line in lines:
        try:
            entry = decode_line(line)
        except ValueError:
            broken.append(line)
            continue
        if isinstance(entry, Record):
            records.append(entry)
    return records, broken
