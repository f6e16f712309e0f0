"""Short ways into the codec."""

from __future__ import annotations

import json
from typing import Any

from tests.protocols.making import wish

from plexus.canonical.content import Block
from plexus.canonical.errors import ClientError
from plexus.canonical.events import Failure, StreamEvent, fold
from plexus.canonical.request import Message
from plexus.canonical.response import GenerateResponse
from plexus.protocols.bedrock_converse import CODEC
from plexus.protocols.bedrock_converse.dialect import ConverseDialect
from plexus.protocols.eventstream import encode_message

CLAUDE = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
OPUS = "us.anthropic.claude-opus-4-8-v1:0"
NOVA = "us.amazon.nova-lite-v1:0"
LLAMA = "meta.llama3-2-1b-instruct-v1:0"


def sent(
    dialect: ConverseDialect | None = None, *, origin: str = "openai_chat", model: str = CLAUDE, **settings: Any
) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    """A request, written: the body, and the losses as pairs."""
    outbound, losses = CODEC.encode_request(wish(origin, model=model, **settings), dialect or CODEC.default_dialect)
    body: dict[str, Any] = json.loads(outbound.body)
    return body, [(loss.path, loss.reason) for loss in losses]


def refused(**settings: Any) -> ClientError:
    """The 400 for what Converse cannot carry."""
    try:
        sent(**settings)
    except ClientError as refusal:
        return refusal
    raise AssertionError("it was sent")


def turn(*blocks: Block, role: Any = "user") -> Message:
    return Message(role=role, content=blocks)


def event(kind: str, **payload: Any) -> bytes:
    """One message of a stream, as Bedrock pads it."""
    headers = {":event-type": kind, ":content-type": "application/json", ":message-type": "event"}
    return encode_message(headers, json.dumps({**payload, "p": "abcdef"}).encode())


def delta(index: int, **piece: Any) -> bytes:
    return event("contentBlockDelta", contentBlockIndex=index, delta=piece)


def stop(index: int) -> bytes:
    return event("contentBlockStop", contentBlockIndex=index)


START = event("messageStart", role="assistant")
END = event("messageStop", stopReason="end_turn") + event(
    "metadata", usage={"inputTokens": 3, "outputTokens": 5, "totalTokens": 8}, metrics={"latencyMs": 1}
)


def heard(*messages: bytes) -> list[StreamEvent]:
    """What a stream says."""
    decoder = CODEC.stream_decoder(CODEC.default_dialect)
    return [*decoder.feed(b"".join(messages)), *decoder.finish()]


def folded(*messages: bytes) -> GenerateResponse:
    return fold(heard(*messages), CODEC.protocol)


def failure(*messages: bytes) -> Failure:
    last = heard(*messages)[-1]
    assert isinstance(last, Failure)
    return last


def read(**reply: Any) -> GenerateResponse:
    """A JSON reply, read."""
    return CODEC.decode_response(json.dumps(reply).encode(), CODEC.default_dialect)


def answered(*content: Any, **more: Any) -> GenerateResponse:
    """A JSON reply of these blocks."""
    message = {"role": "assistant", "content": list(content)}
    return read(**{"output": {"message": message}, "stopReason": "end_turn", **more})
