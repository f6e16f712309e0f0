"""The output items of a stream while they are written, each by its kind. All number their events in one sequence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import msgspec

from plexus.canonical.content import Audio, Block, Citation, Opaque, Reasoning, Refusal, Text, ToolCall
from plexus.protocols.members import Object
from plexus.protocols.openai_responses.content import PROTOCOL, encode_annotation
from plexus.protocols.openai_responses.names import KnownTool
from plexus.protocols.openai_responses.output import (
    Item,
    ItemWriter,
    call_text,
    is_custom,
    is_raw_thought,
    token_logprobs,
)

_encode = msgspec.json.Encoder().encode


class Sequence:
    """Numbers the events of a reply, and frames them."""

    __slots__ = ("next",)

    def __init__(self) -> None:
        self.next = 0

    def frame(self, kind: str, members: Mapping[str, object]) -> bytes:
        """One event."""
        number = self.next
        self.next += 1
        body = _encode({"type": kind, "sequence_number": number, **members})
        return b"event: %b\ndata: %b\n\n" % (kind.encode(), body)


class Writer(Protocol):
    """One item."""

    finished: bool

    @property
    def item(self) -> object:
        """What stands in the reply in the end."""

    def begin(self, block: int) -> bytes:
        """Announce it."""

    def text(self, block: int, text: str) -> bytes:
        """More of the source's ``block``."""

    def end_block(self, block: int, final: Block | None) -> bytes:
        """The source's ``block`` is complete."""

    def finish(self) -> bytes:
        """The whole item is complete."""


class _Place:
    """Where an item stands, and its first and last event."""

    def __init__(self, sequence: Sequence, index: int, item: Item) -> None:
        self.sequence = sequence
        self.index = index
        self.item: Item = item
        self.finished = False

    def begin(self, block: int) -> bytes:
        """``response.output_item.added``."""
        del block
        return self.frame("output_item.added", {"output_index": self.index, "item": self.item}, bare=True)

    def frame(self, kind: str, members: Mapping[str, object], *, bare: bool = False) -> bytes:
        """An event of this item."""
        place = {} if bare else {"item_id": self.item["id"], "output_index": self.index}
        return self.sequence.frame(f"response.{kind}", {**place, **members})

    def prefix(self, kind: str, place: str) -> bytes:
        """What stands before the JSON string of a delta; behind it come ``suffix`` and the number."""
        return b'event: response.%b\ndata: {"type":"response.%b","item_id":%b,"output_index":%d,%b"delta":' % (
            kind.encode(), kind.encode(), _encode(self.item["id"]), self.index, place.encode(),
        )  # fmt: skip

    def delta(self, prefix: bytes, text: str, suffix: bytes) -> bytes:
        """One delta: constant halves around its text."""
        number = self.sequence.next
        self.sequence.next = number + 1
        return b"%b%b%b%d}\n\n" % (prefix, _encode(text), suffix, number)

    def finish(self) -> bytes:
        """``response.output_item.done``."""
        if "status" in self.item:
            self.item = {**self.item, "status": "completed"}
        return self.frame("output_item.done", {"output_index": self.index, "item": self.item}, bare=True)


SUFFIX = b',"sequence_number":'
TEXT_SUFFIX = b',"logprobs":[],"sequence_number":'


class _OpenPart:
    """A part of a message that is being written."""

    __slots__ = ("block", "citations", "place", "prefix", "suffix", "texts", "tokens")

    def __init__(self, place: int, block: Text | Refusal, prefix: bytes) -> None:
        self.place = place
        self.block = block
        self.prefix = prefix
        self.suffix = SUFFIX if isinstance(block, Refusal) else TEXT_SUFFIX
        self.texts: list[str] = []
        self.citations: list[Citation] = []
        self.tokens: list[msgspec.Raw] = []


