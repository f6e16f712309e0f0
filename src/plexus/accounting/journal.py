"""The journal: records go to an append-only file first, and from there into the database, behind the reply.

An append is one ``write`` of one line (about a microsecond); it survives the process, and once a second, by ``fsync``, a
power cut. Nothing here waits for the database; while that is down the files grow and memory does not.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TypeAlias

from plexus.accounting.estimate import estimate_text
from plexus.accounting.segments import JOURNAL, Line, Position, Segments, claim, encode_line
from plexus.canonical.usage import usage
from plexus.domain.record import Opening, Record

log = logging.getLogger(__name__)

Drain: TypeAlias = Callable[[Sequence[Record]], Awaitable[None]]
"""Writes records into the database, idempotently by id. Raises when it cannot; the same records then come again."""

INTERVAL = 0.2
"""Seconds between two looks for something to drain."""
BATCH_BYTES = 1024 * 1024
BACKOFF_CAP = 30.0
OVERFLOW = 100_000
"""Records kept in memory while the disk refuses them; beyond that the oldest are lost, and said to be."""


class Journal:
    """See ``exchange.ports.Journal``. One process, one event loop."""

    def __init__(
        self, folder: Path, drain: Drain, *, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    ) -> None:
        self._folder = folder
        self._drain = drain
        self._sleep = sleep
        self._segments: Segments[Line] | None = None
        self._position = Position()
        self._live: dict[str, Opening] = {}
        """Openings whose records have not come."""
        self._overflow: deque[Record] = deque(maxlen=OVERFLOW)
        self._task: asyncio.Task[None] | None = None
        self._dirty = False
        self._failing = False
        self.drain_error: str | None = None
        """Why the database does not take records, while it does not."""
        self.lost = 0
        """Records that neither disk nor memory could keep."""

    # --- writing: never waits, never raises

    def open(self, opening: Opening) -> None:
        """An exchange is about to send its first byte upstream."""
        self._live[opening.id] = opening
        self._append(opening)

    def close(self, record: Record) -> None:
        """An exchange is over."""
        self._live.pop(record.id, None)
        if not self._append(record):
            if len(self._overflow) == OVERFLOW:
                self.lost += 1
            self._overflow.append(record)

    def _append(self, line: Line) -> bool:
        if self._segments is None:
            return False
        try:
            self._segments.append(encode_line(line))
        except OSError as full:
            if not self._failing:
                log.error("the journal cannot be written: %s; records are kept in memory", full)
            self._failing = True
            return False
        self._failing = False
        self._dirty = True
        return True

    # --- life

    async def start(self) -> None:
        """Claim the folder, recover what an earlier process left, and begin to drain. Raises OSError."""
        own, left = claim(self._folder, JOURNAL)
        for segments in [own, *left]:
            self._recover(segments, own)
        for segments in left:
            segments.remove()
        self._task = asyncio.create_task(self._run())

    def _recover(self, segments: Segments[Line], own: Segments[Line]) -> None:
        """Openings without a record become records of kind ``interrupted``. Records of a dead process move to ours."""
        opened: dict[str, Opening] = {}
        records: list[Record] = []
        drained = segments.drained()
        position = Position()
        while True:
            lines, following = segments.read(position, BATCH_BYTES)
            if following == position:
                break
            for line in lines:
                if isinstance(line, Opening):
                    opened[line.id] = line
                else:
                    opened.pop(line.id, None)
                    if segments is not own:
                        records.append(line)
            position = following
        if segments is own:
            self._segments = own
            self._position = min(max(drained, Position(own.numbers[0] if own.numbers else 0, 0)), position)
            own.start()
        for record in [*records, *(interrupted(opening) for opening in opened.values())]:
            self._append(record)
        if opened:
            log.warning("%d exchanges were interrupted when the gateway stopped", len(opened))

    async def stop(self, seconds: float = 5.0) -> None:
        """Drain what can be drained within ``seconds``, then let the folder go. The rest waits for the next start."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None
        with contextlib.suppress(TimeoutError, Exception):
            async with asyncio.timeout(seconds):
                while await self._drain_once():
                    pass
        if self._segments is not None:
            with contextlib.suppress(OSError):
                self._segments.sync()
            self._segments.release()
            self._segments = None

    # --- draining

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        delay, last_sync = INTERVAL, loop.time()
        while True:
            await self._sleep(delay)
            try:
                while await self._drain_once():
                    pass
                delay, self.drain_error = INTERVAL, None
            except Exception as down:  # noqa: BLE001 - whatever the database raises, the records must stay
                if self.drain_error is None:
                    log.warning("records wait in the journal, the database does not take them: %s", down)
                self.drain_error = f"{type(down).__name__}: {down}"
                delay = min(delay * 2, BACKOFF_CAP)
            if self._dirty and loop.time() - last_sync >= 1.0 and self._segments is not None:
                self._dirty, last_sync = False, loop.time()
                with contextlib.suppress(OSError):
                    await loop.run_in_executor(None, self._segments.sync)

    async def _drain_once(self) -> bool:
        """One batch; True while there may be more. Raises what the database raises."""
        if self._overflow:
            batch = list(self._overflow)[:1000]
            await self._drain(batch)
            written = {record.id for record in batch}
            while self._overflow and self._overflow[0].id in written:  # others may have been pushed out meanwhile
                self._overflow.popleft()
        segments = self._segments
        if segments is None:
            return bool(self._overflow)
        lines, following = segments.read(self._position, BATCH_BYTES)
        if following == self._position:
            return bool(self._overflow)
        records = [line for line in lines if isinstance(line, Record)]
        if records:
            await self._drain(records)
        if following.segment > self._position.segment:
            for opening in list(self._live.values()):
                self._append(opening)  # its segment is about to be deleted
        self._position = following
        segments.set_drained(following)
        return True

    @property
    def backlog(self) -> bool:
        """Whether records wait for the database."""
        return bool(self._overflow) or (self._segments is not None and self._position != self._segments.end())


def interrupted(opening: Opening) -> Record:
    """The record of an exchange whose process died, billed by estimate: the provider may well have answered."""
    return Record(
        id=opening.id,
        kind="interrupted",
        started_at=opening.started_at,
        key=opening.key,
        protocol=opening.protocol,
        operation=opening.operation,
        model=opening.model,
        provider=opening.target.partition("/")[0] if opening.target else None,
        target_model=opening.target.partition("/")[2] if opening.target else None,
        bytes_in=opening.bytes_in,
        usage=usage(input=estimate_text(opening.bytes_in), estimated=True),
        notes=("tokens_estimated",),
        error="interrupted",
        error_message="The gateway stopped before this exchange ended.",
    )
