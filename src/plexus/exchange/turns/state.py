"""Kept turns, as the data plane sees them: what still waits in memory first, then the database, within a second.

Without a database what only it knows is a 503 that says so; a turn that waits in memory is found all the same.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from plexus.canonical.errors import ClientError, ErrorKind, GatewayError
from plexus.domain.snapshot import Retention
from plexus.domain.turn import EarlierTurn, Past, Turn
from plexus.exchange.ports import TurnSpool, TurnStore

log = logging.getLogger(__name__)

T = TypeVar("T")
DAY = 24 * 3600 * 1_000_000
LIMIT = 1.0
"""Seconds that the database may take."""


class State:
    """See ``exchange.ports.EarlierTurns``."""

    def __init__(
        self,
        spool: TurnSpool,
        store: Callable[[], TurnStore | None],
        retention: Callable[[], Retention],
        *,
        clock: Callable[[], float] = time.time,
        limit: float = LIMIT,
    ) -> None:
        """``clock`` gives seconds since the epoch."""
        self._spool = spool
        self._store = store
        self._retention = retention
        self._clock = clock
        self._limit = limit

    @property
    def on(self) -> bool:
        """Whether the operator lets replies be kept."""
        return self._retention().store

    def now(self) -> int:
        """Microseconds since the epoch."""
        return int(self._clock() * 1_000_000)

    @property
    def since(self) -> int:
        """Replies older than this are gone."""
        days = self._retention().responses_days
        return 0 if days is None else self.now() - int(days * DAY)

    @property
    def conversations_since(self) -> int:
        """Conversations that were last used before this are gone."""
        days = self._retention().conversations_days
        return 0 if days is None else self.now() - int(days * DAY)

    def add(self, turn: Turn) -> None:
        """Keep a complete turn. Never waits."""
        self._spool.add(turn)

    def waiting(self, owner: str, ident: str) -> Turn | None:
        """A turn that the database does not have yet."""
        return self._spool.get(owner, ident)

    async def get(self, owner: str, ident: str) -> EarlierTurn | None:
        """The turn with all that it goes on from; None where there is none (any more)."""
        turn = self._spool.get(owner, ident)
        if turn is None:
            since = self.since
            return await self.ask(lambda store: store.get_earlier(owner, ident, since))
        parts = [turn.items]
        root = turn
        while root.previous is not None and (previous := self._spool.get(owner, root.previous)) is not None:
            root = previous
            parts.append(root.items)
        parts.append(tuple(await self._before(root)))
        return EarlierTurn(id=ident, items=tuple(past for part in reversed(parts) for past in part), issuer=turn.issuer)

    async def _before(self, root: Turn) -> Sequence[Past]:
        """What the database knows that ``root`` went on from."""
        owner, previous, conversation = root.owner, root.previous, root.conversation
        if previous is not None:
            earlier = await self.ask(lambda store: store.get_earlier(owner, previous, 0))
            return earlier.items if earlier is not None else ()
        if conversation is not None:
            return await self.settled(lambda store: store.list_conversation(owner, conversation, root.created_at))
        return ()

    async def find_items(self, owner: str, idents: Sequence[str]) -> dict[str, Past]:
        """Items of kept turns by their ids, as far as they are there."""
        return await self.settled(lambda store: store.find_items(owner, idents))

    async def settled(self, question: Callable[[TurnStore], Awaitable[T]]) -> T:
        """``ask`` once all that waits in memory is in the database."""

        async def flush_and_ask(store: TurnStore) -> T:
            await self._spool.flush()
            return await question(store)

        return await self.ask(flush_and_ask)

    async def ask(self, question: Callable[[TurnStore], Awaitable[T]]) -> T:
        """What the database says. Raises ClientError(UNAVAILABLE) where it is away or takes longer than the limit."""
        store = self._store()
        if store is None:
            raise unavailable()
        try:
            async with asyncio.timeout(self._limit):
                return await question(store)
        except GatewayError:
            raise
        except Exception as down:  # noqa: BLE001 - whatever a driver raises, the client hears that the store is away
            log.warning("kept responses cannot be reached: %s: %s", type(down).__name__, down)
            raise unavailable() from None


def unavailable() -> ClientError:
    """The 503."""
    return ClientError(
        ErrorKind.UNAVAILABLE,
        "The store of earlier responses cannot be reached now. Try again, or send the earlier turns in input.",
        code="store_unavailable",
        retry_after=1.0,
    )
