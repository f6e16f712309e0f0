"""The pipeline's sink over one HTTP request."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from plexus.canonical.headers import Field
from plexus.http1.server import Incoming


class HttpSink:
    """See ``exchange.ports.Sink``."""

    __slots__ = ("_incoming", "committed")

    def __init__(self, incoming: Incoming) -> None:
        self._incoming = incoming
        self.committed = False

    @property
    def gone(self) -> bool:
        """The client went away."""
        return self._incoming.gone

    def send(self, status: int, headers: Iterable[Field], body: bytes) -> None:
        """A whole reply."""
        self.committed = True
        self._incoming.respond(status, headers, body)

    def start(self, status: int, headers: Iterable[Field]) -> None:
        """The head of a stream."""
        self.committed = True
        self._incoming.start(status, headers)

    def write(self, data: bytes) -> None:
        """More of it."""
        self._incoming.write(data)

    def end(self) -> None:
        """Its proper end."""
        self._incoming.end()

    def abort(self) -> None:
        """Break the connection."""
        self._incoming.abort()

    @property
    def full(self) -> bool:
        """The client reads too slowly."""
        return self._incoming.full

    def when_writable(self, callback: Callable[[], None] | None) -> None:
        """Call back once there is room."""
        self._incoming.when_writable(callback)