class MessageWriter(_Place):
    """A message and its parts."""

    def __init__(self, sequence: Sequence, index: int, item: Item, maker: ItemWriter) -> None:
        super().__init__(sequence, index, item)
        self._maker = maker
        self._open: dict[int, _OpenPart] = {}
        """By the source's block."""
        self._parts: list[object] = []

    def open_part(self, index: int, block: Text | Refusal | Audio) -> bytes:
        """``response.content_part.added``, and what the block already holds."""
        place = len(self._parts)
        text = block.transcript or "" if isinstance(block, Audio) else block.text
        citations = block.citations if isinstance(block, Text) else ()
        empty: Text | Refusal
        if isinstance(block, Audio):
            self._maker.lose("audio", "approximated")
            empty = Text(text="")
        else:
            empty = msgspec.structs.replace(block, text="")
            if isinstance(empty, Text):
                empty = msgspec.structs.replace(empty, citations=())
        kind = "refusal.delta" if isinstance(empty, Refusal) else "output_text.delta"
        self._open[index] = _OpenPart(place, empty, self.prefix(kind, f'"content_index":{place},'))
        part = self._maker.part(empty)
        self._parts.append(part)
        out = self.frame("content_part.added", {"content_index": place, "part": part})
        if text:
            out += self.text(index, text)
        return out + b"".join(self.cite(index, citation) for citation in citations)

    def text(self, block: int, text: str) -> bytes:
        """A delta of text or refusal."""
        part = self._open.get(block)
        if part is None:
            return b""
        part.texts.append(text)
        return self.delta(part.prefix, text, part.suffix)

    def cite(self, block: int, citation: Citation) -> bytes:
        """``response.output_text.annotation.added``."""
        part = self._open.get(block)
        annotation = encode_annotation(citation)
        if part is None or annotation is None:
            self._maker.lose("citations", "unsupported")
            return b""
        part.citations.append(citation)
        members = {
            "content_index": part.place,
            "annotation_index": len(part.citations) - 1,
            "annotation": annotation,
        }
        return self.frame("output_text.annotation.added", members)

    def logprobs(self, raw: msgspec.Raw) -> bytes:
        """Log probabilities come behind the tokens that they belong to: in a delta without text."""
        tokens = token_logprobs(raw)
        part = next(reversed(self._open.values()), None)
        if part is None or not tokens or isinstance(part.block, Refusal):
            return b""
        part.tokens += tokens
        members = {"content_index": part.place, "delta": "", "logprobs": tokens}
        return self.frame("output_text.delta", members)

    def end_block(self, block: int, final: Block | None) -> bytes:
        """The ``done`` events of a part."""
        open_part = self._open.pop(block, None)
        if open_part is None:
            return b""
        text = "".join(open_part.texts)
        whole: Text | Refusal = msgspec.structs.replace(open_part.block, text=text)
        if isinstance(final, Text | Refusal):
            whole = final
        elif isinstance(whole, Text):
            whole = msgspec.structs.replace(whole, citations=tuple(open_part.citations))
        part = self._maker.part(whole, open_part.tokens)
        place = {"content_index": open_part.place}
        self._parts[open_part.place] = part
        if isinstance(whole, Refusal):
            out = self.frame("refusal.done", {**place, "refusal": whole.text})
        else:
            out = self.frame("output_text.done", {**place, "text": whole.text, "logprobs": open_part.tokens})
        return out + self.frame("content_part.done", {**place, "part": part})

    def finish(self) -> bytes:
        """The whole message. Parts that are still open end with it."""
        out = b"".join(self.end_block(index, None) for index in list(self._open))
        self.item = {**self.item, "content": self._parts}
        return out + super().finish()


