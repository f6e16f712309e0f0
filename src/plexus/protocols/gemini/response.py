"""Replies as one JSON body, both ways."""

from __future__ import annotations

import msgspec

from plexus.canonical.content import Audio, Block, Document, Image, Opaque, Reasoning, Refusal, Text, ToolCall, Video
from plexus.canonical.errors import ClientError, ErrorKind, ProviderError
from plexus.canonical.events import StreamEvent, fold
from plexus.canonical.losses import Losses
from plexus.canonical.request import GenerateRequest
from plexus.canonical.response import Candidate, GenerateResponse
from plexus.canonical.usage import Usage
from plexus.protocols.gemini.citations import Cited, encode_grounding
from plexus.protocols.gemini.dialect import GeminiDialect
from plexus.protocols.gemini.finish import word_of
from plexus.protocols.gemini.logprobs import encode_logprobs
from plexus.protocols.gemini.parts import (
    Part,
    encode_args,
    encode_call,
    encode_media,
    encode_text,
    encode_thought,
    own_extras,
    with_extras,
    with_signature,
)
from plexus.protocols.gemini.reader import ASIDE, Reader
from plexus.protocols.gemini.signature import PROTOCOL, encode_signature, is_apart, is_sealed
from plexus.protocols.gemini.usage import encode_usage
from plexus.protocols.gemini.wire import CHUNK, Feedback
from plexus.protocols.members import Object, own_members, present
from plexus.protocols.unreadable import UNREADABLE, as_utf8

# --- reading


def decode_response(body: bytes, dialect: GeminiDialect) -> GenerateResponse:
    """A provider's reply. Raises ProviderError for an error inside a 200, and for what is no reply."""
    del dialect
    body = as_utf8(body)
    try:
        wire = CHUNK.decode(body)
        if wire.candidates is None and wire.prompt_feedback is None and not present(wire.error):
            raise malformed("The provider's reply has no candidates.")
        events: list[StreamEvent] = []
        reader = Reader()
        reader.chunk(body, events)
        if not reader.failed:
            reader.end(events)
        return fold(events, PROTOCOL)
    except (ClientError, *UNREADABLE) as wrong:
        raise malformed(f"The provider's reply cannot be read: {wrong}") from None


def malformed(message: str) -> ProviderError:
    """A 200 that is no reply."""
    return ProviderError(ErrorKind.UPSTREAM_MALFORMED, message, status=200)


# --- writing


def encode_response(response: GenerateResponse, request: GenerateRequest) -> tuple[bytes, Losses]:
    """The client's reply."""
    del request
    losses = Losses()
    own = {name: raw for name, raw in own_members(response.extras, PROTOCOL).items() if "." not in name}
    if response.extras is not None and response.extras.origin != PROTOCOL:
        for name in response.extras.members:
            losses.add(name, "foreign")
    body: Part = {}
    if not blocked_prompt(response.candidates, own):
        body["candidates"] = [encode_candidate(candidate, losses) for candidate in response.candidates]
    body |= {"usageMetadata": wire_usage(response.usage, own=response.origin == PROTOCOL)} if response.usage else {}
    body |= {"modelVersion": response.model, "responseId": response.id, **own}
    return msgspec.json.encode(body), losses


def blocked_prompt(candidates: tuple[Candidate, ...], own: Object) -> bool:
    """Whether a reply of Gemini's own has no candidates, since the prompt was blocked."""
    blocks = [block for candidate in candidates for block in candidate.blocks]
    blocked = any(candidate.finish is not None and candidate.finish.raw in own_reasons(own) for candidate in candidates)
    return blocked and all(ASIDE in own_extras(block) for block in blocks)


def own_reasons(own: Object) -> tuple[str, ...]:
    """The blockReason of a reply's own promptFeedback, if any."""
    raw = own.get("promptFeedback")
    reason = msgspec.json.decode(raw, type=Feedback).block_reason if raw is not None else None
    return () if reason is None else (reason,)


def wire_usage(counts: Usage, *, own: bool) -> object:
    """``usageMetadata``; the provider's own where it spoke Gemini."""
    if own and counts.raw is not None:
        return msgspec.Raw(counts.raw.encode())
    return encode_usage(counts)


