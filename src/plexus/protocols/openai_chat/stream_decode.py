"""Reading a streamed reply: chunks to events.

The wire is flat; starts and ends of blocks are made up here, so that encoders never guess. Providers differ in much (see
the quirks among the recordings): calls are told apart by index and by id, the finish survives what follows it, a stream
that ends with ``[DONE]`` is complete even where nobody said why it ended.
"""

from __future__ import annotations

import msgspec

from plexus.canonical.content import Audio, Block, InlineData, Reasoning, ReasoningState, Refusal, Text, ToolCall
from plexus.canonical.events import (
    ArgumentsDelta,
    AudioDelta,
    BlockEnd,
    BlockStart,
    CitationDelta,
    FinishSeen,
    LogprobsSeen,
    ReplyEnd,
    ReplyStart,
    StateDelta,
    StreamEvent,
    TextDelta,
    UsageSeen,
)
from plexus.canonical.response import Finish, FinishReason
from plexus.protocols.event_decoder import MAX_CANDIDATES, EventDecoder, endless
from plexus.protocols.members import present
from plexus.protocols.openai_chat.content import PROTOCOL, decode_annotation
from plexus.protocols.openai_chat.dialect import ChatDialect
from plexus.protocols.openai_chat.errors import decode_error_body
from plexus.protocols.openai_chat.response import finish_of
from plexus.protocols.openai_chat.usage import decode_usage
from plexus.protocols.openai_chat.wire import Choice, Chunk, Delta, ToolCallDelta
from plexus.protocols.sse import SseDecoder, SseEvent
from plexus.protocols.unreadable import UNREADABLE

_DECODER = msgspec.json.Decoder(Chunk)
DONE = b"[DONE]"


def stream_decoder(dialect: ChatDialect) -> ChatStreamDecoder:
    """A decoder for one reply."""
    del dialect
    return ChatStreamDecoder()


class ChatStreamDecoder(EventDecoder[SseEvent]):
    """See ``protocols.codec.StreamDecoder``."""

    def __init__(self) -> None:
        super().__init__(SseDecoder())
        self._candidates: dict[int, _Candidate] = {}
        self._started = False
        self._service_tier: str | None = None

    def finish(self) -> list[StreamEvent]:
        """The connection's end. A finish without ``[DONE]`` is a proper end; nothing at all is none."""
        events = super().finish()
        finished = any(candidate.finished for candidate in self._candidates.values())
        return events + self._end() if finished and not self._ended else events

    def _decode(self, events: list[SseEvent]) -> list[StreamEvent]:
        out: list[StreamEvent] = []
        for event in events:
            if self._ended:
                break
            data = event.data
            if data.startswith(DONE):
                out += self._end()
                continue
            try:
                chunk = _DECODER.decode(data)
            except UNREADABLE:
                out += self._skip(data)
                continue
            if event.name == b"error" or present(chunk.error):
                out += self._fail(decode_error_body(bytes(chunk.error) if present(chunk.error) else data))
                break
            self._chunk(chunk, out)
        return out

    def _end(self) -> list[StreamEvent]:
        self._ended = True
        out: list[StreamEvent] = []
        for candidate in self._candidates.values():
            candidate.close(out)
            if not candidate.finished:
                reason = FinishReason.TOOL_CALLS if candidate.called else FinishReason.STOP
                out.append(FinishSeen(Finish(reason=reason, inferred=True), candidate.index))
        out.append(ReplyEnd(service_tier=self._service_tier))
        return out

    def _chunk(self, chunk: Chunk, out: list[StreamEvent]) -> None:
        if not self._started:
            self._start(chunk, out)
        if chunk.service_tier is not None:
            self._service_tier = chunk.service_tier
        for choice in chunk.choices or ():
            candidate = self._candidates.get(choice.index)
            if candidate is None and len(self._candidates) == MAX_CANDIDATES:
                out += self._fail(endless("number of answers"))
                return
            if candidate is None:
                candidate = self._candidates[choice.index] = _Candidate(choice.index)
            candidate.take(choice, out)
        raw = chunk.usage if chunk.x_groq is None or present(chunk.usage) else chunk.x_groq.usage
        if present(raw) and (counts := decode_usage(raw)) is not None:
            out.append(UsageSeen(counts))

    def _start(self, chunk: Chunk, out: list[StreamEvent]) -> None:
        """With the first chunk that says who it is. Azure's first has empty names; then the first with choices."""
        if not chunk.id and not chunk.choices:
            return
        self._started = True
        created = int(chunk.created) if chunk.created else None
        out.append(
            ReplyStart(id=chunk.id or "", model=chunk.model or "", created=created, service_tier=chunk.service_tier)
        )


