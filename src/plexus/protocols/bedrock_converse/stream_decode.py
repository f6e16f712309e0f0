"""Reading a streamed reply: messages of the event stream to events
(https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html).

Text and thoughts have no start: their first delta opens them. ``messageStop`` says why the reply ended, and ``metadata``
follows with the counts; a connection that ends between the two ended properly.
"""

from __future__ import annotations

import base64
import binascii

import msgspec

from plexus.canonical.content import Block, Image, InlineData, Opaque, Reasoning, Text, ToolCall
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
from plexus.protocols.bedrock_converse.content import PROTOCOL, SERVER_TOOL, citation_of, redacted, signed
from plexus.protocols.bedrock_converse.dialect import ConverseDialect
from plexus.protocols.bedrock_converse.errors import decode_exception
from plexus.protocols.bedrock_converse.finish import finish_of
from plexus.protocols.bedrock_converse.usage import decode_usage
from plexus.protocols.bedrock_converse.wire import BLOCK, METADATA, STOP, Delta, ReasoningContent, Start
from plexus.protocols.event_decoder import EventDecoder
from plexus.protocols.eventstream import Message, MessageDecoder
from plexus.protocols.members import present
from plexus.protocols.unreadable import UNREADABLE


def stream_decoder(dialect: ConverseDialect) -> ConverseStreamDecoder:
    """A decoder for one reply."""
    del dialect
    return ConverseStreamDecoder()


class ConverseStreamDecoder(EventDecoder[Message]):
    """See ``protocols.codec.StreamDecoder``."""

    def __init__(self) -> None:
        super().__init__(MessageDecoder())
        self._started = False
        self._finished = False
        self._open: dict[int, str] = {}
        """Index -> what is open there: text, thought, call."""
        self._worded: set[int] = set()
        self._silent: set[int] = set()
        """Calls of which no arguments have come."""
        self._held: dict[int, _Held] = {}

    def finish(self) -> list[StreamEvent]:
        """The connection's end."""
        out = super().finish()
        return out + self._end(None) if self._finished and not self._ended else out

    def _decode(self, events: list[Message]) -> list[StreamEvent]:
        out: list[StreamEvent] = []
        for message in events:
            if self._ended:
                break
            if message.headers.get(":message-type", "event") != "event":
                out += self._fail(decode_exception(message))
                break
            try:
                self._event(message.headers.get(":event-type", ""), message.payload, out)
            except (*UNREADABLE, ClientError):
                out += self._skip(message.payload)
        return out

    def _event(self, kind: str, payload: bytes, out: list[StreamEvent]) -> None:
        if not self._started and kind != "initial-response":
            self._started = True
            out.append(ReplyStart(id="", model=""))
        if kind == "contentBlockDelta":
            wire = BLOCK.decode(payload)
            if wire.delta is not None:
                self._delta(wire.content_block_index, wire.delta, out)
        elif kind == "contentBlockStart":
            wire = BLOCK.decode(payload)
            if wire.start is not None:
                self._start(wire.content_block_index, wire.start, out)
        elif kind == "contentBlockStop":
            self._stop(BLOCK.decode(payload).content_block_index, out)
        elif kind == "messageStop":
            self._message_stop(payload, out)
        elif kind == "metadata":
            out += self._end(payload)

    # --- blocks

    def _start(self, index: int, start: Start, out: list[StreamEvent]) -> None:
        call = start.tool_use
        if call is not None and call.type != SERVER_TOOL:
            self._silent.add(index)
            self._begin(index, "call", ToolCall(id=call.tool_use_id or "", name=call.name or "", arguments=""), out)
        elif call is not None:
            self._held[index] = _Held("toolUse", msgspec.json.encode(call))
        elif start.image is not None:
            self._held[index] = _Held("image", (start.image.format or "png").encode())
        elif present(start.tool_result):
            self._held[index] = _Held("toolResult", bytes(start.tool_result))

    def _begin(self, index: int, kind: str, block: Block, out: list[StreamEvent]) -> None:
        if self._open.get(index) != kind:
            self._open[index] = kind
            out.append(BlockStart(index, block))

    def _delta(self, index: int, delta: Delta, out: list[StreamEvent]) -> None:
        held = self._held.get(index)
        if delta.text is not None:
            if delta.text:
                self._begin(index, "text", Text(text=""), out)
                out.append(TextDelta(index, delta.text))
        elif held is not None:
            held.add(delta)
        elif delta.tool_use is not None:
            if delta.tool_use.input and index in self._open:
                self._silent.discard(index)
                out.append(ArgumentsDelta(index, delta.tool_use.input))
        elif delta.reasoning_content is not None:
            self._thought(index, delta.reasoning_content, out)
        elif present(delta.citation):
            self._begin(index, "text", Text(text=""), out)
            out.append(CitationDelta(index, citation_of(delta.citation)))

    def _thought(self, index: int, piece: ReasoningContent, out: list[StreamEvent]) -> None:
        if piece.redacted_content is not None:
            self._held[index] = held = _Held("redacted", b"")
            held.pieces.append(piece.redacted_content)
            return
        self._begin(index, "thought", Reasoning(), out)
        if piece.text:
            self._worded.add(index)
            out.append(TextDelta(index, piece.text))
        if piece.signature:
            out.append(StateDelta(index, signed(piece.signature, worded=index in self._worded)))

    def _stop(self, index: int, out: list[StreamEvent]) -> None:
        held = self._held.pop(index, None)
        if held is not None:
            out += [BlockStart(index, held.whole()), BlockEnd(index)]
        elif self._open.pop(index, None) is not None:
            if index in self._silent:
                self._silent.discard(index)
                out.append(ArgumentsDelta(index, "{}"))
            out.append(BlockEnd(index))

    # --- the end

    def _message_stop(self, payload: bytes, out: list[StreamEvent]) -> None:
        word = STOP.decode(payload).stop_reason
        self._close(out)
        if not self._finished:
            self._finished = True
            out.append(FinishSeen(finish_of(word or "end_turn")))

    def _close(self, out: list[StreamEvent]) -> None:
        for index in sorted({*self._open, *self._held}):
            self._stop(index, out)

    def _end(self, payload: bytes | None) -> list[StreamEvent]:
        out: list[StreamEvent] = []
        tier = None
        if payload is not None:
            metadata = METADATA.decode(payload)
            counts = decode_usage(metadata.usage) if present(metadata.usage) else None
            if counts is not None:
                out.append(UsageSeen(counts))
            tier = metadata.service_tier.type if metadata.service_tier is not None else None
        if self._finished:
            self._ended = True
            out.append(ReplyEnd(service_tier=tier))
        return out


