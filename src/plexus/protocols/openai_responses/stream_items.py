"""The output items of a stream while their pieces come in, each by its kind."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import msgspec

from plexus.canonical.content import Block, Extras, Opaque, Reasoning, Refusal, Text, ToolCall
from plexus.canonical.events import (
    ArgumentsDelta,
    BlockEnd,
    BlockStart,
    CitationDelta,
    LogprobsSeen,
    PartBreak,
    StateDelta,
    StreamEvent,
    TextDelta,
)
from plexus.protocols.members import Members, Object, present, raw_json
from plexus.protocols.openai_responses.content import PROTOCOL, decode_annotation
from plexus.protocols.openai_responses.items import ITEM, RAW_THOUGHT, YES, read_turn_item
from plexus.protocols.openai_responses.names import flat_name
from plexus.protocols.openai_responses.wire import Event, ItemHead, PartHead

_HEAD = msgspec.json.Decoder(ItemHead)
_PART = msgspec.json.Decoder(PartHead)
_OBJECT = msgspec.json.Decoder(Object)
Events = list[StreamEvent]


class Counter:
    """Numbers the blocks of a reply, and knows whether one is a call."""

    def __init__(self) -> None:
        self._next = 0
        self.called = False

    def open(self, block: Block, out: Events) -> int:
        """Start a block; its number."""
        number = self._next
        self._next += 1
        self.called = self.called or isinstance(block, ToolCall)
        out.append(BlockStart(number, block))
        return number


class StreamedItem(Protocol):
    """One item between ``output_item.added`` and ``output_item.done``."""

    finished: bool

    def begin(self, out: Events) -> None:
        """It was announced."""

    def piece(self, name: str, wire: Event, out: Events) -> bool:
        """An event of its own, ``name`` without ``response.``. False for one that means nothing to us."""

    def done(self, raw: msgspec.Raw, out: Events) -> None:
        """The whole item, as it stands in the reply. May come twice."""

    def close(self, out: Events) -> None:
        """Nothing more comes."""


def open_item(raw: msgspec.Raw, counter: Counter) -> StreamedItem:
    """The item that ``output_item.added`` announces."""
    return OPENERS.get(_HEAD.decode(raw).type, OpaqueItem)(raw, counter)


def settled(raw: msgspec.Raw) -> Object:
    """The members of an announced item, as they will stand when it is complete."""
    members = _OBJECT.decode(raw)
    if "status" in members:
        members["status"] = raw_json("completed")
    return {name: value for name, value in members.items() if bytes(value) != b"null"}


# --- messages


class _Part:
    """A part of a message that is being written."""

    __slots__ = ("block", "cited", "texts")

    def __init__(self, block: int) -> None:
        self.block = block
        self.texts: list[str] = []
        self.cited = 0


class MessageItem:
    """A message: parts one after the other."""

    def __init__(self, raw: msgspec.Raw, counter: Counter) -> None:
        self._counter = counter
        self._wrapper = settled(raw)
        self._wrapper.pop("content", None)
        self._parts: dict[int, _Part] = {}
        self._last: int | None = None
        self.finished = False

    def begin(self, out: Events) -> None:
        """Its blocks begin with its parts."""

    def piece(self, name: str, wire: Event, out: Events) -> bool:
        """Text, refusals, citations."""
        index = wire.content_index
        if name == "output_text.delta":
            self._say(index, Text, wire.delta, out)
            if bytes(wire.logprobs).startswith(b"[{"):
                raw = b'{"content":' + bytes(wire.logprobs) + b',"refusal":null}'
                out.append(LogprobsSeen(msgspec.Raw(raw)))
        elif name == "refusal.delta":
            self._say(index, Refusal, wire.delta, out)
        elif name in ("output_text.done", "refusal.done"):
            self._rest(index, Refusal if name == "refusal.done" else Text, wire.text or wire.refusal, out)
        elif name == "output_text.annotation.added" and present(wire.annotation):
            part = self._part(index, Text, out)
            self._cite(part, [wire.annotation], out)
        elif name in ("content_part.added", "content_part.done"):
            self._whole_part(index, wire, out)
        else:
            return False
        return True

    def _whole_part(self, index: int, wire: Event, out: Events) -> None:
        if not present(wire.part):
            return
        head = _PART.decode(wire.part)
        kind = KINDS.get(head.type)
        if kind is None:
            return
        self._rest(index, kind, head.text or head.refusal, out)
        part = self._part(index, kind, out)
        self._cite(part, (head.annotations or [])[part.cited :], out)

    def _part(self, index: int, kind: type[Text | Refusal], out: Events) -> _Part:
        part = self._parts.get(index)
        if part is None:
            self._end_last(out)
            extras = None
            if not self._parts:
                extras = Extras(PROTOCOL, self._loss(), {ITEM: raw_json(self._wrapper)})
            part = self._parts[index] = _Part(self._counter.open(kind(text="", extras=extras), out))
            self._last = index
        return part

    def _loss(self) -> Object:
        """What is a loss elsewhere, as in ``items.message_blocks``."""
        return {name: raw for name, raw in self._wrapper.items() if name not in ("type", "role", "id", "status")}

    def _say(self, index: int, kind: type[Text | Refusal], text: str | None, out: Events) -> None:
        part = self._parts.get(index) or self._part(index, kind, out)
        if text and index == self._last:
            part.texts.append(text)
            out.append(TextDelta(part.block, text))

    def _rest(self, index: int, kind: type[Text | Refusal], text: str | None, out: Events) -> None:
        """The whole text, for servers that did not send all pieces of it."""
        part = self._part(index, kind, out)
        if text:
            said = "".join(part.texts)
            if text.startswith(said):
                self._say(index, kind, text[len(said) :], out)

    def _cite(self, part: _Part, annotations: list[msgspec.Raw], out: Events) -> None:
        """More citations of a part; one that is closed takes none."""
        if self._last is None or part is not self._parts[self._last]:
            return
        for raw in annotations:
            part.cited += 1
            out.append(CitationDelta(part.block, decode_annotation(msgspec.Raw(bytes(raw)))))

    def _end_last(self, out: Events, block: Block | None = None) -> None:
        if self._last is not None:
            out.append(BlockEnd(self._parts[self._last].block, block=block))
            self._last = None

    def done(self, raw: msgspec.Raw, out: Events) -> None:
        """The whole message: parts that did not come piece by piece, and the last one's final form."""
        if self.finished:
            return
        blocks = read_turn_item(Members(_OBJECT.decode(raw), "item"))
        for index, block in enumerate(blocks):
            if not isinstance(block, Text | Refusal):
                continue
            self._rest(index, type(block), block.text, out)
            if index == self._last:
                if isinstance(block, Text):
                    wires = [citation.raw for citation in block.citations if citation.raw is not None]
                    self._cite(self._parts[index], wires[self._parts[index].cited :], out)
                self._end_last(out, block if block.text or not self._parts[index].texts else None)
        self.close(out)

    def close(self, out: Events) -> None:
        """End the open part."""
        self.finished = True
        self._end_last(out)


