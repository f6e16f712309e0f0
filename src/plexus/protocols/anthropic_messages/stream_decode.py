"""Reading a streamed reply: events to events (https://docs.claude.com/en/docs/build-with-claude/streaming)."""

from __future__ import annotations

import msgspec

from plexus.canonical.content import Extras, Opaque, ToolCall
from plexus.canonical.errors import ClientError
from plexus.canonical.events import (
    ArgumentsDelta,
    BlockEnd,
    BlockStart,
    CitationDelta,
    FinishSeen,
    ReplyEnd,
    ReplyStart,
    StateDelta,
    StreamEvent,
    TextDelta,
    UsageSeen,
)
from plexus.protocols.anthropic_messages.content import PROTOCOL, decode_block, decode_citation, signed
from plexus.protocols.anthropic_messages.dialect import MessagesDialect
from plexus.protocols.anthropic_messages.errors import decode_stream_error
from plexus.protocols.anthropic_messages.response import finish_of
from plexus.protocols.anthropic_messages.usage import decode_usage, merge_usage
from plexus.protocols.anthropic_messages.wire import Delta, Event, MessageDelta
from plexus.protocols.event_decoder import MAX_MEMBERS, EventDecoder
from plexus.protocols.members import ABSENT, Members, Object, present
from plexus.protocols.sse import SseDecoder, SseEvent
from plexus.protocols.unreadable import UNREADABLE

_EVENT = msgspec.json.Decoder(Event)
_OBJECT = msgspec.json.Decoder(Object)


def stream_decoder(dialect: MessagesDialect) -> MessagesStreamDecoder:
    """A decoder for one reply."""
    del dialect
    return MessagesStreamDecoder()


