"""What is kept of Responses, for tests: a real spool and a real database."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from plexus.accounting.spool import Spool
from plexus.domain.snapshot import Retention
from plexus.domain.turn import Turn
from plexus.exchange.ports import TurnStore
from plexus.exchange.turns.state import State
from plexus.settings import MEMORY
from plexus.storage.database import Database, open_database
from plexus.storage.migrate import upgrade
from plexus.storage.turn_store import DatabaseTurns
from plexus.storage.turns import store_turns


@dataclass
class Kept:
    """``down`` takes the database away; ``now`` is the clock, in seconds."""

    database: Database
    spool: Spool
    down: bool = False
    now: float = 1_000_000.0
    limit: float = 60.0
    retention: Retention = field(default_factory=Retention)

    def store(self) -> TurnStore | None:
        return None if self.down else DatabaseTurns(self.database)

    def clock(self) -> float:
        self.now += 0.001
        return self.now

    @property
    def state(self) -> State:
        return State(self.spool, self.store, lambda: self.retention, clock=self.clock, limit=self.limit)


@asynccontextmanager
async def kept(folder: Path, database: Database | None = None) -> AsyncIterator[Kept]:
    """Over ``database``; by default one in memory."""
    own = database or open_database(MEMORY)
    if database is None:
        await upgrade(own)
    found: Kept

    async def drain(turns: Sequence[Turn]) -> None:
        if found.down:
            raise ConnectionError("the database is down")
        await store_turns(own, turns)

    found = Kept(own, Spool(folder, drain))
    await found.spool.start()
    try:
        yield found
    finally:
        await found.spool.stop()
        if database is None:
            await own.close()


class NoSpool:
    """Holds nothing."""

    def add(self, turn: Turn) -> None:
        raise AssertionError(turn.id)

    def get(self, owner: str, ident: str) -> Turn | None:
        return None

    async def flush(self) -> None:
        """There is nothing."""


def nothing_kept() -> State:
    """Of a gateway whose operator stores nothing."""
    return State(NoSpool(), lambda: None, lambda: Retention(store=False))
