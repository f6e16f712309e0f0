"""Every member and every kind of block of the vendor's schema: what goes in comes out again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from tests.protocols.anthropic_messages.making import (
    CLAUDE,
    DIALECT,
    bare,
    body_of,
    decode,
    encode,
    foreign,
    frames,
    joined,
    read_stream,
    sse,
    write_stream,
)
from tests.specs_schema import anthropic, document

from plexus.canonical.events import BlockEnd, BlockStart
from plexus.protocols.anthropic_messages import CODEC

DEFINITIONS: dict[str, Any] = document("anthropic-messages.schema")["$defs"]
PARAMS = DEFINITIONS["MessageCreateParamsNonStreaming"]["properties"]


def samples(schema: dict[str, Any], depth: int = 0) -> Iterator[Any]:
    """A value for each alternative of the schema, with all its members; nulls are left out."""
    if "$ref" in schema:
        yield from samples(DEFINITIONS[schema["$ref"].rpartition("/")[2]], depth)
    elif "const" in schema:
        yield schema["const"]
    elif "enum" in schema:
        yield from schema["enum"][: 1 if depth > 1 else None]
    elif "anyOf" in schema or "oneOf" in schema:
        for alternative in schema.get("anyOf") or schema["oneOf"]:
            yield from samples(alternative, depth)
    elif schema.get("type") == "array":
        yield from ([item] for item in samples(schema.get("items", {}), depth))
    elif schema.get("type") == "object" and "properties" in schema:
        yield from _objects(schema, depth)
    elif schema.get("type") != "null":
        yield {"string": "x", "integer": 3, "number": 0.5, "boolean": True}.get(str(schema.get("type")), {"a": 1})


def _objects(schema: dict[str, Any], depth: int) -> Iterator[dict[str, Any]]:
    """One object with all members, then one for each further alternative of each member."""
    choices = {name: list(samples(member, depth + 1)) for name, member in schema["properties"].items() if depth < 7}
    full = {name: values[0] for name, values in choices.items() if values}
    yield full
    for name, values in choices.items():
        yield from ({**full, name: value} for value in values[1:])


def kind_of(value: object) -> str:
    return str(value["type"]) if isinstance(value, dict) and "type" in value else str(value)[:40]


MEMBERS = [
    pytest.param(name, value, id=f"{name}-{index}")
    for name, schema in PARAMS.items()
    if name not in ("messages", "model", "max_tokens", "stream")
    for index, value in enumerate(samples(schema, 1))
]
BLOCKS = [
    pytest.param(block, id=f"{kind_of(block)}-{index}")
    for index, (block,) in enumerate(samples(DEFINITIONS["UserMessageParam"]["properties"]["content"]["anyOf"][1]))
]
REPLIES = [
    pytest.param(block, id=f"{kind_of(block)}-{index}")
    for index, (block,) in enumerate(samples(DEFINITIONS["Message"]["properties"]["content"]))
]


def test_the_schema_was_found() -> None:
    assert {param.values[0] for param in MEMBERS} > {"system", "thinking", "tools", "container", "speed"}
    kinds = {kind_of(param.values[0]) for param in BLOCKS}
    assert kinds > {"text", "image", "document", "tool_use", "tool_result", "search_result", "web_fetch_tool_result"}
    assert {kind_of(param.values[0]) for param in REPLIES} > {"thinking", "redacted_thinking", "server_tool_use"}


@pytest.mark.parametrize(("name", "value"), MEMBERS)
def test_every_member_of_a_request_returns(name: str, value: Any) -> None:
    body = {**body_of(), name: value}
    anthropic("MessageCreateParams").validate(body)
    written, losses = encode(decode(body))
    if name == "tools":
        for tool in written["tools"] + body["tools"]:
            if tool.get("type") == "custom":
                del tool["type"]  # what a tool without a type is
    assert bare(written) == bare(body)
    assert not losses


def unfold(value: Any) -> Any:
    """A document's content given as a string, written as the one block that it stands for."""
    if isinstance(value, dict):
        if value.get("type") == "content" and isinstance(value.get("content"), str):
            return {**value, "content": [{"type": "text", "text": value["content"]}]}
        return {name: unfold(member) for name, member in value.items()}
    return [unfold(item) for item in value] if isinstance(value, list) else value


@pytest.mark.parametrize("block", BLOCKS)
def test_every_block_of_a_request_returns(block: dict[str, Any]) -> None:
    for role in ("user", "assistant"):
        body = body_of(block, role=role)
        written, losses = encode(decode(body))
        assert bare(unfold(written)) == bare(unfold(body))
        assert not losses


@pytest.mark.parametrize("block", REPLIES)
def test_every_block_of_a_reply_returns(block: dict[str, Any]) -> None:
    message = {
        "id": "m",
        "type": "message",
        "role": "assistant",
        "model": CLAUDE,
        "content": [block],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": 1, "output_tokens": 1},
    }
    anthropic("Message").validate(message)
    written, losses = CODEC.encode_response(CODEC.decode_response(json.dumps(message).encode(), DIALECT), foreign())
    assert bare(json.loads(written)) == bare(message)
    assert not losses


@pytest.mark.parametrize("block", REPLIES)
def test_every_block_of_a_stream_returns(block: dict[str, Any]) -> None:
    """A block that stands whole in its start, as server tools' results do."""
    start = {"type": "content_block_start", "index": 0, "content_block": block}
    stream = sse(
        {"type": "message_start", "message": {"id": "m", "model": CLAUDE, "content": [], "usage": {"input_tokens": 1}}},
        start,
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 2}},
        {"type": "message_stop"},
    )
    events = read_stream(stream)
    assert [type(event) for event in events if isinstance(event, BlockStart | BlockEnd)] == [BlockStart, BlockEnd]
    written, losses = write_stream(events)
    message = joined(frames(written))
    assert bare(message["content"]) == bare([block])
    assert not losses
