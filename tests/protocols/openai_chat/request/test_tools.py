from __future__ import annotations

from typing import Any

import pytest
from tests.protocols.openai_chat.making import asking, decode, encode, raw

from plexus.canonical.content import CacheMark
from plexus.canonical.losses import Loss
from plexus.canonical.request import CustomTool, FunctionTool, ServerTool, ToolChoice
from plexus.protocols.openai_chat import ChatDialect

USER = {"role": "user", "content": "Hi"}
F = {
    "type": "function",
    "function": {"name": "f", "description": "d", "parameters": {"type": "object"}, "strict": True},
}
GRAMMAR = {"type": "grammar", "grammar": {"syntax": "lark", "definition": "start: x"}}
C = {"type": "custom", "custom": {"name": "c", "description": "d", "format": GRAMMAR}}
SERVER = {"type": "openrouter:web_search", "parameters": {"max_uses": 1}}
FUNCTION = FunctionTool(name="f", parameters=raw({"type": "object"}))


@pytest.mark.parametrize(
    "choice",
    [
        "auto",
        "none",
        "required",
        "any",
        {"type": "function", "function": {"name": "f"}},
        {"type": "custom", "custom": {"name": "c"}},
        {
            "type": "allowed_tools",
            "allowed_tools": {
                "mode": "required",
                "tools": [{"type": "function", "function": {"name": "f"}}, {"type": "custom", "custom": {"name": "c"}}],
            },
        },
        {"type": "mcp", "server_label": "x"},
    ],
)
def test_tools_and_choices_come_out_as_they_went_in(choice: Any) -> None:
    body = {"messages": [USER], "tools": [F, C, SERVER], "tool_choice": choice}
    written, losses = encode(decode(body))
    assert written == {"model": "m", **body}
    assert losses == []


def test_what_they_are() -> None:
    request = decode({"messages": [USER], "tools": [F, C, SERVER], "tool_choice": "required"})
    assert [type(tool) for tool in request.tools] == [FunctionTool, CustomTool, ServerTool]
    assert request.tool_choice == ToolChoice(mode="required")


def test_unknown_members_of_a_tool_stay() -> None:
    tool = {"type": "function", "function": {"name": "f", "odd": 1}, "defer": True}
    assert encode(decode({"messages": [USER], "tools": [tool]}))[0]["tools"] == [tool]


@pytest.mark.parametrize("choice", ["auto", "none", {"name": "f"}])
def test_the_older_functions(choice: Any) -> None:
    body = {"messages": [USER], "functions": [{"name": "f", "parameters": {}}], "function_call": choice}
    assert encode(decode(body))[0] == {"model": "m", **body}


def test_server_tools_of_others_are_a_loss() -> None:
    tool = ServerTool(origin="anthropic_messages", kind="web_search_20250305", raw=raw({}))
    written, losses = encode(asking(tools=(tool, FUNCTION), tool_choice=ToolChoice(mode="auto")))
    assert [one["function"]["name"] for one in written["tools"]] == ["f"]
    assert losses == [Loss("tools[0]", "unsupported")]


def test_a_choice_without_tools_is_not_written() -> None:
    tool = ServerTool(origin="anthropic_messages", kind="web_search_20250305", raw=raw({}))
    written, losses = encode(asking(tools=(tool,), tool_choice=ToolChoice(mode="required"), parallel_tool_calls=False))
    assert {"tools", "tool_choice", "parallel_tool_calls"}.isdisjoint(written)
    assert Loss("tool_choice", "unsupported") in losses


def test_dialects() -> None:
    tool = FunctionTool(name="f", strict=True, cache=CacheMark("1h"))
    written, losses = encode(asking(tools=(tool,)), ChatDialect(supports_strict=False))
    assert written["tools"] == [{"type": "function", "function": {"name": "f"}}]
    assert losses == [Loss("tools[0].strict", "refused"), Loss("tools[0].cache", "unsupported")]
    written, losses = encode(asking(tools=(tool,)), ChatDialect(supports_cache_marks=True))
    assert written["tools"][0]["cache_control"] == {"type": "ephemeral", "ttl": "1h"}
    assert losses == []
