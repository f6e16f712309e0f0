"""One origin's connections: those put aside for the next call, and how many there may be."""

from __future__ import annotations

import asyncio
from collections import deque

import msgspec

from plexus.domain.provider import Origin
from plexus.http1.client import ClientConnection
from plexus.upstream import errors
from plexus.upstream.proxy import Proxy


class PoolLimits(msgspec.Struct, frozen=True, kw_only=True):
    """Per origin."""

    max_idle: int = 256
    """Connections put aside; more are closed."""
    idle_seconds: float = 55.0
    """How long they are kept: below the 60 s after which load balancers commonly close."""
    max_connections: int | None = None
    """Open at the same time, those put aside included; None: as many as there are calls."""
    slot_seconds: float = 10.0
    """How long a call waits for one of ``max_connections``."""


class PoolStats(msgspec.Struct, frozen=True):
    """Counts of connections: ``open`` includes those being opened and those ``idle``."""

    open: int
    idle: int


class Pool:
    """The connection last used is used next, so that those not needed grow old and are closed."""

    __slots__ = ("_connections", "_emptied", "_idle", "_limits", "_now", "_opening", "_waiting", "origin", "proxy")

    def __init__(self, origin: Origin, proxy: Proxy | None, limits: PoolLimits, now: float) -> None:
        self.origin = origin
        self.proxy = proxy
        self._limits = limits
        self._now = now  # the loop's time, as of the last ``prune``: connections seem a little older than they are
        self._idle: list[ClientConnection] = []
        self._connections: set[ClientConnection] = set()
        self._opening = 0
        self._emptied: asyncio.Future[None] | None = None  # for ``close``
        self._waiting: deque[asyncio.Future[ClientConnection | None]] = deque()

    @property
    def stats(self) -> PoolStats:
        """See ``PoolStats``."""
        return PoolStats(len(self._connections) + self._opening, len(self._idle))

    @property
    def unused(self) -> bool:
        """Nothing is open, and nobody waits."""
        return not (self._connections or self._opening or self._waiting)

    def take(self) -> ClientConnection | None:
        """A connection that was put aside, or None."""
        idle = self._idle
        while idle:
            connection = idle.pop()
            if connection.idle:
                return connection
        return None

    async def slot(self) -> ClientConnection | None:
        """Wait until a connection may be opened (None: the caller must call ``opened`` or ``unopened``) or one is free.

        Raises TransportError(UNAVAILABLE) when that takes too long.
        """
        most = self._limits.max_connections
        if most is None or (self.stats.open < most and not self._waiting):
            self._opening += 1
            return None
        turn: asyncio.Future[ClientConnection | None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            async with asyncio.timeout(self._limits.slot_seconds):
                return await turn
        except BaseException as error:
            self._decline(turn)
            if isinstance(error, TimeoutError):
                raise errors.crowded(most, self.origin) from None
            raise

    def _decline(self, turn: asyncio.Future[ClientConnection | None]) -> None:
        """A caller who waited has gone: what it was handed goes to the next."""
        if not turn.done() or turn.cancelled():
            if turn in self._waiting:
                self._waiting.remove(turn)
            return
        connection = turn.result()
        if connection is None:
            self.unopened()
        else:
            self.give(connection)

    def opened(self, connection: ClientConnection) -> None:
        """The slot holds a connection now; or one that the server has closed already."""
        self._opening -= 1
        if connection.lost:
            self._hand_slot_on()
        else:
            self._connections.add(connection)

    def unopened(self) -> None:
        """The slot is free again."""
        self._opening -= 1
        self._hand_slot_on()

    def give(self, connection: ClientConnection) -> None:
        """A call is done with its connection: put it aside if it can be used again."""
        if not connection.idle:
            return
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(connection)
                return
        if len(self._idle) >= self._limits.max_idle:
            connection.abort()
            return
        connection.idle_since = self._now
        self._idle.append(connection)

    def lost(self, connection: ClientConnection) -> None:
        """The socket is closed."""
        if connection not in self._connections:
            return
        self._connections.remove(connection)
        if connection in self._idle:
            self._idle.remove(connection)
        self._hand_slot_on()
        if not self._connections and self._emptied is not None and not self._emptied.done():
            self._emptied.set_result(None)

    def _hand_slot_on(self) -> None:
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                self._opening += 1
                turn.set_result(None)
                return

    def prune(self, now: float) -> None:
        """Close what was put aside too long before ``now`` (the loop's time): the oldest stand in front."""
        self._now = now
        oldest = now - self._limits.idle_seconds
        while self._idle and self._idle[0].idle_since <= oldest:
            self._idle.pop(0).abort()

    async def close(self) -> None:
        """Close everything, calls under way included, and wait until the sockets are closed."""
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_exception(errors.closed())
        self._idle.clear()
        if self._connections:
            self._emptied = asyncio.get_running_loop().create_future()
            for connection in tuple(self._connections):
                connection.drop()
            await self._emptied
