"""The one block that a client's stream has open."""

from __future__ import annotations

from typing import Any

import msgspec

from plexus.canonical.content import Audio, Block, Opaque, Reasoning, ReasoningState, Refusal, Text, ToolCall
from plexus.canonical.events import (
    ArgumentsDelta,
    AudioDelta,
    BlockEnd,
    CitationDelta,
    PartBreak,
    StateDelta,
    StreamEvent,
    TextDelta,
)
from plexus.canonical.losses import Losses
from plexus.protocols.anthropic_messages.content import own_members
from plexus.protocols.anthropic_messages.members import PROTOCOL, UNREADABLE
from plexus.protocols.anthropic_messages.reply import (
    PART_BORDER,
    carry_state,
    note_foreign,
    own_state,
    redacted,
    write_citations,
)
from plexus.protocols.sse import encode_event

_encode = msgspec.json.Encoder().encode
_OBJECT = msgspec.json.Decoder(dict[str, msgspec.Raw])
_TAIL = b"}}\n\n"


class BlockWriting:
    """Writes one block after the other. ``index`` is the source's index of the open one, None between two.

    A block is begun on the wire when it has something to say; redacted thoughts and opaque blocks are written whole at
    their end.
    """

    __slots__ = ("_block", "_head", "_number", "_started", "_state", "index", "losses")

    def __init__(self, losses: Losses) -> None:
        self.losses = losses
        self.index: int | None = None
        self._number = 0
        """The index on the wire."""
        self._block: Block | None = None
        self._state: ReasoningState | None = None
        self._started = False
        self._head = b""
        """All of a text or thinking delta's frame that stands before its text."""

    def start(self, index: int, block: Block) -> bytes:
        """A block opens; it is written as far as there is anything in it."""
        self.index, self._block, self._started = index, block, False
        self._state = block.state if isinstance(block, Text | Reasoning | ToolCall) else None
        note_foreign(getattr(block, "extras", None), self._path, self.losses)
        if isinstance(block, ToolCall):
            return self._begin() + (self._arguments(block.arguments) if block.arguments else b"")
        if isinstance(block, Text):
            written = self.text(block.text) if block.text else b""
            return written + b"".join(self._citation(cited) for cited in block.citations)
        if isinstance(block, Audio):
            self.losses.add(self._path, "approximated")
            return self.text(block.transcript) if block.transcript else b""
        if isinstance(block, Refusal) or (isinstance(block, Reasoning) and not block.redacted):
            return self.text(block.text) if block.text else b""
        return b""

    def text(self, text: str) -> bytes:
        """More text or thoughts of the open block."""
        if self._started and self._head:
            return self._head + _encode(text) + _TAIL
        if not text or not _has_text(self._block):
            return b""
        return self._begin() + self._head + _encode(text) + _TAIL

    def take(self, event: StreamEvent) -> bytes:
        """Another event of the open block."""
        match event:
            case TextDelta(text=text):
                return self.text(text)
            case ArgumentsDelta(text=text):
                return self._arguments(text) if isinstance(self._block, ToolCall) and text else b""
            case StateDelta(state=state):
                self._state = state
            case CitationDelta(citation=citation):
                return self._citation(citation) if isinstance(self._block, Text) else b""
            case AudioDelta(transcript=transcript):
                return self.text(transcript)
            case PartBreak():
                return self.text(PART_BORDER)
            case BlockEnd(block=block):
                return self._end(block)
            case _:
                pass
        return b""

    # --- frames

    @property
    def _path(self) -> str:
        return f"content[{self.index}]"

    def _begin(self) -> bytes:
        """The frame that opens the block, in its empty form."""
        self._started = True
        first, delta = _first_form(self._block)
        self._head = self._delta_head(delta)
        if isinstance(self._block, Text | Reasoning | ToolCall | Refusal):
            first |= own_members(self._block.extras)
        return self._start_frame(first)

    def _start_frame(self, block: object) -> bytes:
        return _frame("content_block_start", {"index": self._number, "content_block": block})

    def _delta_head(self, delta: bytes) -> bytes:
        if not delta:
            return b""
        return (
            b'event: content_block_delta\ndata: {"type":"content_block_delta","index":%d,"delta":{"type":'
            % self._number
        ) + delta

    def _arguments(self, text: str) -> bytes:
        return self._delta_head(b'"input_json_delta","partial_json":') + _encode(text) + _TAIL

    def _citation(self, citation: Any) -> bytes:
        begin = b"" if self._started else self._begin()
        cited = write_citations([citation], self._path, self.losses)
        return begin + b"".join(
            self._delta_head(b'"citations_delta","citation":') + _encode(wire) + _TAIL for wire in cited
        )

    def _end(self, final: Block | None) -> bytes:
        block = final or self._block
        if self._state is None and isinstance(block, Text | Reasoning | ToolCall):
            self._state = block.state
        written = self._whole(block) if not self._started else b""
        if self._started:
            written += self._signature() + self._stop()
        written += self._carried()
        self.index, self._block, self._state, self._started, self._head = None, None, None, False, b""
        return written

    def _whole(self, block: Block | None) -> bytes:
        """A block of which nothing has been written yet, where it is one that is written at its end."""
        match block:
            case Opaque(origin=origin, raw=raw) if origin == PROTOCOL:
                return self._opaque(raw)
            case Reasoning(redacted=True):
                wire = redacted(block, own_state(self._state, self._path, self.losses))
                if wire is None:
                    self.losses.add(self._path, "unsupported")
                    return b""
                return self._start_frame(wire) + self._stop()
            case Reasoning() if self._state is not None:
                return self._begin()
            case Text() | Refusal() | Reasoning() | Audio():
                return b""  # nothing was said
            case _:
                self.losses.add(self._path, "unsupported")
                return b""

    def _opaque(self, raw: msgspec.Raw) -> bytes:
        """Anthropic's own block. A server tool's input comes in a delta, as Anthropic sends it."""
        try:
            members = _OBJECT.decode(raw)
        except UNREADABLE:
            return b""
        given = members.get("input")
        if given is None or bytes(given) == b"{}":
            return self._start_frame(raw) + self._stop()
        begin = self._start_frame({**members, "input": {}})
        return begin + self._arguments(bytes(given).decode("utf-8", "replace")) + self._stop()

    def _signature(self) -> bytes:
        if not isinstance(self._block, Reasoning):
            return b""
        signature = own_state(self._state, self._path, self.losses)
        if not signature:
            return b""
        return self._delta_head(b'"signature_delta","signature":') + _encode(signature) + _TAIL

    def _stop(self) -> bytes:
        written = _frame("content_block_stop", {"index": self._number})
        self._number += 1
        return written

    def _carried(self) -> bytes:
        """The block behind a text or a tool call that carries its state (``content.STATE_OF_PREVIOUS``)."""
        if self._state is None or not isinstance(self._block, Text | ToolCall):
            return b""
        carrier = carry_state(self._state, self._path, self.losses)
        return b"" if carrier is None else self._start_frame(carrier) + self._stop()


def _has_text(block: Block | None) -> bool:
    return isinstance(block, Text | Refusal | Audio) or (isinstance(block, Reasoning) and not block.redacted)


def _first_form(block: Block | None) -> tuple[dict[str, Any], bytes]:
    """(the empty block, how its text deltas go on)."""
    if isinstance(block, Reasoning):
        return {"type": "thinking", "thinking": "", "signature": ""}, b'"thinking_delta","thinking":'
    if isinstance(block, ToolCall):
        return {"type": "tool_use", "id": block.id, "name": block.name, "input": {}}, b""
    return {"type": "text", "text": ""}, b'"text_delta","text":'


def _frame(kind: str, members: dict[str, Any]) -> bytes:
    return encode_event(_encode({"type": kind, **members}), kind.encode())
