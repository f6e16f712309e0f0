from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.protocols.properties import inbound

from plexus.canonical.content import Opaque, Reasoning, Text, ToolCall, ToolResult
from plexus.canonical.errors import ClientError
from plexus.protocols.openai_responses import CODEC

USER = {"role": "user", "content": "hi"}
CALL = {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"}
ANSWER = {"type": "function_call_output", "call_id": "c", "output": "r"}


def read(**members: Any) -> Any:
    return CODEC.decode_request(inbound({"model": "m", "input": "hi", **members}))


def test_items_become_turns() -> None:
    thought = {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "x"}
    said = {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "a"}]}
    request = read(
        input=[USER, thought, said, CALL, {**CALL, "call_id": "d"}, ANSWER, {**ANSWER, "call_id": "d"}, USER]
    )
    assert [message.role for message in request.messages] == ["user", "assistant", "tool", "user"]
    assert [type(block) for block in request.messages[1].content] == [Reasoning, Text, ToolCall, ToolCall]
    assert [type(block) for block in request.messages[2].content] == [ToolResult, ToolResult]


def test_what_the_client_adds_for_built_in_tools_is_no_turn_of_the_model() -> None:
    request = read(
        input=[USER, {"type": "computer_call"}, {"type": "computer_call_output"}, {"type": "mcp_approval_response"}]
    )
    assert [message.role for message in request.messages] == ["user", "assistant", "tool"]
    assert [type(block) for block in request.messages[2].content] == [Opaque, Opaque]


def test_instructions_stand_apart() -> None:
    request = read(instructions="be good", input=[{"role": "developer", "content": "and kind"}, USER])
    assert [block.text for block in request.system] == ["be good"]
    assert [message.role for message in request.messages] == ["developer", "user"]


@pytest.mark.parametrize(
    ("members", "params"),
    [
        ({"previous_response_id": "resp_1"}, ["previous_response_id"]),
        ({"conversation": {"id": "conv_1"}}, ["conversation"]),
        ({"prompt": {"id": "p"}}, ["prompt"]),
        ({"background": True}, ["background"]),
        ({"background": False, "previous_response_id": None}, []),
        ({"input": [USER, {"type": "item_reference", "id": "x"}]}, ["input[1]"]),
        ({"input": [USER, {"id": "x"}]}, ["input[1]"]),
    ],
)
def test_what_only_the_provider_keeps(members: dict[str, Any], params: list[str]) -> None:
    assert [bound.param for bound in read(**members).bound] == params


@pytest.mark.parametrize(
    ("members", "wanted"),
    [
        ({"include": ["message.output_text.logprobs"]}, (True, None)),
        ({"top_logprobs": 2}, (True, 2)),
        ({"top_logprobs": 0}, (None, 0)),
        ({"include": ["reasoning.encrypted_content"]}, (None, None)),
    ],
)
def test_log_probabilities_are_asked_for_by_include(members: dict[str, Any], wanted: tuple[Any, Any]) -> None:
    request = read(**members)
    assert (request.logprobs, request.top_logprobs) == wanted


def test_reasoning_and_text() -> None:
    request = read(
        reasoning={"effort": "low", "generate_summary": "auto"},
        text={"verbosity": "high", "format": {"type": "json_schema", "name": "n", "schema": {}, "strict": True}},
    )
    assert (request.reasoning.effort, request.reasoning.summary) == ("low", "auto")
    assert (request.verbosity, request.output.kind, request.output.name, request.output.strict) == (
        "high", "json_schema", "n", True,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("members", "param"),
    [
        ({"input": []}, "input"),
        ({"input": None}, "input"),
        ({"input": 42}, "input"),
        ({"input": [1]}, "input[0]"),
        ({"input": [{"content": "x"}]}, "input[0].type"),
        ({"input": [{"role": "tool", "content": "x"}]}, "input[0].role"),
        ({"input": [{"type": "function_call", "name": "f"}]}, "input[0].call_id"),
        ({"text": {"format": {"type": "xml"}}}, "text.format.type"),
        ({"tool_choice": "perhaps"}, "tool_choice"),
        ({"temperature": "hot"}, "temperature"),
        ({"include": "x"}, "include"),
    ],
)
def test_a_mistake_names_its_member(members: dict[str, Any], param: str) -> None:
    with pytest.raises(ClientError) as refused:
        read(**members)
    assert refused.value.param == param


NAMES = st.sampled_from([
    "type", "role", "content", "text", "id", "call_id", "name", "arguments", "output", "summary", "encrypted_content",
    "input", "tools", "tool_choice", "reasoning", "include", "stream", "instructions", "namespace", "status", "format",
])  # fmt: skip
WORDS = st.sampled_from([
    "message", "reasoning", "function_call", "function_call_output", "custom_tool_call", "input_text", "output_text",
    "input_image", "namespace", "function", "custom", "allowed_tools", "user", "assistant", "json_schema", "", "x",
])  # fmt: skip
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=5),
    max_leaves=12,
)


@given(st.dictionaries(NAMES, VALUES, max_size=6))
@settings(deadline=None, max_examples=400)
def test_any_body_is_read_or_refused(document: dict[str, Any]) -> None:
    try:
        request = CODEC.decode_request(inbound({"model": "m", **document}))
        CODEC.encode_request(request, CODEC.default_dialect)
    except ClientError:
        pass
