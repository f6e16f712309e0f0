"""What all decoders of event streams do alike: cut bytes into events, pass over what cannot be read, fail once."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Generic, Protocol, TypeVar

from plexus.canonical.errors import ErrorKind, GatewayError, ProviderError
from plexus.canonical.events import Failure, StreamEvent

Event = TypeVar("Event")


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

    def feed(self, data: bytes) -> list[StreamEvent]:
        """More bytes."""
        if self._ended:
            return []
        try:
            events = self._cutter.feed(data)
        except ProviderError as endless:
            return self._fail(endless)
        return self._decode(events)

    def finish(self) -> list[StreamEvent]:
        """The connection's end. Without a proper end among the events the reply was cut."""
        return [] if self._ended else self._decode(self._cutter.finish())

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
