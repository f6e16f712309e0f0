from __future__ import annotations

from typing import Any

import pytest
from tests.protocols.anthropic_messages.making import CLAUDE, FOREIGN, OWN, encode, foreign, pairs, raw, turn
from tests.specs_schema import anthropic

from plexus.canonical.content import Extras, Image, Reasoning, ReasoningState, Text, ToolCall, ToolResult, Url
from plexus.canonical.errors import ClientError
from plexus.canonical.request import GenerateRequest, ReasoningSettings
from plexus.protocols.anthropic_messages import MessagesDialect


def shape(body: dict[str, Any]) -> list[tuple[str, list[str]]]:
    """(role, what is in it) of each turn."""
    anthropic("MessageCreateParams").validate(body)
    return [
        (message["role"], [block.get("text") or block["type"] for block in message["content"]])
        for message in body["messages"]
    ]


def call(id_: str = "t1") -> ToolCall:
    return ToolCall(id=id_, name="f", arguments="{}")


def result(id_: str = "t1") -> ToolResult:
    return ToolResult(call_id=id_, content=(Text(text="r"),))


def test_leading_instructions_are_lifted() -> None:
    body, losses = encode(
        foreign(turn("system", "A"), turn("developer", "B", "C"), turn("user", "Hi"), system=(Text(text="0"),))
    )
    assert [block["text"] for block in body["system"]] == ["0", "A", "B", "C"]
    assert shape(body) == [("user", ["Hi"])]
    assert not losses


def test_later_instructions_become_user_turns() -> None:
    body, losses = encode(foreign(turn("user", "Hi"), turn("system", "Now in French"), turn("assistant", "Oui")))
    assert shape(body) == [("user", ["Hi", "Now in French"]), ("assistant", ["Oui"])]
    assert pairs(losses) == {("messages[1].role", "approximated")}


def test_later_instructions_stay_where_the_provider_takes_them() -> None:
    dialect = MessagesDialect(mid_conversation_system=True)
    conversation = [turn("user", "Hi"), turn("developer", "French!"), turn("assistant", "Oui"), turn("user", "And?")]
    body, losses = encode(foreign(*conversation), dialect)
    assert shape(body) == [("user", ["Hi"]), ("system", ["French!"]), ("assistant", ["Oui"]), ("user", ["And?"])]
    assert not losses
    body, losses = encode(foreign(*conversation, turn("assistant", "x"), turn("system", "y")), dialect)
    assert shape(body)[-1] == ("user", ["y"])
    assert pairs(losses) == {("messages[5].role", "approximated")}


def test_instructions_alone_become_the_question() -> None:
    body, losses = encode(foreign(turn("system", "Say hi")))
    assert "system" not in body
    assert shape(body) == [("user", ["Say hi"])]
    assert pairs(losses) == {("messages[0].role", "approximated")}


def test_tool_results_lead_one_user_turn() -> None:
    body, losses = encode(
        foreign(
            turn("user", "Go"),
            turn("assistant", "", call("a"), call("b")),
            turn("tool", result("a")),
            turn("tool", result("b")),
            turn("user", "and?"),
        )
    )
    assert shape(body) == [
        ("user", ["Go"]),
        ("assistant", ["tool_use", "tool_use"]),
        ("user", ["tool_result", "tool_result", "and?"]),
    ]
    assert not losses


def test_results_move_ahead_of_what_stood_before_them() -> None:
    body, _ = encode(foreign(turn("assistant", call()), turn("user", "look"), turn("tool", result())))
    assert shape(body) == [("assistant", ["tool_use"]), ("user", ["tool_result", "look"])]


def test_equal_roles_are_joined_and_empty_turns_go() -> None:
    body, _ = encode(foreign(turn("user", "a"), turn("assistant", ""), turn("user", "b"), turn("assistant", "c")))
    assert shape(body) == [("user", ["a", "b"]), ("assistant", ["c"])]


def test_names_and_unknown_members_of_turns_are_losses() -> None:
    _, losses = encode(foreign(turn("user", "a", name="ann", extras=Extras(FOREIGN, {"weight": raw(1)}))))
    assert pairs(losses) == {("messages[0].name", "unsupported"), ("messages[0].weight", "foreign")}


def test_instructions_hold_text_only() -> None:
    with pytest.raises(ClientError) as refused:
        encode(foreign(turn("system", Image(source=Url("https://e.org/a"))), turn("user", "x")))
    assert refused.value.param == "messages[0].content[0]"


def test_a_turn_of_a_messages_client_that_held_only_lost_thoughts_goes() -> None:
    request = GenerateRequest(
        origin=OWN,
        model=CLAUDE,
        messages=(turn("user", "a"), turn("assistant", Reasoning(text="hm")), turn("user", "b")),
    )
    body, losses = encode(request)
    assert [message["role"] for message in body["messages"]] == ["user", "user"]
    assert pairs(losses) == {("messages[1].content[0]", "unsupported")}


@pytest.mark.parametrize(
    ("blocks", "kept"),
    [
        ((Reasoning(text="hm", state=ReasoningState(OWN, "s")), call()), True),
        ((Reasoning(text="hm", state=ReasoningState("openai_responses", "s")), call()), False),
        ((Reasoning(text="hm"), call()), False),
    ],
)
def test_thinking_pauses_where_the_thoughts_of_a_tool_loop_are_missing(blocks: tuple[Any, ...], kept: bool) -> None:
    for origin, settings in ((OWN, {"mode": "enabled", "budget_tokens": 2000}), (FOREIGN, {"effort": "high"})):
        request = GenerateRequest(
            origin=origin,
            model=CLAUDE,
            messages=(turn("user", "Go"), turn("assistant", *blocks), turn("user", result())),
            reasoning=ReasoningSettings(**settings),
        )
        body, losses = encode(request)
        assert ("thinking" in body) is kept
        switched = {("thinking", "unsupported"), ("reasoning_effort", "unsupported")} & pairs(losses)
        assert bool(switched) is not kept


def test_a_messages_client_that_never_sent_thoughts_is_left_alone() -> None:
    request = GenerateRequest(
        origin=OWN,
        model=CLAUDE,
        messages=(turn("assistant", call()), turn("user", result())),
        reasoning=ReasoningSettings(mode="enabled", budget_tokens=2000),
    )
    body, losses = encode(request)
    assert body["thinking"] == {"type": "enabled", "budget_tokens": 2000}
    assert not losses