KINDS: dict[str, type[Text | Refusal]] = {"output_text": Text, "text": Text, "refusal": Refusal}


# --- thoughts


class ReasoningItem:
    """A thought: summaries, the model's own words, or nothing but its sealed state."""

    def __init__(self, raw: msgspec.Raw, counter: Counter) -> None:
        self._counter = counter
        members = settled(raw)
        self._id = _HEAD.decode(raw).id
        self._twins = {name: value for name, value in members.items() if name not in REASONING_MEMBERS}
        self._open: int | None = None
        self._raw = False
        """Whether the open block is in the model's own words."""
        self._place = 0
        """Index of the part that is being written."""
        self._said = False
        self._blocks = 0
        self.finished = False

    def begin(self, out: Events) -> None:
        """Its blocks begin with its parts."""

    def piece(self, name: str, wire: Event, out: Events) -> bool:
        """Summaries and texts."""
        raw = name.startswith(("reasoning_text", "content_part"))
        place = wire.content_index if raw else wire.summary_index
        if name in ("reasoning_summary_text.delta", "reasoning_text.delta"):
            self._at(raw, place, out)
            self._say(wire.delta, out)
        elif name in ("reasoning_summary_text.done", "reasoning_text.done"):
            self._at(raw, place, out)
            if not self._said:
                self._say(wire.text, out)
        elif name in ("reasoning_summary_part.added", "content_part.added"):
            self._at(raw, place, out)
        else:
            return name in ("reasoning_summary_part.done", "content_part.done")
        return True

    def _at(self, raw: bool, place: int, out: Events) -> None:
        """Be at the part ``place``: open its block, or go on to a further part of the open one."""
        if self._open is None or raw is not self._raw:
            self._end(out)
            twins = {**({RAW_THOUGHT: YES} if raw else {}), **({} if self._blocks else self._twins)}
            extras = Extras(PROTOCOL, {}, twins) if twins else None
            self._open = self._counter.open(Reasoning(summary=not raw, id=self._id, extras=extras), out)
            self._blocks += 1
            self._raw, self._place, self._said = raw, place, False
        elif place != self._place:
            out.append(PartBreak(self._open))
            self._place, self._said = place, False

    def _say(self, text: str | None, out: Events) -> None:
        if text and self._open is not None:
            self._said = True
            out.append(TextDelta(self._open, text))

    def _end(self, out: Events) -> None:
        if self._open is not None:
            out.append(BlockEnd(self._open))
            self._open = None

    def done(self, raw: msgspec.Raw, out: Events) -> None:
        """The whole item brings the sealed state; and the texts, where they did not come piece by piece."""
        if self.finished:
            return
        blocks = read_turn_item(Members(_OBJECT.decode(raw), "item"))
        if self._blocks == 0:
            for block in blocks:
                if isinstance(block, Reasoning):
                    self._whole(block, out)
        elif self._open is not None:
            states = (block.state for block in blocks if isinstance(block, Reasoning) and block.state is not None)
            out += [StateDelta(self._open, state) for state in states]
        self.close(out)

    def _whole(self, block: Reasoning, out: Events) -> None:
        self._blocks += 1
        if block.redacted:
            out.append(BlockEnd(self._counter.open(block, out)))
            return
        number = self._counter.open(msgspec.structs.replace(block, text="", parts=(), state=None), out)
        for place, text in enumerate(block.parts or (block.text,)):
            if place:
                out.append(PartBreak(number))
            if text:
                out.append(TextDelta(number, text))
        if block.state is not None:
            out.append(StateDelta(number, block.state))
        out.append(BlockEnd(number))

    def close(self, out: Events) -> None:
        """End the open block."""
        self.finished = True
        self._end(out)


