"""One choice of a stream: which blocks are open, and the events that a delta adds.

Text, thoughts, refusal and sound follow one another: when another kind begins, the open one ends. Tool calls stay open
side by side until the choice ends, since providers may interleave their pieces.
"""

from __future__ import annotations

from typing import TypeAlias

import msgspec

from plexus.canonical.content import Audio, Block, Opaque, Reasoning, ReasoningState, Refusal, Text, ToolCall
from plexus.canonical.events import (
    ArgumentsDelta,
    AudioDelta,
    BlockEnd,
    BlockStart,
    CitationDelta,
    FinishSeen,
    LogprobsSeen,
    StateDelta,
    StreamEvent,
    TextDelta,
)
from plexus.protocols.openai_chat.calls import ExtraContent, LegacyCalls
from plexus.protocols.openai_chat.citations import read_citation
from plexus.protocols.openai_chat.content import read_part
from plexus.protocols.openai_chat.finish import decode_finish
from plexus.protocols.openai_chat.members import PROTOCOL, Members, as_raw, read_as
from plexus.protocols.openai_chat.reasoning import DETAIL, DETAILS, IN_CONTENT, STRINGS, read_detail
from plexus.protocols.openai_chat.stream.calls import OpenCall, OpenCalls
from plexus.protocols.openai_chat.wire import EMPTY_DELTA, CallDelta, Choice, Delta, FunctionDelta, Loose

Events: TypeAlias = list[StreamEvent]

LOGPROBS = dict[str, list[msgspec.Raw] | None]
"""The shape of log probabilities that can be joined over chunks; others are of no use to a client."""

_TEXT = "text"
_REFUSAL = "refusal"
_AUDIO = "audio"


