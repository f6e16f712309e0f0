"""Small makers of values for the tests of Chat."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import msgspec

from plexus.canonical.content import Block
from plexus.canonical.errors import GatewayError
from plexus.canonical.events import Failure, StreamEvent
from plexus.canonical.losses import Losses
from plexus.canonical.request import GenerateRequest, Message
from plexus.canonical.response import Candidate, Finish, FinishReason, GenerateResponse
from plexus.protocols import envelope
from plexus.protocols.codec import Inbound
from plexus.protocols.openai_chat import CODEC, ChatDialect

DIALECT = CODEC.default_dialect


def raw(value: object) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode(value))


def decode(body: dict[str, Any]) -> GenerateRequest:
    """A client's body, read."""
    return CODEC.decode_request(Inbound(envelope.read(json.dumps({"model": "m", **body}).encode())))


def asking(*messages: Message, origin: str = "anthropic_messages", **members: Any) -> GenerateRequest:
    return GenerateRequest(origin=origin, model="m", messages=messages, **members)


def turn(role: Any, *content: Block, **members: Any) -> Message:
    return Message(role=role, content=content, **members)


def encode(request: GenerateRequest, dialect: ChatDialect = DIALECT) -> tuple[dict[str, Any], Losses]:
    """The provider's body and the losses."""
    outbound, losses = CODEC.encode_request(request, dialect)
    return json.loads(outbound.body), losses


def replying(*blocks: Block, origin: str = "anthropic_messages", **members: Any) -> GenerateResponse:
    finish = members.pop("finish", Finish(reason=FinishReason.STOP))
    candidate = Candidate(blocks=blocks, finish=finish)
    return GenerateResponse(origin=origin, id="msg_1", model="claude", candidates=(candidate,), **members)


def answer(response: GenerateResponse, request: GenerateRequest | None = None) -> tuple[dict[str, Any], Losses]:
    """The client's body and the losses."""
    body, losses = CODEC.encode_response(response, request or asking())
    return json.loads(body), losses


def sse(*chunks: dict[str, Any] | str) -> bytes:
    """Frames of chunks; a string stands as it is."""
    return b"".join(
        b"data: " + (chunk.encode() if isinstance(chunk, str) else json.dumps(chunk).encode()) + b"\n\n"
        for chunk in chunks
    )


def delta(finish: str | None = None, index: int = 0, **members: Any) -> dict[str, Any]:
    """One chunk with one choice."""
    choice = {"index": index, "delta": members, "finish_reason": finish}
    return {"id": "c1", "object": "chat.completion.chunk", "created": 5, "model": "m", "choices": [choice]}


def events_of(data: bytes, cuts: Iterable[int] = (), dialect: ChatDialect = DIALECT) -> list[StreamEvent]:
    """The events of a whole stream, fed in the pieces between ``cuts``."""
    decoder = CODEC.stream_decoder(dialect)
    events: list[StreamEvent] = []
    at = 0
    for cut in sorted(cuts):
        events += decoder.feed(data[at:cut])
        at = max(at, cut)
    return [*events, *decoder.feed(data[at:]), *decoder.finish()]


def comparable(events: list[StreamEvent]) -> list[object]:
    """Events, with failures as texts: exceptions are equal only to themselves."""
    return [repr(event.error) if isinstance(event, Failure) else event for event in events]


def failure_of(events: list[StreamEvent]) -> GatewayError | None:
    last = events[-1] if events else None
    return last.error if isinstance(last, Failure) else None


def stream(events: list[StreamEvent], request: GenerateRequest | None = None) -> bytes:
    """The client's bytes for ``events``."""
    encoder = CODEC.stream_encoder(request or asking(stream=True))
    return b"".join(encoder.encode(event) for event in events)


def chunks_of(data: bytes) -> list[Any]:
    """The JSON of each frame; the terminator stays a string."""
    frames = [frame.removeprefix(b"data: ") for frame in data.split(b"\n\n") if frame]
    return [frame.decode() if frame == b"[DONE]" else json.loads(frame) for frame in frames]


def bare(value: Any) -> Any:
    """A JSON value without nulls and empty lists, which mean the same as nothing."""
    if isinstance(value, dict):
        return {name: bare(one) for name, one in value.items() if one is not None and one != []}
    return [bare(one) for one in value] if isinstance(value, list) else value
