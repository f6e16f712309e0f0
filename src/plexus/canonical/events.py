"""The same reply in pieces. Decoders of flat protocols make up starts and ends, so encoders never guess.

The grammar: ``ReplyStart``, then per block ``BlockStart (deltas)* BlockEnd``, ``FinishSeen`` per candidate, ``UsageSeen``
anywhere (the last one counts, it is never summed), ``ReplyEnd`` once at a proper end. ``Failure`` ends everything. Blocks
of one candidate may overlap only where the provider interleaves them (parallel tool calls of Chat).
"""

from __future__ import annotations

from typing import TypeAlias

import msgspec

from plexus.canonical.content import (
    Audio,
    Block,
    Citation,
    Extras,
    InlineData,
    Reasoning,
    ReasoningState,
    Refusal,
    Text,
    ToolCall,
)
from plexus.canonical.errors import GatewayError
from plexus.canonical.response import Candidate, Finish, GenerateResponse
from plexus.canonical.usage import Usage


class ReplyStart(msgspec.Struct, frozen=True, kw_only=True):
    """The reply has begun. ``usage`` is what is known already (Anthropic says the input here)."""

    id: str
    model: str
    created: int | None = None
    usage: Usage | None = None
    service_tier: str | None = None
    extras: Extras | None = None


class BlockStart(msgspec.Struct, frozen=True):
    """A block opens. ``block`` is its empty or partial first form; deltas append to it."""

    index: int
    block: Block
    candidate: int = 0


class TextDelta(msgspec.Struct, frozen=True):
    """More text for a Text, Refusal or Reasoning block."""

    index: int
    text: str
    candidate: int = 0


class ArgumentsDelta(msgspec.Struct, frozen=True):
    """More of a tool call's argument text."""

    index: int
    text: str
    candidate: int = 0


class StateDelta(msgspec.Struct, frozen=True):
    """The sealed state of a block. It replaces an earlier one."""

    index: int
    state: ReasoningState
    candidate: int = 0


class CitationDelta(msgspec.Struct, frozen=True):
    """One more citation of a text block."""

    index: int
    citation: Citation
    candidate: int = 0


class AudioDelta(msgspec.Struct, frozen=True, kw_only=True):
    """More sound (base64) or more of its transcript."""

    index: int
    base64: str = ""
    transcript: str = ""
    id: str | None = None
    expires_at: int | None = None
    candidate: int = 0


class PartBreak(msgspec.Struct, frozen=True):
    """The next reasoning text starts a new part (Responses' several summaries)."""

    index: int
    candidate: int = 0


class BlockEnd(msgspec.Struct, frozen=True):
    """A block is complete. ``block`` replaces what was folded, where the provider repeats the whole block."""

    index: int
    candidate: int = 0
    block: Block | None = None


class LogprobsSeen(msgspec.Struct, frozen=True):
    """Log probabilities of the tokens just sent, as the vendor's raw object."""

    logprobs: msgspec.Raw
    candidate: int = 0


class UsageSeen(msgspec.Struct, frozen=True):
    """Token counts so far. The last one counts."""

    usage: Usage


class FinishSeen(msgspec.Struct, frozen=True):
    """A candidate ended, and why."""

    finish: Finish
    candidate: int = 0


class ReplyEnd(msgspec.Struct, frozen=True):
    """The proper end of the whole reply. What ends without it was cut."""

    service_tier: str | None = None
    extras: Extras | None = None


class Failure(msgspec.Struct, frozen=True):
    """The reply failed; nothing follows."""

    error: GatewayError


class OpaqueEvent(msgspec.Struct, frozen=True, kw_only=True):
    """An event that only its own protocol understands, whole."""

    origin: str
    kind: str
    raw: msgspec.Raw


StreamEvent: TypeAlias = (
    ReplyStart
    | BlockStart
    | TextDelta
    | ArgumentsDelta
    | StateDelta
    | CitationDelta
    | AudioDelta
    | PartBreak
    | BlockEnd
    | LogprobsSeen
    | UsageSeen
    | FinishSeen
    | ReplyEnd
    | Failure
    | OpaqueEvent
)


class _OpenBlock:
    """A block while its deltas come in."""

    __slots__ = (
        "arguments",
        "audio",
        "block",
        "citations",
        "expires_at",
        "id",
        "parts",
        "state",
        "texts",
        "transcript",
    )

    def __init__(self, block: Block) -> None:
        self.block = block
        self.texts: list[str] = []
        self.parts: list[str] = []
        self.arguments: list[str] = []
        self.citations: list[Citation] = []
        self.audio: list[str] = []
        self.transcript: list[str] = []
        self.state: ReasoningState | None = None
        self.id: str | None = None
        self.expires_at: int | None = None

    def close(self) -> Block:
        block, text = self.block, "".join(self.texts)
        match block:
            case Text():
                return msgspec.structs.replace(
                    block,
                    text=block.text + text,
                    citations=(*block.citations, *self.citations),
                    state=self.state or block.state,
                )
            case Refusal():
                return msgspec.structs.replace(block, text=block.text + text)
            case Reasoning():
                parts = (*self.parts, text) if self.parts else block.parts
                whole = block.text + "".join(self.parts) + text
                return msgspec.structs.replace(block, text=whole, parts=parts, state=self.state or block.state)
            case ToolCall():
                return msgspec.structs.replace(
                    block, arguments=block.arguments + "".join(self.arguments), state=self.state or block.state
                )
            case Audio():
                return self._close_audio(block)
            case _:
                return block

    def _close_audio(self, block: Audio) -> Audio:
        source = block.source
        if self.audio:
            media_type = source.media_type if isinstance(source, InlineData) else "audio/wav"
            source = InlineData(media_type=media_type, base64="".join(self.audio))
        return msgspec.structs.replace(
            block,
            source=source,
            id=self.id or block.id,
            transcript=(block.transcript or "") + "".join(self.transcript) or None,
            expires_at=self.expires_at or block.expires_at,
        )


