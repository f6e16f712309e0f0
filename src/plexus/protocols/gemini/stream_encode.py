"""Writing a streamed reply for a client: text as it comes, every other part whole. Each chunk is a reply of its own, and the
last one holds the finish and the counts."""

from __future__ import annotations

import msgspec

from plexus.canonical.content import Audio, Block, Citation, InlineData, Reasoning, Refusal, Text, ToolCall
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
from plexus.protocols.gemini.citations import encode_grounding
from plexus.protocols.gemini.finish import word_of
from plexus.protocols.gemini.logprobs import encode_logprobs
from plexus.protocols.gemini.parts import Part, encode_thought, own_extras, with_signature
from plexus.protocols.gemini.reader import ASIDE
from plexus.protocols.gemini.response import (
    call_signature,
    cited_text,
    encode_block,
    flush,
    is_moved,
    is_told,
    own_reasons,
)
from plexus.protocols.gemini.signature import PROTOCOL, encode_signature, is_apart
from plexus.protocols.gemini.usage import encode_usage
from plexus.protocols.members import Object, own_members

_encode = msgspec.json.Encoder().encode


def stream_encoder(request: GenerateRequest) -> GeminiStreamEncoder:
    """An encoder for one reply to ``request``, in server-sent events."""
    del request
    return GeminiStreamEncoder(b"data: ", b"\r\n\r\n", b"", b"")


def array_encoder(request: GenerateRequest) -> GeminiStreamEncoder:
    """The same as one JSON array (a client without ``alt=sse``)."""
    del request
    return GeminiStreamEncoder(b",\r\n", b"", b"[", b"]")


class _Block:
    """A block while it comes. ``parts`` that are written whole wait here."""

    __slots__ = (
        "arguments",
        "audio",
        "block",
        "citations",
        "prefix",
        "silent",
        "state",
        "suffix",
        "transcript",
        "words",
    )

    def __init__(self, block: Block) -> None:
        self.block = block
        self.words: list[str] = []
        """All that it said."""
        self.prefix = self.suffix = b""
        """What stands around the JSON string of its next piece, once there was one."""
        self.arguments: list[str] = []
        self.audio: list[str] = []
        self.transcript: list[str] = []
        self.citations: list[Citation] = []
        self.state = getattr(block, "state", None)
        self.silent = ASIDE in own_extras(block)


