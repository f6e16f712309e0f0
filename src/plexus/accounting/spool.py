"""The spool: complete turns of the Responses API on their way into the database, beside the journal and of the same kind.

A turn is appended to a file, which survives the process, and is found in memory until the database has it. While the
database is down the files grow; memory keeps the newest turns only, within a bound.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TypeAlias

import msgspec

from plexus.accounting.segments import Position, Segments, claim, encode_line
from plexus.domain.turn import Turn

log = logging.getLogger(__name__)

DrainTurns: TypeAlias = Callable[[Sequence[Turn]], Awaitable[None]]
"""Writes turns into the database, idempotently by owner and id. Raises when it cannot; the same turns then come again."""

TURNS: msgspec.json.Decoder[Turn] = msgspec.json.Decoder(Turn)
BATCH_BYTES = 1024 * 1024
FIRST_DELAY, LONGEST_DELAY = 0.2, 30.0
"""Seconds between two tries of a database that does not take turns."""
MEMORY = 64 * 1024 * 1024
"""Bytes of waiting turns that are found in memory."""

Name: TypeAlias = tuple[str, str]


class Spool:
    """See ``exchange.ports.TurnSpool``. One process, one event loop."""

    def __init__(
        self,
        folder: Path,
        drain: DrainTurns,
        *,
        memory: int = MEMORY,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._folder = folder
        self._drain = drain
        self._memory = memory
        self._sleep = sleep
        self._waiting: OrderedDict[Name, tuple[Turn, int]] = OrderedDict()
        """Turns that the database does not have, the oldest first, with their sizes."""
        self._bytes = 0
        self._segments: Segments[Turn] | None = None
        self._position = Position()
        self._more = asyncio.Event()
        self._draining = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None
        self.drain_error: str | None = None
        """Why the database does not take turns, while it does not."""

    # --- writing and reading: never waits, never raises

    def add(self, turn: Turn) -> None:
        """Keep a turn until the database has it. Where the disk refuses it, nobody will find it: that is logged."""
        line = encode_line(turn)
        try:
            if self._segments is None:
                raise OSError("it is not open")
            self._segments.append(line)
        except OSError as full:
            log.error("a response cannot be kept: the spool cannot be written: %s", full)
            return
        self._remember(turn, len(line))
        self._more.set()

    def _remember(self, turn: Turn, size: int) -> None:
        self._forget(turn)
        self._waiting[turn.owner, turn.id] = (turn, size)
        self._bytes += size
        while self._bytes > self._memory:
            _, (_, gone) = self._waiting.popitem(last=False)
            self._bytes -= gone

    def _forget(self, turn: Turn) -> None:
        found = self._waiting.pop((turn.owner, turn.id), None)
        if found is not None:
            self._bytes -= found[1]

    def get(self, owner: str, ident: str) -> Turn | None:
        """A turn that waits."""
        found = self._waiting.get((owner, ident))
        return found[0] if found is not None else None

    # --- life

    async def start(self) -> None:
        """Claim the folder, take over what an earlier process left, and begin to drain. Raises OSError."""
        own, left = claim(self._folder, TURNS)
        self._segments = own
        drained = own.drained()
        first = Position(own.numbers[0] if own.numbers else 0, 0)
        self._position = max(drained, first)
        for turn, size in _turns(own, self._position):
            self._remember(turn, size)
        own.start()
        for segments in left:
            for turn, _ in _turns(segments, segments.drained()):
                self.add(turn)
            segments.remove()
        self._more.set()
        self._task = asyncio.create_task(self._run())

    async def stop(self, seconds: float = 5.0) -> None:
        """Drain what can be drained within ``seconds``, then let the folder go. The rest waits for the next start."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None
        with contextlib.suppress(TimeoutError, Exception):
            async with asyncio.timeout(seconds):
                await self.flush()
        if self._segments is not None:
            with contextlib.suppress(OSError):
                self._segments.sync()
            self._segments.release()
            self._segments = None

    # --- draining

    async def flush(self) -> None:
        """Until the database has everything that was added before. Raises what the database raises."""
        async with self._draining:
            while await self._drain_once():
                pass

    async def _run(self) -> None:
        delay = FIRST_DELAY
        while True:
            await self._more.wait()
            self._more.clear()
            try:
                await self.flush()
                delay, self.drain_error = FIRST_DELAY, None
            except Exception as down:  # noqa: BLE001 - whatever the database raises, the turns must stay
                if self.drain_error is None:
                    log.warning("responses wait in the spool, the database does not take them: %s", down)
                self.drain_error = f"{type(down).__name__}: {down}"
                self._more.set()
                await self._sleep(delay)
                delay = min(delay * 2, LONGEST_DELAY)

    async def _drain_once(self) -> bool:
        """One batch; True while there may be more."""
        segments = self._segments
        if segments is None:
            return False
        turns, following = segments.read(self._position, BATCH_BYTES)
        if following == self._position:
            return False
        if turns:
            await self._drain(turns)
        self._position = following
        segments.set_drained(following)
        for turn in turns:
            self._forget(turn)
        return True


def _turns(segments: Segments[Turn], position: Position) -> list[tuple[Turn, int]]:
    """All turns from ``position`` on, with their sizes."""
    found: list[tuple[Turn, int]] = []
    while True:
        turns, following = segments.read(position, BATCH_BYTES)
        if following == position:
            return found
        found += [(turn, len(turn.body) + sum(map(len, (*turn.given, *turn.output)))) for turn in turns]
        position = following
