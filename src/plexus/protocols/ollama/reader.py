"""Chunks to events: one reading for a stream and for a JSON reply, which is a stream of one chunk."""

from __future__ import annotations

import zlib
from datetime import datetime

import msgspec

from plexus.canonical.content import Block, Reasoning, Text, ToolCall
from plexus.canonical.events import (
    ArgumentsDelta,
    BlockEnd,
    BlockStart,
    Failure,
    FinishSeen,
    LogprobsSeen,
    ReplyEnd,
    ReplyStart,
    StreamEvent,
    TextDelta,
    UsageSeen,
)
from plexus.canonical.response import Finish, FinishReason
from plexus.protocols.members import is_string, present, raw_json
from plexus.protocols.ollama.errors import decode_stream_error
from plexus.protocols.ollama.usage import decode_usage
from plexus.protocols.ollama.wire import CHUNK, PROTOCOL, Call, Chunk, Message

F = FinishReason
FINISHES: dict[str, FinishReason] = {"stop": F.STOP, "length": F.LENGTH}
"""Every other word (load, unload) is OTHER: nothing was asked then."""


def finish_of(word: str | None, *, called: bool) -> Finish:
    """The canonical finish. Ollama says stop also behind tool calls; older servers say nothing."""
    reason = FINISHES.get(word, F.OTHER) if word else F.STOP
    if reason is F.STOP and called:
        reason = F.TOOL_CALLS
    return Finish(reason=reason, origin=PROTOCOL, raw=word) if word else Finish(reason=reason, inferred=True)


class Reader:
    """Takes chunks, gives events. Raises what msgspec raises for a chunk that cannot be read."""

    def __init__(self) -> None:
        self.failed = False
        self.done = False
        self._base = ""
        self._next = 0
        self._calls = 0
        self._open: type[Text | Reasoning] | None = None

    def chunk(self, data: bytes, out: list[StreamEvent]) -> None:
        """One chunk."""
        wire = CHUNK.decode(data)
        if present(wire.error):
            self.failed = True
            out.append(Failure(decode_stream_error(data)))
            return
        if not self._base:
            self._base = f"{zlib.crc32(data):08x}"
            out.append(
                ReplyStart(id=f"{PROTOCOL}_{self._base}", model=wire.model or "", created=_seconds(wire.created_at))
            )
        if wire.message is not None:
            self._message(wire.message, out)
        if wire.logprobs:
            out.append(LogprobsSeen(raw_json({"content": wire.logprobs})))
        if wire.done:
            self._end(wire, data, out)

    def _message(self, message: Message, out: list[StreamEvent]) -> None:
        if message.thinking:
            self._text(Reasoning, message.thinking, out)
        if message.content:
            self._text(Text, message.content, out)
        for call in message.tool_calls or ():
            self._call(call, out)

    def _text(self, kind: type[Text | Reasoning], text: str, out: list[StreamEvent]) -> None:
        if self._open is not kind:
            self._close(out)
            self._open = kind
            empty: Block = kind(text="")
            out.append(BlockStart(self._next, empty))
        out.append(TextDelta(self._next, text))

    def _call(self, call: Call, out: list[StreamEvent]) -> None:
        """A whole call. One without an id gets one that is the same however the stream is cut."""
        self._close(out)
        call_id = call.id or f"call_{self._base}_{self._calls}"
        self._calls += 1
        function = call.function
        out.append(BlockStart(self._next, ToolCall(id=call_id, name=(function and function.name) or "", arguments="")))
        if function is not None and present(function.arguments):
            raw = function.arguments
            text = msgspec.json.decode(raw, type=str) if is_string(raw) else bytes(raw).decode()
            out.append(ArgumentsDelta(self._next, text))
        out.append(BlockEnd(self._next))
        self._next += 1

    def _close(self, out: list[StreamEvent]) -> None:
        if self._open is not None:
            self._open = None
            out.append(BlockEnd(self._next))
            self._next += 1

    def _end(self, wire: Chunk, data: bytes, out: list[StreamEvent]) -> None:
        self.done = True
        self._close(out)
        counts = decode_usage(data)
        if counts is not None:
            out.append(UsageSeen(counts))
        out += [FinishSeen(finish_of(wire.done_reason, called=self._calls > 0)), ReplyEnd()]


def _seconds(moment: str | None) -> int | None:
    """Unix seconds of an RFC 3339 time; None for what is none."""
    try:
        return int(datetime.fromisoformat(moment).timestamp()) if moment else None
    except (ValueError, OverflowError):
        return None
