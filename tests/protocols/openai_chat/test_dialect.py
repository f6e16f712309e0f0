"""Each question of the dialect, in both positions: what OpenAI gets, and what a provider gets that answers otherwise."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.protocols.properties import inbound

from plexus.canonical.errors import ClientError
from plexus.protocols.openai_chat import CODEC
from plexus.protocols.openai_chat.dialect import ChatDialect
from plexus.protocols.registry import CODECS

MESSAGES = CODECS["anthropic_messages", "generate"]

CHAT_ASKS: dict[str, Any] = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}
ASKS: dict[str, Any] = {**CHAT_ASKS, "max_tokens": 300}
TOOL = {"name": "look", "input_schema": {"type": "object", "properties": {}}}
OTHER = {"name": "find", "input_schema": {"type": "object", "properties": {}}}
FUNCTION = {"type": "function", "function": {"name": "look"}}
IMAGE = {"type": "image", "source": {"type": "url", "url": "https://images.example/cat.png"}}


def write(document: dict[str, Any], answers: dict[str, Any], codec: Any = MESSAGES) -> tuple[dict[str, Any], list[str]]:
    """The Chat body for a call in another protocol (or in Chat), and the losses as ``path;reason``."""
    request = codec.decode_request(inbound(document))
    outbound, losses = CODEC.encode_request(request, msgspec.convert(answers, ChatDialect))
    return json.loads(outbound.body), [f"{loss.path};{loss.reason}" for loss in losses]


def assistant_turn(*blocks: dict[str, Any]) -> dict[str, Any]:
    turns = [{"role": "user", "content": "hi"}, {"role": "assistant", "content": list(blocks)}]
    return {**ASKS, "messages": [*turns, {"role": "user", "content": "go on"}]}


def tool_loop(call_id: str) -> dict[str, Any]:
    call = {"type": "tool_use", "id": call_id, "name": "look", "input": {}}
    result = {"type": "tool_result", "tool_use_id": call_id, "content": "seen"}
    turns = [
        {"role": "user", "content": "hi"},
        {"role": "assistant", "content": [call]},
        {"role": "user", "content": [result]},
    ]
    return {**ASKS, "messages": turns, "tools": [TOOL]}


def test_max_tokens_field() -> None:
    assert write(ASKS, {})[0]["max_completion_tokens"] == 300
    body, _ = write(ASKS, {"max_tokens_field": "max_tokens"})
    assert (body["max_tokens"], "max_completion_tokens" in body) == (300, False)


def test_reasoning_field() -> None:
    turn = assistant_turn(
        {"type": "thinking", "thinking": "hm", "signature": ""},
        {"type": "text", "text": "ok"},
    )
    body, losses = write(turn, {})
    assert set(body["messages"][1]) == {"role", "content"}
    assert losses == ["messages[1].content[0];unsupported"]
    body, losses = write(turn, {"reasoning_field": "reasoning"})
    assert body["messages"][1]["reasoning"] == "hm"
    assert losses == []


def test_reasoning_required() -> None:
    answers = {"reasoning_field": "reasoning_content"}
    assert "reasoning_content" not in write(tool_loop("call_1"), answers)[0]["messages"][1]
    body, _ = write(tool_loop("call_1"), {**answers, "reasoning_required": True})
    assert body["messages"][1]["reasoning_content"] == " "
    turn = assistant_turn({"type": "text", "text": "no call here"})
    assert "reasoning_content" not in write(turn, {**answers, "reasoning_required": True})[0]["messages"][1]


def test_reasoning_required_keeps_the_thoughts_that_are_there() -> None:
    turn = tool_loop("call_1")
    turn["messages"][1]["content"].insert(0, {"type": "thinking", "thinking": "hm", "signature": ""})
    body, _ = write(turn, {"reasoning_field": "reasoning_content", "reasoning_required": True})
    assert body["messages"][1]["reasoning_content"] == "hm"


def test_reasoning_details() -> None:
    signed = {
        "role": "assistant",
        "content": "ok",
        "reasoning_details": [{"type": "reasoning.text", "text": "hm", "signature": "s"}],
    }
    turns = [{"role": "user", "content": "hi"}, signed, {"role": "user", "content": "go on"}]
    request = CODEC.decode_request(inbound({**CHAT_ASKS, "messages": turns}))
    bare = msgspec.structs.replace(
        request, messages=tuple(msgspec.structs.replace(turn, extras=None) for turn in request.messages)
    )
    for answer in (False, True):
        outbound, _ = CODEC.encode_request(bare, ChatDialect(reasoning_details=answer))
        turn = json.loads(outbound.body)["messages"][1]
        assert ("reasoning_details" in turn) is answer


def test_usage_in_stream() -> None:
    asked = {**ASKS, "stream": True}
    assert write(asked, {})[0]["stream_options"] == {"include_usage": True}
    assert "stream_options" not in write(asked, {"usage_in_stream": "always"})[0]
    assert "stream_options" not in write(asked, {"usage_in_stream": "never"})[0]


def test_developer_role() -> None:
    asked = {**CHAT_ASKS, "messages": [{"role": "developer", "content": "be brief"}, *CHAT_ASKS["messages"]]}
    assert write(asked, {}, CODEC)[0]["messages"][0]["role"] == "developer"
    assert write(asked, {"developer_role": False}, CODEC)[0]["messages"][0]["role"] == "system"


def test_message_names() -> None:
    asked = {**CHAT_ASKS, "messages": [{"role": "user", "content": "hi", "name": "ann"}]}
    assert write(asked, {}, CODEC)[0]["messages"][0]["name"] == "ann"
    body, losses = write(asked, {"message_names": False}, CODEC)
    assert "name" not in body["messages"][0]
    assert losses == ["messages[0].name;unsupported"]


def test_text_parts() -> None:
    asked = {**ASKS, "system": [{"type": "text", "text": "be brief"}, {"type": "text", "text": "be kind"}]}
    assert [part["text"] for part in write(asked, {})[0]["messages"][0]["content"]] == ["be brief", "be kind"]
    body, losses = write(asked, {"text_parts": False})
    assert body["messages"][0]["content"] == "be brief\n\nbe kind"
    assert losses == []


def test_text_parts_stay_a_list_beside_an_image() -> None:
    asked = {**ASKS, "messages": [{"role": "user", "content": [{"type": "text", "text": "what?"}, IMAGE]}]}
    body, _ = write(asked, {"text_parts": False})
    assert [part["type"] for part in body["messages"][0]["content"]] == ["text", "image_url"]


def test_what_else_stands_in_joined_parts_is_a_loss() -> None:
    part = {"type": "text", "text": "a", "mark": 1}
    asked = {**CHAT_ASKS, "messages": [{"role": "user", "content": [part, {"type": "text", "text": "b"}]}]}
    body, losses = write(asked, {"text_parts": False}, CODEC)
    assert body["messages"][0]["content"] == "a\n\nb"
    assert losses == ["messages[0].content[0].mark;unsupported"]


def test_image_urls() -> None:
    asked = {**ASKS, "messages": [{"role": "user", "content": [IMAGE]}]}
    part = write(asked, {})[0]["messages"][0]["content"][0]
    assert part["image_url"]["url"] == "https://images.example/cat.png"
    with pytest.raises(ClientError, match="base64"):
        write(asked, {"image_urls": False})
    inline = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"}}
    asked = {**ASKS, "messages": [{"role": "user", "content": [inline]}]}
    part = write(asked, {"image_urls": False})[0]["messages"][0]["content"][0]
    assert part["image_url"]["url"] == "data:image/png;base64,AAAA"


def test_cache_control() -> None:
    text = {"type": "text", "text": "long", "cache_control": {"type": "ephemeral"}}
    asked = {**ASKS, "messages": [{"role": "user", "content": [text]}]}
    body, losses = write(asked, {})
    assert "cache_control" not in json.dumps(body)
    assert losses == ["messages[0].cache_control;unsupported"]
    body, losses = write(asked, {"cache_control": True})
    assert body["messages"][0]["content"][0]["cache_control"] == {"type": "ephemeral"}
    assert losses == []


def test_top_k() -> None:
    asked = {**ASKS, "top_k": 5}
    body, losses = write(asked, {})
    assert ("top_k" in body, losses) == (False, ["top_k;unsupported"])
    body, losses = write(asked, {"top_k": True})
    assert (body["top_k"], losses) == (5, [])


LONG = "call__0_get_weather_cmpl-6a1a9a3e-0d6c-4d9e-9c41-52f1c55b8f6e-0001"
"""As llama-cpp-python makes them."""


@pytest.mark.parametrize(
    ("rule", "call_id", "kept"),
    [
        ("short", "toolu_01A09q90qw90lq917835lq9", True),
        ("short", LONG, False),
        ("any", LONG, True),
        ("nine_alphanumerics", "toolu_01A09q90qw90lq917835lq9", False),
        ("nine_alphanumerics", "D681PevKs", True),
    ],
)
def test_tool_call_ids(rule: str, call_id: str, kept: bool) -> None:
    body, _ = write(tool_loop(call_id), {"tool_call_ids": rule})
    call, result = body["messages"][1]["tool_calls"][0], body["messages"][2]
    assert call["id"] == result["tool_call_id"]
    assert (call["id"] == call_id) is kept


def test_tool_choices_that_are_not_taken_are_left_to_the_model() -> None:
    asked = {**ASKS, "tools": [TOOL, OTHER]}
    forced = {**asked, "tool_choice": {"type": "any"}}
    assert write(forced, {})[0]["tool_choice"] == "required"
    body, losses = write(forced, {"tool_choices": ["auto"]})
    assert ("tool_choice" in body, losses) == (False, ["tool_choice;unsupported"])
    free = {**asked, "tool_choice": {"type": "auto"}}
    assert write(free, {})[0]["tool_choice"] == "auto"
    body, losses = write(free, {"tool_choices": ["none"]})
    assert ("tool_choice" in body, losses) == (False, [])


def test_tool_choices_a_subset_is_sent_as_the_only_tools() -> None:
    allowed = {"mode": "required", "tools": [FUNCTION]}
    asked = {
        **CHAT_ASKS,
        "tools": [FUNCTION, {"type": "function", "function": {"name": "find"}}],
        "tool_choice": {"type": "allowed_tools", "allowed_tools": allowed},
    }
    body, losses = write(asked, {}, CODEC)
    assert (len(body["tools"]), body["tool_choice"]["type"], losses) == (2, "allowed_tools", [])
    body, losses = write(asked, {"tool_choices": ["auto", "required"]}, CODEC)
    assert [tool["function"]["name"] for tool in body["tools"]] == ["look"]
    assert (body["tool_choice"], losses) == ("required", [])


def test_strict_tools() -> None:
    asked = {**ASKS, "tools": [{**TOOL, "strict": True}]}
    assert write(asked, {})[0]["tools"][0]["function"]["strict"] is True
    body, losses = write(asked, {"strict_tools": False})
    assert "strict" not in body["tools"][0]["function"]
    assert losses == ["tools[0].strict;unsupported"]
    assert write({**ASKS, "tools": [{**TOOL, "strict": False}]}, {"strict_tools": False})[1] == []


def test_custom_tools() -> None:
    call = {"id": "call_1", "type": "custom", "custom": {"name": "shell", "input": "ls"}}
    turns = [
        {"role": "user", "content": "hi"},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "call_1", "content": "a b"},
    ]
    asked = {**CHAT_ASKS, "messages": turns, "tools": [{"type": "custom", "custom": {"name": "shell"}}]}
    body, losses = write(asked, {}, CODEC)
    assert (body["tools"][0]["type"], body["messages"][1]["tool_calls"], losses) == ("custom", [call], [])
    body, losses = write(asked, {"custom_tools": False}, CODEC)
    assert body["tools"][0]["function"]["parameters"]["required"] == ["input"]
    assert body["messages"][1]["tool_calls"][0]["function"] == {"name": "shell", "arguments": '{"input":"ls"}'}
    assert losses == ["tools[0];approximated"]


SCHEMA = {"type": "json_schema", "schema": {"type": "object", "properties": {}}}


@pytest.mark.parametrize(
    ("formats", "kind", "losses"),
    [
        (["text", "json_object", "json_schema"], "json_schema", []),
        (["text", "json_object"], "json_object", ["response_format.json_schema;approximated"]),
        (["text"], None, ["response_format;unsupported"]),
    ],
)
def test_response_formats(formats: list[str], kind: str | None, losses: list[str]) -> None:
    body, lost = write({**ASKS, "output_config": {"format": SCHEMA}}, {"response_formats": formats})
    assert (body.get("response_format", {}).get("type"), lost) == (kind, losses)


def test_refused_members() -> None:
    asked = {**CHAT_ASKS, "seed": 1, "user": "ann"}
    assert write(asked, {}, CODEC)[0]["seed"] == 1
    body, losses = write(asked, {"refused_members": ["seed"]}, CODEC)
    assert ("seed" in body, body["user"], losses) == (False, "ann", ["seed;refused"])


THINKS = {"type": "enabled", "budget_tokens": 2048}


@pytest.mark.parametrize(
    ("setting", "efforts", "asked", "said", "losses"),
    [
        ("reasoning_effort", None, {"output_config": {"effort": "low"}}, {"reasoning_effort": "low"}, []),
        (
            "reasoning_effort",
            None,
            {"thinking": THINKS},
            {"reasoning_effort": "low"},
            ["reasoning.budget_tokens;approximated"],
        ),
        ("reasoning_effort", None, {"thinking": {"type": "disabled"}}, {"reasoning_effort": "none"}, []),
        ("reasoning_effort", ["low", "high"], {"thinking": {"type": "disabled"}}, {}, ["reasoning.mode;unsupported"]),
        (
            "reasoning_effort",
            ["low", "high"],
            {"output_config": {"effort": "medium"}},
            {"reasoning_effort": "high"},
            ["reasoning.effort;clamped"],
        ),
        ("reasoning_effort", ["none"], {"output_config": {"effort": "high"}}, {}, ["reasoning.effort;approximated"]),
        ("reasoning_effort", ["none"], {"thinking": {"type": "disabled"}}, {"reasoning_effort": "none"}, []),
        ("reasoning", None, {"output_config": {"effort": "low"}}, {"reasoning": {"effort": "low"}}, []),
        ("reasoning", None, {"thinking": THINKS}, {"reasoning": {"max_tokens": 2048}}, []),
        ("reasoning", None, {"thinking": {"type": "adaptive"}}, {"reasoning": {"enabled": True}}, []),
        ("reasoning", None, {"thinking": {"type": "disabled"}}, {"reasoning": {"enabled": False}}, []),
        (
            "reasoning",
            [],
            {"output_config": {"effort": "low"}},
            {"reasoning": {"enabled": True}},
            ["reasoning.effort;approximated"],
        ),
        (
            "thinking",
            [],
            {"output_config": {"effort": "low"}},
            {"thinking": {"type": "enabled"}},
            ["reasoning.effort;approximated"],
        ),
        ("thinking", [], {"thinking": {"type": "disabled"}}, {"thinking": {"type": "disabled"}}, []),
        ("thinking", [], {"thinking": {"type": "adaptive"}}, {"thinking": {"type": "enabled"}}, []),
        (
            "thinking",
            ["low", "high", "max"],
            {"output_config": {"effort": "max"}},
            {"thinking": {"type": "enabled"}, "reasoning_effort": "max"},
            [],
        ),
        ("enable_thinking", None, {"thinking": THINKS}, {"enable_thinking": True, "thinking_budget": 2048}, []),
        ("enable_thinking", None, {"thinking": {"type": "disabled"}}, {"enable_thinking": False}, []),
        (
            "enable_thinking",
            None,
            {"output_config": {"effort": "low"}},
            {"enable_thinking": True, "thinking_budget": 4096},
            ["reasoning.effort;approximated"],
        ),
        ("none", None, {"thinking": THINKS}, {}, ["reasoning;unsupported"]),
    ],
)
def test_reasoning_setting_and_efforts(
    setting: str, efforts: list[str] | None, asked: dict[str, Any], said: dict[str, Any], losses: list[str]
) -> None:
    answers = {"reasoning_setting": setting} | ({} if efforts is None else {"efforts": efforts})
    body, lost = write({**ASKS, "max_tokens": 4000, **asked}, answers)
    members = ("reasoning_effort", "reasoning", "thinking", "enable_thinking", "thinking_budget")
    assert {name: body[name] for name in members if name in body} == said
    assert [loss for loss in lost if loss.startswith("reasoning")] == losses


def test_every_question_has_a_test_of_its_name() -> None:
    """Or, where it is asked for another operation, one that answers it there."""
    names = " ".join(name for name in globals() if name.startswith("test_"))
    folder = Path(__file__).parents[2]
    beside = [*folder.glob("protocols/*/test_*.py"), *folder.glob("exchange/*.py"), *folder.glob("client_api/*.py")]
    answered = "".join(path.read_text() for path in beside if path.parent != Path(__file__).parent)
    untested = [question for question in ChatDialect.__struct_fields__ if question not in names]
    assert [question for question in untested if f"{question}=" not in answered] == []
