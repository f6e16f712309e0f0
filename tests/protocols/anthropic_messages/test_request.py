"""Every member of a request, in every form that the reference allows, and the forms that it does not."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.protocols.making import MESSAGES_BODY, asked, refused, sent, value
from tests.protocols.properties import inbound

from plexus.canonical.content import CacheMark, Text, ToolResult
from plexus.canonical.errors import ClientError
from plexus.canonical.request import FunctionTool, ReasoningSettings, ServerTool, ToolChoice
from plexus.protocols.anthropic_messages import CODEC

SCHEMA = {"type": "object", "properties": {"x": {"type": "integer"}}}


def decoded(**members: Any) -> Any:
    return asked(CODEC, {**MESSAGES_BODY, **members})


@pytest.mark.parametrize(
    ("member", "written", "field", "expected"),
    [
        ("max_tokens", 1, "max_output_tokens", 1),
        ("temperature", 1, "temperature", 1.0),
        ("top_p", 0.25, "top_p", 0.25),
        ("top_k", 5, "top_k", 5),
        ("stop_sequences", ["a", "b"], "stop", ("a", "b")),
        ("stop_sequences", [], "stop", ()),
        ("stream", True, "stream", True),
        ("service_tier", "standard_only", "service_tier", "standard_only"),
        ("metadata", {"user_id": "u"}, "user", "u"),
        ("metadata", {}, "user", None),
        ("cache_control", {"type": "ephemeral", "ttl": "1h"}, "cache", CacheMark("1h")),
        ("system", "be brief", "system", (Text(text="be brief"),)),
        ("system", [{"type": "text", "text": "a"}], "system", (Text(text="a"),)),
    ],
)
def test_a_setting_is_read_and_written_back(member: str, written: Any, field: str, expected: Any) -> None:
    request = decoded(**{member: written})
    assert getattr(request, field) == expected
    body, losses = sent(CODEC, request)
    assert body.get(member, []) == written
    assert losses == []


def test_the_model_may_stand_in_the_path() -> None:
    request = asked(CODEC, {key: item for key, item in MESSAGES_BODY.items() if key != "model"})
    assert request.model == ""
    assert "model" not in sent(CODEC, request)[0]


@pytest.mark.parametrize(
    ("choice", "expected", "parallel"),
    [
        ({"type": "auto"}, ToolChoice(mode="auto"), None),
        ({"type": "any"}, ToolChoice(mode="required"), None),
        ({"type": "none"}, ToolChoice(mode="none"), None),
        ({"type": "tool", "name": "f"}, ToolChoice(mode="named", names=("f",)), None),
        ({"type": "auto", "disable_parallel_tool_use": True}, ToolChoice(mode="auto"), False),
        ({"type": "any", "disable_parallel_tool_use": False}, ToolChoice(mode="required"), True),
        (None, None, None),
    ],
)
def test_a_choice_of_tools(choice: Any, expected: ToolChoice | None, parallel: bool | None) -> None:
    request = decoded(tools=[{"name": "f", "input_schema": SCHEMA}], tool_choice=choice)
    assert (request.tool_choice, request.parallel_tool_calls) == (expected, parallel)
    assert sent(CODEC, request)[0].get("tool_choice") == choice


def test_tools_of_every_kind() -> None:
    documents: list[dict[str, Any]] = [
        {
            "name": "f",
            "description": "d",
            "input_schema": SCHEMA,
            "strict": True,
            "cache_control": {"type": "ephemeral"},
        },
        {"type": "custom", "name": "g", "input_schema": SCHEMA, "input_examples": [{"x": 1}], "defer_loading": True},
        {"type": "web_search_20250305", "name": "web_search", "max_uses": 3},
        {"type": "mcp_toolset", "mcp_server_name": "s"},
        {"type": "odd", "name": None},
    ]
    function, custom, search, toolset, odd = decoded(tools=documents).tools
    assert isinstance(function, FunctionTool)
    assert (function.name, function.description, function.strict, function.cache) == ("f", "d", True, CacheMark())
    assert isinstance(custom, FunctionTool)
    assert custom.extras is not None
    assert set(custom.extras.members) == {"input_examples", "defer_loading"}
    assert isinstance(search, ServerTool)
    assert (search.kind, search.name) == ("web_search_20250305", "web_search")
    assert isinstance(toolset, ServerTool)
    assert (toolset.kind, toolset.name) == ("mcp_toolset", None)
    assert isinstance(odd, ServerTool)
    assert odd.name is None
    assert sent(CODEC, decoded(tools=documents))[0]["tools"] == documents


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({}, None),
        ({"thinking": {"type": "disabled"}}, ReasoningSettings(mode="disabled")),
        (
            {"thinking": {"type": "enabled", "budget_tokens": 2000}},
            ReasoningSettings(mode="enabled", budget_tokens=2000),
        ),
        (
            {"thinking": {"type": "adaptive", "display": "omitted"}, "output_config": {"effort": "max"}},
            ReasoningSettings(mode="adaptive", effort="max", summary="omitted"),
        ),
        ({"output_config": {"effort": "low"}}, ReasoningSettings(effort="low")),
        ({"output_config": {}}, None),
    ],
)
def test_how_much_to_think(members: dict[str, Any], expected: ReasoningSettings | None) -> None:
    request = decoded(**members)
    assert request.reasoning == expected
    body, _ = sent(CODEC, request)
    assert {name: body.get(name) for name in members} == members


@pytest.mark.parametrize(
    "members",
    [
        {"output_config": {"format": {"type": "json_schema", "schema": SCHEMA}}},
        {"output_format": {"type": "json_schema", "schema": SCHEMA}},
    ],
    ids=["output_config", "beta"],
)
def test_an_answer_by_schema(members: dict[str, Any]) -> None:
    request = decoded(**members)
    assert request.output.kind == "json_schema"
    assert value(request.output.schema) == SCHEMA
    assert {name: sent(CODEC, request)[0][name] for name in members} == members


def test_members_of_later_versions_come_back() -> None:
    more = {"mcp_servers": [{"type": "url", "url": "u"}], "container": "c", "context_management": {"edits": []}}
    request = decoded(**more, metadata={"user_id": "u", "team": "t"})
    body, _ = sent(CODEC, request)
    assert {name: body[name] for name in more} == more
    assert body["metadata"] == {"user_id": "u", "team": "t"}


@pytest.mark.parametrize("role", ["user", "assistant", "system"])
def test_roles(role: str) -> None:
    (message,) = decoded(messages=[{"role": role, "content": "x"}]).messages
    assert (message.role, message.plain, message.content) == (role, True, (Text(text="x"),))


def test_a_tools_answer_stays_where_it_stood() -> None:
    blocks: list[dict[str, Any]] = [
        {"type": "tool_result", "tool_use_id": "t", "content": "1", "is_error": True},
        {"type": "tool_result", "tool_use_id": "u"},
        {"type": "text", "text": "go on"},
    ]
    request = decoded(messages=[{"role": "user", "content": blocks}])
    first, second, _ = request.messages[0].content
    assert isinstance(first, ToolResult)
    assert (first.call_id, first.is_error, first.plain) == ("t", True, True)
    assert isinstance(second, ToolResult)
    assert second.content == ()
    assert sent(CODEC, request)[0]["messages"][0]["content"] == blocks


def turn(*content: Any) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": list(content)}]}


@pytest.mark.parametrize(
    ("members", "param"),
    [
        ({"messages": None}, "messages"),
        ({"messages": []}, "messages"),
        ({"messages": "hi"}, "messages"),
        ({"messages": [5]}, "messages[0]"),
        ({"messages": [{"content": "x"}]}, "messages[0].role"),
        ({"messages": [{"role": "tool", "content": "x"}]}, "messages[0].role"),
        ({"messages": [{"role": "user", "content": 5}]}, "messages[0].content"),
        (turn("x"), "messages[0].content[0]"),
        (turn({}), "messages[0].content[0].type"),
        (turn({"type": "text"}), "messages[0].content[0].text"),
        (turn({"type": "text", "text": "a", "citations": [5]}), "messages[0].content[0].citations[0]"),
        (turn({"type": "image"}), "messages[0].content[0].source"),
        (turn({"type": "image", "source": {"type": "ftp"}}), "messages[0].content[0].source.type"),
        (
            turn({"type": "image", "source": {"type": "base64", "data": "x"}}),
            "messages[0].content[0].source.media_type",
        ),
        (turn({"type": "document", "source": {"type": "file"}}), "messages[0].content[0].source.file_id"),
        (turn({"type": "tool_result"}), "messages[0].content[0].tool_use_id"),
        (turn({"type": "tool_use", "name": "f"}), "messages[0].content[0].id"),
        (turn({"type": "redacted_thinking"}), "messages[0].content[0].data"),
        ({"model": 5}, "model"),
        ({"max_tokens": "9"}, "max_tokens"),
        ({"max_tokens": 1.5}, "max_tokens"),
        ({"stream": 1}, "stream"),
        ({"stop_sequences": "x"}, "stop_sequences"),
        ({"system": 5}, "system"),
        ({"system": [5]}, "system[0]"),
        ({"metadata": 5}, "metadata"),
        ({"metadata": {"user_id": 5}}, "metadata.user_id"),
        ({"cache_control": 5}, "cache_control"),
        ({"thinking": "on"}, "thinking"),
        ({"thinking": {}}, "thinking.type"),
        ({"thinking": {"type": "deep"}}, "thinking.type"),
        ({"thinking": {"type": "enabled", "budget_tokens": "x"}}, "thinking.budget_tokens"),
        ({"output_config": {"effort": 5}}, "output_config.effort"),
        ({"output_config": {"format": 5}}, "output_config.format"),
        ({"tools": {}}, "tools"),
        ({"tools": [{}]}, "tools[0].name"),
        ({"tools": [{"type": "web_search_20250305", "name": 5}]}, "tools[0].name"),
        ({"tool_choice": "auto"}, "tool_choice"),
        ({"tool_choice": {}}, "tool_choice.type"),
        ({"tool_choice": {"type": "some"}}, "tool_choice.type"),
        ({"tool_choice": {"type": "tool"}}, "tool_choice.name"),
    ],
    ids=str,
)
def test_what_the_protocol_does_not_allow_is_refused_by_its_name(members: dict[str, Any], param: str) -> None:
    error = refused(CODEC, {**MESSAGES_BODY, **members})
    assert error.param == param
    assert error.message.startswith(param)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["type", "name", "source", "x"]), inner)
    ),
    max_leaves=4,
)
MEMBERS = st.sampled_from(
    ["tools", "tool_choice", "thinking", "output_config", "output_format", "system", "metadata", "cache_control", "messages",
     "stop_sequences", "max_tokens"]
)  # fmt: skip


@given(st.dictionaries(MEMBERS, JSON, max_size=3))
@settings(max_examples=150, deadline=None)
def test_any_json_is_read_or_refused_by_our_own_error(members: dict[str, Any]) -> None:
    error: ClientError | None = None
    try:
        CODEC.decode_request(inbound({**MESSAGES_BODY, **members}))
    except ClientError as refusal:
        error = refusal
    assert error is None or error.param
