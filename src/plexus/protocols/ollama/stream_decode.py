"""Reading a streamed reply: a chunk a line, the last of which is done."""

from __future__ import annotations

from plexus.canonical.events import StreamEvent
from plexus.protocols.event_decoder import EventDecoder
from plexus.protocols.ndjson import LineCutter
from plexus.protocols.ollama.dialect import OllamaDialect
from plexus.protocols.ollama.reader import Reader
from plexus.protocols.unreadable import UNREADABLE


def stream_decoder(dialect: OllamaDialect) -> OllamaStreamDecoder:
    """A decoder for one reply."""
    del dialect
    return OllamaStreamDecoder()


class OllamaStreamDecoder(EventDecoder[bytes]):
    """See ``protocols.codec.StreamDecoder``."""

    def __init__(self) -> None:
        super().__init__(LineCutter())
        self._reader = Reader()

    def _decode(self, events: list[bytes]) -> list[StreamEvent]:
        out: list[StreamEvent] = []
        for line in events:
            if self._ended:
                break
            try:
                self._reader.chunk(line, out)
            except UNREADABLE:
                out += self._skip(line)
            if self._reader.failed or self._reader.done:
                self._ended = True
        return out
