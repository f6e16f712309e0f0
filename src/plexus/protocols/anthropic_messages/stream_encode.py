"""Writing a streamed reply for a client: events in exactly Anthropic's order.

Blocks are strictly one after the other here. Where the source interleaves (Chat's parallel tool calls), the later ones wait
until the open one has ended.
"""

from __future__ import annotations

import msgspec

from plexus.canonical.content import Audio, Block, Opaque, Reasoning, Refusal, Text, ToolCall
from plexus.canonical.events import (
    ArgumentsDelta,
    AudioDelta,
    BlockEnd,
    BlockStart,
    CitationDelta,
    FinishSeen,
    LogprobsSeen,
    OpaqueEvent,
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
from plexus.protocols.anthropic_messages.content import PROTOCOL, encode_call_state, encode_thinking, own_extras
from plexus.protocols.anthropic_messages.encode_request import tool_id
from plexus.protocols.anthropic_messages.response import word_of
from plexus.protocols.anthropic_messages.usage import encode_usage
from plexus.protocols.members import Object, own_members

_encode = msgspec.json.Encoder().encode


def stream_encoder(request: GenerateRequest) -> MessagesStreamEncoder:
    """An encoder for one reply to ``request``."""
    del request
    return MessagesStreamEncoder()


def frame(kind: str, body: object) -> bytes:
    """One event."""
    return b"event: %b\ndata: %b\n\n" % (kind.encode(), _encode(body))


DELTAS: dict[type, bytes] = {
    Text: b'"delta":{"type":"text_delta","text":',
    Refusal: b'"delta":{"type":"text_delta","text":',
    Reasoning: b'"delta":{"type":"thinking_delta","thinking":',
}

END = b'event: message_stop\ndata: {"type":"message_stop"}\n\n'
"""The event behind which nothing comes."""


class MessagesStreamEncoder:
    """See ``protocols.codec.StreamEncoder``."""

    def __init__(self) -> None:
        self.losses = Losses()
        self._written = 0
        """Blocks that have been started on the wire."""
        self._open: int | None = None
        """The source's index of the block that is being written."""
        self._prefix = b""
        """What stands before the JSON string of a delta of the open block."""
        self._waiting: dict[int, list[StreamEvent]] = {}
        self._refused = False
        self._started = False
        self._finish: Finish | None = None
        self._usage: Usage | None = None

    def encode(self, event: StreamEvent) -> bytes:
        """The frames of one event; b"" where Messages says nothing yet."""
        if type(event) is TextDelta and event.index == self._open and event.candidate == 0:
            return b"%b%b}}\n\n" % (self._prefix, _encode(event.text)) if event.text else b""
        candidate = getattr(event, "candidate", 0)
        if candidate != 0:
            self.losses.add(f"choices[{candidate}]", "unsupported")
            return b""
        match event:
            case (
                BlockStart()
                | BlockEnd()
                | TextDelta()
                | ArgumentsDelta()
                | StateDelta()
                | CitationDelta()
                | AudioDelta()
            ):
                return self._block_event(event)
            case ReplyStart():
                return self._start(event)
            case UsageSeen(usage):
                self._usage = usage
                return b""
            case FinishSeen(finish):
                self._finish = finish
                return b""
            case ReplyEnd():
                return self._end(own_members(event.extras, PROTOCOL))
            case LogprobsSeen():
                self.losses.add("logprobs", "unsupported")
            case OpaqueEvent(kind=kind):
                self.losses.add(kind, "unsupported")
            case _:
                pass
        return b""

    # --- the message

    def _start(self, event: ReplyStart) -> bytes:
        self._started = True
        self._usage = event.usage
        message: dict[str, object] = {
            "id": event.id,
            "type": "message",
            "role": "assistant",
            "model": event.model,
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
            "usage": encode_usage(event.usage or Usage()),
            **own_members(event.extras, PROTOCOL),
        }
        return frame("message_start", {"type": "message_start", "message": message})

    def _end(self, extras: Object) -> bytes:
        out = b"" if self._started else self._start(ReplyStart(id="", model=""))
        finish = self._finish
        delta: dict[str, object] = {
            "stop_reason": word_of(finish, refused=self._refused),
            "stop_sequence": finish.stop_sequence if finish is not None else None,
        }
        body: dict[str, object] = {
            "type": "message_delta",
            "delta": delta,
            "usage": encode_usage(self._usage or Usage()),
        }
        for name, value in extras.items():
            (body if name == "context_management" else delta)[name] = value
        return out + frame("message_delta", body) + END

    # --- blocks, one after the other

    def _block_event(self, event: StreamEvent) -> bytes:
        index: int = getattr(event, "index", -1)
        if self._open is None and isinstance(event, BlockStart):
            return self._block_start(index, event.block)
        if index != self._open:
            self._waiting.setdefault(index, []).append(event)
            return b""
        if isinstance(event, BlockEnd):
            return self._block_end(event) + self._next()
        return self._delta(event)

    def _next(self) -> bytes:
        """The block that has waited longest, as far as it has come."""
        out = b""
        while self._open is None and self._waiting:
            index = next(iter(self._waiting))
            for event in self._waiting.pop(index):
                if isinstance(event, BlockStart):
                    out += self._block_start(index, event.block)
                elif isinstance(event, BlockEnd):
                    out += self._block_end(event)
                else:
                    out += self._delta(event)
        return out

    def _block_start(self, index: int, block: Block) -> bytes:
        self._open = index
        out = self._call_state(block) if isinstance(block, ToolCall) and block.state is not None else b""
        wire = self._opening(block)
        if wire is None:
            self._prefix = b""
            return out
        number = self._written
        self._written += 1
        self._prefix = b'event: content_block_delta\ndata: {"type":"content_block_delta","index":%d,' % number
        out += frame("content_block_start", {"type": "content_block_start", "index": number, "content_block": wire})
        out += self._first_deltas(block)
        delta = DELTAS.get(type(block))
        if delta is not None:
            self._prefix += delta
        return out

    def _call_state(self, call: ToolCall) -> bytes:
        state = encode_call_state(call)
        if state is None:
            return b""
        number = self._written
        self._written += 1
        start = frame("content_block_start", {"type": "content_block_start", "index": number, "content_block": state})
        return start + frame("content_block_stop", {"type": "content_block_stop", "index": number})

    def _opening(self, block: Block) -> object | None:
        """The block as content_block_start shows it: empty, but for what never comes in pieces."""
        match block:
            case Text():
                return {"type": "text", "text": "", **own_extras(block)}
            case Refusal():
                self._refused = True
                return {"type": "text", "text": ""}
            case Reasoning(redacted=True):
                return encode_thinking(block)
            case Reasoning():
                return {"type": "thinking", "thinking": "", "signature": "", **own_extras(block)}
            case ToolCall():
                return {
                    "type": "tool_use",
                    "id": tool_id(block.id),
                    "name": block.name,
                    "input": {},
                    **own_extras(block),
                }
            case Opaque(origin=origin, raw=raw) if origin == PROTOCOL:
                return raw
            case Audio():
                self.losses.add("audio", "unsupported")
            case _:
                self.losses.add(type(block).__name__.lower(), "unsupported")
        return None

    def _first_deltas(self, block: Block) -> bytes:
        """What the first form of a block already holds."""
        match block:
            case Text(text=text) | Refusal(text=text) if text:
                out = self._piece({"type": "text_delta", "text": text})
            case Reasoning(redacted=False, text=text, state=state):
                out = self._piece({"type": "thinking_delta", "thinking": text}) if text else b""
                if state is not None and state.protocol == PROTOCOL:
                    out += self._piece({"type": "signature_delta", "signature": state.value})
            case ToolCall(arguments=arguments) if arguments:
                out = self._piece({"type": "input_json_delta", "partial_json": arguments})
            case _:
                out = b""
        for citation in getattr(block, "citations", ()):
            if citation.origin == PROTOCOL and citation.raw is not None:
                out += self._piece({"type": "citations_delta", "citation": citation.raw})
        return out

    def _piece(self, delta: dict[str, object]) -> bytes:
        start = self._prefix.partition(b'"delta":')[0]
        return b'%b"delta":%b}\n\n' % (start, _encode(delta))

    def _delta(self, event: StreamEvent) -> bytes:
        if not self._prefix:
            return b""
        match event:
            case TextDelta(_, text):
                return b"%b%b}}\n\n" % (self._prefix, _encode(text)) if text else b""
            case ArgumentsDelta(_, text):
                return self._piece({"type": "input_json_delta", "partial_json": text})
            case StateDelta(_, state) if state.protocol == PROTOCOL:
                return self._piece({"type": "signature_delta", "signature": state.value})
            case CitationDelta(_, citation):
                if citation.origin == PROTOCOL and citation.raw is not None:
                    return self._piece({"type": "citations_delta", "citation": citation.raw})
                self.losses.add("citations", "unsupported")
        return b""

    def _block_end(self, event: BlockEnd) -> bytes:
        self._open = None
        prefix = self._prefix
        if not prefix:
            return b""
        out = b""
        if isinstance(event.block, Opaque):
            raw = msgspec.json.decode(event.block.raw, type=Object).get("input")
            if raw is not None and bytes(raw) not in (b"{}", b"null"):
                out = self._piece({"type": "input_json_delta", "partial_json": bytes(raw).decode()})
        self._prefix = b""
        return out + frame("content_block_stop", {"type": "content_block_stop", "index": self._written - 1})
