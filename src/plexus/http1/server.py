"""The half that answers clients."""

from __future__ import annotations

import asyncio
import socket
import ssl as tls
from collections.abc import Callable, Coroutine
from email.utils import formatdate
from typing import Any

from plexus.http1.connection import Connection
from plexus.http1.incoming import Incoming
from plexus.http1.limits import DEFAULT_LIMITS, Limits

__all__ = ["Handler", "Incoming", "Limits", "Server"]

Handler = Callable[[Incoming], Coroutine[Any, Any, None]]
"""Serves one request, in a task of its own that begins when the head is complete."""

CANCEL_GRACE = 1.0
"""Seconds that cancelled handlers get in ``Server.drain``."""


class Server:
    """Listens, hands each request to ``handler``, keeps time for all connections with one timer.

    A handler that fails or returns without a reply is answered 500 (413 for a BodyTooLarge that it lets pass), one that
    drain cancels 503; one that ends in the middle of its reply breaks the connection.
    """

    def __init__(self, handler: Handler, *, limits: Limits = DEFAULT_LIMITS) -> None:
        self.handler = handler
        self.limits = limits
        self.port = 0
        """The port listened on; the real one after ``start`` with 0."""
        self.draining = False
        self.now = 0.0
        """The loop's time at the last sweep, in seconds: exact enough for time limits, and free."""
        self.date_line = b""
        shortest = min(
            limits.head_timeout,
            limits.body_timeout,
            limits.keep_alive_timeout,
            limits.write_timeout,
            limits.linger_timeout,
        )
        self.interval = min(1.0, max(0.01, shortest / 2))
        """Seconds between two sweeps."""
        self._live: set[Connection] = set()
        self._taken: set[Incoming] = set()
        self._told: dict[Incoming, Callable[[], None]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._listener: asyncio.Server | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._settled: asyncio.Future[None] | None = None

    @property
    def connections(self) -> int:
        """Open connections, without those that handlers took over."""
        return len(self._live)

    @property
    def tasks(self) -> int:
        """Handlers that have not ended."""
        return len(self._tasks)

    async def start(
        self, *, host: str, port: int, sock: socket.socket | None = None, ssl: tls.SSLContext | None = None
    ) -> None:
        """Listen on ``host`` and ``port`` (0: any free one), or on ``sock``. Raises OSError."""
        loop = asyncio.get_running_loop()
        if sock is not None:
            self._listener = await loop.create_server(self.connection, sock=sock, ssl=ssl, backlog=2048)
        else:
            self._listener = await loop.create_server(self.connection, host, port, ssl=ssl, backlog=2048)
        address = self._listener.sockets[0].getsockname()
        self.port = address[1] if isinstance(address, tuple) else 0

    async def drain(self, timeout: float) -> None:  # noqa: ASYNC109 - what happens at its end is more than a cancel
        """Stop: accept no more, close idle connections, let running requests end with ``connection: close``; after
        ``timeout`` seconds cancel what is left, and break connections that still do not close."""
        self.draining = True
        if self._listener is not None:
            self._listener.close()
        for tell in list(self._told.values()):
            tell()
        for connection in list(self._live):
            connection.close_if_idle()
        await self._until_settled(timeout)
        if self._tasks:
            for task in self._tasks:
                task.cancel()
            await asyncio.wait(self._tasks, timeout=CANCEL_GRACE)
            self._tasks = {task for task in self._tasks if not task.done()}
        for connection in list(self._live):
            connection.abort()
        await self._until_settled(CANCEL_GRACE)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    async def _until_settled(self, seconds: float) -> None:
        if self._live or self._tasks:
            self._settled = asyncio.get_running_loop().create_future()
            await asyncio.wait([self._settled], timeout=seconds)
            self._settled = None

    def _check_settled(self) -> None:
        settled = self._settled
        if settled is not None and not settled.done() and not self._live and not self._tasks:
            settled.set_result(None)

    # For Connection

    def connection(self) -> Connection:
        """The protocol of a new connection."""
        loop = asyncio.get_running_loop()
        if self._timer is None:
            self._sweep(loop)
        return Connection(self, loop)

    def admit(self, connection: Connection) -> bool:
        """Count a connection; False when there are too many, those included that handlers took over."""
        self._live.add(connection)
        return len(self._live) + len(self._taken) <= self.limits.max_connections

    def forget(self, connection: Connection) -> None:
        """It is closed or taken over."""
        self._live.discard(connection)
        self._check_settled()

    def took(self, incoming: Incoming) -> None:
        """Its handler took the connection over, and has it until it ends."""
        self._taken.add(incoming)

    def tell(self, incoming: Incoming, callback: Callable[[], None] | None) -> None:
        """Call back once ``drain`` begins; at once when it has. None forgets."""
        if callback is None:
            self._told.pop(incoming, None)
        elif self.draining:
            callback()
        else:
            self._told[incoming] = callback

    def began(self, task: asyncio.Task[None]) -> None:
        """A request's handler runs."""
        self._tasks.add(task)

    def served(self, incoming: Incoming) -> None:
        """Its handler has ended."""
        self._taken.discard(incoming)
        self._told.pop(incoming, None)
        task, incoming.task = incoming.task, None
        if task is not None:
            self._tasks.discard(task)
        if self._settled is not None:
            self._check_settled()

    def _sweep(self, loop: asyncio.AbstractEventLoop) -> None:
        self.now = loop.time()
        self.date_line = b"date: %b\r\n" % formatdate(usegmt=True).encode()
        for connection in list(self._live):
            connection.check(self.now)
        self._timer = loop.call_later(self.interval, self._sweep, loop)
