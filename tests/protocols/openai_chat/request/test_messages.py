from __future__ import annotations

from typing import Any

from tests.protocols.openai_chat.making import decode, encode

from plexus.canonical.content import Block, Reasoning, ReasoningState, Text, ToolCall, ToolResult
from plexus.protocols.openai_chat.tool_call_id import CarriedState, append

SEALED = "plx1.QUJD"


def blocks(*messages: dict[str, Any]) -> tuple[Block, ...]:
    return decode({"messages": list(messages)}).messages[-1].content


def call(call_id: str, name: str = "f") -> dict[str, Any]:
    return {"id": call_id, "type": "function", "function": {"name": name, "arguments": "{}"}}


def state(value: str) -> ReasoningState:
    return ReasoningState("openai_chat", value)


def test_roles_stay() -> None:
    turns = [{"role": role, "content": "x"} for role in ("system", "developer", "user", "assistant")]
    assert [message.role for message in decode({"messages": turns}).messages] == [turn["role"] for turn in turns]


def test_a_state_in_an_id_is_cut_off_and_restored() -> None:
    with_state = append("call_1", [CarriedState("thought", SEALED), CarriedState("call", "plx1.own")])
    request = decode(
        {
            "messages": [
                {"role": "assistant", "content": "Well", "tool_calls": [call(with_state)]},
                {"role": "tool", "tool_call_id": with_state, "content": "5"},
            ]
        }
    )
    assert request.messages[0].content == (
        Reasoning(state=state(SEALED)),
        Text(text="Well"),
        ToolCall(id="call_1", name="f", arguments="{}", state=state("plx1.own")),
    )
    assert request.messages[1].content == (ToolResult(call_id="call_1", content=(Text(text="5"),), plain=True),)


def test_a_state_in_an_id_joins_the_text_that_came_back() -> None:
    with_state = append("call_1", [CarriedState("thought", SEALED)])
    found = blocks({"role": "assistant", "reasoning_content": "Hm.", "tool_calls": [call(with_state)]})
    assert found[0] == Reasoning(text="Hm.", state=state(SEALED), slot="reasoning_content")
    assert len(found) == 2


def test_a_redacted_thought_in_an_id() -> None:
    with_state = append("call_1", [CarriedState("redacted", SEALED)])
    assert blocks({"role": "assistant", "tool_calls": [call(with_state)]})[0] == Reasoning(
        redacted=True, state=state(SEALED)
    )


def test_a_state_in_an_id_is_only_cut_off_where_details_came_back() -> None:
    with_state = append("call_1", [CarriedState("thought", SEALED)])
    found = blocks(
        {
            "role": "assistant",
            "reasoning_content": "Hm.",
            "reasoning_details": [{"type": "reasoning.text", "text": "Hm.", "signature": SEALED, "index": 0}],
            "tool_calls": [call(with_state)],
        }
    )
    assert found == (
        Reasoning(text="Hm.", state=state(SEALED), slot="reasoning_content"),
        ToolCall(id="call_1", name="f", arguments="{}"),
    )


def test_details_bring_the_state_of_a_call_and_of_the_text() -> None:
    found = blocks(
        {
            "role": "assistant",
            "content": "Well",
            "reasoning_details": [
                {"type": "reasoning.encrypted", "data": "plx1.call", "id": "call_1", "index": 0},
                {"type": "reasoning.encrypted", "data": "plx1.text", "id": "content", "index": 1},
            ],
            "tool_calls": [call("call_1")],
        }
    )
    assert found == (
        Text(text="Well", state=state("plx1.text")),
        ToolCall(id="call_1", name="f", arguments="{}", state=state("plx1.call")),
    )


def test_the_older_calls_get_ids_that_belong_together() -> None:
    turns = [
        {"role": "assistant", "content": None, "function_call": {"name": "f", "arguments": "{}"}},
        {"role": "function", "name": "f", "content": "1"},
        {"role": "assistant", "content": None, "function_call": {"name": "f", "arguments": "{}"}},
        {"role": "function", "name": "f", "content": "2"},
    ]
    request = decode({"messages": turns, "functions": [{"name": "f"}]})
    ids = [
        getattr(message.content[0], "id", None) or getattr(message.content[0], "call_id", None)
        for message in request.messages
    ]
    assert ids[0] == ids[1]
    assert ids[2] == ids[3]
    assert ids[0] != ids[2]
    assert encode(request)[0]["messages"] == turns
