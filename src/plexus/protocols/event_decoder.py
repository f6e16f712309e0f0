"""What all decoders of event streams do alike: cut bytes into events, pass over what cannot be read, fail once."""

from __future__ import annotations

from abc import ABC, abstractmethod

from plexus.canonical.errors import ErrorKind, GatewayError, ProviderError
from plexus.canonical.events import Failure, StreamEvent
from plexus.protocols.sse import SseDecoder, SseEvent


class EventDecoder(ABC):
    """The frame of a ``protocols.codec.StreamDecoder`` over server-sent events. Nothing comes after an end or a failure."""

    def __init__(self) -> None:
        self._sse = SseDecoder()
        self._ended = False
        self._unreadable = 0

    def feed(self, data: bytes) -> list[StreamEvent]:
        """More bytes."""
        if self._ended:
            return []
        try:
            events = self._sse.feed(data)
        except ProviderError as endless:
            return self._fail(endless)
        return self._decode(events)

    def finish(self) -> list[StreamEvent]:
        """The connection's end. Without a proper end among the events the reply was cut."""
        return [] if self._ended else self._decode(self._sse.finish())

    @abstractmethod
    def _decode(self, events: list[SseEvent]) -> list[StreamEvent]:
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
