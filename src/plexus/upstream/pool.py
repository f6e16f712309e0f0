"""The connections of one origin that wait for their next request."""

from __future__ import annotations

from plexus.http1.client import ClientConnection

MAX_IDLE = 256
"""Idle connections kept for one origin."""
IDLE_SECONDS = 55.0
"""How long an idle connection is kept: a little less than the 60 s after which many servers close."""


class Pool:
    """Last in, first out, so that a small load uses few connections and the rest grow old."""

    __slots__ = ("_idle", "lines", "opened", "prefix")

    def __init__(self, prefix: bytes = b"", lines: bytes = b"") -> None:
        self.prefix = prefix
        """What stands before a request's path on these connections: the address, where a proxy is to read it."""
        self.lines = lines
        """Field lines of every request on these connections."""
        self._idle: list[ClientConnection] = []
        self.opened = 0
        """Connections that are in use or idle."""

    @property
    def idle(self) -> int:
        """Connections that wait."""
        return len(self._idle)

    def take(self) -> ClientConnection | None:
        """The connection used last, if one is still open."""
        while self._idle:
            connection = self._idle.pop()
            if connection.reusable and not connection.closed:
                return connection
            self.opened -= 1
        return None

    def put(self, connection: ClientConnection, now: float) -> None:
        """Give a connection back; closed ones and those over MAX_IDLE are dropped."""
        if not connection.reusable or connection.closed or len(self._idle) >= MAX_IDLE:
            self.drop(connection)
            return
        connection.idle_since = now
        self._idle.append(connection)

    def drop(self, connection: ClientConnection) -> None:
        """Give up a connection that was in use."""
        self.opened -= 1
        connection.close()

    def prune(self, now: float) -> None:
        """Close what has been idle for too long, and forget what the provider closed."""
        kept: list[ClientConnection] = []
        for connection in self._idle:
            if connection.closed or not connection.reusable or now - connection.idle_since > IDLE_SECONDS:
                self.drop(connection)
            else:
                kept.append(connection)
        self._idle = kept

    def close(self) -> None:
        """Close all idle connections."""
        for connection in self._idle:
            self.drop(connection)
        self._idle = []
