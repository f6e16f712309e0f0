"""What all decoders of event streams do alike: cut bytes into events, pass over what cannot be read, fail once."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Generic, Protocol, TypeVar

from plexus.canonical.errors import ErrorKind, GatewayError, ProviderError
from plexus.canonical.events import BlockStart, Failure, StreamEvent

Event = TypeVar("Event")

MAX_REPLY = 256 * 1024 * 1024
"""Bytes of one streamed reply. A long answer with its frames has some 50 MB; what never ends is cut off."""
MAX_BLOCKS = 10_000
"""Blocks of one reply. Each costs more memory, here and in the client's protocol, than it has bytes on the wire."""
MAX_CANDIDATES = 128
"""Answers of one reply: the most that any provider gives."""
MAX_MEMBERS = 1_000
"""Unknown members that are kept of one reply."""


class Cutter(Protocol[Event]):
    """Bytes in, whole events out (``protocols.sse.SseDecoder`` and its like)."""

    def feed(self, data: bytes) -> list[Event]:
        """The events that ``data`` completes. Raises ProviderError for an endless event."""

    def finish(self) -> list[Event]:
        """The last event, where its end is missing."""


class EventDecoder(ABC, Generic[Event]):
    """The frame of a ``protocols.codec.StreamDecoder``. Nothing comes after an end or a failure."""

    def __init__(self, cutter: Cutter[Event]) -> None:
        self._cutter = cutter
        self._ended = False
        self._unreadable = 0
        self._fed = 0
        self._blocks = 0

    def feed(self, data: bytes) -> list[StreamEvent]:
        """More bytes."""
        if self._ended:
            return []
        self._fed += len(data)
        if self._fed > MAX_REPLY:
            return self._fail(endless("reply"))
        try:
            events = self._cutter.feed(data)
        except ProviderError as failure:
            return self._fail(failure)
        return self._counted(self._decode(events))

    def finish(self) -> list[StreamEvent]:
        """The connection's end. Without a proper end among the events the reply was cut."""
        return [] if self._ended else self._counted(self._decode(self._cutter.finish()))

    def _counted(self, out: list[StreamEvent]) -> list[StreamEvent]:
        for event in out:
            if type(event) is BlockStart:
                self._blocks += 1
        return out if self._blocks <= MAX_BLOCKS else self._fail(endless("number of blocks"))

    @abstractmethod
    def _decode(self, events: list[Event]) -> list[StreamEvent]:
        """What whole events mean."""

    def _skip(self, data: bytes) -> list[StreamEvent]:
        """One unreadable event is passed over, a second one is a failure; what is no JSON object (comments wrapped as data,
        pings) is no event."""
        if not data.lstrip().startswith(b"{"):
            return []
        self._unreadable += 1
        if self._unreadable < 2:
            return []
        return self._fail(
            ProviderError(ErrorKind.UPSTREAM_MALFORMED, "The provider's stream cannot be read.", status=200)
        )

    def _fail(self, error: GatewayError) -> list[StreamEvent]:
        self._ended = True
        return [Failure(error)]


def endless(what: str) -> ProviderError:
    """The failure of a reply without an end of some kind."""
    return ProviderError(ErrorKind.UPSTREAM_MALFORMED, f"The provider sent an endless {what}.", status=200)
