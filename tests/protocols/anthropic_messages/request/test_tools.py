from __future__ import annotations

from typing import Any

import pytest
from tests.protocols.anthropic_messages.making import FOREIGN, OWN, encode, foreign, pairs, raw
from tests.specs_schema import anthropic

from plexus.canonical.content import CacheMark, Extras
from plexus.canonical.request import CustomTool, FunctionTool, ServerTool, Tool, ToolChoice

PLAIN = FunctionTool(name="f", description="d", parameters=raw({"type": "object", "properties": {}}))
OTHER = FunctionTool(name="g", parameters=raw({"type": "object"}))


@pytest.mark.parametrize(
    ("tool", "wire"),
    [
        (PLAIN, {"name": "f", "description": "d", "input_schema": {"type": "object", "properties": {}}}),
        (FunctionTool(name="f"), {"name": "f", "input_schema": {"type": "object", "properties": {}}}),
        (
            FunctionTool(name="f", parameters=raw({"properties": {"a": {}}}), strict=False),
            {"name": "f", "input_schema": {"type": "object", "properties": {"a": {}}}},
        ),
        (
            FunctionTool(name="f", parameters=raw({"type": "object"}), strict=True, cache=CacheMark()),
            {
                "name": "f",
                "input_schema": {"type": "object"},
                "strict": True,
                "cache_control": {"type": "ephemeral"},
            },
        ),
        (
            ServerTool(
                origin=OWN, kind="web_search_20250305", raw=raw({"type": "web_search_20250305", "name": "web_search"})
            ),
            {"type": "web_search_20250305", "name": "web_search"},
        ),
    ],
)
def test_tools(tool: Tool, wire: dict[str, Any]) -> None:
    body, losses = encode(foreign(tools=(tool,)))
    anthropic("MessageCreateParams").validate(body)
    assert body["tools"] == [wire]
    assert not losses


@pytest.mark.parametrize(
    ("tool", "expected"),
    [
        (ServerTool(origin=FOREIGN, kind="web_search", raw=raw({})), {("tools[0]", "unsupported")}),
        (CustomTool(name="c", description="d"), {("tools[0]", "approximated")}),
        (
            CustomTool(name="c", format=raw({"type": "grammar"})),
            {("tools[0]", "approximated"), ("tools[0].format", "unsupported")},
        ),
        (FunctionTool(name="f", extras=Extras(FOREIGN, {"x": raw(1)})), {("tools[0].x", "foreign")}),
    ],
)
def test_what_tools_lose(tool: Tool, expected: set[tuple[str, str]]) -> None:
    body, losses = encode(foreign(tools=(tool,)))
    anthropic("MessageCreateParams").validate(body)
    assert pairs(losses) == expected


def test_strictness_needs_a_model_that_knows_it() -> None:
    body, losses = encode(foreign(tools=(FunctionTool(name="f", strict=True),), model="claude-3-5-haiku-latest"))
    assert "strict" not in body["tools"][0]
    assert pairs(losses) == {("tools[0].strict", "unsupported")}


@pytest.mark.parametrize(
    ("choice", "parallel", "wire"),
    [
        (None, None, None),
        (None, True, None),
        (None, False, {"type": "auto", "disable_parallel_tool_use": True}),
        (ToolChoice(mode="auto"), True, {"type": "auto"}),
        (ToolChoice(mode="required"), False, {"type": "any", "disable_parallel_tool_use": True}),
        (ToolChoice(mode="none"), False, {"type": "none"}),
        (ToolChoice(mode="named", names=("f",)), None, {"type": "tool", "name": "f"}),
    ],
)
def test_choices(choice: ToolChoice | None, parallel: bool | None, wire: object) -> None:
    body, losses = encode(foreign(tools=(PLAIN,), tool_choice=choice, parallel_tool_calls=parallel))
    anthropic("MessageCreateParams").validate(body)
    assert body.get("tool_choice") == wire
    assert not losses


@pytest.mark.parametrize(("mode", "word"), [("auto", "auto"), ("required", "any")])
def test_a_choice_among_some_leaves_the_others_out(mode: Any, word: str) -> None:
    choice = ToolChoice(mode="allowed", names=("g",), allowed_mode=mode)
    body, losses = encode(foreign(tools=(PLAIN, OTHER), tool_choice=choice))
    assert [tool["name"] for tool in body["tools"]] == ["g"]
    assert body["tool_choice"] == {"type": word}
    assert pairs(losses) == {("tool_choice.allowed_tools", "approximated")}


def test_a_choice_without_tools_is_not_sent() -> None:
    for choice, expected in (
        (ToolChoice(mode="auto"), set()),
        (ToolChoice(mode="required"), {("tool_choice", "unsupported")}),
    ):
        body, losses = encode(foreign(tool_choice=choice, parallel_tool_calls=False))
        assert "tool_choice" not in body
        assert pairs(losses) == expected
