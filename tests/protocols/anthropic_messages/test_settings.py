"""The settings of another protocol's request, as a Messages provider gets them, and what is lost."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.protocols.making import cannot_send, raw, sent, user, wish

from plexus.canonical.content import CacheMark, Extras, Reasoning, ReasoningState, Text, ToolCall, ToolResult
from plexus.canonical.request import (
    AudioOutput,
    CustomTool,
    FunctionTool,
    Message,
    OutputFormat,
    ReasoningSettings,
    ServerTool,
    ToolChoice,
)
from plexus.protocols.anthropic_messages import CODEC
from plexus.protocols.anthropic_messages.dialect import MessagesDialect
from plexus.protocols.anthropic_messages.settings import FREE_TEXT, UNSUPPORTED

OTHER = "openai_chat"
OLD, NEW = "claude-sonnet-4-5", "claude-opus-4-6"
TOOL = FunctionTool(name="f", parameters=raw({"type": "object"}))
WIRE_TOOL = {"name": "f", "input_schema": {"type": "object"}}


def written(dialect: MessagesDialect | None = None, **members: Any) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    members.setdefault("max_output_tokens", 100)
    body, losses = sent(CODEC, wish(OTHER, **members), dialect)
    for name in ("model", "messages"):
        del body[name]
    if body["max_tokens"] == 100:
        del body["max_tokens"]
    return body, losses


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({}, {}),
        ({"temperature": 0.0}, {"temperature": 0.0}),
        ({"temperature": 1.0}, {"temperature": 1.0}),
        ({"top_p": 0.9, "top_k": 3}, {"top_p": 0.9, "top_k": 3}),
        ({"stream": True}, {"stream": True}),
        ({"stop": ("a", "b")}, {"stop_sequences": ["a", "b"]}),
        ({"cache": CacheMark("1h")}, {"cache_control": {"type": "ephemeral", "ttl": "1h"}}),
        ({"user": "u"}, {"metadata": {"user_id": "u"}}),
        ({"safety_identifier": "s"}, {"metadata": {"user_id": "s"}}),
        ({"user": "u", "safety_identifier": "u"}, {"metadata": {"user_id": "u"}}),
        ({"service_tier": "auto"}, {"service_tier": "auto"}),
        ({"service_tier": "default"}, {"service_tier": "standard_only"}),
        ({"candidates": 1}, {}),
        ({"modalities": ("text",)}, {}),
        ({"output": OutputFormat(kind="text")}, {}),
    ],
)
def test_what_messages_has_a_word_for(members: dict[str, Any], expected: dict[str, Any]) -> None:
    assert written(**members) == (expected, [])


@pytest.mark.parametrize(
    ("members", "expected", "loss"),
    [
        ({"temperature": 1.7}, {"temperature": 1.0}, ("temperature", "clamped")),
        ({"service_tier": "flex"}, {}, ("service_tier", "unsupported")),
        ({"user": "u", "safety_identifier": "s"}, {"metadata": {"user_id": "u"}}, ("safety_identifier", "unsupported")),
        ({"output": OutputFormat(kind="json_object")}, {}, ("response_format", "unsupported")),
        ({"extras": Extras(OTHER, {"web_search_options": raw({})})}, {}, ("web_search_options", "foreign")),
    ],
)
def test_what_it_can_say_only_in_part(members: dict[str, Any], expected: dict[str, Any], loss: tuple[str, str]) -> None:
    assert written(**members) == (expected, [loss])


@pytest.mark.parametrize("name", UNSUPPORTED)
def test_settings_of_others_are_lost_by_name(name: str) -> None:
    said: dict[str, Any] = {name: raw({}) if name in ("logit_bias", "prediction", "metadata") else 1}
    assert written(**said) == ({}, [(name, "unsupported")])
    off: dict[str, Any] = {name: False}
    assert written(**off) == ({}, []), "what is switched off is no loss"


def test_several_answers_and_spoken_ones_are_refused() -> None:
    assert cannot_send(CODEC, wish(OTHER, candidates=2)).param == "n"
    assert cannot_send(CODEC, wish(OTHER, modalities=("text", "audio"))).param == "modalities"
    assert cannot_send(CODEC, wish(OTHER, audio=AudioOutput())).param == "modalities"


@pytest.mark.parametrize(
    ("model", "dialect", "bound"),
    [
        (OLD, MessagesDialect(), 32000),
        ("claude-3-haiku-20240307", MessagesDialect(), 4096),
        (OLD, MessagesDialect(default_max_tokens=7), 7),
    ],
)
def test_a_bound_is_always_sent(model: str, dialect: MessagesDialect, bound: int) -> None:
    assert written(dialect, model=model, max_output_tokens=None)[0] == {"max_tokens": bound}


# --- structured output

SCHEMA = {"type": "object", "properties": {}}


def test_an_answer_by_schema() -> None:
    output = OutputFormat(kind="json_schema", schema=raw(SCHEMA))
    assert written(output=output) == ({"output_config": {"format": {"type": "json_schema", "schema": SCHEMA}}}, [])
    named = OutputFormat(kind="json_schema", schema=raw(SCHEMA), name="n", description="d", strict=True)
    body, losses = written(output=named)
    assert set(body) == {"output_config"}
    assert [path for path, _ in losses] == [
        f"response_format.json_schema.{each}" for each in ("name", "description", "strict")
    ]


def test_a_provider_without_structured_output_is_not_asked() -> None:
    output = OutputFormat(kind="json_schema", schema=raw(SCHEMA))
    assert written(MessagesDialect(structured_output=False), output=output) == (
        {},
        [("response_format", "unsupported")],
    )


def test_a_schema_and_an_effort_share_their_member() -> None:
    body, _ = written(
        model=NEW,
        output=OutputFormat(kind="json_schema", schema=raw(SCHEMA)),
        reasoning=ReasoningSettings(effort="low"),
    )
    assert body["output_config"] == {"effort": "low", "format": {"type": "json_schema", "schema": SCHEMA}}


# --- tools


@pytest.mark.parametrize(
    ("choice", "parallel", "expected"),
    [
        (None, None, None),
        (ToolChoice(mode="auto"), None, {"type": "auto"}),
        (ToolChoice(mode="required"), None, {"type": "any"}),
        (ToolChoice(mode="none"), None, {"type": "none"}),
        (ToolChoice(mode="none"), False, {"type": "none"}),
        (ToolChoice(mode="named", names=("f",)), None, {"type": "tool", "name": "f"}),
        (None, True, None),
        (None, False, {"type": "auto", "disable_parallel_tool_use": True}),
        (ToolChoice(mode="required"), False, {"type": "any", "disable_parallel_tool_use": True}),
        (ToolChoice(mode="allowed", names=("f",), allowed_mode="required"), None, {"type": "any"}),
        (ToolChoice(mode="allowed", names=("f",)), None, {"type": "auto"}),
    ],
)
def test_a_choice_of_tools(choice: ToolChoice | None, parallel: bool | None, expected: dict[str, Any] | None) -> None:
    body, losses = written(tools=(TOOL,), tool_choice=choice, parallel_tool_calls=parallel)
    assert body["tools"] == [WIRE_TOOL]
    assert body.get("tool_choice") == expected
    assert losses == []


def test_a_choice_without_tools_is_not_sent() -> None:
    assert written(tool_choice=ToolChoice(mode="auto"), parallel_tool_calls=False) == ({}, [])


def test_tools_that_are_not_allowed_are_left_out() -> None:
    choice = ToolChoice(mode="allowed", names=("f",))
    body, _ = written(tools=(FunctionTool(name="g"), TOOL, CustomTool(name="h")), tool_choice=choice)
    assert body["tools"] == [WIRE_TOOL]


def test_tools_of_every_kind() -> None:
    tools = (
        FunctionTool(name="a", description="d", strict=True, cache=CacheMark()),
        FunctionTool(name="b", extras=Extras(OTHER, {"odd": raw(1)})),
        CustomTool(name="c", description="e", format=raw({"type": "text"})),
        ServerTool(origin=OTHER, kind="web_search", raw=raw({"type": "web_search"})),
        ServerTool(
            origin="anthropic_messages", kind="bash_20250124", raw=raw({"type": "bash_20250124", "name": "bash"})
        ),
    )
    body, losses = written(tools=tools)
    nothing = {"type": "object", "properties": {}}
    assert body["tools"] == [
        {
            "name": "a",
            "description": "d",
            "strict": True,
            "input_schema": nothing,
            "cache_control": {"type": "ephemeral"},
        },
        {"name": "b", "input_schema": nothing},
        {"name": "c", "description": "e", "input_schema": FREE_TEXT},
        {"type": "bash_20250124", "name": "bash"},
    ]
    assert losses == [("tools[1].odd", "foreign"), ("tools[2]", "approximated"), ("tools[3]", "unsupported")]


# --- thinking


@pytest.mark.parametrize(
    ("model", "reasoning", "expected", "losses"),
    [
        (OLD, ReasoningSettings(), {}, []),
        (OLD, ReasoningSettings(effort="none"), {"thinking": {"type": "disabled"}}, []),
        (OLD, ReasoningSettings(budget_tokens=0), {"thinking": {"type": "disabled"}}, []),
        (NEW, ReasoningSettings(mode="disabled", effort="high"), {"thinking": {"type": "disabled"}}, []),
        (OLD, ReasoningSettings(effort="minimal"), 1024, ["reasoning.effort approximated"]),
        (OLD, ReasoningSettings(effort="low"), 4096, ["reasoning.effort approximated"]),
        (OLD, ReasoningSettings(effort="xhigh"), 32768, ["reasoning.effort approximated"]),
        (OLD, ReasoningSettings(effort="galactic"), 12288, ["reasoning.effort approximated"]),
        (OLD, ReasoningSettings(mode="enabled"), 12288, ["reasoning.effort approximated"]),
        (OLD, ReasoningSettings(budget_tokens=5000), 5000, []),
        (OLD, ReasoningSettings(budget_tokens=10), 1024, []),
        (NEW, ReasoningSettings(budget_tokens=5000), 5000, []),
        (NEW, ReasoningSettings(mode="enabled"), {"thinking": {"type": "adaptive"}}, []),
        (
            NEW,
            ReasoningSettings(effort="max"),
            {"thinking": {"type": "adaptive"}, "output_config": {"effort": "max"}},
            [],
        ),
        (
            NEW,
            ReasoningSettings(effort="minimal"),
            {"thinking": {"type": "adaptive"}, "output_config": {"effort": "low"}},
            ["reasoning.effort clamped"],
        ),
        (
            NEW,
            ReasoningSettings(effort="low", summary="auto"),
            {"thinking": {"type": "adaptive"}, "output_config": {"effort": "low"}},
            [],
        ),
        (
            "claude-opus-4-7",
            ReasoningSettings(effort="low", summary="auto"),
            {"thinking": {"type": "adaptive", "display": "summarized"}, "output_config": {"effort": "low"}},
            [],
        ),
        ("claude-opus-4-7", ReasoningSettings(mode="adaptive"), {"thinking": {"type": "adaptive"}}, []),
        (OLD, ReasoningSettings(budget_tokens=5000, summary="detailed"), 5000, ["reasoning.summary approximated"]),
    ],
)
def test_an_effort_as_each_family_says_it(
    model: str, reasoning: ReasoningSettings, expected: Any, losses: list[str]
) -> None:
    body, lost = written(model=model, reasoning=reasoning)
    if isinstance(expected, int):
        expected = {"thinking": {"type": "enabled", "budget_tokens": expected}, "max_tokens": expected + 100}
    assert body == expected
    assert [" ".join(loss) for loss in lost] == losses


@given(st.integers(1, 200_000), st.none() | st.integers(1, 200_000))
def test_the_bound_is_always_above_the_budget(budget: int, bound: int | None) -> None:
    request = wish(OTHER, model=OLD, reasoning=ReasoningSettings(budget_tokens=budget), max_output_tokens=bound)
    body, _ = sent(CODEC, request)
    assert body["max_tokens"] > body["thinking"]["budget_tokens"] >= 1024
    assert bound is None or body["max_tokens"] - body["thinking"]["budget_tokens"] == bound


@pytest.mark.parametrize(
    ("members", "kept", "lost"),
    [
        ({"temperature": 1.0}, {"temperature": 1.0}, []),
        ({"temperature": 0.5, "top_p": 0.9, "top_k": 4}, {}, ["temperature", "top_p", "top_k"]),
    ],
)
def test_beside_thinking_sampling_is_not_free(members: dict[str, Any], kept: dict[str, Any], lost: list[str]) -> None:
    body, losses = written(model=NEW, reasoning=ReasoningSettings(effort="low"), **members)
    assert {name: body[name] for name in ("temperature", "top_p", "top_k") if name in body} == kept
    assert [path for path, _ in losses] == lost
    off, losses = written(model=NEW, reasoning=ReasoningSettings(effort="none"), **members)
    assert {name: off[name] for name in members} == members
    assert losses == []


THOUGHT = Reasoning(text="hm", state=ReasoningState("anthropic_messages", "S"))
CALL = ToolCall(id="a", name="f", arguments="{}")
ANSWER = Message(role="tool", content=(ToolResult(call_id="a", content=(Text(text="1"),)),))


@pytest.mark.parametrize(
    ("said", "after", "thinks"),
    [
        ((THOUGHT, CALL), (ANSWER,), True),
        ((CALL,), (ANSWER,), False),
        ((Text(text="x"), CALL), (ANSWER,), False),
        ((Text(text="x"),), (user("go on"),), True),
        ((CALL,), (), True),
    ],
    ids=["thought came back", "call alone", "text and call", "no call", "nothing behind"],
)
def test_thinking_goes_on_only_with_its_thought(
    said: tuple[Any, ...], after: tuple[Message, ...], thinks: bool
) -> None:
    messages = (user("hi"), Message(role="assistant", content=said), *after)
    body, losses = written(model=OLD, messages=messages, tools=(TOOL,), reasoning=ReasoningSettings(budget_tokens=2000))
    assert (body["thinking"]["type"] == "enabled") == thinks
    assert (("reasoning", "other_provider") in losses) != thinks


def test_anthropics_own_settings_go_back_as_they_came() -> None:
    request = wish(
        "anthropic_messages",
        temperature=0.5,
        top_k=3,
        top_p=0.1,
        service_tier="auto",
        parallel_tool_calls=True,
        tools=(TOOL,),
        tool_choice=ToolChoice(mode="auto"),
        max_output_tokens=5,
        extras=Extras("anthropic_messages", {"container": raw("c")}, {"thinking": raw({"type": "adaptive"})}),
    )
    body, losses = sent(CODEC, request)
    del body["messages"], body["model"]
    assert body == {
        "max_tokens": 5,
        "temperature": 0.5,
        "top_k": 3,
        "top_p": 0.1,
        "service_tier": "auto",
        "container": "c",
        "thinking": {"type": "adaptive"},
        "tools": [WIRE_TOOL],
        "tool_choice": {"type": "auto", "disable_parallel_tool_use": False},
    }
    assert losses == []
