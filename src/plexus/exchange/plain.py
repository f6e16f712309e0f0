"""A reply that is no stream of events (sound, text): it passes as it comes."""

from __future__ import annotations

from plexus.canonical.errors import GatewayError
from plexus.canonical.response import Finish
from plexus.canonical.usage import Usage


class PlainCarrier:
    """See ``exchange.carrier.Carrier``. The body's framing alone says where it ends."""

    __slots__ = ("_progressed", "ended", "said_bytes")

    usage: Usage | None = None
    finish: Finish | None = None
    failure: GatewayError | None = None
    terminated = False

    def __init__(self) -> None:
        self.ended = False
        self.said_bytes = 0
        self._progressed = False

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