class ThoughtWriter(_Place):
    """A thought: summaries, or the model's own words; some have both, in two blocks of the source."""

    def __init__(self, sequence: Sequence, index: int, item: Item) -> None:
        super().__init__(sequence, index, item)
        self.state: str | None = None
        self._raw = False
        self._redacted = False
        self._parts: list[str] = []
        self._texts: list[str] = []
        self._prefix: bytes | None = None
        """None until a part has begun."""

    def joins(self, block: Reasoning) -> bool:
        """Whether ``block`` belongs to this item: the model's own words behind the summary of them."""
        return block.id is not None and block.id == self.item["id"] and is_raw_thought(block) and not self._raw

    def open_block(self, block: Reasoning) -> bytes:
        """A block begins, with what it already holds."""
        self._raw = is_raw_thought(block)
        self._redacted = block.redacted
        self._parts, self._texts, self._prefix = [], [], None
        if block.state is not None and block.state.protocol == PROTOCOL:
            self.state = block.state.value
        return self.text(0, block.text) if block.text else b""

    def text(self, block: int, text: str) -> bytes:
        """A delta; the first of a part announces it."""
        del block
        self._texts.append(text)
        out = b""
        if self._prefix is None:
            out = self._begin_part()
        assert self._prefix is not None
        return out + self.delta(self._prefix, text, SUFFIX)

    def _place_of_part(self) -> dict[str, object]:
        return {"content_index" if self._raw else "summary_index": len(self._parts)}

    def _begin_part(self) -> bytes:
        place = len(self._parts)
        if self._raw:
            self._prefix = self.prefix("reasoning_text.delta", f'"content_index":{place},')
            part = {"type": "reasoning_text", "text": ""}
            return self.frame("content_part.added", {**self._place_of_part(), "part": part})
        self._prefix = self.prefix("reasoning_summary_text.delta", f'"summary_index":{place},')
        part = {"type": "summary_text", "text": ""}
        return self.frame("reasoning_summary_part.added", {**self._place_of_part(), "part": part})

    def part_break(self) -> bytes:
        """The next text starts a new part."""
        out = b"" if self._prefix is not None else self._begin_part()
        return out + self._end_part()

    def _end_part(self) -> bytes:
        text, place = "".join(self._texts), self._place_of_part()
        kind, about = (
            ("reasoning_text", "content_part") if self._raw else ("reasoning_summary_text", "reasoning_summary_part")
        )
        part = {"type": "reasoning_text" if self._raw else "summary_text", "text": text}
        out = self.frame(f"{kind}.done", {**place, "text": text})
        out += self.frame(f"{about}.done", {**place, "part": part})
        self._parts.append(text)
        self._texts, self._prefix = [], None
        return out

    def end_block(self, block: int, final: Block | None) -> bytes:
        """The open part ends. A thought that is not hidden but says nothing keeps one empty part, so that it comes back
        as what it is."""
        del block
        if isinstance(final, Reasoning) and final.state is not None and final.state.protocol == PROTOCOL:
            self.state = final.state.value
        out = self._end_part() if self._prefix is not None or self._parts else b""
        if not self._parts and not self._redacted:
            self._parts = [""]
        kind = "reasoning_text" if self._raw else "summary_text"
        parts = [{"type": kind, "text": text} for text in self._parts]
        self.item = {**self.item, "content" if self._raw else "summary": parts}
        return out

    def finish(self) -> bytes:
        """The whole thought, with its sealed state."""
        if self.state is not None:
            self.item = {**self.item, "encrypted_content": self.state}
        return super().finish()


class CallWriter(_Place):
    """A call. The free text of a custom tool that was called as a function waits until it is complete."""

    def __init__(
        self, sequence: Sequence, index: int, block: ToolCall, maker: ItemWriter, known: Mapping[str, KnownTool]
    ) -> None:
        super().__init__(sequence, index, maker.call(block, "in_progress"))
        self._block = block
        self._custom = is_custom(block, known)
        self._waits = self._custom and not block.custom
        self._texts: list[str] = []
        self._kind = "custom_tool_call_input" if self._custom else "function_call_arguments"
        self._member = "input" if self._custom else "arguments"
        self._prefix = self.prefix(f"{self._kind}.delta", "")

    def begin(self, block: int) -> bytes:
        """Announce it, with the arguments that are known already."""
        out = super().begin(block)
        return out + self.text(block, self._block.arguments) if self._block.arguments else out

    def text(self, block: int, text: str) -> bytes:
        """A delta of arguments or input."""
        del block
        self._texts.append(text)
        return b"" if self._waits else self.delta(self._prefix, text, SUFFIX)

    def end_block(self, block: int, final: Block | None) -> bytes:
        """The arguments are complete."""
        del block, final
        whole = msgspec.structs.replace(self._block, arguments="".join(self._texts))
        text = call_text(whole, custom=self._custom)
        unsaid = text and (self._waits or not self._texts)
        out = self.delta(self._prefix, text, SUFFIX) if unsaid else b""
        named = {} if self._custom else {"name": self.item["name"]}
        self.item = {**self.item, self._member: text}
        return out + self.frame(f"{self._kind}.done", {**named, self._member: text})


class OpaqueWriter:
    """An item of our own protocol that nobody took apart."""

    def __init__(self, sequence: Sequence, index: int, raw: msgspec.Raw) -> None:
        self._sequence = sequence
        self.index = index
        self.item: object = raw
        self.item_id = msgspec.json.decode(raw, type=Object).get("id")
        self.finished = False

    def begin(self, block: int) -> bytes:
        """Its announced form."""
        del block
        return self._frame("added")

    def text(self, block: int, text: str) -> bytes:
        """It has none."""
        del block, text
        return b""

    def end_block(self, block: int, final: Block | None) -> bytes:
        """Its final form."""
        del block
        if isinstance(final, Opaque):
            self.item = final.raw
        return b""

    def finish(self) -> bytes:
        """It is complete."""
        return self._frame("done")

    def _frame(self, word: str) -> bytes:
        return self._sequence.frame(f"response.output_item.{word}", {"output_index": self.index, "item": self.item})
