"""A block of a provider's stream while its deltas come in."""

from __future__ import annotations

import msgspec

from plexus.canonical.content import Block, Opaque, Text, ToolCall
from plexus.canonical.events import ArgumentsDelta, BlockEnd, CitationDelta, StreamEvent
from plexus.protocols.anthropic_messages.citations import decode_citation
from plexus.protocols.anthropic_messages.members import UNREADABLE

_OBJECT = msgspec.json.Decoder(dict[str, msgspec.Raw])


class OpenBlock:
    """What must be held back until the block ends: citations, whose place is known only then; the input of a tool, where
    it came whole with the start; and all of an opaque block, which is put together here.
    """

    __slots__ = ("block", "citations", "index", "input", "kind", "offset", "patches", "pending")

    def __init__(self, index: int, block: Block, offset: int) -> None:
        self.index = index
        self.block = block
        self.kind: type = type(block)
        self.offset = offset
        """Where a text begins in the reply's whole text."""
        self.citations: list[msgspec.Raw] = []
        self.pending: str | None = None
        """A tool's input as the start gave it; deltas, where any come, say it instead."""
        self.input: list[str] = []
        self.patches: list[dict[str, msgspec.Raw]] = []
        if isinstance(block, ToolCall):
            self.pending = block.arguments
        elif isinstance(block, Text):
            self.citations = [cited.raw for cited in block.citations if cited.raw is not None]

    def first_form(self) -> Block:
        """What ``BlockStart`` shows."""
        if isinstance(self.block, ToolCall):
            return msgspec.structs.replace(self.block, arguments="")
        if isinstance(self.block, Text) and self.block.citations:
            return msgspec.structs.replace(self.block, citations=())
        return self.block

    def close(self, offset: int) -> list[StreamEvent]:
        """The block's last events. ``offset`` is where the reply's text has come to."""
        events: list[StreamEvent] = []
        for raw in self.citations:
            citation = decode_citation(raw, self.offset, offset)
            if citation is not None:
                events.append(CitationDelta(self.index, citation))
        if self.pending is not None:
            events.append(ArgumentsDelta(self.index, self.pending))
        events.append(BlockEnd(self.index, block=self._opaque()))
        return events

    def _opaque(self) -> Opaque | None:
        """An opaque block with its deltas folded in; None where the start said all."""
        if not isinstance(self.block, Opaque) or not (self.input or self.patches):
            return None
        members = _OBJECT.decode(self.block.raw)
        for patch in self.patches:
            members.update({name: raw for name, raw in patch.items() if name != "type"})
        if self.input:
            members["input"] = _json_or_text("".join(self.input))
        return msgspec.structs.replace(self.block, raw=msgspec.Raw(msgspec.json.encode(members)))


def _json_or_text(written: str) -> msgspec.Raw:
    """The input as JSON; what is no JSON (a call cut by ``max_tokens``) is kept as a string."""
    try:
        msgspec.json.decode(written)
        return msgspec.Raw(written.encode())
    except (*UNREADABLE, UnicodeEncodeError):
        return msgspec.Raw(msgspec.json.encode(written))
