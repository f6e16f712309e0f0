from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from tests.protocols.anthropic_messages.making import FOREIGN, OWN, pairs, raw

from plexus.canonical.content import (
    Audio,
    Block,
    Citation,
    Extras,
    Image,
    InlineData,
    Opaque,
    Reasoning,
    ReasoningState,
    Refusal,
    Text,
    ToolCall,
)
from plexus.canonical.losses import Losses
from plexus.protocols.anthropic_messages.content import decode_blocks
from plexus.protocols.anthropic_messages.reply import write_reply_blocks

SEALED = ReasoningState(OWN, "plx1.abc")


def write(*blocks: Block, native: bool = False) -> tuple[list[Any], Losses]:
    losses = Losses()
    written = write_reply_blocks(blocks, losses, native=native)
    return json.loads(msgspec.json.encode(written)), losses


@pytest.mark.parametrize(
    ("block", "wire"),
    [
        (Text(text="a"), [{"type": "text", "text": "a"}]),
        (Text(text=""), []),
        (Reasoning(), []),
        (Refusal(text="no"), [{"type": "text", "text": "no"}]),
        (Reasoning(text="hm"), [{"type": "thinking", "thinking": "hm", "signature": ""}]),
        (Reasoning(text="ab", parts=("a", "b")), [{"type": "thinking", "thinking": "a\n\nb", "signature": ""}]),
        (Reasoning(text="hm", state=SEALED), [{"type": "thinking", "thinking": "hm", "signature": "plx1.abc"}]),
        (Reasoning(redacted=True, state=SEALED), [{"type": "redacted_thinking", "data": "plx1.abc"}]),
        (
            ToolCall(id="call:1", name="f", arguments='{"a": 1}'),
            [{"type": "tool_use", "id": "call:1", "name": "f", "input": {"a": 1}}],
        ),
        (
            Opaque(origin=OWN, kind="server_tool_use", raw=raw({"type": "server_tool_use"})),
            [{"type": "server_tool_use"}],
        ),
        (
            Text(text="a", citations=(Citation(origin=FOREIGN, kind="url_citation", url="https://e.org"),)),
            [
                {
                    "type": "text",
                    "text": "a",
                    "citations": [
                        {
                            "type": "web_search_result_location",
                            "cited_text": "",
                            "encrypted_index": "",
                            "title": None,
                            "url": "https://e.org",
                        }
                    ],
                }
            ],
        ),
    ],
)
def test_what_clients_see(block: Block, wire: list[Any]) -> None:
    written, losses = write(block)
    assert written == wire
    assert not losses


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        (Image(source=InlineData("image/png", "AA==")), {("content[0]", "unsupported")}),
        (Audio(source=InlineData("audio/wav", "AA==")), {("content[0]", "unsupported")}),
        (Audio(transcript="said"), {("content[0]", "approximated")}),
        (Reasoning(redacted=True), {("content[0]", "unsupported")}),
        (Opaque(origin=FOREIGN, kind="x", raw=raw({})), {("content[0]", "unsupported")}),
        (ToolCall(id="t", name="f", arguments="{broken"), {("content[0].arguments", "approximated")}),
        (Text(text="a", extras=Extras(FOREIGN, {"x": raw(1)})), {("content[0].x", "foreign")}),
        (
            Text(text="a", citations=(Citation(origin=FOREIGN, kind="file_citation"),)),
            {("content[0].citations", "unsupported")},
        ),
        (
            Reasoning(text="hm", state=ReasoningState("gemini", "unsealed")),
            {("content[0].signature", "other_provider")},
        ),
    ],
)
def test_what_clients_cannot_see(block: Block, expected: set[tuple[str, str]]) -> None:
    assert pairs(write(block)[1]) == expected


def test_empty_text_of_messages_itself_stays() -> None:
    assert write(Text(text=""), native=True)[0] == [{"type": "text", "text": ""}]


@pytest.mark.parametrize(
    "block", [Text(text="a", state=SEALED), ToolCall(id="t", name="f", arguments="{}", state=SEALED)]
)
def test_state_on_other_blocks_makes_the_round_trip(block: Block) -> None:
    written, losses = write(block)
    assert written[1] == {"type": "redacted_thinking", "data": "prev:plx1.abc"}
    assert not losses
    assert decode_blocks([raw(wire) for wire in written], "content") == (block,)
