"""Writing a streamed reply for a client: events in OpenAI's order, each with its number.

A message stays open until something else begins, since further parts may follow; so does a thought whose own words follow
its summary. Items may overlap where the source interleaves (Chat's parallel calls): the client tells them apart by
``output_index``.
"""

from __future__ import annotations

import msgspec

from plexus.canonical.content import Audio, Block, Extras, Opaque, Reasoning, Refusal, Text, ToolCall
from plexus.canonical.events import (
    ArgumentsDelta,
    AudioDelta,
    BlockEnd,
    BlockStart,
    CitationDelta,
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
from plexus.canonical.response import Finish, FinishReason
from plexus.canonical.usage import Usage
from plexus.protocols.members import Object, own_members
from plexus.protocols.openai_responses.content import PROTOCOL
from plexus.protocols.openai_responses.echo import Status, encode_status
from plexus.protocols.openai_responses.items import ITEM
from plexus.protocols.openai_responses.names import known_tools
from plexus.protocols.openai_responses.output import ItemWriter
from plexus.protocols.openai_responses.response import Head, head_of, reply_object, wire_usage
from plexus.protocols.openai_responses.settings import TIERS
from plexus.protocols.openai_responses.stream_writers import (
    CallWriter,
    MessageWriter,
    OpaqueWriter,
    Sequence,
    ThoughtWriter,
    Writer,
)

_OBJECT = msgspec.json.Decoder(Object)


def stream_encoder(request: GenerateRequest) -> ResponsesStreamEncoder:
    """An encoder for one reply to ``request``."""
    return ResponsesStreamEncoder(request)


class ResponsesStreamEncoder:
    """See ``protocols.codec.StreamEncoder``."""

    def __init__(self, request: GenerateRequest) -> None:
        self.losses = Losses()
        self._request = request
        self._known = known_tools(request)
        self._sequence = Sequence()
        self._head: Head | None = None
        self._items: list[Writer] = []
        self._maker = ItemWriter("", self._known, self.losses)
        self._writers: dict[int, Writer] = {}
        """By the source's block."""
        self._lingering: Writer | None = None
        """A message or thought that further blocks may still join."""
        self._refused = False
        self._finish: Finish | None = None
        self._usage: Usage | None = None

    def encode(self, event: StreamEvent) -> bytes:
        """The frames of one event; b"" where Responses says nothing yet."""
        if type(event) is TextDelta and event.candidate == 0:
            writer = self._writers.get(event.index)
            return writer.text(event.index, event.text) if writer is not None and event.text else b""
        candidate = getattr(event, "candidate", 0)
        if candidate != 0:
            self.losses.add(f"choices[{candidate}]", "unsupported")
            return b""
        return self._rare(event)

    def _rare(self, event: StreamEvent) -> bytes:
        match event:
            case ArgumentsDelta(index, text):
                writer = self._writers.get(index)
                return writer.text(index, text) if writer is not None and text else b""
            case BlockStart(index, block):
                return self._begin() + self._block_start(index, block)
            case BlockEnd(index, block=block):
                return self._block_end(index, block)
            case ReplyStart():
                return self._start(event)
            case FinishSeen(finish):
                self._finish = finish
            case UsageSeen(usage):
                self._usage = usage
            case ReplyEnd():
                return self._begin() + self._end(event)
            case _:
                return self._rarest(event)
        return b""

    def _rarest(self, event: StreamEvent) -> bytes:
        writer = self._writers.get(getattr(event, "index", -1))
        match event:
            case StateDelta(_, state):
                if isinstance(writer, ThoughtWriter) and state.protocol == PROTOCOL:
                    writer.state = state.value
                else:
                    self.losses.add("content.signature", "unsupported")
            case CitationDelta(index, citation):
                return writer.cite(index, citation) if isinstance(writer, MessageWriter) else b""
            case LogprobsSeen(logprobs):
                current = self._lingering
                return current.logprobs(logprobs) if isinstance(current, MessageWriter) else b""
            case PartBreak():
                return writer.part_break() if isinstance(writer, ThoughtWriter) else b""
            case AudioDelta(index=index, transcript=transcript):
                return writer.text(index, transcript) if writer is not None and transcript else b""
            case OpaqueEvent():
                return self._opaque_event(event)
            case _:
                pass
        return b""

    # --- the reply

    def _start(self, event: ReplyStart) -> bytes:
        self._usage = event.usage
        self._head = head_of(event, self._request, own=_is_own(event.extras))
        self._maker = ItemWriter(self._head.id, self._known, self.losses)
        whole = reply_object(self._head, Status("in_progress"), [], None)
        return b"".join(
            self._sequence.frame(kind, {"response": whole}) for kind in ("response.created", "response.in_progress")
        )

    def _begin(self) -> bytes:
        """The start of a reply whose provider sent none."""
        return self._start(ReplyStart(id="", model="")) if self._head is None else b""

    def _end(self, event: ReplyEnd) -> bytes:
        assert self._head is not None
        out = b"".join(self._seal(item) for item in self._items)
        status = encode_status(self._finish, refused=self._refused)
        if self._finish is not None and self._finish.reason is FinishReason.PAUSE:
            self.losses.add("stop_reason", "approximated")
        head = msgspec.structs.replace(
            self._head,
            service_tier=self._tier(event),
            rest={**self._head.rest, **own_members(event.extras, PROTOCOL)},
        )
        counts = wire_usage(self._usage, own=_is_own(event.extras))
        output: list[object] = [item.item for item in self._items]
        whole = reply_object(head, status, output, counts)
        kind = "response.incomplete" if status.status == "incomplete" else "response.completed"
        return out + self._sequence.frame(kind, {"response": whole})

    def _tier(self, event: ReplyEnd) -> str | None:
        """The service tier as it is known in the end. Other protocols' providers have words that clients do not know."""
        assert self._head is not None
        known = _is_own(event.extras) or event.service_tier in TIERS
        return event.service_tier if known and event.service_tier is not None else self._head.service_tier

    # --- blocks

    def _block_start(self, index: int, block: Block) -> bytes:
        match block:
            case Text() | Refusal() | Audio():
                self._refused = self._refused or isinstance(block, Refusal)
                return self._join_message(index, block)
            case Reasoning():
                return self._join_thought(index, block)
            case ToolCall():
                writer: Writer = CallWriter(self._sequence, len(self._items), block, self._maker, self._known)
            case Opaque(origin=origin, raw=raw) if origin == PROTOCOL:
                writer = OpaqueWriter(self._sequence, len(self._items), raw)
            case Opaque(kind=kind):
                self.losses.add(kind, "unsupported")
                return b""
            case _:
                self.losses.add(type(block).__name__.lower(), "unsupported")
                return b""
        return self._stop_lingering() + self._open(index, writer)

    def _open(self, index: int, writer: Writer) -> bytes:
        self._items.append(writer)
        self._writers[index] = writer
        return writer.begin(index)

    def _join_message(self, index: int, block: Text | Refusal | Audio) -> bytes:
        current = self._lingering
        out = b""
        if not isinstance(current, MessageWriter) or ITEM in own_members(block.extras, PROTOCOL):
            out = self._stop_lingering()
            current = MessageWriter(
                self._sequence, len(self._items), self._maker.message(block, "in_progress"), self._maker
            )
            out += self._open(index, current)
            self._lingering = current
        self._writers[index] = current
        return out + current.open_part(index, block)

    def _join_thought(self, index: int, block: Reasoning) -> bytes:
        current = self._lingering
        if isinstance(current, ThoughtWriter) and current.joins(block):
            self._writers[index] = current
            return current.open_block(block)
        out = self._stop_lingering()
        writer = ThoughtWriter(self._sequence, len(self._items), self._maker.reasoning(block))
        out += self._open(index, writer) + writer.open_block(block)
        if block.id is not None:
            self._lingering = writer
        return out

    def _block_end(self, index: int, block: Block | None) -> bytes:
        writer = self._writers.pop(index, None)
        if writer is None:
            return b""
        out = writer.end_block(index, block)
        return out + self._seal(writer) if writer is not self._lingering else out

    def _stop_lingering(self) -> bytes:
        """What lingers is complete, unless a block of it is still open (then it ends with that)."""
        current, self._lingering = self._lingering, None
        if current is None or current in self._writers.values():
            return b""
        return self._seal(current)

    def _seal(self, writer: Writer) -> bytes:
        """``response.output_item.done``, once."""
        if writer.finished:
            return b""
        writer.finished = True
        return writer.finish()

    def _opaque_event(self, event: OpaqueEvent) -> bytes:
        if event.origin != PROTOCOL:
            self.losses.add(event.kind, "unsupported")
            return b""
        members: dict[str, object] = dict(_OBJECT.decode(event.raw))
        item = self._items[-1] if self._items else None
        if isinstance(item, OpaqueWriter):
            members |= {"output_index": item.index, **({"item_id": item.item_id} if item.item_id else {})}
        for name in ("type", "sequence_number"):
            members.pop(name, None)
        return self._sequence.frame(event.kind, members)


def _is_own(extras: Extras | None) -> bool:
    return extras is not None and extras.origin == PROTOCOL
