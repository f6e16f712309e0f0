from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from tests.gateway import CHAT, MESSAGES, gateway

from plexus.canonical.content import Block, Opaque, Text, ToolResult
from plexus.canonical.losses import Losses
from plexus.canonical.request import GenerateRequest, Message
from plexus.exchange.stand_ins import put_stand_ins

KNOWN = Opaque(origin=MESSAGES, kind="tool_reference", raw=msgspec.Raw(b"{}"), stand_in="The tool x is available.")
WORDLESS = Opaque(origin=MESSAGES, kind="server_tool_use", raw=msgspec.Raw(b"{}"))


def request(*blocks: Block) -> GenerateRequest:
    return GenerateRequest(origin=MESSAGES, model="m", messages=(Message(role="user", content=blocks),))


def test_a_block_with_words_becomes_them_wherever_it_stands() -> None:
    losses = Losses()
    asked = request(Text(text="a"), ToolResult(call_id="c", content=(Text(text="b"), KNOWN)), KNOWN)
    (message,) = put_stand_ins(asked, CHAT, losses).messages
    words = Text(text="The tool x is available.")
    assert message.content == (Text(text="a"), ToolResult(call_id="c", content=(Text(text="b"), words)), words)
    assert [(loss.path, loss.reason) for loss in losses] == [
        ("messages[0].content[1].content[1]", "approximated"),
        ("messages[0].content[2]", "approximated"),
    ]


@pytest.mark.parametrize(("block", "protocol"), [(KNOWN, MESSAGES), (WORDLESS, CHAT), (Text(text="a"), CHAT)])
def test_everything_else_is_the_very_same(block: Block, protocol: str) -> None:
    losses = Losses()
    asked = request(block, ToolResult(call_id="c", content=(block,)))
    assert put_stand_ins(asked, protocol, losses) is asked
    assert losses == []


TURNS: list[dict[str, Any]] = [
    {"role": "user", "content": "Find me a tool."},
    {"role": "assistant", "content": [{"type": "tool_use", "id": "toolu_1", "name": "search", "input": {}}]},
    {
        "role": "user",
        "content": [
            {
                "type": "tool_result",
                "tool_use_id": "toolu_1",
                "content": [{"type": "tool_reference", "tool_name": "read"}],
            }
        ],
    },
]
SCHEMA = {"type": "object", "properties": {}}


@pytest.mark.parametrize("upstream", [CHAT, MESSAGES])
async def test_a_tool_search_goes_on_over_any_provider(upstream: str) -> None:
    """claude-code sends what its tool search found in this way."""
    async with gateway(upstream) as bench:
        tools = [{"name": name, "input_schema": SCHEMA} for name in ("search", "read")]
        reply = await bench.ask(MESSAGES, messages=TURNS, tools=tools)
        assert reply.status_code == 200
        sent = json.dumps(bench.providers[0].calls[0].json)
        assert ("tool_reference" in sent) == (upstream == MESSAGES)
        assert ("The tool read is available." in sent) == (upstream == CHAT)
