"""Events -> a client's stream of Chat chunks, as OpenAI writes it.

The first chunk of each choice says the role, each choice finishes once, usage comes in a chunk of its own with empty
choices and only where the client asked, then ``[DONE]``.
"""

from __future__ import annotations

from typing import Any

import msgspec

from plexus.canonical.content import Citation, Text
from plexus.canonical.events import (
    ArgumentsDelta,
    AudioDelta,
    BlockEnd,
    BlockStart,
    CitationDelta,
    Failure,
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
from plexus.canonical.usage import Usage
from plexus.protocols.openai_chat.errors import encode_stream_error
from plexus.protocols.openai_chat.finish import encode_finish
from plexus.protocols.openai_chat.members import foreign_names, own_members, read_as
from plexus.protocols.openai_chat.response import TIERS, asks_with_functions, write_usage
from plexus.protocols.openai_chat.stream.choice import LOGPROBS
from plexus.protocols.openai_chat.stream.written import WrittenBlock, WrittenChoice
from plexus.protocols.openai_chat.usage import WireUsage

_ENCODE = msgspec.json.Encoder().encode
DONE_FRAME = b"data: [DONE]\n\n"


class ChatStreamEncoder:
    """Events in, whole SSE frames out. ``losses`` grows as the stream goes."""

    __slots__ = ("_blocks", "_choices", "_head", "_legacy", "_model", "_tail", "_usage", "_wants_usage", "losses")

    def __init__(self, request: GenerateRequest) -> None:
        self.losses = Losses()
        self._model = request.model
        self._legacy = asks_with_functions(request)
        self._wants_usage = request.stream_usage
        self._usage: Usage | None = None
        self._choices: dict[int, WrittenChoice] = {}
        self._blocks: dict[tuple[int, int], WrittenBlock] = {}
        """The open blocks, by candidate and index."""
        self._head = b""
        self._tail = b""

    def encode(self, event: StreamEvent) -> bytes:
        """The frames of one event; b"" where Chat says nothing."""
        kind = type(event)
        if kind is TextDelta or kind is ArgumentsDelta:
            assert isinstance(event, TextDelta | ArgumentsDelta)
            block = self._blocks.get((event.candidate, event.index))
            if block is None or not event.text:
                return b""
            return block.more(event.text)
        return self._rare(event)

    def _rare(self, event: StreamEvent) -> bytes:
        match event:
            case BlockStart(index, block, candidate):
                choice = self._choice(candidate)
                written = self._blocks[candidate, index] = WrittenBlock(choice, block)
                return choice.take_role() + written.start(f"content[{index}]")
            case StateDelta(index, state, candidate) if (candidate, index) in self._blocks:
                self._blocks[candidate, index].state = state
                return b""
            case CitationDelta(index, citation, candidate) if (candidate, index) in self._blocks:
                return self._cite(self._blocks[candidate, index], (citation,))
            case AudioDelta() if (event.candidate, event.index) in self._blocks:
                return self._blocks[event.candidate, event.index].sound(event)
            case BlockEnd(index, candidate, block) if (candidate, index) in self._blocks:
                written = self._blocks.pop((candidate, index))
                more = self._cite(written, block.citations[written.cited :]) if isinstance(block, Text) else b""
                return more + written.end(block)
            case _:
                return self._of_the_reply(event)

    def _of_the_reply(self, event: StreamEvent) -> bytes:
        match event:
            case ReplyStart():
                return self._begin(event)
            case UsageSeen(usage):
                self._usage = usage
            case FinishSeen(finish, candidate):
                choice = self._choice(candidate)
                return choice.take_role() + choice.finish(
                    encode_finish(finish, called=choice.called, legacy=self._legacy)
                )
            case LogprobsSeen(logprobs, candidate):
                choice = self._choice(candidate)
                if read_as(logprobs, LOGPROBS) is not None:
                    return choice.take_role() + choice.logprobs(logprobs)
                self.losses.add("logprobs", "unsupported")
            case ReplyEnd():
                return self._end(event)
            case Failure(error):
                return encode_stream_error(error)
            case OpaqueEvent(kind=kind):
                self.losses.add(kind, "unsupported")
            case _:
                pass
        return b""

    def _begin(self, start: ReplyStart) -> bytes:
        self._usage = start.usage
        for name in foreign_names(start.extras):
            self.losses.add(name, "foreign")
        members: dict[str, Any] = {
            "id": start.id,
            "object": "chat.completion.chunk",
            "created": start.created or 0,
            "model": start.model or self._model,
        }
        if start.service_tier in TIERS:
            members["service_tier"] = start.service_tier
        own = own_members(start.extras)
        if "system_fingerprint" in own:
            members["system_fingerprint"] = own["system_fingerprint"]
        self._head = _ENCODE(members)[:-1] + b',"choices":['
        self._tail = b'],"usage":null}\n\n' if self._wants_usage else b"]}\n\n"
        first = self._choice(0)
        rest = {name: raw for name, raw in own.items() if name not in members}
        return first.take_role(_ENCODE(rest)[1:-1] if rest else b"")

    def _choice(self, candidate: int) -> WrittenChoice:
        choice = self._choices.get(candidate)
        if choice is None:
            choice = WrittenChoice(candidate, self._head, self._tail, self.losses, legacy=self._legacy)
            self._choices[candidate] = choice
        return choice

    def _cite(self, block: WrittenBlock, citations: tuple[Citation, ...]) -> bytes:
        return b"".join(block.cite(citation) for citation in citations)

    def _end(self, end: ReplyEnd) -> bytes:
        """What is still open is closed; then the usage, where the client asked; then ``[DONE]``."""
        frames = [written.end(None) for written in self._blocks.values()]
        self._blocks.clear()
        frames += [
            choice.finish(encode_finish(None, called=choice.called, legacy=self._legacy))
            for choice in self._choices.values()
        ]
        if self._wants_usage and self._usage is not None:
            chat = self._usage.raw is not None and _is_chat(self._usage.raw)
            usage = _ENCODE(write_usage(self._usage, native=chat))
            own = own_members(end.extras)
            rest = b"," + _ENCODE(own)[1:-1] if own else b""
            frames.append(b"data: " + self._head + b'],"usage":' + usage + rest + b"}\n\n")
        return b"".join(frames) + DONE_FRAME


def _is_chat(raw: msgspec.Raw) -> bool:
    """Whether a usage object is one of Chat's, so that it can go out as it is."""
    wire = read_as(raw, WireUsage)
    return wire is not None and None not in (wire.prompt_tokens, wire.completion_tokens, wire.total_tokens)
