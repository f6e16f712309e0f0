"""Replies as one JSON body, read."""

from __future__ import annotations

from plexus.canonical.errors import ErrorKind, ProviderError
from plexus.canonical.events import StreamEvent, fold
from plexus.canonical.response import GenerateResponse
from plexus.protocols.ollama.dialect import OllamaDialect
from plexus.protocols.ollama.reader import Reader
from plexus.protocols.ollama.wire import PROTOCOL
from plexus.protocols.unreadable import UNREADABLE, as_utf8


def decode_response(body: bytes, dialect: OllamaDialect) -> GenerateResponse:
    """A provider's reply. Raises ProviderError for an error inside a 200, and for what is no reply or no whole one."""
    del dialect
    events: list[StreamEvent] = []
    reader = Reader()
    try:
        reader.chunk(as_utf8(body), events)
    except UNREADABLE as wrong:
        raise _malformed(f"The provider's reply cannot be read: {wrong}") from None
    if not reader.done and not reader.failed:
        raise _malformed("The provider's reply is not done.")
    return fold(events, PROTOCOL)


def _malformed(message: str) -> ProviderError:
    """A 200 that is no reply."""
    return ProviderError(ErrorKind.UPSTREAM_MALFORMED, message, status=200)
