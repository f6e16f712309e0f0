"""StreamEvents -> the Messages stream for a client.

Messages knows one open block at a time: where a source interleaves blocks (parallel tool calls of Chat), the later ones wait
until the open one ends. A block that turns out to be empty is not written at all.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import msgspec

from plexus.canonical.content import (
    Refusal,
    ToolCall,
)
from plexus.canonical.events import (
    ArgumentsDelta,
    AudioDelta,
    BlockEnd,
    BlockStart,
    CitationDelta,
    Failure,
    FinishSeen,
    LogprobsSeen,
    OpaqueEvent,
    PartBreak,
    ReplyEnd,
    ReplyStart,
    StateDelta,
    StreamEvent,
    TextDelta,
    UsageSeen,
)
from plexus.canonical.losses import Losses
from plexus.canonical.request import GenerateRequest
from plexus.canonical.response import Finish
from plexus.canonical.usage import Usage
from plexus.protocols.anthropic_messages.errors import encode_stream_error
from plexus.protocols.anthropic_messages.finish import encode_finish
from plexus.protocols.anthropic_messages.members import PROTOCOL
from plexus.protocols.anthropic_messages.reply import note_foreign
from plexus.protocols.anthropic_messages.response import TIERS
from plexus.protocols.anthropic_messages.stream.writing import BlockWriting
from plexus.protocols.anthropic_messages.usage import encode_usage
from plexus.protocols.sse import encode_event

BlockEvent: TypeAlias = (
    BlockStart | TextDelta | ArgumentsDelta | StateDelta | CitationDelta | AudioDelta | PartBreak | BlockEnd
)

STOP = b'event: message_stop\ndata: {"type":"message_stop"}\n\n'


class MessagesStreamEncoder:
    """Events in, whole frames out."""

    __slots__ = (
        "_called", "_finish", "_model", "_native", "_refused", "_started", "_usage", "_waiting", "_writing", "losses",
    )  # fmt: skip

    def __init__(self, request: GenerateRequest) -> None:
        self.losses = Losses()
        self._model = request.model
        self._native = False
        """Whether the reply itself came from Messages: then its own usage object and members go out again."""
        self._writing = BlockWriting(self.losses)
        self._waiting: dict[int, list[StreamEvent]] = {}
        """The events of blocks that began while another one was open, in the order of their beginning."""
        self._started = False
        self._called = False
        self._refused = False
        self._finish: Finish | None = None
        self._usage: Usage | None = None

    def encode(self, event: StreamEvent) -> bytes:
        """The frames of one event; b"" where Messages says nothing or not yet."""
        if type(event) is TextDelta and event.candidate == 0 and event.index == self._writing.index:
            return self._writing.text(event.text)
        if isinstance(event, BlockEvent):
            return self._block_event(event)
        return self._reply_event(event)

    def _reply_event(self, event: StreamEvent) -> bytes:
        match event:
            case ReplyStart():
                return self._start(event)
            case UsageSeen(usage):
                self._usage = usage
            case FinishSeen(finish, 0):
                self._finish = finish
            case ReplyEnd():
                return self._end(event)
            case Failure(error):
                return encode_stream_error(error)
            case LogprobsSeen():
                self.losses.add("logprobs", "unsupported")
            case OpaqueEvent(origin=origin, kind=kind, raw=raw):
                if origin == PROTOCOL:
                    return encode_event(bytes(raw), kind.encode())
                self.losses.add(kind, "foreign")
            case _:
                pass
        return b""

    def _start(self, event: ReplyStart) -> bytes:
        if self._started:
            return b""
        self._started = True
        self._usage = event.usage
        self._native = event.extras is not None and event.extras.origin == PROTOCOL
        note_foreign(event.extras, "", self.losses)
        message: dict[str, Any] = {
            "id": event.id,
            "type": "message",
            "role": "assistant",
            "model": event.model or self._model,
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
            "usage": self._write_usage(TIERS.get(event.service_tier or "")),
        }
        if self._native and event.extras is not None:
            message.update(event.extras.members)
        return _frame("message_start", {"message": message})

    def _write_usage(self, tier: str | None = None) -> object:
        if self._native and self._usage is not None and self._usage.raw is not None:
            return self._usage.raw
        return encode_usage(self._usage, tier)

    def _block_event(self, event: BlockEvent) -> bytes:
        if event.candidate != 0:
            self.losses.add("candidates", "unsupported")
            return b""
        index = event.index
        if isinstance(event, BlockStart):
            self._called = self._called or isinstance(event.block, ToolCall)
            self._refused = self._refused or isinstance(event.block, Refusal)
            if self._writing.index is None:
                return self._ensure_start() + self._writing.start(index, event.block)
            self._waiting[index] = [event]
            return b""
        if index != self._writing.index:
            if index in self._waiting:
                self._waiting[index].append(event)
            return b""
        return self._writing.take(event) + self._next()

    def _ensure_start(self) -> bytes:
        return b"" if self._started else self._start(ReplyStart(id="", model=self._model))

    def _next(self) -> bytes:
        """The blocks that waited, once none is open: all that have ended, and the beginning of the first that has not."""
        written = b""
        while self._waiting and self._writing.index is None:
            index = next(iter(self._waiting))
            first, *rest = self._waiting.pop(index)
            assert isinstance(first, BlockStart)
            written += self._writing.start(index, first.block)
            written += b"".join(self._writing.take(event) for event in rest)
        return written

    def _end(self, event: ReplyEnd) -> bytes:
        written = self._ensure_start()
        while self._writing.index is not None:
            written += self._writing.take(BlockEnd(self._writing.index)) + self._next()
        delta = encode_finish(self._finish, called=self._called, refused=self._refused)
        body: dict[str, Any] = {"delta": delta, "usage": self._write_usage()}
        note_foreign(event.extras, "", self.losses)
        if event.extras is not None and event.extras.origin == PROTOCOL:
            for name, raw in event.extras.members.items():
                (delta if name == "container" else body)[name] = raw
        return written + _frame("message_delta", body) + STOP


def _frame(kind: str, members: dict[str, Any]) -> bytes:
    return encode_event(msgspec.json.encode({"type": kind, **members}), kind.encode())
