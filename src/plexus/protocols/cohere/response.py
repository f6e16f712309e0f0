"""Replies as one JSON body, read."""

from __future__ import annotations

import msgspec

from plexus.canonical.errors import ErrorKind, ProviderError
from plexus.canonical.events import StreamEvent, fold
from plexus.canonical.headers import Headers
from plexus.canonical.response import GenerateResponse
from plexus.protocols.cohere.dialect import CohereDialect
from plexus.protocols.cohere.errors import FAILED, decode_error, failed
from plexus.protocols.cohere.reader import Reader
from plexus.protocols.cohere.wire import PROTOCOL, REPLY, Content, Message
from plexus.protocols.unreadable import UNREADABLE, as_utf8


def decode_response(body: bytes, dialect: CohereDialect) -> GenerateResponse:
    """A provider's reply. Raises ProviderError for an error inside a 200, for a generation that broke, and for what is no
    reply."""
    try:
        reply = REPLY.decode(as_utf8(body))
    except UNREADABLE as wrong:
        raise _malformed(f"The provider's reply cannot be read: {wrong}") from None
    if isinstance(reply.message, str):
        raise decode_error(500, Headers(), body)
    if reply.finish_reason in FAILED:
        raise failed(reply.finish_reason, None)
    if reply.message is None:
        raise _malformed("The provider's reply has no message.")
    events: list[StreamEvent] = []
    reader = Reader(dialect)
    reader.start(reply.id, events)
    _message(reply.message, reader, events)
    reader.logprobs(reply.logprobs or [], events)
    reader.end(reply.finish_reason, reply.usage, events)
    return fold(events, PROTOCOL)


class _Place(msgspec.Struct):
    """Which part of the content a citation belongs to."""

    content_index: int | None = None


def _message(message: Message, reader: Reader, out: list[StreamEvent]) -> None:
    if message.tool_plan:
        reader.plan(message.tool_plan, out)
    parts = [message.content] if isinstance(message.content, Content) else message.content or []
    cited = [] if isinstance(message.citations, dict) else message.citations or []
    places = [_place(raw, parts) for raw in cited]
    for index, part in enumerate(parts):
        reader.content(index, part, out)
        for raw, place in zip(cited, places, strict=True):
            if place == index:
                reader.cite(raw, out)
    calls = message.tool_calls
    for index, call in enumerate(calls if isinstance(calls, list) else [calls] if calls is not None else []):
        reader.call(index, call, out)


def _place(raw: msgspec.Raw, parts: list[Content]) -> int:
    """The part that a citation belongs to: the last text where it does not say."""
    try:
        index = msgspec.json.decode(raw, type=_Place).content_index
    except UNREADABLE:
        index = None
    if index is not None and 0 <= index < len(parts):
        return index
    texts = [number for number, part in enumerate(parts) if part.text]
    return texts[-1] if texts else len(parts) - 1


def _malformed(message: str) -> ProviderError:
    """A 200 that is no reply."""
    return ProviderError(ErrorKind.UPSTREAM_MALFORMED, message, status=200)