class MessagesStreamDecoder(EventDecoder[SseEvent]):
    """See ``protocols.codec.StreamDecoder``."""

    def __init__(self) -> None:
        super().__init__(SseDecoder())
        self._started = False
        self._finished = False
        self._usage = b""
        self._opaque: dict[int, _OpaqueBlock] = {}
        self._silent: set[int] = set()
        self._worded: set[int] = set()
        """Thoughts of which words have come."""
        """Tool calls of which no arguments have come."""
        self._open: dict[int, int] = {}
        """Index on the wire -> number of the block, of those that are open. An index may be used again."""
        self._next = 0
        self._extras: Object = {}

    def finish(self) -> list[StreamEvent]:
        """The connection's end. A stop_reason without message_stop is a proper end."""
        events = super().finish()
        return events + self._end() if self._finished and not self._ended else events

    def _decode(self, events: list[SseEvent]) -> list[StreamEvent]:
        out: list[StreamEvent] = []
        for event in events:
            if self._ended:
                break
            try:
                wire = _EVENT.decode(event.data)
                self._event(wire, event.data, out)
            except (ClientError, *UNREADABLE):
                out += self._skip(event.data)
        return out

    def _event(self, wire: Event, data: bytes, out: list[StreamEvent]) -> None:
        kind = wire.type
        if kind == "content_block_delta":
            if wire.delta is not None and (number := self._open.get(wire.index)) is not None:
                self._delta(number, wire.delta, data, out)
        elif kind == "content_block_start":
            self._block_start(wire.index, wire.content_block, out)
        elif kind == "content_block_stop":
            self._block_stop(wire.index, out)
        elif kind == "message_start":
            self._message_start(wire.message, out)
        elif kind == "message_delta":
            self._message_delta(wire, data, out)
        elif kind == "message_stop":
            out += self._end()
        elif kind == "error":
            out += self._fail(decode_stream_error(data))

    def _message_start(self, raw: msgspec.Raw, out: list[StreamEvent]) -> None:
        if self._started or not present(raw):
            return
        self._started = True
        message = Members(_OBJECT.decode(raw))
        usage = message.take_raw("usage")
        self._usage = bytes(usage) if usage is not None else b""
        for name in ("type", "role", "content", "stop_reason", "stop_sequence"):
            message.raw.pop(name, None)
        out.append(
            ReplyStart(
                id=message.take("id", str) or "",
                model=message.take("model", str) or "",
                usage=decode_usage(self._usage) if self._usage else None,
                extras=message.rest(PROTOCOL),
            )
        )

    def _block_start(self, index: int, raw: msgspec.Raw, out: list[StreamEvent]) -> None:
        if index in self._open:
            return
        block = decode_block(Members(_OBJECT.decode(raw), "content_block"))
        number = self._open[index] = self._next
        self._next += 1
        if isinstance(block, Opaque):
            self._opaque[number] = _OpaqueBlock(block)
        elif isinstance(block, ToolCall):
            if block.arguments == "{}":
                self._silent.add(number)
            block = msgspec.structs.replace(block, arguments="" if block.arguments == "{}" else block.arguments)
        out.append(BlockStart(number, block))

    def _delta(self, index: int, delta: Delta, data: bytes, out: list[StreamEvent]) -> None:
        opaque = self._opaque.get(index)
        if opaque is not None:
            opaque.add(delta, data)
        elif delta.type == "text_delta":
            out.append(TextDelta(index, delta.text or ""))
        elif delta.type == "input_json_delta":
            if delta.partial_json:
                self._silent.discard(index)
                out.append(ArgumentsDelta(index, delta.partial_json))
        elif delta.type == "thinking_delta":
            if delta.thinking:
                self._worded.add(index)
            out.append(TextDelta(index, delta.thinking or ""))
        elif delta.type == "signature_delta":
            if delta.signature:
                out.append(StateDelta(index, signed(delta.signature, worded=index in self._worded)))
        elif delta.type == "citations_delta" and present(delta.citation):
            out.append(CitationDelta(index, decode_citation(msgspec.Raw(bytes(delta.citation)))))

    def _block_stop(self, index: int, out: list[StreamEvent]) -> None:
        number = self._open.pop(index, None)
        if number is None:
            return
        opaque = self._opaque.pop(number, None)
        self._worded.discard(number)
        if number in self._silent:
            self._silent.discard(number)
            out.append(ArgumentsDelta(number, "{}"))
        out.append(BlockEnd(number, block=opaque.whole() if opaque is not None else None))

    def _message_delta(self, wire: Event, data: bytes, out: list[StreamEvent]) -> None:
        if present(wire.usage):
            self._usage = merge_usage(self._usage, bytes(wire.usage))
            counts = decode_usage(self._usage)
            if counts is not None:
                out.append(UsageSeen(counts))
        rest = msgspec.json.decode(data, type=MessageDelta)
        more = {name: value for name, value in rest.delta.items() if name not in ("stop_reason", "stop_sequence")}
        if rest.context_management is not ABSENT:
            more["context_management"] = rest.context_management
        if len(self._extras) + len(more) > MAX_MEMBERS:
            more = {}
        self._extras.update(
            {name: msgspec.Raw(bytes(value)) for name, value in more.items() if bytes(value) != b"null"}
        )
        delta = wire.delta
        if delta is not None and delta.stop_reason and not self._finished:
            self._finished = True
            out.append(FinishSeen(finish_of(delta.stop_reason, delta.stop_sequence)))

    def _end(self) -> list[StreamEvent]:
        self._ended = True
        out: list[StreamEvent] = []
        for index in sorted(self._open):
            self._block_stop(index, out)
        out.append(ReplyEnd(extras=Extras(PROTOCOL, self._extras) if self._extras else None))
        return out


class _OpaqueBlock:
    """A block of a server tool while its deltas come: input in pieces, or members that a delta adds."""

    def __init__(self, block: Opaque) -> None:
        self._block = block
        self._input: list[str] = []
        self._members: Object = {}

    def add(self, delta: Delta, data: bytes) -> None:
        if delta.partial_json is not None:
            self._input.append(delta.partial_json)
            return
        more = msgspec.json.decode(data, type=MessageDelta).delta
        more.pop("type", None)
        self._members.update({name: msgspec.Raw(bytes(value)) for name, value in more.items()})

    def whole(self) -> Opaque:
        """The block as a JSON reply would have it."""
        text = "".join(self._input).strip()
        members = _OBJECT.decode(self._block.raw)
        if text:
            try:
                _OBJECT.decode(text)
            except UNREADABLE:
                text = msgspec.json.encode({"INVALID_JSON": text}).decode()
            members["input"] = msgspec.Raw(text.encode())
        members.update(self._members)
        return msgspec.structs.replace(self._block, raw=msgspec.Raw(msgspec.json.encode(members)))
