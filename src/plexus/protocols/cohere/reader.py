"""Messages, whole or in pieces, to events: one reading for a stream and for a JSON reply."""

from __future__ import annotations

import msgspec

from plexus.canonical.content import Extras, Reasoning, Text, ToolCall
from plexus.canonical.events import (
    ArgumentsDelta,
    BlockEnd,
    BlockStart,
    CitationDelta,
    FinishSeen,
    LogprobsSeen,
    ReplyEnd,
    ReplyStart,
    StreamEvent,
    TextDelta,
    UsageSeen,
)
from plexus.canonical.response import Finish, FinishReason
from plexus.protocols.cohere.citations import decode_citations
from plexus.protocols.cohere.dialect import CohereDialect
from plexus.protocols.cohere.usage import decode_usage
from plexus.protocols.cohere.wire import PROTOCOL, Call, Content, Logprob
from plexus.protocols.members import present, raw_json

F = FinishReason
FINISHES: dict[str, FinishReason] = {
    "COMPLETE": F.STOP,
    "STOP_SEQUENCE": F.STOP_SEQUENCE,
    "MAX_TOKENS": F.LENGTH,
    "TOOL_CALL": F.TOOL_CALLS,
}
"""Every other word is OTHER, but for those of ``errors.FAILED``, which are failures."""

PLAN = -1
"""Stands for the index of the plan, which has none."""
NO_ARGUMENTS = "null"
"""What the model says, now and then, for a tool without parameters."""


def finish_of(word: str | None, *, called: bool) -> Finish:
    """The canonical finish; one that nobody said is inferred."""
    if word is None:
        return Finish(reason=F.TOOL_CALLS if called else F.STOP, inferred=True)
    reason = FINISHES.get(word, F.OTHER)
    return Finish(reason=F.TOOL_CALLS if called and reason is F.STOP else reason, origin=PROTOCOL, raw=word)


class _OpenCall:
    """A call that is being written. ``held``: NO_ARGUMENTS is all that it has said."""

    __slots__ = ("held", "number", "said")

    def __init__(self, number: int) -> None:
        self.number = number
        self.said = False
        self.held = False


class Reader:
    """Opens and closes the blocks of a reply. A text stays open until the next block begins, since citations follow it."""

    def __init__(self, dialect: CohereDialect) -> None:
        self._dialect = dialect
        self._id = ""
        self._next = 0
        self._open: tuple[int, type[Text | Reasoning], int] | None = None
        """Index on the wire, kind and number of the block that is open."""
        self._calls: dict[int, _OpenCall] = {}
        """Open calls by their index on the wire."""
        self._called = 0
        self._uncited: list[msgspec.Raw] = []
        """Citations of what is no text of the answer, or over."""

    def start(self, reply_id: str | None, out: list[StreamEvent]) -> None:
        """The reply's name. Cohere does not say which model answers."""
        self._id = reply_id or ""
        out.append(ReplyStart(id=self._id, model=""))

    def plan(self, text: str, out: list[StreamEvent]) -> None:
        """More of the thought ahead of tool calls (``tool_plan``)."""
        self._text(PLAN, Reasoning, text, out)

    def content(self, index: int, piece: Content, out: list[StreamEvent]) -> None:
        """More of the content."""
        if piece.thinking:
            self._text(index, Reasoning, piece.thinking, out)
        if piece.text:
            self._text(index, Text, piece.text, out)

    def _text(self, index: int, kind: type[Text | Reasoning], text: str, out: list[StreamEvent]) -> None:
        opened = self._open
        if opened is None or opened[:2] != (index, kind):
            self._close(out)
            opened = self._open = (index, kind, self._next)
            out.append(BlockStart(self._next, kind(text="")))
            self._next += 1
        out.append(TextDelta(opened[2], text))

    def _close(self, out: list[StreamEvent]) -> None:
        if self._open is not None:
            out.append(BlockEnd(self._open[2]))
            self._open = None

    def cite(self, raw: msgspec.Raw, out: list[StreamEvent]) -> None:
        """A citation of the text that is open; of anything else it is kept beside the reply."""
        citations = decode_citations(raw)
        if self._open is None or self._open[1] is not Text or not citations:
            self._uncited.append(msgspec.Raw(bytes(raw)))
            return
        out += [CitationDelta(self._open[2], citation) for citation in citations]

    def call(self, index: int, call: Call, out: list[StreamEvent]) -> None:
        """A call begins, or is there as a whole."""
        self.end_call(index, out)
        self._close(out)
        name = call.function.name if call.function is not None else None
        block = ToolCall(id=call.id or f"call_{self._id}_{self._called}", name=name or "", arguments="")
        out.append(BlockStart(self._next, block))
        self._calls[index] = _OpenCall(self._next)
        self._next += 1
        self._called += 1
        self.arguments(index, call, out)

    def arguments(self, index: int, call: Call, out: list[StreamEvent]) -> None:
        """More of a call's arguments."""
        opened = self._calls.get(index)
        text = call.function.arguments if call.function is not None else None
        if opened is None or not text:
            return
        if text == NO_ARGUMENTS and not opened.said:
            opened.held = True
        else:
            out.append(ArgumentsDelta(opened.number, NO_ARGUMENTS + text if opened.held else text))
            opened.held = False
        opened.said = True

    def end_call(self, index: int, out: list[StreamEvent]) -> None:
        """A call is complete."""
        opened = self._calls.pop(index, None)
        if opened is not None:
            out.append(BlockEnd(opened.number))

    def logprobs(self, pieces: list[Logprob], out: list[StreamEvent]) -> None:
        """Log probabilities, in Chat's form: Cohere says them for pieces of text, which may be several tokens."""
        content = [
            {
                "token": piece.text,
                "logprob": sum(piece.logprobs or ()),
                "bytes": list(piece.text.encode()),
                "top_logprobs": [],
            }
            for piece in pieces
            if piece.text is not None
        ]
        if content:
            out.append(LogprobsSeen(raw_json({"content": content})))

    def end(self, word: str | None, usage: msgspec.Raw, out: list[StreamEvent]) -> None:
        """The proper end."""
        self._close(out)
        for index in list(self._calls):
            self.end_call(index, out)
        counts = decode_usage(usage, self._dialect.counts) if present(usage) else None
        if counts is not None:
            out.append(UsageSeen(counts))
        out.append(FinishSeen(finish_of(word, called=self._called > 0)))
        kept = {"message.citations": raw_json(self._uncited)} if self._uncited else None
        out.append(ReplyEnd(extras=Extras(PROTOCOL, kept) if kept else None))
