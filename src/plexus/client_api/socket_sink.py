"""The pipeline's sink over one lane of a WebSocket: each event of a stream is a message, an error reply is one."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from plexus.canonical.headers import Field
from plexus.http1.websocket import WebSocket
from plexus.protocols.openai_responses.socket import error_message, event_message
from plexus.protocols.sse import split_events

TOLD = frozenset({b"retry-after", b"x-request-id", b"x-upstream-request-id", b"x-plexus-target", b"x-plexus-attempts"})
"""Headers of an error reply that go into its message, beside the provider's rate limits."""
RATES = b"x-ratelimit-"
DONE = b"[DONE]"


class SocketSink:
    """See ``exchange.ports.Sink``."""

    __slots__ = ("_lane", "_socket", "committed")

    def __init__(self, socket: WebSocket, lane: str | None) -> None:
        self._socket = socket
        self._lane = lane
        self.committed = False

    @property
    def gone(self) -> bool:
        """The client went away."""
        return self._socket.lost

    def send(self, status: int, headers: Iterable[Field], body: bytes) -> None:
        """A whole reply: an error, since everything else is streamed here."""
        self.committed = True
        told = {
            name.decode("latin-1"): value.decode("latin-1")
            for name, value in headers
            if name in TOLD or name.startswith(RATES)
        }
        self._socket.send((error_message(status, body, told, self._lane),))

    def start(self, status: int, headers: Iterable[Field]) -> None:
        """The head of a stream, for which there is no place."""
        self.committed = True

    def write(self, data: bytes) -> None:
        """More of it, whole events only. What keeps HTTP open (comments) is not needed: the socket is pinged."""
        messages = [event_message(event, self._lane) for event in split_events(data) if event.data != DONE]
        if messages:
            self._socket.send(messages)

    def end(self) -> None:
        """Its proper end: the last event was it."""

    def abort(self) -> None:
        """Break the connection."""
        self._socket.abort()

    @property
    def full(self) -> bool:
        """The client reads too slowly."""
        return self._socket.full

    def when_writable(self, callback: Callable[[], None] | None) -> None:
        """Call back once there is room."""
        self._socket.when_writable(self, callback)
