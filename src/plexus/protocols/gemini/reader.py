"""Chunks to events: one reading for a stream and for a JSON reply, which is a stream of one chunk."""

from __future__ import annotations

import zlib

import msgspec

from plexus.canonical.content import Block, Extras, Reasoning, ReasoningState, Refusal, Text, ToolCall
from plexus.canonical.errors import bad_request
from plexus.canonical.events import (
    ArgumentsDelta,
    BlockEnd,
    BlockStart,
    CitationDelta,
    Failure,
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
from plexus.protocols.event_decoder import MAX_CANDIDATES, MAX_MEMBERS
from plexus.protocols.gemini.calls import Calls
from plexus.protocols.gemini.citations import decode_citations
from plexus.protocols.gemini.content import decode_part
from plexus.protocols.gemini.errors import decode_stream_error
from plexus.protocols.gemini.finish import blocked, finish_of, finish_word
from plexus.protocols.gemini.logprobs import decode_logprobs
from plexus.protocols.gemini.partial_args import PartialArgs
from plexus.protocols.gemini.signature import PROTOCOL, apart
from plexus.protocols.gemini.usage import decode_usage, has_counts
from plexus.protocols.gemini.wire import (
    CHUNK,
    CONTENT,
    PART,
    PLAIN_CHUNK,
    Chunk,
    Feedback,
    FunctionCall,
    Part,
    PlainChunk,
)
from plexus.protocols.members import ABSENT, NULL, Members, Object, present
from plexus.protocols.unreadable import UNREADABLE

_OBJECT = msgspec.json.Decoder(Object)
OURS = frozenset({"content", "finishReason", "index", "logprobsResult"})
"""Members of a candidate that have a place in the hub."""
KNOWN = frozenset({"candidates", "usageMetadata", "modelVersion", "responseId", "error"})
"""Members of a reply that have a place in the hub; the others of its first chunk are kept beside it."""
ASIDE = "aside"
"""The twin of a refusal whose words stood beside the answer (blockReasonMessage, finishMessage)."""

MAX_RICHER = 3
"""Chunks with more than text in them, after which a stream is no longer read as plain first: a vain try costs, too."""


class Reader:
    """Takes chunks, gives events. Raises what msgspec and Members raise for a chunk that cannot be read."""

    def __init__(self) -> None:
        self._started = False
        self._first = True
        self._richer = 0
        self._candidates: dict[int, CandidateReader] = {}
        self._feedback: Feedback | None = None
        self._twins: Object = {}
        self._base = ""
        self._usage: bytes | None = None
        self.failed = False

    @property
    def complete(self) -> bool:
        """A proper end may follow: every candidate has said why it ended, or the prompt was blocked."""
        if self._feedback is not None and self._feedback.block_reason:
            return True
        return bool(self._candidates) and all(each.finish_word for each in self._candidates.values())

    def chunk(self, data: bytes, out: list[StreamEvent]) -> None:
        """One chunk."""
        if self._first or self._richer > MAX_RICHER or not self._go_on(data, out):
            self._read(data, out)

    def _go_on(self, data: bytes, out: list[StreamEvent]) -> bool:
        """Read a chunk that is more text and nothing else; False for any other."""
        try:
            plain: PlainChunk = PLAIN_CHUNK.decode(data)
        except UNREADABLE:
            self._richer += 1
            return False
        candidate = plain.candidates[0]
        reader = self._candidates.get(candidate.index)
        if reader is None:
            return False
        part = candidate.content.parts[0]
        reader.text(part.text, out, thought=part.thought)
        if present(plain.usage_metadata):
            self._note_usage(bytes(plain.usage_metadata), out)
        return True

    def _read(self, data: bytes, out: list[StreamEvent]) -> None:
        wire = CHUNK.decode(data)
        if present(wire.error):
            self.failed = True
            out.append(Failure(decode_stream_error(data)))
            return
        if wire.prompt_feedback is not None:
            self._feedback = wire.prompt_feedback
        if not self._started:
            self._start(wire, data, out)
        for members in wire.candidates or ():
            self._candidate(members, out)
        if present(wire.usage_metadata):
            self._note_usage(bytes(wire.usage_metadata), out)
        self._first = False

    def _note_usage(self, raw: bytes, out: list[StreamEvent]) -> None:
        """The first counts at once, so that a reply that breaks has its input; then the last ones, at the end."""
        if not has_counts(raw):
            if self._first:
                self._twins["usageMetadata"] = msgspec.Raw(raw)
        elif self._usage is None:
            self._usage = raw
            self._twins.pop("usageMetadata", None)
            self._tell_usage(out)
        else:
            self._usage = raw

    def _tell_usage(self, out: list[StreamEvent]) -> None:
        counts = decode_usage(self._usage) if self._usage is not None else None
        if counts is not None:
            out.append(UsageSeen(counts))

    def _start(self, wire: Chunk, data: bytes, out: list[StreamEvent]) -> None:
        self._started = True
        more = {name: raw for name, raw in _OBJECT.decode(data).items() if name not in KNOWN and raw != NULL}
        self._twins = {name: msgspec.Raw(bytes(raw)) for name, raw in more.items()}
        self._base = wire.response_id or f"{zlib.crc32(data):08x}"
        out.append(ReplyStart(id=wire.response_id or "", model=wire.model_version or ""))

    def _candidate(self, members: Object, out: list[StreamEvent]) -> None:
        raw = members.get("index")
        index = 0 if raw is None or raw == NULL else msgspec.json.decode(raw, type=int)
        candidate = self._candidates.get(index)
        if candidate is None and len(self._candidates) == MAX_CANDIDATES:
            raise bad_request("The reply has too many candidates.")
        if candidate is None:
            candidate = self._candidates[index] = CandidateReader(index, f"{self._base}{index or ''}")
        candidate.read(members, out)

    def end(self, out: list[StreamEvent]) -> None:
        """The proper end."""
        lost: Object = {}
        feedback = self._feedback
        if feedback is not None and feedback.block_reason and not self._candidates:
            if feedback.block_reason_message:
                _whole(0, 0, refusal(feedback.block_reason_message), out)
            out.append(FinishSeen(blocked(feedback.block_reason)))
        for index, candidate in sorted(self._candidates.items()):
            candidate.end(out)
            lost.update({f"candidates[{index}].{name}": raw for name, raw in candidate.extras.items()})
        self._tell_usage(out)
        extras = Extras(PROTOCOL, lost, self._twins) if lost or self._twins else None
        out.append(ReplyEnd(extras=extras))


def refusal(message: str) -> Refusal:
    """The provider's words for a block. They are no part of the answer: to a client of Gemini they are written where they
    stood."""
    return Refusal(text=message, extras=Extras(PROTOCOL, {}, {ASIDE: NULL}))


def _whole(candidate: int, index: int, block: Block, out: list[StreamEvent]) -> None:
    out += [BlockStart(index, block, candidate), BlockEnd(index, candidate)]


class CandidateReader:
    """One candidate."""

    def __init__(self, index: int, base: str) -> None:
        self._index = index
        self._calls = Calls(base)
        self._next = 0
        self._open: str | None = None
        """text or thought: what the block that is open holds."""
        self._texts: list[str] = []
        self._called = False
        self._partial: PartialArgs | None = None
        self._logprobs: list[msgspec.Raw] = []
        self.finish_word: str | None = None
        self.extras: Object = {}

    def read(self, members: Object, out: list[StreamEvent]) -> None:
        """More of it. Parts of one kind that begin a chunk go on where the last chunk ended."""
        content = members.get("content")
        if content is not None and content != NULL:
            for place, raw in enumerate(CONTENT.decode(content).parts or ()):
                self._part(raw, place == 0, out)
        word = members.get("finishReason")
        if word is not None and word != NULL:
            self.finish_word = finish_word(msgspec.json.decode(word, type=str | int))
        logprobs = members.get("logprobsResult")
        if logprobs is not None and logprobs != NULL:
            self._logprobs.append(msgspec.Raw(bytes(logprobs)))
        if len(members) > 1:
            more = {name: raw for name, raw in members.items() if name not in OURS and raw != NULL}
            if len(self.extras) + len(more) <= MAX_MEMBERS:
                self.extras.update({name: msgspec.Raw(bytes(raw)) for name, raw in more.items()})

    def _part(self, raw: msgspec.Raw, first: bool, out: list[StreamEvent]) -> None:
        wire = PART.decode(raw)
        if wire.function_call is not None:
            self._call(wire.function_call, wire, out)
        elif wire.text is not None:
            self.text(wire.text, out, thought=bool(wire.thought), signature=wire.thought_signature, first=first)
        else:
            for block in decode_part(Members(_OBJECT.decode(raw), "parts"), self._calls):
                if not isinstance(block, Text):
                    self._close(out)
                    self._add(block, out)

    def text(
        self, text: str, out: list[StreamEvent], *, thought: bool, signature: str | None = None, first: bool = True
    ) -> None:
        """A part of text or thought; ``first``: of its chunk."""
        state = ReasoningState(PROTOCOL, signature) if signature else None
        if not text and not thought:
            if state is not None and self._open == "text":
                out.append(StateDelta(self._next, state, self._index))
                self._close(out)
            elif state is not None:
                self._close(out)
                self._add(Reasoning(redacted=True, state=state), out)
            return
        kind = "thought" if thought else "text"
        if self._open != kind or not first:
            self._close(out)
            self._open = kind
            empty: Block = Reasoning() if thought else Text(text="")
            out.append(BlockStart(self._next, empty, self._index))
        if text:
            out.append(TextDelta(self._next, text, self._index))
            if not thought:
                self._texts.append(text)
        if state is not None:
            out.append(StateDelta(self._next, state, self._index))
            self._close(out)

    def _call(self, call: FunctionCall, wire: Part, out: list[StreamEvent]) -> None:
        if call.name is not None:
            self._end_partial(out)
            self._close(out)
            self._called = True
            if wire.thought_signature:
                self._add(apart(ReasoningState(PROTOCOL, wire.thought_signature)), out)
            block = ToolCall(id=self._calls.call(call.name, call.id), name=call.name, arguments="")
            out.append(BlockStart(self._next, block, self._index))
            self._partial = PartialArgs()
        if self._partial is None:
            return
        for piece in call.partial_args or ():
            self._partial.add(piece)
        if present(call.args) and call.args is not ABSENT:
            self._finish_call(bytes(call.args).decode(), out)
        elif not call.will_continue:
            self._end_partial(out)

    def _end_partial(self, out: list[StreamEvent]) -> None:
        if self._partial is not None:
            self._finish_call(self._partial.text(), out)

    def _finish_call(self, arguments: str, out: list[StreamEvent]) -> None:
        self._partial = None
        out += [ArgumentsDelta(self._next, arguments, self._index), BlockEnd(self._next, self._index)]
        self._next += 1

    def _add(self, block: Block, out: list[StreamEvent]) -> None:
        _whole(self._index, self._next, block, out)
        self._next += 1

    def _close(self, out: list[StreamEvent]) -> None:
        if self._open is not None:
            self._open = None
            out.append(BlockEnd(self._next, self._index))
            self._next += 1

    def end(self, out: list[StreamEvent]) -> None:
        """What is known only at the end: citations, log probabilities, the finish."""
        self._end_partial(out)
        citations = decode_citations(self.extras, "".join(self._texts)) if self.extras else []
        if citations and self._open != "text":
            self._close(out)
            self._open = "text"
            out.append(BlockStart(self._next, Text(text=""), self._index))
        out += [CitationDelta(self._next, citation, self._index) for citation in citations]
        self._close(out)
        finish = finish_of(self.finish_word, calls=self._called)
        message = self.extras.get("finishMessage")
        if finish.reason is FinishReason.CONTENT_FILTER and self._next == 0 and message is not None:
            self._add(refusal(msgspec.json.decode(message, type=str)), out)
        for raw in self._logprobs:
            logprobs = decode_logprobs(raw)
            if logprobs is not None:
                out.append(LogprobsSeen(logprobs, self._index))
        out.append(FinishSeen(self._with_extras(finish), self._index))

    def _with_extras(self, finish: Finish) -> Finish:
        kept = {**self.extras}
        if self._logprobs:
            kept["logprobsResult"] = self._logprobs[-1]
        return msgspec.structs.replace(finish, extras=Extras(PROTOCOL, {}, kept)) if kept else finish