class _Call:
    """A tool call that is being written."""

    __slots__ = ("block", "id")

    def __init__(self, block: int, call_id: str) -> None:
        self.block = block
        self.id = call_id


class _Candidate:
    """The open blocks of one choice."""

    __slots__ = (
        "_audio",
        "_calls",
        "_kind",
        "_last",
        "_modern",
        "_next",
        "_open",
        "_plain",
        "called",
        "finished",
        "index",
    )

    def __init__(self, index: int) -> None:
        self.index = index
        self.finished = False
        self.called = False
        self._next = 0
        self._open: int | None = None
        """The open text, refusal or thought; tool calls may stay open beside each other."""
        self._kind: type[Block] | None = None
        self._calls: dict[int, _Call] = {}
        self._last: _Call | None = None
        self._modern = False
        """Calls came as ``tool_calls``; llama-cpp-python repeats them as ``function_call``."""
        self._audio: int | None = None
        self._plain = False
        """Thoughts came as plain text; ``reasoning_details`` say them once more."""

    def take(self, choice: Choice, out: list[StreamEvent]) -> None:
        """One choice of a chunk."""
        if choice.delta is not None:
            self._delta(choice.delta, out)
        if present(choice.logprobs):
            out.append(LogprobsSeen(msgspec.Raw(bytes(choice.logprobs)), self.index))
        if choice.finish_reason and not self.finished:
            self.close(out)
            self.finished = True
            out.append(FinishSeen(finish_of(choice.finish_reason, called=self.called), self.index))

    def _delta(self, delta: Delta, out: list[StreamEvent]) -> None:
        self._thoughts(delta, out)
        content = delta.content
        if content:
            if isinstance(content, str):
                self._text(Text, content, out)
            else:
                self._parts(content, out)
        if delta.refusal:
            self._text(Refusal, delta.refusal, out)
        for call in delta.tool_calls or ():
            self._modern = True
            self._call(call, out)
        if delta.function_call is not None and not self._modern:
            self._call(ToolCallDelta(index=0, id="", function=delta.function_call), out)
        if delta.annotations or delta.audio is not None:
            self._rare(delta, out)

    def _block(self, block: Block, out: list[StreamEvent]) -> int:
        number = self._next
        self._next += 1
        out.append(BlockStart(number, block, self.index))
        return number

    def _text(self, kind: type[Text | Refusal | Reasoning], text: str, out: list[StreamEvent]) -> None:
        if self._kind is not kind:
            self._close_text(out)
            self._open = self._block(kind(text=""), out)
            self._kind = kind
        assert self._open is not None
        out.append(TextDelta(self._open, text, self.index))

    def _close_text(self, out: list[StreamEvent]) -> None:
        if self._open is not None:
            out.append(BlockEnd(self._open, self.index))
            self._open = self._kind = None

    def _parts(self, parts: list[dict[str, object]], out: list[StreamEvent]) -> None:
        """Mistral's content as a list: thoughts and text."""
        for part in parts:
            thinking, text = part.get("thinking"), part.get("text")
            if isinstance(thinking, list):
                for piece in thinking:
                    inner = piece.get("text") if isinstance(piece, dict) else None
                    if isinstance(inner, str) and inner:
                        self._text(Reasoning, inner, out)
            elif isinstance(text, str) and text:
                self._text(Text, text, out)

    def _thoughts(self, delta: Delta, out: list[StreamEvent]) -> None:
        text = delta.reasoning_content or delta.reasoning
        details = delta.reasoning_details
        if text:
            self._plain = True
            self._text(Reasoning, text, out)
        for detail in details or ():
            # A signature may come with the whole thought again, whose text has been told already.
            if not self._plain and (told := detail.text or detail.summary):
                self._text(Reasoning, told, out)
            if detail.signature:
                self._sign(detail.signature, out)
            if detail.data and detail.type == "reasoning.encrypted":
                self._close_text(out)
                sealed = Reasoning(redacted=True, state=ReasoningState(PROTOCOL, detail.data), id=detail.id)
                out.append(BlockEnd(self._block(sealed, out), self.index))

    def _sign(self, signature: str, out: list[StreamEvent]) -> None:
        if self._kind is not Reasoning:
            self._close_text(out)
            self._open = self._block(Reasoning(text=""), out)
            self._kind = Reasoning
        assert self._open is not None
        out.append(StateDelta(self._open, ReasoningState(PROTOCOL, signature), self.index))

    def _call(self, delta: ToolCallDelta, out: list[StreamEvent]) -> None:
        function = delta.function or delta.custom
        name = (function.name if function is not None else None) or ""
        call = self._find(delta, name)
        if call is None:
            self._close_text(out)
            self.called = True
            call_id = delta.id or f"call_{self.index}_{len(self._calls)}"
            state = ReasoningState(PROTOCOL, signature) if (signature := delta.signature()) else None
            block = ToolCall(id=call_id, name=name, arguments="", custom=delta.custom is not None, state=state)
            call = _Call(self._block(block, out), call_id)
            unnamed = -1 - len(self._calls)
            if delta.index is not None and delta.index in self._calls:
                # The index is used again: later deltas of it mean the new call.
                self._calls[unnamed] = self._calls[delta.index]
            self._calls[unnamed if delta.index is None else delta.index] = call
        self._last = call
        text = function.text() if function is not None else ""
        if text:
            out.append(ArgumentsDelta(call.block, text, self.index))

    def _find(self, delta: ToolCallDelta, name: str) -> _Call | None:
        """The call that a delta goes on with. A new id opens a new call, whatever the index says; so does a call without
        any index or id that names a function."""
        known = self._calls.get(delta.index) if delta.index is not None else None
        if delta.id:
            if known is not None and known.id == delta.id:
                return known
            return next((call for call in self._calls.values() if call.id == delta.id), None)
        if known is not None or delta.index is not None:
            return known
        return None if name or self._last is None else self._last

    def _rare(self, delta: Delta, out: list[StreamEvent]) -> None:
        for annotation in delta.annotations or ():
            if self._kind is not Text:
                self._close_text(out)
                self._open = self._block(Text(text=""), out)
                self._kind = Text
            assert self._open is not None
            out.append(CitationDelta(self._open, decode_annotation(annotation), self.index))
        audio = delta.audio
        if audio is not None:
            if self._audio is None:
                self._close_text(out)
                self._audio = self._block(Audio(source=InlineData("audio/wav", "")), out)
            out.append(
                AudioDelta(
                    index=self._audio,
                    base64=audio.data or "",
                    transcript=audio.transcript or "",
                    id=audio.id,
                    expires_at=audio.expires_at,
                    candidate=self.index,
                )
            )

    def close(self, out: list[StreamEvent]) -> None:
        """End all open blocks."""
        self._close_text(out)
        if self._audio is not None:
            out.append(BlockEnd(self._audio, self.index))
            self._audio = None
        blocks = dict.fromkeys(call.block for call in self._calls.values())
        out.extend(BlockEnd(block, self.index) for block in blocks)
        self._calls = {}
