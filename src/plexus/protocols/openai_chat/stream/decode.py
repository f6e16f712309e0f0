"""A provider's stream of Chat chunks -> events (https://platform.openai.com/docs/api-reference/chat-streaming)."""

from __future__ import annotations

import msgspec

from plexus.canonical.content import Extras
from plexus.canonical.errors import GatewayError, ProviderError
from plexus.canonical.events import Failure, ReplyEnd, ReplyStart, StreamEvent, UsageSeen
from plexus.protocols.openai_chat.dialect import ChatDialect
from plexus.protocols.openai_chat.error_body import ErrorBody, read_error
from plexus.protocols.openai_chat.errors import error_in_reply
from plexus.protocols.openai_chat.members import UNREADABLE, Members, Misfit
from plexus.protocols.openai_chat.response import fallback_call_id, groq_usage, malformed
from plexus.protocols.openai_chat.stream.choice import OpenChoice
from plexus.protocols.openai_chat.usage import decode_usage
from plexus.protocols.openai_chat.wire import DONE, Chunk, Seldom
from plexus.protocols.sse import EventBoundary, split_events

_CHUNK = msgspec.json.Decoder(Chunk)
_SELDOM = msgspec.json.Decoder(Seldom)
_PLAIN = b'data: {"'
_KNOWN = frozenset({"id", "object", "created", "model", "choices", "usage", "error", "service_tier"})

MAX_SKIPPED = 1
"""Events of one stream that may be unreadable; one more and the reply is not to be trusted (docs/failures)."""