def encode_candidate(candidate: Candidate, losses: Losses) -> Part:
    """One candidate."""
    path = f"candidates[{candidate.index}].content"
    parts = encode_blocks(candidate.blocks, path, losses)
    wire: Part = {"content": {"parts": parts, "role": "model"}}
    finish = candidate.finish
    if finish is None or not finish.inferred:
        wire["finishReason"] = word_of(finish)
    wire["index"] = candidate.index
    own = own_members(finish.extras, PROTOCOL) if finish is not None else {}
    grounding = encode_grounding(*cited_text(candidate.blocks), losses, path)
    if grounding is not None:
        wire["groundingMetadata"] = grounding
    if candidate.logprobs is not None and "logprobsResult" not in own:
        logprobs = encode_logprobs([candidate.logprobs])
        if logprobs is not None:
            wire["logprobsResult"] = logprobs
    return {**wire, **own}


def cited_text(blocks: tuple[Block, ...]) -> tuple[list[Cited], str]:
    """What the texts among ``blocks`` cite, and all of them together."""
    cited: list[Cited] = []
    text = ""
    for block in blocks:
        if not isinstance(block, Text | Refusal) or ASIDE in own_extras(block):
            continue
        start = len(text)
        text += block.text
        cited += [Cited(citation, start, len(text)) for citation in getattr(block, "citations", ())]
    return cited, text


def encode_blocks(blocks: tuple[Block, ...], path: str, losses: Losses) -> list[Part]:
    """All parts. The state of a thought goes on to the call behind it, which clients give back: alone where the thought has
    no words, else once more, with them."""
    parts: list[Part] = []
    alone: Reasoning | None = None
    told: Reasoning | None = None
    for index, block in enumerate(blocks):
        if isinstance(block, Reasoning) and (is_moved(block) or is_apart(block)):
            parts += flush(alone)
            alone = block
            continue
        signature = None
        if isinstance(block, ToolCall) and block.state is None:
            signature = call_signature(alone, told)
            if alone is None:
                told = None
            alone = None
        parts += flush(alone)
        alone = None
        if isinstance(block, Reasoning) and is_told(block):
            told = block
        written = encode_block(block, f"{path}.parts[{index}]", losses)
        if written is not None:
            parts.append(with_signature(written, signature))
    return parts + flush(alone)


def is_moved(block: Reasoning) -> bool:
    """Whether a thought is a state of another protocol without words."""
    return not block.text and block.extras is None and block.state is not None and is_sealed(block.state)


def is_told(block: Reasoning) -> bool:
    """Whether a thought has a state of another protocol, and the words that it signs."""
    return bool(block.text) and block.state is not None and is_sealed(block.state)


def call_signature(alone: Reasoning | None, told: Reasoning | None) -> str | None:
    """The signature of a call behind thoughts: one ``alone``, which stands nowhere else, or one that was ``told``."""
    if alone is not None:
        return encode_signature(alone.state, words="")
    return encode_signature(told.state, words=told.text) if told is not None else None


def flush(alone: Reasoning | None) -> list[Part]:
    """A state that no call followed stands alone."""
    return [] if alone is None else [encode_thought(msgspec.structs.replace(alone, redacted=True))]


def encode_block(block: Block, path: str, losses: Losses) -> Part | None:
    """One block of a reply; None, with a loss, for what Gemini has no part for."""
    own = own_extras(block)
    if ASIDE in own:
        return None
    match block:
        case Text(text="", state=None) if not own:
            return None
        case Text() | Refusal():
            part = encode_text(block)
        case Reasoning():
            part = encode_thought(block)
        case ToolCall():
            if block.custom or encode_args(block.arguments) is None:
                losses.add(path, "approximated")
            part = encode_call(block)
        case _:
            other = _encode_other(block, path, losses)
            if other is None:
                return None
            part = other
    return with_extras(part, own)


def _encode_other(block: Block, path: str, losses: Losses) -> Part | None:
    match block:
        case Opaque(origin=origin, raw=raw) if origin == PROTOCOL:
            return dict(msgspec.json.decode(raw, type=Object))
        case Image() | Document() | Audio() | Video() if (medium := encode_media(block)) is not None:
            return medium
        case Audio(transcript=str() as transcript):
            losses.add(path, "approximated")
            return {"text": transcript}
        case _:
            losses.add(path, "unsupported")
            return None
