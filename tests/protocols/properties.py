"""Properties that every codec must have, over recordings."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable
from typing import Any

import msgspec
from tests.recordings import Recording

from plexus.canonical.content import Block, Reasoning, Refusal, Text, ToolCall
from plexus.canonical.events import Failure, StreamEvent, fold
from plexus.canonical.response import GenerateResponse
from plexus.protocols import envelope
from plexus.protocols.codec import Codec, Inbound, ProviderCodec

AnyCodec = Codec[Any, Any, Any]
AnyProviderCodec = ProviderCodec[Any, Any, Any]


def inbound(document: dict[str, Any]) -> Inbound:
    return Inbound(envelope.read(json.dumps(document).encode()))


def without_nothing(value: Any) -> Any:
    """A document without nulls and empty lists, which say nothing in these protocols."""
    if isinstance(value, dict):
        return {name: without_nothing(item) for name, item in value.items() if item is not None and item != []}
    if isinstance(value, list):
        return [without_nothing(item) for item in value]
    return value


def request_again(codec: AnyCodec, document: dict[str, Any], dialect: Any) -> tuple[Any, list[Any]]:
    """What comes out when a request is read and written again, and the losses."""
    outbound, losses = codec.encode_request(codec.decode_request(inbound(document)), dialect)
    return json.loads(outbound.body), list(losses)


def decode_stream(codec: AnyProviderCodec, chunks: Iterable[bytes]) -> list[StreamEvent]:
    decoder = codec.stream_decoder(codec.default_dialect)
    events = [event for chunk in chunks for event in decoder.feed(chunk)]
    return events + decoder.finish()


def plain(events: list[StreamEvent]) -> bytes:
    """Events as comparable bytes (raw JSON and errors have no equality of their own)."""
    return msgspec.json.encode(
        [[type(event).__name__, repr(event.error) if isinstance(event, Failure) else event] for event in events]
    )


def cuts(data: bytes, places: Iterable[int]) -> list[bytes]:
    edges = [0, *sorted({min(place, len(data)) for place in places}), len(data)]
    return [data[start:end] for start, end in itertools.pairwise(edges)]


def encode_stream(codec: AnyCodec, events: list[StreamEvent], request: Any) -> bytes:
    encoder = codec.stream_encoder(request)
    return b"".join(encoder.encode(event) for event in events)


def meaning(response: GenerateResponse, *, reasoning: bool = True) -> list[Any]:
    """What must survive a translation: text, thoughts, calls with parsed arguments, the class of the finish, counts."""
    candidate = response.candidates[0]
    said: list[Any] = []
    for block in candidate.blocks:
        piece = _piece(block, reasoning=reasoning)
        if piece is None:
            continue
        if said and said[-1][0] == piece[0] != "call":
            said[-1] = (piece[0], said[-1][1] + piece[1])
        else:
            said.append(piece)
    thoughts = "".join(text for kind, text, *_ in said if kind == "thought")
    texts = "".join(text for kind, text, *_ in said if kind == "text")
    calls = [piece for piece in said if piece[0] == "call"]
    usage = response.usage
    counts = (usage.input, usage.cached_input, usage.output) if usage is not None else None
    return [thoughts, texts, calls, candidate.finish.reason if candidate.finish else None, counts]


def _piece(block: Block, *, reasoning: bool) -> tuple[Any, ...] | None:
    match block:
        case Text(text=text) | Refusal(text=text) if text:
            return ("text", text)
        case Reasoning(text=text) if text and reasoning:
            return ("thought", text)
        case ToolCall():
            return ("call", block.name, _arguments(block.arguments))
        case _:
            return None


def _arguments(text: str) -> Any:
    try:
        return json.loads(text or "{}")
    except json.JSONDecodeError:
        return text


def reply_of(codec: AnyProviderCodec, recording: Recording) -> GenerateResponse:
    """The recorded reply, JSON or stream."""
    if recording.stream is not None:
        return fold(decode_stream(codec, [recording.stream]), codec.protocol)
    assert recording.body is not None
    response: GenerateResponse = codec.decode_response(recording.body, codec.default_dialect)
    return response
