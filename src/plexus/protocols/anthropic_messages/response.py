"""Replies as one JSON body, both ways."""

from __future__ import annotations

import msgspec

from plexus.canonical.content import Audio, Block, Opaque, Reasoning, Refusal, Text, ToolCall
from plexus.canonical.errors import ClientError, ErrorKind, ProviderError
from plexus.canonical.losses import Losses
from plexus.canonical.request import GenerateRequest
from plexus.canonical.response import Candidate, Finish, FinishReason, GenerateResponse
from plexus.canonical.usage import Usage
from plexus.protocols.anthropic_messages.content import (
    PROTOCOL,
    decode_content,
    encode_call,
    encode_call_state,
    encode_text,
    encode_thinking,
    own_extras,
)
from plexus.protocols.anthropic_messages.dialect import MessagesDialect
from plexus.protocols.anthropic_messages.encode_request import tool_id
from plexus.protocols.anthropic_messages.errors import decode_stream_error
from plexus.protocols.anthropic_messages.usage import decode_usage, encode_usage
from plexus.protocols.members import Members, Object, own_members
from plexus.protocols.unreadable import UNREADABLE, as_utf8

F = FinishReason
FINISHES: dict[str, FinishReason] = {
    "end_turn": F.STOP,
    "max_tokens": F.LENGTH,
    "stop_sequence": F.STOP_SEQUENCE,
    "tool_use": F.TOOL_CALLS,
    "pause_turn": F.PAUSE,
    "refusal": F.REFUSAL,
    "model_context_window_exceeded": F.CONTEXT_LENGTH,
}
WORDS: dict[FinishReason, str] = {
    F.STOP: "end_turn",
    F.STOP_SEQUENCE: "stop_sequence",
    F.LENGTH: "max_tokens",
    F.CONTEXT_LENGTH: "model_context_window_exceeded",
    F.TOOL_CALLS: "tool_use",
    F.CONTENT_FILTER: "refusal",
    F.REFUSAL: "refusal",
    F.PAUSE: "pause_turn",
    F.OTHER: "end_turn",
}


def finish_of(word: str, stop_sequence: str | None = None) -> Finish:
    """The canonical finish for a stop_reason."""
    return Finish(reason=FINISHES.get(word, F.OTHER), origin=PROTOCOL, raw=word, stop_sequence=stop_sequence)


def word_of(finish: Finish | None, *, refused: bool = False) -> str:
    """The stop_reason for a finish. ``refused``: the reply holds a refusal in words."""
    if finish is None:
        return "refusal" if refused else "end_turn"
    if finish.origin == PROTOCOL and finish.raw:
        return finish.raw
    return "refusal" if refused and finish.reason is F.STOP else WORDS[finish.reason]


# --- reading


def decode_response(body: bytes, dialect: MessagesDialect) -> GenerateResponse:
    """A provider's reply. Raises ProviderError for an error inside a 200, and for what is no reply."""
    del dialect
    try:
        reply = Members(msgspec.json.decode(as_utf8(body), type=Object))
        error = reply.peek("error")
        if error is not None and bytes(error) != b"null":
            raise decode_stream_error(body)
        if reply.peek("content") is None:
            raise malformed("The provider's reply has no content.")
        raw_usage = reply.take_raw("usage")
        blocks, _ = decode_content(reply)
        word, sequence = reply.take("stop_reason", str), reply.take("stop_sequence", str)
        for name in ("type", "role"):
            reply.raw.pop(name, None)
        return GenerateResponse(
            origin=PROTOCOL,
            id=reply.take("id", str) or "",
            model=reply.take("model", str) or "",
            candidates=(Candidate(blocks=blocks, finish=finish_of(word, sequence) if word else None),),
            usage=decode_usage(raw_usage) if raw_usage is not None else None,
            extras=reply.rest(PROTOCOL),
        )
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
    candidate = response.candidates[0] if response.candidates else Candidate()
    for extra in response.candidates[1:]:
        losses.add(f"choices[{extra.index}]", "unsupported")
    if candidate.logprobs is not None:
        losses.add("logprobs", "unsupported")
    content: list[object] = []
    for index, each in enumerate(candidate.blocks):
        state = encode_call_state(each) if isinstance(each, ToolCall) else None
        if isinstance(each, ToolCall) and each.state is not None and state is None:
            losses.add(f"content[{index}].signature", "unsupported")
        block = encode_block(each, f"content[{index}]", losses)
        content += [part for part in (state, block) if part is not None]
    refused = any(isinstance(block, Refusal) for block in candidate.blocks)
    own = own_members(response.extras, PROTOCOL)
    if response.extras is not None and not own:
        for name in response.extras.members:
            losses.add(name, "foreign")
    body = {
        "id": response.id,
        "type": "message",
        "role": "assistant",
        "model": response.model,
        "content": content,
        "stop_reason": word_of(candidate.finish, refused=refused),
        "stop_sequence": candidate.finish.stop_sequence if candidate.finish is not None else None,
        "usage": wire_usage(response.usage, own=response.origin == PROTOCOL),
        **own,
    }
    return msgspec.json.encode(body), losses


def wire_usage(counts: Usage | None, *, own: bool) -> object:
    """The ``usage`` object; the provider's own where it spoke Messages."""
    if counts is not None and own and counts.raw is not None:
        return msgspec.Raw(counts.raw.encode())
    return encode_usage(counts or Usage())


def encode_block(block: Block, path: str, losses: Losses) -> object | None:
    """One block of a reply; None, with a loss, for what Messages has no block for."""
    match block:
        case Text():
            if not block.text and not block.citations:
                return None
            if block.state is not None:
                losses.add(f"{path}.signature", "unsupported")
            if any(citation.origin != PROTOCOL for citation in block.citations):
                losses.add(f"{path}.citations", "unsupported")
            wire = encode_text(block)
        case Refusal(text=text):
            wire = {"type": "text", "text": text}
        case Reasoning():
            wire = encode_thinking(block)
        case ToolCall():
            wire = encode_call(block, tool_id(block.id))
        case Opaque(origin=origin, raw=raw) if origin == PROTOCOL:
            return raw
        case Audio(transcript=str() as transcript):
            losses.add(path, "approximated")
            wire = {"type": "text", "text": transcript}
        case _:
            losses.add(path, "unsupported")
            return None
    return {**wire, **own_extras(block)}
