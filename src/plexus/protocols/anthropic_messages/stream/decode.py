"""A provider's Messages stream -> StreamEvents.

Tolerant where providers differ: padded JSON, pings without data, several ``message_start``, tool input within the block's
start, no ``message_stop`` behind the stop reason, one event that cannot be read.
"""

from __future__ import annotations

import msgspec

from plexus.canonical.content import Extras, Opaque, Reasoning, ReasoningState, Text, ToolCall
from plexus.canonical.errors import ErrorKind, GatewayError, ProviderError
from plexus.canonical.events import (
    ArgumentsDelta,
    BlockStart,
    Failure,
    FinishSeen,
    OpaqueEvent,
    ReplyEnd,
    ReplyStart,
    StateDelta,
    StreamEvent,
    TextDelta,
    UsageSeen,
)
from plexus.canonical.response import Finish, FinishReason
from plexus.protocols.anthropic_messages import wire
from plexus.protocols.anthropic_messages.content import decode_block
from plexus.protocols.anthropic_messages.errors import error_event, error_in_reply
from plexus.protocols.anthropic_messages.finish import decode_finish
from plexus.protocols.anthropic_messages.members import PROTOCOL, UNREADABLE, Members, Misfit
from plexus.protocols.anthropic_messages.response import read_extras, read_tier
from plexus.protocols.anthropic_messages.stream.open_block import OpenBlock
from plexus.protocols.anthropic_messages.usage import decode_usage, merge_usage
from plexus.protocols.sse import EventBoundary, SseEvent, split_events

_EVENT = msgspec.json.Decoder(wire.Event)
_DELTA = msgspec.json.Decoder(wire.ContentBlockDelta)
_DELTA_FRAME = b"event: content_block_delta\ndata: "
_TYPED = msgspec.json.Decoder(wire.Typed)
_UNKNOWN_DELTA = msgspec.json.Decoder(wire.UnknownDelta)
_OBJECT = msgspec.json.Decoder(dict[str, msgspec.Raw])
_KNOWN = frozenset(
    {
        "content_block_delta", "content_block_start", "content_block_stop", "message_start", "message_delta",
        "message_stop", "ping", "error",
    }
)  # fmt: skip

MAX_SKIPPED = 1
"""Events of one stream that may be unreadable; one more and the reply is not to be trusted."""