class ChatStreamDecoder:
    """Bytes in, events out. Never raises: what is wrong comes out as a ``Failure``."""

    __slots__ = ("_boundary", "_choices", "_head", "_id", "_last", "_over", "_skipped", "_started", "_tier")

    def __init__(self, dialect: ChatDialect) -> None:
        del dialect  # every quirk of a stream shows in the stream itself
        self._boundary = EventBoundary()
        self._choices: dict[int, OpenChoice] = {}
        self._head: tuple[Chunk, bytes] | None = None
        """The first chunk, while the reply has not begun."""
        self._last: bytes | None = None
        """The last chunk with a usage: its other members belong to the end of the reply."""
        self._id = ""
        self._tier: str | None = None
        self._started = False
        self._over = False
        self._skipped = 0

    def feed(self, data: bytes) -> list[StreamEvent]:
        """The events that ``data`` completes."""
        if self._over:
            return []
        try:
            whole = self._boundary.feed(data)
        except ProviderError as endless:
            return self._fail(endless)
        return self._read_run(whole) if whole else []

    def finish(self) -> list[StreamEvent]:
        """The connection ended. A reply whose choices have all finished is complete even without ``[DONE]``."""
        if self._over:
            return []
        rest = self._boundary.finish()
        events = self._read_run(rest) if rest.strip() else []
        return [*events, *self._done()] if self._finished() else events

    def _finished(self) -> bool:
        """Whether every choice said why it ended and nothing followed that."""
        return not self._over and bool(self._choices) and all(one.finished for one in self._choices.values())

    def _read_run(self, whole: bytes) -> list[StreamEvent]:
        """A run of events. Most are one line of JSON, which is read without looking for fields."""
        events: list[StreamEvent] = []
        if whole.startswith(_PLAIN) and whole.find(b"\n") == len(whole) - 2 and b"\r" not in whole:  # mostly it is one
            self._data(whole[6:], events)
            return events
        if b"\r" in whole:
            for name, data in split_events(whole):
                self._frame(name, data, events)
            return events
        for block in whole.split(b"\n\n"):
            if block.startswith(_PLAIN) and b"\n" not in block:
                self._data(block[6:], events)
            elif block:
                for name, data in split_events(block):
                    self._frame(name, data, events)
        return events

    def _frame(self, name: bytes | None, data: bytes, events: list[StreamEvent]) -> None:
        text = data.strip()
        if self._over or not text or name == b"ping":
            return
        if text == DONE:
            events += self._done()
        elif name == b"error":
            events += self._fail(error_in_reply(read_error(text) or ErrorBody()))
        else:
            self._data(text, events)

    def _data(self, data: bytes, events: list[StreamEvent]) -> None:
        if self._over:
            return
        try:
            chunk = _CHUNK.decode(data)
        except UNREADABLE as wrong:
            events += self._unreadable(data, str(wrong))
            return
        try:
            self._chunk(chunk, data, events)
        except Misfit as wrong:
            events += self._skip(str(wrong))

    def _chunk(self, chunk: Chunk, data: bytes, events: list[StreamEvent]) -> None:
        """One chunk. Raises Misfit."""
        if chunk.error is not None:
            events += self._fail(error_in_reply(read_error(data) or ErrorBody()))
            return
        if not self._started:
            self._begin(chunk, data, events)
        for place, choice in enumerate(chunk.choices or ()):
            index = place if choice.index is None else choice.index
            opened = self._choices.get(index)
            if opened is None:
                opened = self._choices[index] = OpenChoice(index, fallback_call_id(self._id, index))
            if choice.finish_reason == "error":
                events += self._fail(error_in_reply(ErrorBody()))
                return
            opened.take(choice, events)
        if chunk.service_tier is not None:
            self._tier = chunk.service_tier
        if chunk.usage or chunk.x_groq:
            seldom = _SELDOM.decode(data)
            counts = decode_usage(seldom.usage) or groq_usage(seldom.x_groq)
            if counts is not None:
                self._last = data
                events.append(UsageSeen(counts))

    def _begin(self, chunk: Chunk, data: bytes, events: list[StreamEvent]) -> None:
        """The reply begins with the first chunk that has a choice; Azure sends one before, about the prompt."""
        if self._head is None:
            self._head = chunk, data
        if not chunk.choices:
            if chunk.usage:
                self._start(chunk, events)
            return
        self._start(chunk, events)

    def _start(self, chunk: Chunk, events: list[StreamEvent]) -> None:
        head, data = self._head or (chunk, b"{}")
        self._started = True
        self._head = None
        self._id = chunk.id or head.id or ""
        created = chunk.created or head.created
        self._tier = chunk.service_tier or head.service_tier
        events.append(
            ReplyStart(
                id=self._id,
                model=chunk.model or head.model or "",
                created=int(created) if created and abs(created) < 1e15 else None,
                service_tier=self._tier,
                extras=_extras(data),
            )
        )

    def _done(self) -> list[StreamEvent]:
        """The proper end of the reply. A choice that never said why it ended gets an inferred finish."""
        events: list[StreamEvent] = []
        if not self._started:
            self._start(self._head[0] if self._head is not None else Chunk(), events)
        if not self._choices:
            self._choices[0] = OpenChoice(0, "")
        for choice in self._choices.values():
            choice.finish(None, events)
        events.append(ReplyEnd(service_tier=self._tier, extras=_extras(self._last) if self._last else None))
        self._over = True
        return events

    def _unreadable(self, data: bytes, why: str) -> list[StreamEvent]:
        """A frame that is no chunk: a comment that a proxy wrapped, an error of another shape, or rubbish."""
        if data.startswith(b":"):
            return []
        failure = read_error(data) if b'"error"' in data else None
        return self._fail(error_in_reply(failure)) if failure is not None else self._skip(why)

    def _skip(self, why: str) -> list[StreamEvent]:
        self._skipped += 1
        return [] if self._skipped <= MAX_SKIPPED else self._fail(malformed(why))

    def _fail(self, error: GatewayError) -> list[StreamEvent]:
        self._over = True
        return [Failure(error)]


def _extras(data: bytes) -> Extras | None:
    """The members of a chunk that have no place of their own."""
    try:
        members = Members(data)
    except Misfit:
        return None
    for name in _KNOWN:
        members.values.pop(name, None)
    return members.extras()
