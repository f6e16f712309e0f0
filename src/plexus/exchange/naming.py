"""A name for replies that come without: some protocols (Bedrock's Converse) say neither the reply's id nor its model."""

from __future__ import annotations

import msgspec

from plexus.canonical.events import ReplyStart, StreamEvent
from plexus.canonical.response import GenerateResponse
from plexus.protocols.codec import StreamDecoder


class Names(msgspec.Struct, frozen=True):
    """What an exchange knows of a reply: its own id, and the model that it asked the provider for."""

    id: str
    model: str

    def response(self, response: GenerateResponse) -> GenerateResponse:
        """The reply, named where it is not."""
        return msgspec.structs.replace(response, id=response.id or self.id, model=response.model or self.model)


class NamedDecoder:
    """A provider's decoder whose ``ReplyStart`` is named. See ``protocols.codec.StreamDecoder``."""

    __slots__ = ("_decoder", "_names", "_started")

    def __init__(self, decoder: StreamDecoder, names: Names) -> None:
        self._decoder = decoder
        self._names = names
        self._started = False

    def feed(self, data: bytes) -> list[StreamEvent]:
        """More bytes."""
        events = self._decoder.feed(data)
        return events if self._started else self._name(events)

    def finish(self) -> list[StreamEvent]:
        """The connection's end."""
        return self._decoder.finish()

    def _name(self, events: list[StreamEvent]) -> list[StreamEvent]:
        for place, event in enumerate(events):
            if isinstance(event, ReplyStart):
                self._started = True
                known, names = event, self._names
                events[place] = msgspec.structs.replace(
                    known, id=known.id or names.id, model=known.model or names.model
                )
        return events