class _Held:
    """A block that is told only when it is whole: a hidden thought, a picture, what a server tool does."""

    def __init__(self, kind: str, start: bytes) -> None:
        self.pieces: list[str] = []
        self._kind = kind
        self._start = start
        self._results: list[msgspec.Raw] = []

    def add(self, delta: Delta) -> None:
        """One more piece of it."""
        if delta.reasoning_content is not None and delta.reasoning_content.redacted_content is not None:
            self.pieces.append(delta.reasoning_content.redacted_content)
        elif delta.image is not None and delta.image.source is not None:
            self.pieces.append(delta.image.source.bytes or "")
        elif delta.tool_use is not None:
            self.pieces.append(delta.tool_use.input or "")
        elif present(delta.tool_result):
            self._results += msgspec.json.decode(delta.tool_result, type=list[msgspec.Raw])

    def whole(self) -> Block:
        """The block as a JSON reply would have it."""
        if self._kind == "redacted":
            return redacted(_joined(self.pieces))
        if self._kind == "image":
            return Image(source=InlineData(f"image/{self._start.decode()}", _joined(self.pieces)))
        inner = msgspec.json.decode(self._start, type=dict[str, msgspec.Raw])
        inner = {name: raw for name, raw in inner.items() if raw != msgspec.Raw(b"null")}
        if self._kind == "toolUse":
            inner["input"] = msgspec.Raw(_object("".join(self.pieces)))
        else:
            inner["content"] = msgspec.Raw(msgspec.json.encode(self._results))
        return Opaque(origin=PROTOCOL, kind=self._kind, raw=msgspec.Raw(msgspec.json.encode({self._kind: inner})))


def _joined(pieces: list[str]) -> str:
    """Base64 of all pieces, each of which is base64 by itself."""
    if len(pieces) == 1:
        return pieces[0]
    try:
        return base64.b64encode(b"".join(base64.b64decode(piece, validate=True) for piece in pieces)).decode()
    except (binascii.Error, ValueError):
        return "".join(pieces)


def _object(text: str) -> bytes:
    """A server tool's input as a JSON object, whatever it wrote."""
    try:
        msgspec.json.decode(text or "{}", type=dict[str, msgspec.Raw])
    except UNREADABLE:
        return msgspec.json.encode({"INVALID_JSON": text})
    return (text or "{}").encode()
