"""Reading a streamed reply: typed events, from ``message-start`` to ``message-end``."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from plexus.canonical.events import StreamEvent
from plexus.canonical.headers import Headers
from plexus.protocols.cohere.dialect import CohereDialect
from plexus.protocols.cohere.errors import FAILED, decode_error, failed
from plexus.protocols.cohere.reader import Reader
from plexus.protocols.cohere.wire import EVENT, Call, Content, Delta, Event, Message
from plexus.protocols.event_decoder import EventDecoder
from plexus.protocols.members import ABSENT
from plexus.protocols.sse import SseDecoder, SseEvent
from plexus.protocols.unreadable import UNREADABLE

DONE = b"[DONE]"
NOTHING = Delta()
NO_MESSAGE = Message()


def stream_decoder(dialect: CohereDialect) -> CohereStreamDecoder:
    """A decoder for one reply."""
    return CohereStreamDecoder(dialect)


class CohereStreamDecoder(EventDecoder[SseEvent]):
    """See ``protocols.codec.StreamDecoder``."""

    def __init__(self, dialect: CohereDialect) -> None:
        super().__init__(SseDecoder())
        self._reader = Reader(dialect)
        self._started = False

    def _decode(self, events: list[SseEvent]) -> list[StreamEvent]:
        out: list[StreamEvent] = []
        for event in events:
            if self._ended:
                break
            if event.data.startswith(DONE):
                self._done(out)
                continue
            try:
                wire = EVENT.decode(event.data)
            except UNREADABLE:
                out += self._skip(event.data)
                continue
            kind = wire.type or (event.name or b"").decode("latin-1")
            if wire.message is not None and wire.delta is None:
                out += self._fail(decode_error(500, Headers(), event.data))
            elif kind == "message-end":
                self._end(wire.delta or NOTHING, out)
            else:
                self._event(kind, wire, out)
        return out

    def _event(self, kind: str, wire: Event, out: list[StreamEvent]) -> None:
        if not self._started:
            self._started = True
            self._reader.start(wire.id, out)
        read = READERS.get(kind)
        if read is not None:
            message = (wire.delta or NOTHING).message
            read(self._reader, wire.index or 0, message or NO_MESSAGE, out)
        if wire.logprobs is not None:
            self._reader.logprobs([wire.logprobs], out)

    def _end(self, delta: Delta, out: list[StreamEvent]) -> None:
        if delta.finish_reason in FAILED or delta.error:
            out += self._fail(failed(delta.finish_reason, delta.error))
            return
        self._ended = True
        if not self._started:
            self._reader.start(None, out)
        self._reader.end(delta.finish_reason, delta.usage, out)

    def _done(self, out: list[StreamEvent]) -> None:
        """The last frame, where no message-end came before it: the reply is complete, and nobody said why."""
        if self._started:
            self._ended = True
            self._reader.end(None, ABSENT, out)


def _plan(reader: Reader, index: int, message: Message, out: list[StreamEvent]) -> None:
    del index
    if message.tool_plan:
        reader.plan(message.tool_plan, out)


def _content(reader: Reader, index: int, message: Message, out: list[StreamEvent]) -> None:
    if isinstance(message.content, Content):
        reader.content(index, message.content, out)


def _call(reader: Reader, index: int, message: Message, out: list[StreamEvent]) -> None:
    if isinstance(message.tool_calls, Call):
        reader.call(index, message.tool_calls, out)


def _arguments(reader: Reader, index: int, message: Message, out: list[StreamEvent]) -> None:
    if isinstance(message.tool_calls, Call):
        reader.arguments(index, message.tool_calls, out)


def _call_end(reader: Reader, index: int, message: Message, out: list[StreamEvent]) -> None:
    del message
    reader.end_call(index, out)


def _cite(reader: Reader, index: int, message: Message, out: list[StreamEvent]) -> None:
    del index
    if isinstance(message.citations, dict):
        reader.cite(msgspec.Raw(msgspec.json.encode(message.citations)), out)


READERS: dict[str, Callable[[Reader, int, Message, list[StreamEvent]], None]] = {
    "tool-plan-delta": _plan,
    "content-start": _content,
    "content-delta": _content,
    "tool-call-start": _call,
    "tool-call-delta": _arguments,
    "tool-call-end": _call_end,
    "citation-start": _cite,
}
"""Events that say something. The others (``content-end``, ``citation-end``, ``debug``) need no reading."""
