"""Reading a streamed reply. It has no last event: a finish, and then the connection's end, is the proper end."""

from __future__ import annotations

from plexus.canonical.errors import ClientError
from plexus.canonical.events import StreamEvent
from plexus.protocols.event_decoder import EventDecoder
from plexus.protocols.gemini.dialect import GeminiDialect
from plexus.protocols.gemini.frames import SseChunks
from plexus.protocols.gemini.reader import Reader
from plexus.protocols.unreadable import UNREADABLE


def stream_decoder(dialect: GeminiDialect) -> GeminiStreamDecoder:
    """A decoder for one reply."""
    del dialect
    return GeminiStreamDecoder()


class GeminiStreamDecoder(EventDecoder[bytes]):
    """See ``protocols.codec.StreamDecoder``."""

    def __init__(self) -> None:
        super().__init__(SseChunks())
        self._reader = Reader()

    def finish(self) -> list[StreamEvent]:
        """The connection's end."""
        out = super().finish()
        if not self._ended and self._reader.complete:
            self._ended = True
            self._reader.end(out)
        return out

    def _decode(self, events: list[bytes]) -> list[StreamEvent]:
        out: list[StreamEvent] = []
        for chunk in events:
            if self._ended:
                break
            try:
                self._reader.chunk(chunk, out)
            except (ClientError, *UNREADABLE):
                out += self._skip(chunk)
            if self._reader.failed:
                self._ended = True
        return out
