"""Reading a streamed reply. It has no last event: a finish, and then the connection's end, is the proper end."""

from __future__ import annotations

import msgspec

from plexus.canonical.errors import ClientError, ErrorKind, GatewayError, ProviderError
from plexus.canonical.events import Failure, StreamEvent
from plexus.protocols.gemini.dialect import GeminiDialect
from plexus.protocols.gemini.frames import SseChunks
from plexus.protocols.gemini.reader import Reader


def stream_decoder(dialect: GeminiDialect) -> GeminiStreamDecoder:
    """A decoder for one reply."""
    del dialect
    return GeminiStreamDecoder()


class GeminiStreamDecoder:
    """See ``protocols.codec.StreamDecoder``."""

    def __init__(self) -> None:
        self._chunks = SseChunks()
        self._reader = Reader()
        self._ended = False
        self._unreadable = 0

    def feed(self, data: bytes) -> list[StreamEvent]:
        """More bytes."""
        if self._ended:
            return []
        try:
            chunks = self._chunks.feed(data)
        except ProviderError as endless:
            return self._fail(endless)
        return self._decode(chunks)

    def finish(self) -> list[StreamEvent]:
        """The connection's end."""
        out = [] if self._ended else self._decode(self._chunks.finish())
        if not self._ended and self._reader.complete:
            self._ended = True
            self._reader.end(out)
        return out

    def _decode(self, chunks: list[bytes]) -> list[StreamEvent]:
        out: list[StreamEvent] = []
        for chunk in chunks:
            if self._ended:
                break
            try:
                self._reader.chunk(chunk, out)
            except (msgspec.MsgspecError, UnicodeDecodeError, ClientError):
                out += self._skip(chunk)
            if self._reader.failed:
                self._ended = True
        return out

    def _skip(self, data: bytes) -> list[StreamEvent]:
        """One unreadable event is passed over, a second one is a failure; what is no JSON object is no event."""
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