class OpenChoice:
    """A choice while its deltas come in. ``fallback_id`` begins the ids of calls that have none."""

    __slots__ = (
        "_called", "_calls", "_fallback_id", "_flat", "_index", "_legacy", "_next", "_open", "_thought", "finished",
    )  # fmt: skip

    def __init__(self, index: int, fallback_id: str) -> None:
        self._index = index
        self._fallback_id = fallback_id
        self._next = 0
        self._open: str | None = None
        """What the open block is: text, refusal, audio, or the place of a thought."""
        self._flat = 0
        """The number of the open block."""
        self._thought: list[str] = []
        """The open thought's text, as far as it came as a string."""
        self._calls = OpenCalls()
        self._called = False
        self._legacy: OpenCall | None = None
        self.finished = False

    def take(self, choice: Choice, events: Events) -> None:
        """Add the events of one delta. Raises Misfit for parts that cannot be read."""
        delta = choice.delta or EMPTY_DELTA
        content = delta.content
        if delta.reasoning_content or delta.reasoning or delta.reasoning_details:
            self._think(delta, events)
        if content:
            if isinstance(content, str):
                if self._open != _TEXT:
                    self._begin(_TEXT, Text(text=""), events)
                events.append(TextDelta(self._flat, content, self._index))
            else:
                self._parts(content, events)
        if delta.tool_calls:
            for piece in delta.tool_calls:
                self._call(piece, events)
        if (
            delta.refusal
            or delta.annotations
            or delta.audio
            or delta.function_call
            or delta.images
            or delta.extra_content
        ):
            self._rarities(delta, events)
        if choice.logprobs is not None:
            self._weigh(choice.logprobs, events)
        if choice.finish_reason:
            self.finish(choice.finish_reason, events)

    def _weigh(self, logprobs: Loose, events: Events) -> None:
        raw = as_raw(logprobs)
        if read_as(raw, LOGPROBS) is not None:
            events.append(LogprobsSeen(raw, self._index))

    def _rarities(self, delta: Delta, events: Events) -> None:
        if delta.refusal:
            self._say(_REFUSAL, Refusal(text=""), delta.refusal, events)
        if delta.annotations:
            self._cite(delta.annotations, events)
        if delta.audio is not None:
            self._hear(delta, events)
        if delta.function_call is not None:
            self._older_call(delta.function_call, events)
        if delta.images:
            self._parts(delta.images, events)
        if delta.extra_content is not None:
            self._sign(delta.extra_content, events)

    # --- one block after the other

    def _begin(self, what: str, block: Block, events: Events) -> int:
        self._end(events)
        self._open, self._flat = what, self._next
        self._next += 1
        events.append(BlockStart(self._flat, block, self._index))
        return self._flat

    def _end(self, events: Events) -> None:
        if self._open is not None:
            events.append(BlockEnd(self._flat, self._index))
            self._open = None

    def _say(self, what: str, block: Block, text: str, events: Events) -> None:
        if self._open != what:
            self._begin(what, block, events)
        events.append(TextDelta(self._flat, text, self._index))

    def _whole(self, block: Block, events: Events) -> None:
        """A block that comes in one piece."""
        self._end(events)
        events.append(BlockStart(self._next, block, self._index))
        events.append(BlockEnd(self._next, self._index))
        self._next += 1

    def _parts(self, raws: list[msgspec.Raw], events: Events) -> None:
        """Content as a list: Mistral's thoughts; pictures."""
        for raw in raws:
            block = read_part(raw, "delta.content")
            if isinstance(block, Text):
                if block.text:
                    self._say(_TEXT, Text(text=""), block.text, events)
            elif isinstance(block, Reasoning):
                if block.text:
                    self._say(IN_CONTENT, Reasoning(slot=IN_CONTENT, extras=block.extras), block.text, events)
            else:
                self._whole(block, events)

    # --- thoughts

    def _think(self, delta: Delta, events: Events) -> None:
        """Entries first; a string that only repeats their text is noted in the slot and not said twice."""
        name = STRINGS[0] if delta.reasoning_content else STRINGS[1]
        text = delta.reasoning_content or delta.reasoning
        if delta.reasoning_details:
            entries = [Members(raw, "delta.reasoning_details") for raw in delta.reasoning_details]
            if any(entry.is_string("text") or entry.is_string("summary") for entry in entries):
                slot = f"{DETAILS} {name}" if text else DETAILS
                text = None
            else:
                slot = DETAILS
            for entry in entries:
                self._entry(entry, slot, events)
        if text:
            if self._open != name:
                self._thought = []
            self._thought.append(text)
            both = delta.reasoning_content and delta.reasoning == delta.reasoning_content
            self._say(name, Reasoning(slot=" ".join(STRINGS) if both else name), text, events)

    def _entry(self, entry: Members, slot: str, events: Events) -> None:
        number = entry.take_if("index", int) or 0
        raw, kind = entry.raw, entry.take_text("type") or ""
        block = read_detail(kind, entry)
        if block is None:
            self._whole(Opaque(origin=PROTOCOL, kind=DETAIL + kind, raw=msgspec.Raw(bytes(raw))), events)
            return
        if block.redacted:
            self._whole(block, events)
            return
        if self._open in STRINGS and block.state is not None and block.text == "".join(self._thought):
            events.append(StateDelta(self._flat, block.state, self._index))  # the text again, with its signature
            return
        what = f"{kind} {number}"
        if self._open != what:
            if not block.text and block.state is None:
                return
            first = msgspec.structs.replace(block, text="", state=None, slot=slot)
            self._begin(what, first, events)
        if block.text:
            events.append(TextDelta(self._flat, block.text, self._index))
        if block.state is not None:
            events.append(StateDelta(self._flat, block.state, self._index))

    # --- tool calls

    def _call(self, piece: CallDelta, events: Events) -> None:
        function, custom = piece.function, piece.custom
        name = function.name if function is not None else custom.name if custom is not None else None
        text = function.arguments if function is not None else custom.input if custom is not None else None
        if self.finished and not piece.id and not name:
            return  # an empty piece behind the finish
        call = self._calls.find(piece, name)
        call.custom = call.custom or custom is not None
        state = _signature(piece.extra_content)
        if state is not None and call.block is not None:
            events.append(StateDelta(call.block, state, self._index))
        else:
            call.state = state or call.state
        self._more(call, text, events)

    def _more(self, call: OpenCall, text: str | None, events: Events) -> None:
        if call.block is None:
            if not call.name:
                call.arguments += [text] if text else []
                return
            self._start(call, events)
        if text and call.block is not None:
            events.append(ArgumentsDelta(call.block, text, self._index))

    def _start(self, call: OpenCall, events: Events) -> None:
        self._end(events)
        self._called = True
        call.block = self._next
        self._next += 1
        call_id = call.id or f"{self._fallback_id}_{call.number}"
        block = ToolCall(id=call_id, name=call.name, arguments="", custom=call.custom, state=call.state)
        events.append(BlockStart(call.block, block, self._index))
        for text in call.arguments:
            events.append(ArgumentsDelta(call.block, text, self._index))
        call.arguments = []

    def _older_call(self, piece: FunctionDelta, events: Events) -> None:
        if self._legacy is None:
            if not piece.name and not piece.arguments:
                return
            self._legacy = OpenCall(len(self._calls.all))
            self._calls.all.append(self._legacy)
        call = self._legacy
        if piece.name and not call.name:
            call.name = piece.name
            call.id = LegacyCalls().call(piece.name)
        self._more(call, piece.arguments, events)

    # --- what hangs on

    def _cite(self, annotations: list[msgspec.Raw], events: Events) -> None:
        if self._open != _TEXT:
            self._begin(_TEXT, Text(text=""), events)
        events += [CitationDelta(self._flat, read_citation(raw), self._index) for raw in annotations]

    def _hear(self, delta: Delta, events: Events) -> None:
        piece = delta.audio
        if piece is None or not (piece.id or piece.data or piece.transcript):
            return
        if self._open != _AUDIO:
            self._begin(_AUDIO, Audio(), events)
        events.append(
            AudioDelta(
                index=self._flat,
                base64=piece.data or "",
                transcript=piece.transcript or "",
                id=piece.id or None,
                expires_at=piece.expires_at,
                candidate=self._index,
            )
        )

    def _sign(self, content: Loose, events: Events) -> None:
        """Gemini's signature on a text."""
        state = _signature(content)
        if state is not None and self._open == _TEXT:
            events.append(StateDelta(self._flat, state, self._index))

    def finish(self, word: str | None, events: Events) -> None:
        """The choice ends: close what is open. A second finish says nothing new."""
        self._end(events)
        for call in self._calls.all:
            if call.block is None and (call.id or call.arguments):
                self._start(call, events)
            if call.block is not None:
                events.append(BlockEnd(call.block, self._index))
        self._calls = OpenCalls()
        self._legacy = None
        if not self.finished:
            self.finished = True
            events.append(FinishSeen(decode_finish(word, called=self._called), self._index))


def _signature(content: Loose) -> ReasoningState | None:
    """Gemini's thought signature in an ``extra_content``."""
    wire = read_as(as_raw(content), ExtraContent) if content else None
    return None if wire is None else ReasoningState(PROTOCOL, wire.google.thought_signature)