class GeminiStreamEncoder:
    """See ``protocols.codec.StreamEncoder``."""

    def __init__(self, before: bytes, after: bytes, opening: bytes, closing: bytes) -> None:
        self.losses = Losses()
        self._before, self._after, self._opening, self._closing = before, after, opening, closing
        self._start = ReplyStart(id="", model="")
        self._tail = b""
        """What stands behind the candidates of each chunk."""
        self._blocks: dict[tuple[int, int], _Block] = {}
        self._complete: dict[tuple[int, int], ToolCall] = {}
        """Calls that are whole, and wait for an earlier one that is not."""
        self._pending: dict[int, Reasoning] = {}
        """Candidate -> a state without words, until the call behind it comes."""
        self._told: dict[int, Reasoning] = {}
        """Candidate -> a thought whose state goes along with the call behind it once more."""
        self._texts: dict[int, list[_Block]] = {}
        """Candidate -> its texts, for what they cite."""
        self._finishes: dict[int, Finish] = {}
        self._logprobs: dict[int, list[msgspec.Raw]] = {}
        self._usage: Usage | None = None
        self._written = False

    def encode(self, event: StreamEvent) -> bytes:  # noqa: C901, PLR0912 - one arm per kind of event
        """The frames of one event; b"" where Gemini says nothing yet."""
        if type(event) is TextDelta:
            opened = self._blocks.get((event.candidate, event.index))
            if opened is not None and opened.prefix and event.text and not self._pending:
                opened.words.append(event.text)
                return b"%b%b%b" % (opened.prefix, _encode(event.text), opened.suffix)
            return self._text(opened, event.text, event.candidate)
        match event:
            case ArgumentsDelta(index, text, candidate):
                if opened := self._blocks.get((candidate, index)):
                    opened.arguments.append(text)
            case BlockStart(index, block, candidate):
                return self._block_start(index, block, candidate)
            case StateDelta(index, state, candidate):
                if opened := self._blocks.get((candidate, index)):
                    opened.state = state
            case AudioDelta(index=index, candidate=candidate):
                if opened := self._blocks.get((candidate, index)):
                    opened.audio.append(event.base64)
                    opened.transcript.append(event.transcript)
            case BlockEnd(index, candidate, block):
                return self._block_end(index, block, candidate)
            case CitationDelta(index, citation, candidate):
                if opened := self._blocks.get((candidate, index)):
                    opened.citations.append(citation)
            case ReplyStart():
                self._start, self._usage = event, event.usage
            case UsageSeen(usage):
                self._usage = usage
            case FinishSeen(finish, candidate):
                self._finishes[candidate] = finish
            case LogprobsSeen(logprobs, candidate):
                self._logprobs.setdefault(candidate, []).append(logprobs)
            case ReplyEnd():
                return self._end(own_members(event.extras, PROTOCOL))
            case OpaqueEvent(kind=kind):
                self.losses.add(kind, "unsupported")
            case _:
                pass
        return b""

    # --- chunks

    def _frame(self, body: bytes) -> bytes:
        if self._written:
            return self._before + body + self._after
        self._written = True
        before = self._opening or self._before
        return before + body + self._after

    def _parts(self, parts: list[Part], candidate: int) -> bytes:
        if not parts:
            return b""
        if not self._tail:
            names = {"modelVersion": self._start.model, "responseId": self._start.id}
            self._tail = b"]," + _encode(names)[1:]
        head = b'{"candidates":[{"content":{"parts":%b,"role":"model"},"index":%d}' % (_encode(parts), candidate)
        return self._frame(head + self._tail)

    # --- blocks

    def _text(self, opened: _Block | None, text: str, candidate: int) -> bytes:
        if opened is None or opened.silent or not text:
            return b""
        out = self._flush(candidate)
        opened.words.append(text)
        thought = isinstance(opened.block, Reasoning)
        part: Part = {"text": text, "thought": True} if thought else {"text": text}
        out += self._parts([part], candidate)
        opened.prefix = self._before + b'{"candidates":[{"content":{"parts":[{"text":'
        ending = b'],"role":"model"},"index":%d}' % candidate
        opened.suffix = (b',"thought":true}' if thought else b"}") + ending + self._tail + self._after
        return out

    def _block_start(self, index: int, block: Block, candidate: int) -> bytes:
        opened = self._blocks[candidate, index] = _Block(block)
        if isinstance(block, Text | Refusal) and not opened.silent:
            self._texts.setdefault(candidate, []).append(opened)
        if isinstance(block, Text | Refusal | Reasoning) and block.text:
            return self._text(opened, block.text, candidate)
        return b""

    def _block_end(self, index: int, repeated: Block | None, candidate: int) -> bytes:
        opened = self._blocks.pop((candidate, index), None)
        if opened is None or opened.silent:
            return b""
        block = repeated if repeated is not None else opened.block
        opened.citations = opened.citations or list(getattr(block, "citations", ()))
        if isinstance(block, Reasoning | Text) and (opened.words or isinstance(block, Text)):
            return self._end_of_text(opened, block, candidate)
        if isinstance(block, Refusal):
            return b""
        if isinstance(block, Reasoning):
            return self._state(msgspec.structs.replace(block, state=opened.state), candidate)
        if isinstance(block, ToolCall):
            if repeated is None:
                arguments = block.arguments + "".join(opened.arguments)
                block = msgspec.structs.replace(block, arguments=arguments, state=opened.state)
            self._complete[candidate, index] = block
            return self._calls_in_order(candidate)
        if isinstance(block, Audio):
            block = _audio(opened, block)
        part = encode_block(block, f"candidates[{candidate}].content", self.losses)
        return b"" if part is None else self._flush(candidate) + self._parts([part], candidate)

    def _end_of_text(self, opened: _Block, block: Block, candidate: int) -> bytes:
        """Its signature, which Gemini writes on an empty text behind it."""
        signature = encode_signature(opened.state)
        if signature is None:
            return b""
        part: Part = {"text": ""}
        if isinstance(block, Reasoning):
            part["thought"] = True
            thought = Reasoning(text="".join(opened.words), state=opened.state)
            if is_told(thought):
                self._told[candidate] = thought
        return self._flush(candidate) + self._parts([with_signature(part, signature)], candidate)

    def _state(self, block: Reasoning, candidate: int) -> bytes:
        out = self._flush(candidate)
        if block.state is None:
            return out
        if is_moved(msgspec.structs.replace(block, extras=None)) or is_apart(block):
            self._pending[candidate] = block
            return out
        return out + self._parts([encode_thought(block)], candidate)

    def _calls_in_order(self, candidate: int) -> bytes:
        """The calls that are complete, up to the first one that is not: Chat's calls may come interleaved."""
        out = b""
        for place in sorted(place for place in self._complete if place[0] == candidate):
            if any(other < place for other in self._blocks if other[0] == candidate):
                break
            out += self._call(self._complete.pop(place), candidate)
        return out

    def _call(self, block: ToolCall, candidate: int) -> bytes:
        part = encode_block(block, f"candidates[{candidate}].content", self.losses)
        if block.state is not None or part is None:
            return self._flush(candidate) + self._parts([part] if part is not None else [], candidate)
        alone = self._pending.pop(candidate, None)
        told = self._told.pop(candidate, None) if alone is None else None
        return self._parts([with_signature(part, call_signature(alone, told))], candidate)

    def _flush(self, candidate: int) -> bytes:
        return self._parts(flush(self._pending.pop(candidate, None)), candidate) if self._pending else b""

    # --- the end

    def _end(self, own: Object) -> bytes:
        self._blocks.clear()
        out = b"".join(self._calls_in_order(candidate) for candidate, _ in list(self._complete))
        out += b"".join(self._flush(candidate) for candidate in list(self._pending))
        body: Part = {}
        own = {name: raw for name, raw in own.items() if "." not in name}
        if self._written or not own_reasons(own):
            body["candidates"] = [self._last(candidate) for candidate in sorted(self._finishes) or [0]]
        if self._usage is not None:
            body["usageMetadata"] = encode_usage(self._usage)
        body |= {"modelVersion": self._start.model, "responseId": self._start.id, **own}
        return out + self._frame(_encode(body)) + self._closing

    def _last(self, candidate: int) -> Part:
        finish = self._finishes.get(candidate)
        wire: Part = {"content": {"parts": [{"text": ""}], "role": "model"}, "finishReason": word_of(finish)}
        wire["index"] = candidate
        own = own_members(finish.extras, PROTOCOL) if finish is not None else {}
        grounding = self._grounding(candidate)
        if grounding is not None:
            wire["groundingMetadata"] = grounding
        logprobs = encode_logprobs(self._logprobs.get(candidate, []))
        if logprobs is not None and "logprobsResult" not in own:
            wire["logprobsResult"] = logprobs
        return {**wire, **own}

    def _grounding(self, candidate: int) -> dict[str, object] | None:
        """What the candidate's texts cite, which Gemini says behind them."""
        texts = self._texts.get(candidate, [])
        if not any(each.citations for each in texts):
            return None
        blocks = tuple(Text(text="".join(each.words), citations=tuple(each.citations)) for each in texts)
        return encode_grounding(*cited_text(blocks), self.losses, f"candidates[{candidate}].content")


def _audio(opened: _Block, block: Audio) -> Audio:
    source = block.source
    if opened.audio:
        media_type = source.media_type if isinstance(source, InlineData) else "audio/wav"
        source = InlineData(media_type=media_type, base64="".join(opened.audio))
    return msgspec.structs.replace(block, source=source, transcript="".join(opened.transcript) or block.transcript)