class MessagesStreamDecoder:
    """Bytes in, events out. Never raises: what is wrong comes out as a ``Failure``."""

    __slots__ = (
        "_boundary",
        "_called",
        "_end",
        "_finish",
        "_offset",
        "_open",
        "_over",
        "_skipped",
        "_started",
        "_usage",
    )

    def __init__(self) -> None:
        self._boundary = EventBoundary()
        self._open: dict[int, OpenBlock] = {}
        self._offset = 0
        """Characters of text so far, over all text blocks: where citations stand."""
        self._usage: msgspec.Raw | None = None
        self._finish: Finish | None = None
        self._end: dict[str, msgspec.Raw] = {}
        self._called = False
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
        """The connection ended. A reply whose stop reason is known is complete even without ``message_stop``."""
        if self._over:
            return []
        rest = self._boundary.finish()
        events = self._read_run(rest) if rest.strip() else []
        return events if self._finish is None else [*events, *self._stop()]

    def _read_run(self, whole: bytes) -> list[StreamEvent]:
        """A run of events. Most are deltas in Anthropic's own framing, which are read without looking at the lines."""
        events: list[StreamEvent] = []
        for block in whole.split(b"\n\n"):
            if block.startswith(_DELTA_FRAME):
                try:
                    event = _DELTA.decode(block[len(_DELTA_FRAME) :])
                except UNREADABLE:
                    events += self._read(split_events(block))
                else:
                    events += self._delta(self._open.get(event.index), event.delta)
            elif block:
                events += self._read(split_events(block))
            if self._over:
                break
        return events

    def _read(self, frames: list[SseEvent]) -> list[StreamEvent]:
        events: list[StreamEvent] = []
        for name, data in frames:
            try:
                event = _EVENT.decode(data)
            except UNREADABLE:
                events += self._unknown(name, data)
            else:
                try:
                    events += self._event(event, data)
                except Misfit as wrong:
                    events += self._skip(str(wrong))
            if self._over:
                break
        return events

    def _delta(self, opened: OpenBlock | None, delta: wire.Delta) -> list[StreamEvent]:
        if opened is None:
            return self._skip("a delta of a block that is not open")
        index = opened.index
        match delta:
            case wire.TextDelta(text=text) if opened.kind is Text:
                self._offset += len(text)
                return [TextDelta(index, text)]
            case wire.ThinkingDelta(thinking=text) if opened.kind is Reasoning:
                return [TextDelta(index, text)]
            case wire.SignatureDelta(signature=signature) if opened.kind is Reasoning:
                return [StateDelta(index, ReasoningState(PROTOCOL, signature))] if signature else []
            case wire.InputJsonDelta(partial_json="") if opened.kind in (ToolCall, Opaque):
                return []
            case wire.InputJsonDelta(partial_json=text) if opened.kind is ToolCall:
                opened.pending = None
                return [ArgumentsDelta(index, text)]
            case wire.InputJsonDelta(partial_json=text) if opened.kind is Opaque:
                opened.input.append(text)
                return []
            case wire.CitationsDelta(citation=citation) if opened.kind is Text:
                opened.citations.append(citation)
                return []
            case _:
                return self._skip("a delta that does not fit its block")

    def _event(self, event: wire.Event, data: bytes) -> list[StreamEvent]:
        match event:
            case wire.ContentBlockDelta(index=index, delta=delta):
                return self._delta(self._open.get(index), delta)
            case wire.ContentBlockStart(index=index, content_block=raw):
                return [*self._ensure_start(), *self._open_block(index, raw)]
            case wire.ContentBlockStop(index=index):
                opened = self._open.pop(index, None)
                return (
                    self._skip("a stop of a block that is not open") if opened is None else opened.close(self._offset)
                )
            case wire.MessageStart(message=message):
                return self._message_start(message)
            case wire.MessageDelta():
                return [*self._ensure_start(), *self._message_delta(data)]
            case wire.MessageStop():
                return [*self._ensure_start(), *self._stop()]
            case wire.ErrorEvent(error=error):
                return self._fail(error_event(error))
            case _:
                return []

    def _open_block(self, index: int, raw: msgspec.Raw) -> list[StreamEvent]:
        """A block begins. Raises Misfit."""
        block = decode_block(raw, f"content.{index}", self._offset)
        events = self._open.pop(index).close(self._offset) if index in self._open else []
        opened = OpenBlock(index, block, self._offset)
        self._open[index] = opened
        if isinstance(block, Text):
            self._offset += len(block.text)
        self._called = self._called or isinstance(block, ToolCall)
        return [*events, BlockStart(index, opened.first_form())]

    def _message_start(self, raw: msgspec.Raw) -> list[StreamEvent]:
        """The reply's head; a repeated one says nothing new. Raises Misfit."""
        if self._started:
            return []
        members = Members(raw, "message")
        content = members.take_list("content") or []
        for own in ("type", "role"):
            members.values.pop(own, None)
        self._usage = members.take_raw("usage")
        self._finish = decode_finish(members)
        events: list[StreamEvent] = [
            ReplyStart(
                id=members.take("id", str) or "",
                model=members.take("model", str) or "",
                usage=decode_usage(self._usage) if self._usage is not None else None,
                service_tier=read_tier(self._usage),
                extras=read_extras(members),
            )
        ]
        self._started = True
        for index, block in enumerate(content):  # a message that is complete from the start (programmatic tool calls)
            events += self._open_block(index, block)
            events += self._open.pop(index).close(self._offset)
        if self._finish is not None:
            events.append(FinishSeen(self._finish))
        return events

    def _ensure_start(self) -> list[StreamEvent]:
        if self._started:
            return []
        self._started = True
        return [ReplyStart(id="", model="", extras=Extras(PROTOCOL, {}))]

    def _message_delta(self, data: bytes) -> list[StreamEvent]:
        """Stop reason and usage; what else it says belongs to the end of the reply. Raises Misfit."""
        members = Members(data, "message_delta")
        del members.values["type"]
        delta = Members(members.take_raw("delta") or b"{}", "message_delta.delta")
        events: list[StreamEvent] = []
        usage = members.take_raw("usage")
        finish = decode_finish(delta)
        if usage is not None:
            self._usage = merge_usage(self._usage, usage)
            counts = decode_usage(self._usage)
            events += [UsageSeen(counts)] if counts is not None else []
        for rest in (delta.extras(), members.extras()):
            self._end.update(rest.members if rest is not None else {})
        if finish is not None:
            self._finish = finish
            events.append(FinishSeen(finish))
        return events

    def _stop(self) -> list[StreamEvent]:
        """The proper end of the reply; nothing where it is over already."""
        if self._over:
            return []
        events: list[StreamEvent] = []
        for opened in self._open.values():
            events += opened.close(self._offset)
        self._open.clear()
        if self._finish is None:
            reason = FinishReason.TOOL_CALLS if self._called else FinishReason.STOP
            events.append(FinishSeen(Finish(reason=reason, inferred=True)))
        events.append(ReplyEnd(extras=Extras(PROTOCOL, self._end) if self._end else None))
        self._over = True
        return events

    def _unknown(self, name: bytes | None, data: bytes) -> list[StreamEvent]:
        """An event that does not fit the known shapes: a new type, a new delta, an error without its type, or rubbish."""
        if name == b"ping" or not data.strip():
            return []
        failure = error_in_reply(data)
        if failure is not None:
            return self._fail(failure)
        try:
            kind = _TYPED.decode(data).type
            if kind not in _KNOWN:
                raw = msgspec.Raw(msgspec.json.encode(_OBJECT.decode(data)))
                return [*self._ensure_start(), OpaqueEvent(origin=PROTOCOL, kind=kind, raw=raw)]
            unknown = _UNKNOWN_DELTA.decode(data)
            patch = _OBJECT.decode(unknown.delta)
        except UNREADABLE as wrong:
            return self._skip(str(wrong))
        opened = self._open.get(unknown.index)
        if kind != "content_block_delta" or opened is None or opened.kind is not Opaque:
            return self._skip(f"an event of type {kind} that does not fit")
        opened.patches.append(patch)
        return []

    def _skip(self, why: str) -> list[StreamEvent]:
        """One event may be unreadable; a second means that the reply is not to be trusted (docs/failures)."""
        self._skipped += 1
        if self._skipped <= MAX_SKIPPED:
            return []
        return self._fail(
            ProviderError(
                ErrorKind.UPSTREAM_MALFORMED, "The provider's stream could not be read.", status=200, hint=why
            )
        )

    def _fail(self, error: GatewayError) -> list[StreamEvent]:
        self._over = True
        return [Failure(error)]
