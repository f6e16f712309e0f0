"""Every member of a request, in every form that the reference allows, and the forms that it does not."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests import specs_schema
from tests.protocols.making import CHAT_BODY, asked, refused, value
from tests.protocols.properties import inbound

from plexus.canonical.content import Text, ToolResult
from plexus.canonical.errors import ClientError
from plexus.canonical.request import CustomTool, FunctionTool, ReasoningSettings, ServerTool, ToolChoice
from plexus.protocols.openai_chat import CODEC

FUNCTION = {"type": "function", "function": {"name": "f"}}


def decoded(**members: Any) -> Any:
    return asked(CODEC, {**CHAT_BODY, **members})


@pytest.mark.parametrize(
    ("member", "written", "field", "expected"),
    [
        ("temperature", 1, "temperature", 1.0),
        ("temperature", 0, "temperature", 0.0),
        ("top_p", 0.5, "top_p", 0.5),
        ("top_k", 40, "top_k", 40),
        ("seed", -3, "seed", -3),
        ("frequency_penalty", -2, "frequency_penalty", -2.0),
        ("presence_penalty", 0.1, "presence_penalty", 0.1),
        ("n", 3, "candidates", 3),
        ("logprobs", True, "logprobs", True),
        ("top_logprobs", 5, "top_logprobs", 5),
        ("stop", "END", "stop", ("END",)),
        ("stop", ["a", "b"], "stop", ("a", "b")),
        ("stop", [], "stop", ()),
        ("max_tokens", 7, "max_output_tokens", 7),
        ("max_completion_tokens", 8, "max_output_tokens", 8),
        ("parallel_tool_calls", False, "parallel_tool_calls", False),
        ("verbosity", "low", "verbosity", "low"),
        ("modalities", ["text", "audio"], "modalities", ("text", "audio")),
        ("service_tier", "flex", "service_tier", "flex"),
        ("user", "u1", "user", "u1"),
        ("safety_identifier", "s1", "safety_identifier", "s1"),
        ("store", True, "store", True),
        ("prompt_cache_key", "k", "prompt_cache_key", "k"),
        ("prompt_cache_retention", "24h", "prompt_cache_retention", "24h"),
        ("stream", True, "stream", True),
    ],
)
def test_a_setting_is_read(member: str, written: Any, field: str, expected: Any) -> None:
    request = decoded(**{member: written})
    assert getattr(request, field) == expected
    assert request.extras is None or member not in request.extras.members


@pytest.mark.parametrize("member", ["logit_bias", "prediction", "metadata", "moderation", "prompt_cache_options"])
def test_objects_that_nobody_takes_apart_stay_whole(member: str) -> None:
    written = {"a": [1, {"b": None}]}
    assert value(getattr(decoded(**{member: written}), member)) == written


def test_null_is_as_good_as_absent() -> None:
    body = specs_schema.document("openai-core.openapi")["components"]["schemas"]["CreateChatCompletionRequest"]
    names = {name for part in body["allOf"] for name in _properties(part)}
    assert {"temperature", "tools", "stop"} <= names
    nulls = dict.fromkeys(names - {"model", "messages"})
    assert decoded(**nulls) == decoded()


def _properties(part: dict[str, Any]) -> set[str]:
    if "$ref" in part:
        name = part["$ref"].rpartition("/")[2]
        part = specs_schema.document("openai-core.openapi")["components"]["schemas"][name]
    return set(part.get("properties", {})) | {name for inner in part.get("allOf", ()) for name in _properties(inner)}


def test_both_bounds_at_once_keep_the_newer_one_and_write_back_the_older() -> None:
    request = decoded(max_tokens=5, max_completion_tokens=6)
    assert request.max_output_tokens == 6
    assert value(request.extras.twins["max_tokens"]) == 5


def test_unknown_members_are_kept_as_they_came() -> None:
    request = decoded(web_search_options={"search_context_size": "low"}, fancy=None)
    assert {name: value(node) for name, node in request.extras.members.items()} == {
        "web_search_options": {"search_context_size": "low"}
    }


@pytest.mark.parametrize(
    ("options", "asked_for", "kept"),
    [
        (None, False, None),
        ({}, False, None),
        ({"include_usage": True}, True, None),
        ({"include_usage": False}, False, None),
        ({"include_usage": True, "include_obfuscation": False}, True, {"include_obfuscation": False}),
    ],
)
def test_stream_options(options: Any, asked_for: bool, kept: Any) -> None:
    request = decoded(stream=True, stream_options=options)
    assert request.stream_usage is asked_for
    twins = request.extras.twins if request.extras is not None else {}
    assert value(twins.get("stream_options")) == kept


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        ("auto", ToolChoice(mode="auto")),
        ("none", ToolChoice(mode="none")),
        ("required", ToolChoice(mode="required")),
        ("any", ToolChoice(mode="required")),  # Mistral's word
        (FUNCTION, ToolChoice(mode="named", names=("f",))),
        ({"type": "function", "name": "f"}, ToolChoice(mode="named", names=("f",))),
        (None, None),
    ],
)
def test_a_choice_of_tools(choice: Any, expected: ToolChoice | None) -> None:
    assert decoded(tools=[FUNCTION], tool_choice=choice).tool_choice == expected


@pytest.mark.parametrize(
    ("choice", "mode", "names"),
    [
        ({"type": "custom", "custom": {"name": "c"}}, "named", ("c",)),
        ({"type": "web_search"}, "named", ("web_search",)),
        ({"type": "allowed_tools", "allowed_tools": {"mode": "required", "tools": [FUNCTION]}}, "allowed", ("f",)),
        ({"type": "allowed_tools", "mode": "auto", "tools": [FUNCTION]}, "allowed", ("f",)),
    ],
)
def test_a_choice_with_words_of_its_own_is_kept_whole(choice: Any, mode: str, names: tuple[str, ...]) -> None:
    found = decoded(tool_choice=choice).tool_choice
    assert (found.mode, found.names, value(found.raw)) == (mode, names, choice)


def test_which_of_the_allowed_tools_must_be_called() -> None:
    allowed = {"type": "allowed_tools", "allowed_tools": {"mode": "required", "tools": [FUNCTION]}}
    assert decoded(tool_choice=allowed).tool_choice.allowed_mode == "required"


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ("auto", ToolChoice(mode="auto")),
        ("none", ToolChoice(mode="none")),
        ({"name": "f"}, ToolChoice(mode="named", names=("f",))),
        (None, None),
    ],
)
def test_the_deprecated_functions(call: Any, expected: ToolChoice | None) -> None:
    request = decoded(functions=[{"name": "f", "parameters": {"type": "object"}}], function_call=call)
    assert request.tool_choice == expected
    (tool,) = request.tools
    assert (tool.name, value(tool.parameters)) == ("f", {"type": "object"})
    assert ("function_call" in request.extras.twins) == (call is not None)


def test_a_deprecated_null_hides_nothing() -> None:
    request = decoded(tools=[FUNCTION], tool_choice="none", functions=None, function_call=None)
    assert [tool.name for tool in request.tools] == ["f"]
    assert request.tool_choice == ToolChoice(mode="none")
    assert request.extras is None


def test_tools_of_every_kind() -> None:
    schema = {"type": "object", "properties": {"x": {"type": "integer"}}}
    function, custom, server = decoded(
        tools=[
            {
                "type": "function",
                "function": {"name": "f", "description": "d", "parameters": schema, "strict": True},
                "cache_control": {"type": "ephemeral", "ttl": "1h"},
            },
            {"type": "custom", "custom": {"name": "c", "description": "e", "format": {"type": "text"}}},
            {"type": "web_search", "filters": {"allowed_domains": ["a"]}},
        ]
    ).tools
    assert isinstance(function, FunctionTool)
    assert (function.name, function.description, function.strict) == ("f", "d", True)
    assert value(function.parameters) == schema
    assert function.cache is not None
    assert function.cache.ttl == "1h"
    assert isinstance(custom, CustomTool)
    assert (custom.name, custom.description, value(custom.format)) == ("c", "e", {"type": "text"})
    assert isinstance(server, ServerTool)
    assert (server.kind, value(server.raw)["filters"]) == ("web_search", {"allowed_domains": ["a"]})


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({}, None),
        ({"reasoning_effort": "high"}, ReasoningSettings(effort="high")),
        ({"reasoning": {"effort": "low"}}, ReasoningSettings(effort="low")),
        ({"reasoning": {"max_tokens": 2000}}, ReasoningSettings(budget_tokens=2000)),
        ({"reasoning": {"enabled": True}}, ReasoningSettings(mode="enabled")),
        ({"reasoning": {"enabled": False}}, ReasoningSettings(mode="disabled")),
        ({"thinking": {"type": "disabled"}}, ReasoningSettings(mode="disabled")),
        (
            {"thinking": {"type": "enabled", "budget_tokens": 99}},
            ReasoningSettings(mode="enabled", budget_tokens=99),
        ),
        (
            {"reasoning_effort": "low", "thinking": {"type": "adaptive"}},
            ReasoningSettings(mode="adaptive", effort="low"),
        ),
        ({"reasoning_effort": "high", "reasoning": {"effort": "low"}}, ReasoningSettings(effort="high")),
    ],
)
def test_how_much_to_think(members: dict[str, Any], expected: ReasoningSettings | None) -> None:
    request = decoded(**members)
    assert request.reasoning == expected
    others = members.keys() - {"reasoning_effort"}
    twins = request.extras.twins if request.extras is not None else {}
    assert {name: value(twins[name]) for name in others} == {name: members[name] for name in others}


@pytest.mark.parametrize("kind", ["text", "json_object"])
def test_plain_formats_of_an_answer(kind: str) -> None:
    assert decoded(response_format={"type": kind}).output.kind == kind


def test_an_answer_by_schema() -> None:
    schema = {"name": "n", "description": "d", "schema": {"type": "object"}, "strict": True}
    output = decoded(response_format={"type": "json_schema", "json_schema": schema}).output
    assert (output.kind, output.name, output.description, output.strict) == ("json_schema", "n", "d", True)
    assert value(output.schema) == {"type": "object"}


def test_a_spoken_answer() -> None:
    audio = decoded(modalities=["text", "audio"], audio={"voice": {"id": "v"}, "format": "wav"}).audio
    assert (value(audio.voice), audio.format) == ({"id": "v"}, "wav")


# --- turns


@pytest.mark.parametrize("role", ["system", "developer", "user", "assistant"])
def test_roles_and_names(role: str) -> None:
    (message,) = decoded(messages=[{"role": role, "content": "x", "name": "n"}]).messages
    assert (message.role, message.name, message.plain) == (role, "n", True)
    assert message.content == (Text(text="x"),)


@pytest.mark.parametrize(
    ("content", "plain", "texts"),
    [("x", True, ["x"]), ([{"type": "text", "text": "a"}, {"type": "text", "text": "b"}], False, ["a", "b"])],
)
def test_a_tools_answer(content: Any, plain: bool, texts: list[str]) -> None:
    (message,) = decoded(messages=[{"role": "tool", "tool_call_id": "call_1", "content": content}]).messages
    (result,) = message.content
    assert isinstance(result, ToolResult)
    assert (result.call_id, result.plain) == ("call_1", plain)
    assert [part.text for part in result.content if isinstance(part, Text)] == texts


def test_the_deprecated_answer_of_a_function() -> None:
    (message,) = decoded(messages=[{"role": "function", "name": "f", "content": "x"}]).messages
    (result,) = message.content
    assert (message.role, result.call_id, result.name) == ("tool", "call_f", "f")
    assert value(message.extras.twins["role"]) == "function"


def turn(**members: Any) -> dict[str, Any]:
    return {"messages": [members]}


@pytest.mark.parametrize(
    ("members", "param"),
    [
        ({"messages": None}, "messages"),
        ({"messages": []}, "messages"),
        ({"messages": "hi"}, "messages"),
        ({"messages": [5]}, "messages[0]"),
        ({"model": None}, "model"),
        ({"model": 5}, "model"),
        ({"stream": "yes"}, "stream"),
        ({"temperature": "hot"}, "temperature"),
        ({"max_tokens": 1.5}, "max_tokens"),
        ({"max_completion_tokens": "9"}, "max_completion_tokens"),
        ({"n": "2"}, "n"),
        ({"stop": 5}, "stop"),
        ({"stop": ["a", 5]}, "stop"),
        ({"modalities": "audio"}, "modalities"),
        ({"audio": "loud"}, "audio"),
        ({"stream_options": True}, "stream_options"),
        ({"reasoning_effort": 5}, "reasoning_effort"),
        ({"reasoning": {"effort": 5}}, "reasoning.effort"),
        ({"response_format": "json"}, "response_format"),
        ({"response_format": {}}, "response_format.type"),
        ({"response_format": {"type": "xml"}}, "response_format.type"),
        ({"response_format": {"type": "json_schema"}}, "response_format.json_schema"),
        ({"tools": {}}, "tools"),
        ({"tools": [{"type": "function"}]}, "tools[0].function"),
        ({"tools": [FUNCTION, {"type": "function", "function": {}}]}, "tools[1].function.name"),
        ({"tools": [{"type": "custom", "custom": {}}]}, "tools[0].custom.name"),
        ({"functions": [{}]}, "functions[0].name"),
        ({"tool_choice": "some"}, "tool_choice"),
        ({"tool_choice": 5}, "tool_choice"),
        ({"tool_choice": {}}, "tool_choice.type"),
        ({"tool_choice": {"type": "function"}}, "tool_choice.name"),
        ({"tool_choice": {"type": "function", "function": {}}}, "tool_choice.function.name"),
        ({"tool_choice": {"type": "allowed_tools", "mode": "may", "tools": []}}, "tool_choice.mode"),
        ({"tool_choice": {"type": "allowed_tools", "allowed_tools": {}}}, "tool_choice.allowed_tools.mode"),
        ({"function_call": 5}, "function_call"),
        ({"function_call": []}, "function_call"),
        ({"function_call": "maybe"}, "function_call"),
        ({"function_call": {}}, "function_call.name"),
        (turn(content="x"), "messages[0].role"),
        (turn(role="robot", content="x"), "messages[0].role"),
        (turn(role="user", content=5), "messages[0].content"),
        (turn(role="user", content=["x"]), "messages[0].content[0]"),
        (turn(role="user", content=[{}]), "messages[0].content[0].type"),
        (turn(role="tool", content="x"), "messages[0].tool_call_id"),
        (turn(role="function", content="x"), "messages[0].name"),
        (turn(role="assistant", tool_calls=5), "messages[0].tool_calls"),
        (turn(role="assistant", tool_calls=[{"id": "a"}]), "messages[0].tool_calls[0].function.name"),
        (turn(role="assistant", tool_calls=[{"id": "a", "type": "custom"}]), "messages[0].tool_calls[0].custom.name"),
    ],
    ids=str,
)
def test_what_the_protocol_does_not_allow_is_refused_by_its_name(members: dict[str, Any], param: str) -> None:
    error = refused(CODEC, {**CHAT_BODY, **members})
    assert error.param == param
    assert error.message.startswith(param)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["type", "name", "function", "x"]), inner),
    max_leaves=4,
)  # fmt: skip
MEMBERS = st.sampled_from(
    ["tools", "tool_choice", "functions", "function_call", "response_format", "reasoning", "thinking", "stop", "audio",
     "stream_options", "messages", "metadata", "max_tokens", "modalities", "user"]
)  # fmt: skip


@given(st.dictionaries(MEMBERS, JSON, max_size=3))
@settings(max_examples=150)
def test_any_json_is_read_or_refused_by_our_own_error(members: dict[str, Any]) -> None:
    error: ClientError | None = None
    try:
        CODEC.decode_request(inbound({**CHAT_BODY, **members}))
    except ClientError as refusal:
        error = refusal
    assert error is None or error.param
