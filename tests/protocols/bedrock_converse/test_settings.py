"""Settings, written for Converse."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.protocols.bedrock_converse.making import CLAUDE, LLAMA, NOVA, refused, sent, turn
from tests.protocols.making import raw, user

from plexus.canonical.content import CacheMark, Extras, Text, ToolCall, ToolResult
from plexus.canonical.request import AudioOutput, CustomTool, FunctionTool, OutputFormat, ServerTool, ToolChoice
from plexus.protocols.bedrock_converse.dialect import ConverseDialect

F = FunctionTool(name="f", description="does f", parameters=raw({"type": "object"}))
G = FunctionTool(name="g")
SPEC = {"toolSpec": {"name": "f", "description": "does f", "inputSchema": {"json": {"type": "object"}}}}


def test_inference_settings() -> None:
    body, losses = sent(max_output_tokens=9, temperature=0.5, top_p=0.9, stop=("a",))
    assert body["inferenceConfig"] == {"maxTokens": 9, "temperature": 0.5, "topP": 0.9, "stopSequences": ["a"]}
    assert losses == []


def test_temperature_ends_at_one() -> None:
    body, losses = sent(temperature=1.5)
    assert body["inferenceConfig"] == {"temperature": 1.0}
    assert losses == [("temperature", "clamped")]


@pytest.mark.parametrize(
    ("model", "fields", "losses"),
    [
        (CLAUDE, {"top_k": 7}, []),
        (NOVA, {"inferenceConfig": {"topK": 7}}, []),
        (LLAMA, None, [("top_k", "unsupported")]),
    ],
)
def test_top_k_in_the_words_of_the_family(model: str, fields: Any, losses: Any) -> None:
    body, lost = sent(model=model, top_k=7)
    assert body.get("additionalModelRequestFields") == fields
    assert lost == losses


@pytest.mark.parametrize(
    ("settings", "lost"),
    [
        ({"seed": 0}, "seed"),
        ({"frequency_penalty": 0.1}, "frequency_penalty"),
        ({"logprobs": True}, "logprobs"),
        ({"user": "u"}, "user"),
        ({"parallel_tool_calls": False}, "parallel_tool_calls"),
        ({"service_tier": "scale"}, "service_tier"),
        ({"metadata": raw({"a": "x" * 300})}, "metadata"),
        ({"metadata": raw({"a": 1})}, "metadata"),
        ({"output": OutputFormat(kind="json_object")}, "response_format"),
    ],
)
def test_what_converse_has_no_word_for_is_a_loss(settings: Any, lost: str) -> None:
    body, losses = sent(**settings)
    assert set(body) == {"messages"}
    assert losses == [(lost, "unsupported")]


def test_unknown_members_of_others() -> None:
    assert sent(extras=Extras("openai_chat", {"odd": raw(1)}))[1] == [("odd", "foreign")]


def test_what_says_nothing_is_no_loss() -> None:
    body, losses = sent(
        logprobs=False, store=False, service_tier="auto", output=OutputFormat(kind="text"), candidates=1
    )
    assert set(body) == {"messages"}
    assert losses == []


@pytest.mark.parametrize(
    "settings", [{"candidates": 2}, {"modalities": ("audio",)}, {"modalities": ("image",)}, {"audio": AudioOutput()}]
)
def test_answers_that_it_cannot_give(settings: Any) -> None:
    assert refused(**settings).param in ("n", "modalities")


def test_tools() -> None:
    body, losses = sent(tools=(F, G, CustomTool(name="c")))
    tools = body["toolConfig"]["tools"]
    assert tools[0] == SPEC
    assert tools[1] == {"toolSpec": {"name": "g", "inputSchema": {"json": {"type": "object", "properties": {}}}}}
    assert tools[2]["toolSpec"]["inputSchema"]["json"]["required"] == ["input"]
    assert "toolChoice" not in body["toolConfig"]
    assert losses == [("tools[2]", "approximated")]


def test_a_tools_own_settings() -> None:
    strict = FunctionTool(name="f", strict=True, cache=CacheMark(), extras=Extras("openai_chat", {"odd": raw(1)}))
    body, losses = sent(tools=(strict,))
    tools = body["toolConfig"]["tools"]
    assert tools[0]["toolSpec"]["strict"] is True
    assert tools[1] == {"cachePoint": {"type": "default"}}
    assert losses == [("tools[0].odd", "foreign")]
    _, losses = sent(ConverseDialect(strict_tools=False), model=NOVA, tools=(strict,))
    assert ("tools[0].strict", "unsupported") in losses
    assert ("tools[0].cache_control", "unsupported") in losses


def test_a_server_tool_of_another_is_lost() -> None:
    body, losses = sent(tools=(ServerTool(origin="openai_responses", kind="web_search", raw=raw({})),))
    assert "toolConfig" not in body
    assert losses == [("tools[0]", "unsupported")]


@pytest.mark.parametrize(
    ("choice", "written", "names"),
    [
        (ToolChoice(mode="auto"), {"auto": {}}, ["f", "g"]),
        (ToolChoice(mode="required"), {"any": {}}, ["f", "g"]),
        (ToolChoice(mode="named", names=("g",)), {"tool": {"name": "g"}}, ["f", "g"]),
        (ToolChoice(mode="allowed", names=("g",), allowed_mode="required"), {"any": {}}, ["g"]),
    ],
)
def test_tool_choices(choice: ToolChoice, written: Any, names: list[str]) -> None:
    body, losses = sent(tools=(F, G), tool_choice=choice)
    assert body["toolConfig"]["toolChoice"] == written
    assert [tool["toolSpec"]["name"] for tool in body["toolConfig"]["tools"]] == names
    assert losses == []


def test_no_call_means_no_tools() -> None:
    body, losses = sent(tools=(F,), tool_choice=ToolChoice(mode="none"))
    assert "toolConfig" not in body
    assert losses == [("tool_choice", "approximated")]


def test_a_choice_of_a_tool_that_is_not_sent() -> None:
    body, losses = sent(tools=(F,), tool_choice=ToolChoice(mode="named", names=("search",)))
    assert "toolChoice" not in body["toolConfig"]
    assert losses == [("tool_choice", "unsupported")]


def test_earlier_calls_need_their_tools_declared() -> None:
    messages = (
        user("hi"),
        turn(ToolCall(id="t", name="old", arguments="{}"), role="assistant"),
        turn(ToolResult(call_id="t", content=(Text(text="x"),))),
    )
    body, losses = sent(messages=messages)
    assert [tool["toolSpec"]["name"] for tool in body["toolConfig"]["tools"]] == ["old"]
    assert losses == [("tools", "approximated")]


def test_structured_output_is_a_schema_as_text() -> None:
    schema = {"type": "object"}
    wish = OutputFormat(kind="json_schema", name="n", description="d", schema=raw(schema))
    body, losses = sent(output=wish)
    written = body["outputConfig"]["textFormat"]
    assert written["type"] == "json_schema"
    inner = written["structure"]["jsonSchema"]
    assert (json.loads(inner.pop("schema")), inner) == (schema, {"name": "n", "description": "d"})
    assert losses == []
    body, losses = sent(ConverseDialect(structured_output=False), output=wish)
    assert "outputConfig" not in body
    assert losses == [("response_format", "unsupported")]


@pytest.mark.parametrize(("word", "tier"), [("default", "default"), ("standard_only", "default"), ("flex", "flex")])
def test_service_tiers(word: str, tier: str) -> None:
    assert sent(service_tier=word)[0]["serviceTier"] == {"type": tier}


def test_metadata_goes_to_the_accounts_log() -> None:
    assert sent(metadata=raw({"team": "a/b"}))[0]["requestMetadata"] == {"team": "a/b"}