REASONING_MEMBERS = frozenset({"id", "type", "summary", "content", "encrypted_content"})


# --- calls


class CallItem:
    """A call of a function or of a custom tool."""

    def __init__(self, raw: msgspec.Raw, counter: Counter) -> None:
        self._counter = counter
        self._raw = raw
        self._block = 0
        self._said = False
        self.finished = False

    def begin(self, out: Events) -> None:
        """Who is called is known at once."""
        head = _HEAD.decode(self._raw)
        members = {name: raw for name, raw in settled(self._raw).items() if name in ("id", "status", "namespace")}
        name = head.name or ""
        if head.namespace is not None:
            members["name"] = raw_json(name)
            name = flat_name(head.namespace, name)
        call = ToolCall(
            id=head.call_id or head.id or "",
            name=name,
            arguments="",
            custom=head.type == "custom_tool_call",
            extras=Extras(PROTOCOL, {}, members) if members else None,
        )
        self._block = self._counter.open(call, out)
        self._say(head.arguments or head.input, out)

    def piece(self, name: str, wire: Event, out: Events) -> bool:
        """Arguments."""
        if name in ("function_call_arguments.delta", "custom_tool_call_input.delta"):
            self._say(wire.delta, out)
        elif name in ("function_call_arguments.done", "custom_tool_call_input.done"):
            self._rest(wire.arguments or wire.input, out)
        else:
            return False
        return True

    def _say(self, text: str | None, out: Events) -> None:
        if text and not self.finished:
            self._said = True
            out.append(ArgumentsDelta(self._block, text))

    def _rest(self, text: str | None, out: Events) -> None:
        if not self._said:
            self._say(text, out)

    def done(self, raw: msgspec.Raw, out: Events) -> None:
        """The whole call."""
        if self.finished:
            return
        block = next(iter(read_turn_item(Members(_OBJECT.decode(raw), "item"))), None)
        if not isinstance(block, ToolCall):
            self.close(out)
            return
        self._rest(block.arguments, out)
        self.finished = True
        out.append(BlockEnd(self._block, block=block if block.arguments or not self._said else None))

    def close(self, out: Events) -> None:
        """End it."""
        if not self.finished:
            self.finished = True
            out.append(BlockEnd(self._block))


# --- all others


class OpaqueItem:
    """An item that only Responses understands: as it was announced, and as it is in the end."""

    def __init__(self, raw: msgspec.Raw, counter: Counter) -> None:
        self._counter = counter
        self._opaque = Opaque(origin=PROTOCOL, kind=_HEAD.decode(raw).type, raw=raw)
        self._block = 0
        self.finished = False

    def begin(self, out: Events) -> None:
        """Its announced form."""
        self._block = self._counter.open(self._opaque, out)

    def piece(self, name: str, wire: Event, out: Events) -> bool:
        """Nothing of it means anything to us."""
        del name, wire, out
        return False

    def done(self, raw: msgspec.Raw, out: Events) -> None:
        """Its final form."""
        if not self.finished:
            self.finished = True
            out.append(BlockEnd(self._block, block=msgspec.structs.replace(self._opaque, raw=raw)))

    def close(self, out: Events) -> None:
        """End it as far as it has come."""
        if not self.finished:
            self.finished = True
            out.append(BlockEnd(self._block))


OPENERS: dict[str, Callable[[msgspec.Raw, Counter], StreamedItem]] = {
    "message": MessageItem,
    "reasoning": ReasoningItem,
    "function_call": CallItem,
    "custom_tool_call": CallItem,
}
