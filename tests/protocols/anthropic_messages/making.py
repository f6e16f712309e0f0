"""Small makers for the tests of this codec."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import msgspec

from plexus.canonical.content import Block, Text
from plexus.canonical.events import StreamEvent
from plexus.canonical.losses import Losses
from plexus.canonical.request import GenerateRequest, Message, Role
from plexus.protocols import envelope
from plexus.protocols.anthropic_messages import CODEC, MessagesDialect
from plexus.protocols.codec import Inbound

OWN = "anthropic_messages"
FOREIGN = "openai_chat"
DIALECT = MessagesDialect()
CLAUDE = "claude-sonnet-4-5"


def raw(value: object) -> msgspec.Raw:
    return msgspec.Raw(json.dumps(value).encode())


def decode(body: dict[str, Any]) -> GenerateRequest:
    return CODEC.decode_request(Inbound(envelope.read(json.dumps(body).encode())))


def body_of(*content: dict[str, Any], role: str = "user", **members: Any) -> dict[str, Any]:
    """A Messages body of one turn."""
    members.setdefault("messages", [{"role": role, "content": list(content) or "Hi"}])
    return {"model": CLAUDE, "max_tokens": 100, **members}


def turn(role: Role, *blocks: Block | str, **members: Any) -> Message:
    content = tuple(Text(text=block) if isinstance(block, str) else block for block in blocks)
    return Message(role=role, content=content, **members)


def foreign(*messages: Message, **members: Any) -> GenerateRequest:
    """A request of another protocol."""
    members.setdefault("model", CLAUDE)
    return GenerateRequest(origin=FOREIGN, messages=messages or (turn("user", "Hi"),), **members)


def encode(request: GenerateRequest, dialect: MessagesDialect = DIALECT) -> tuple[dict[str, Any], Losses]:
    outbound, losses = CODEC.encode_request(request, dialect)
    return json.loads(outbound.body), losses


def pairs(losses: Losses) -> set[tuple[str, str]]:
    return {(loss.path, loss.reason) for loss in losses}


def bare(value: object) -> object:
    """The value without what means the same absent: nulls, empty lists, ``stream: false``."""
    if isinstance(value, dict):
        return {
            name: bare(member)
            for name, member in value.items()
            if member is not None and member != [] and not (name == "stream" and member is False)
        }
    return [bare(item) for item in value] if isinstance(value, list) else value


def sse(*events: dict[str, Any]) -> bytes:
    return b"".join(b"event: %s\ndata: %s\n\n" % (e["type"].encode(), json.dumps(e).encode()) for e in events)


def read_stream(data: bytes) -> list[StreamEvent]:
    decoder = CODEC.stream_decoder(DIALECT)
    return decoder.feed(data) + decoder.finish()


def write_stream(events: Iterable[StreamEvent]) -> tuple[bytes, Losses]:
    encoder = CODEC.stream_encoder(foreign())
    return b"".join(encoder.encode(event) for event in events), encoder.losses


def frames(stream: bytes) -> list[dict[str, Any]]:
    """The data of a stream's frames; each carries its type as the event's name."""
    found = []
    for block in stream.decode().split("\n\n")[:-1]:
        name, data = block.split("\n")
        frame: dict[str, Any] = json.loads(data.removeprefix("data: "))
        assert name == f"event: {frame['type']}"
        found.append(frame)
    return found


def joined(frames_: list[dict[str, Any]]) -> dict[str, Any]:
    """What a client's library makes of a stream: the whole Message (anthropic-sdk-python, ``accumulate_event``)."""
    message: dict[str, Any] = {}
    for frame in frames_:
        match frame["type"]:
            case "message_start" if not message:
                message = json.loads(json.dumps(frame["message"]))
            case "content_block_start":
                message["content"].append(dict(frame["content_block"]))
            case "content_block_delta":
                _grow(message["content"][frame["index"]], frame["delta"])
            case "content_block_stop":
                block = message["content"][frame["index"]]
                if "partial" in block:
                    block["input"] = json.loads(block.pop("partial"))
            case "message_delta":
                message.update(frame["delta"])
                message.update({k: v for k, v in frame.items() if k not in ("type", "delta", "usage")})
                message["usage"].update({k: v for k, v in frame["usage"].items() if v is not None})
            case "message_stop":
                break
    return message


def _grow(block: dict[str, Any], delta: dict[str, Any]) -> None:
    match delta["type"]:
        case "text_delta":
            block["text"] += delta["text"]
        case "thinking_delta":
            block["thinking"] += delta["thinking"]
        case "signature_delta":
            block["signature"] = delta["signature"]
        case "citations_delta":
            block["citations"] = [*(block.get("citations") or []), delta["citation"]]
        case "input_json_delta":
            if delta["partial_json"]:
                block["partial"] = block.get("partial", "") + delta["partial_json"]
        case _:
            block.update({k: v for k, v in delta.items() if k != "type"})
