from __future__ import annotations

import json
from typing import Any

import pytest
from tests.protocols.anthropic_messages.making import OWN, raw

from plexus.canonical.content import (
    BlockSource,
    CacheMark,
    Document,
    FileId,
    Image,
    InlineData,
    Opaque,
    PlainText,
    Reasoning,
    ReasoningState,
    Text,
    ToolCall,
    ToolResult,
    Url,
)
from plexus.protocols.anthropic_messages.content import decode_block, decode_blocks
from plexus.protocols.anthropic_messages.members import Misfit

SIGNED = ReasoningState(OWN, "sig+/=")


@pytest.mark.parametrize(
    ("wire", "block"),
    [
        ({"type": "text", "text": "a"}, Text(text="a")),
        (
            {"type": "text", "text": "a", "cache_control": {"type": "ephemeral", "ttl": "1h"}},
            Text(text="a", cache=CacheMark("1h")),
        ),
        ({"type": "thinking", "thinking": "hm", "signature": "sig+/="}, Reasoning(text="hm", state=SIGNED)),
        ({"type": "thinking", "thinking": "hm", "signature": ""}, Reasoning(text="hm")),
        ({"type": "redacted_thinking", "data": "sig+/="}, Reasoning(redacted=True, state=SIGNED)),
        ({"type": "tool_use", "id": "t", "name": "f", "input": {}}, ToolCall(id="t", name="f", arguments="{}")),
        ({"type": "tool_result", "tool_use_id": "t"}, ToolResult(call_id="t", content=())),
        (
            {"type": "tool_result", "tool_use_id": "t", "content": "ok", "is_error": True},
            ToolResult(call_id="t", content=(Text(text="ok"),), plain=True, is_error=True),
        ),
        (
            {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AA=="}},
            Image(source=InlineData("image/png", "AA==")),
        ),
        ({"type": "image", "source": {"type": "url", "url": "https://e.org/a"}}, Image(source=Url("https://e.org/a"))),
        ({"type": "image", "source": {"type": "file", "file_id": "f1"}}, Image(source=FileId(OWN, "f1"))),
        (
            {
                "type": "document",
                "source": {"type": "text", "media_type": "text/plain", "data": "x"},
                "title": "T",
                "context": "C",
                "citations": {"enabled": True},
            },
            Document(source=PlainText("x"), name="T", context="C", citations=True),
        ),
        (
            {"type": "document", "source": {"type": "content", "content": [{"type": "text", "text": "x"}]}},
            Document(source=BlockSource((Text(text="x"),))),
        ),
        (
            {"type": "document", "source": {"type": "content", "content": "x"}},
            Document(source=BlockSource((Text(text="x"),))),
        ),
    ],
)
def test_known_blocks(wire: dict[str, Any], block: object) -> None:
    assert decode_block(raw(wire), "p") == block


@pytest.mark.parametrize(
    "wire",
    [
        {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {"query": "x"}},
        {"type": "search_result", "source": "s", "title": "t", "content": []},
        {"type": "image", "source": {"type": "hologram"}},
        {"type": "image", "source": {"type": "text", "media_type": "text/plain", "data": "x"}},
        {"type": "image"},
        {"type": "image", "source": {"type": "url", "url": "https://e.org", "headers": {}}},
        {"type": "document", "source": {"type": "text", "media_type": "text/html", "data": "x"}},
    ],
)
def test_what_we_have_no_form_for_is_kept_whole(wire: dict[str, Any]) -> None:
    block = decode_block(raw(wire), "p")
    assert isinstance(block, Opaque)
    assert block.kind == wire["type"]
    assert json.loads(bytes(block.raw)) == wire


def test_unknown_members_are_extras() -> None:
    block = decode_block(
        raw({"type": "tool_use", "id": "t", "name": "f", "input": {}, "caller": {"type": "direct"}}), "p"
    )
    assert isinstance(block, ToolCall)
    assert block.extras is not None
    assert json.loads(bytes(block.extras.members["caller"])) == {"type": "direct"}


def test_a_citing_text_knows_its_place_in_the_reply() -> None:
    cited = {"type": "web_search_result_location", "url": "https://e.org", "cited_text": "", "encrypted_index": "i"}
    blocks = decode_blocks(
        [raw({"type": "text", "text": "äb"}), raw({"type": "text", "text": "cde", "citations": [cited]})], "content"
    )
    text = blocks[1]
    assert isinstance(text, Text)
    assert [(c.start, c.end) for c in text.citations] == [(2, 5)]


def test_carried_state_returns_to_the_block_before_it() -> None:
    blocks = decode_blocks(
        [
            raw({"type": "tool_use", "id": "t", "name": "f", "input": {}}),
            raw({"type": "redacted_thinking", "data": "prev:plx1.abc"}),
            raw({"type": "text", "text": "x"}),
        ],
        "content",
    )
    assert blocks == (
        ToolCall(id="t", name="f", arguments="{}", state=ReasoningState(OWN, "plx1.abc")),
        Text(text="x"),
    )


@pytest.mark.parametrize(
    ("wire", "path"),
    [
        ({"text": "x"}, "p.type"),
        ({"type": "text"}, "p.text"),
        ({"type": "text", "text": 1}, "p.text"),
        ({"type": "tool_use", "name": "f", "input": {}}, "p.id"),
        ({"type": "tool_result", "content": "x"}, "p.tool_use_id"),
        ({"type": "tool_result", "tool_use_id": "t", "content": [{"type": "text"}]}, "p.content.0.text"),
        ([], "p"),
    ],
)
def test_what_is_no_block_is_refused_with_its_place(wire: object, path: str) -> None:
    with pytest.raises(Misfit) as wrong:
        decode_block(raw(wire), "p")
    assert wrong.value.path == path