class Fold:
    """Collects events into the reply that they spell. ``response()`` may be asked at any time."""

    def __init__(self, origin: str) -> None:
        self.origin = origin
        self.start: ReplyStart | None = None
        self.usage: Usage | None = None
        self.ended: ReplyEnd | None = None
        self.failure: GatewayError | None = None
        self._blocks: dict[tuple[int, int], _OpenBlock | Block] = {}
        self._finishes: dict[int, Finish] = {}
        self._logprobs: dict[int, list[msgspec.Raw]] = {}

    def add(self, event: StreamEvent) -> None:  # noqa: PLR0912, C901 - one arm per kind of event
        """Take one event. Raises KeyError for a delta of a block that was never opened."""
        match event:
            case TextDelta(index, text, candidate):
                self._open(candidate, index).texts.append(text)
            case ArgumentsDelta(index, text, candidate):
                self._open(candidate, index).arguments.append(text)
            case BlockStart(index, block, candidate):
                self._blocks[candidate, index] = _OpenBlock(block)
            case BlockEnd(index, candidate, block):
                self._blocks[candidate, index] = block or self._open(candidate, index).close()
            case StateDelta(index, state, candidate):
                self._open(candidate, index).state = state
            case CitationDelta(index, citation, candidate):
                self._open(candidate, index).citations.append(citation)
            case PartBreak(index, candidate):
                opened = self._open(candidate, index)
                opened.parts.append("".join(opened.texts))
                opened.texts.clear()
            case AudioDelta():
                opened = self._open(event.candidate, event.index)
                opened.audio.append(event.base64)
                opened.transcript.append(event.transcript)
                opened.id = event.id or opened.id
                opened.expires_at = event.expires_at or opened.expires_at
            case ReplyStart():
                self.start = event
                self.usage = event.usage or self.usage
            case UsageSeen(counts):
                self.usage = counts
            case FinishSeen(finish, candidate):
                self._finishes[candidate] = finish
            case LogprobsSeen(logprobs, candidate):
                self._logprobs.setdefault(candidate, []).append(logprobs)
            case ReplyEnd():
                self.ended = event
            case Failure(error):
                self.failure = error
            case OpaqueEvent():
                pass

    def _open(self, candidate: int, index: int) -> _OpenBlock:
        opened = self._blocks[candidate, index]
        if not isinstance(opened, _OpenBlock):
            raise KeyError(f"block {index} of candidate {candidate} is closed")
        return opened

    def response(self) -> GenerateResponse:
        """The reply as far as it has come, open blocks included."""
        start = self.start or ReplyStart(id="", model="")
        indices = sorted({candidate for candidate, _ in self._blocks} | set(self._finishes) | {0})
        extras = start.extras
        if self.ended is not None and self.ended.extras is not None:
            last = self.ended.extras
            members = {**(extras.members if extras else {}), **last.members}
            extras = Extras(last.origin, members, {**(extras.twins if extras else {}), **last.twins})
        return GenerateResponse(
            origin=self.origin,
            id=start.id,
            model=start.model,
            created=start.created,
            candidates=tuple(self._candidate(index) for index in indices),
            usage=self.usage,
            service_tier=(self.ended.service_tier if self.ended else None) or start.service_tier,
            extras=extras,
        )

    def _candidate(self, index: int) -> Candidate:
        blocks = [
            block.close() if isinstance(block, _OpenBlock) else block
            for (candidate, _), block in sorted(self._blocks.items(), key=lambda item: item[0])
            if candidate == index
        ]
        return Candidate(
            index=index,
            blocks=tuple(blocks),
            finish=self._finishes.get(index),
            logprobs=_join_logprobs(self._logprobs.get(index, [])),
        )


def _join_logprobs(pieces: list[msgspec.Raw]) -> msgspec.Raw | None:
    """Chat sends ``{"content": [...], "refusal": [...]}`` per chunk; the whole is the lists joined."""
    if not pieces:
        return None
    joined: dict[str, list[msgspec.Raw] | None] = {}
    for piece in pieces:
        try:
            lists = msgspec.json.decode(piece, type=dict[str, list[msgspec.Raw] | None])
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            continue  # another server's own form
        for name, values in lists.items():
            if values is None:
                joined.setdefault(name, None)
            else:
                joined[name] = [*(joined.get(name) or []), *values]
    return msgspec.Raw(msgspec.json.encode(joined))


def fold(events: list[StreamEvent], origin: str) -> GenerateResponse:
    """The reply that ``events`` spell; raises the failure where one is among them."""
    folded = Fold(origin)
    for event in events:
        folded.add(event)
    if folded.failure is not None:
        raise folded.failure
    return folded.response()
