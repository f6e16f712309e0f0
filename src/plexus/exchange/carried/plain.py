"""A reply that is no stream of events (sound, text): it passes as it comes."""

from __future__ import annotations

from plexus.canonical.errors import GatewayError, ProviderError
from plexus.canonical.response import Finish
from plexus.canonical.usage import Usage
from plexus.exchange.call import AnyCodec
from plexus.protocols.codec import Boundary, Tap


class PlainCarrier:
    """See ``exchange.carrier.Carrier``. The body's framing alone says where it ends."""

    __slots__ = ("_progressed", "ended", "said_bytes")

    failure: GatewayError | None = None
    terminated = False

    def __init__(self) -> None:
        self.ended = False
        self.said_bytes = 0
        self._progressed = False

    @property
    def usage(self) -> Usage | None:
        """Nobody says any."""
        return None

    @property
    def finish(self) -> Finish | None:
        """Nobody says why it ended."""
        return None

    @property
    def empty(self) -> bool:
        """Nothing has come."""
        return self.ended and self.said_bytes == 0

    @property
    def progressed(self) -> bool:
        """Whether anything has come since this was last asked."""
        seen, self._progressed = self._progressed, False
        return seen

    def take(self, chunk: bytes) -> bytes:
        """The same bytes."""
        self.said_bytes += len(chunk)
        self._progressed = True
        return chunk

    def close(self) -> bytes:
        """The body is complete."""
        self.ended = True
        return b""


MAX_WATCHED = 16 * 1024 * 1024
"""Bytes of a JSON reply that are kept to be read behind its end; a longer one says nothing of its usage."""


class WatchedCarrier(PlainCarrier):
    """Passes the same way, while a tap of the reply's protocol watches: ``streams`` of events as they come, JSON at the end."""

    __slots__ = ("_boundary", "_kept", "_tap")

    def __init__(self, codec: AnyCodec, dialect: object, *, streams: bool) -> None:
        super().__init__()
        self._tap: Tap = codec.tap(dialect)
        self._boundary: Boundary | None = codec.boundary() if streams else None
        self._kept: list[bytes] | None = None if streams else []

    @property
    def usage(self) -> Usage | None:
        """The last counts that passed."""
        return self._tap.usage

    @property
    def finish(self) -> Finish | None:
        """Why the first candidate ended."""
        return self._tap.finish

    def take(self, chunk: bytes) -> bytes:
        """The same bytes."""
        super().take(chunk)
        if self._boundary is not None:
            self._watch(self._boundary, chunk)
        elif self._kept is not None:
            self._kept.append(chunk)
            if self.said_bytes > MAX_WATCHED:
                self._kept = None
        return chunk

    def close(self) -> bytes:
        """The body is complete."""
        if self._kept:
            self._tap.read(b"".join(self._kept))
            self._kept = None
        elif self._boundary is not None and (rest := self._boundary.finish()).strip():
            self._tap.watch(rest.rstrip(b"\r\n") + b"\n\n")
        return super().close()

    def _watch(self, boundary: Boundary, chunk: bytes) -> None:
        try:
            whole = boundary.feed(chunk)
        except ProviderError:  # an event without end: it passes unread
            self._boundary = None
            return
        if whole:
            self._tap.watch(whole)
