"""Another protocol's settings, written for Gemini."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from plexus.canonical.losses import Losses
from plexus.canonical.request import (
    AudioOutput,
    CustomTool,
    FunctionTool,
    GenerateRequest,
    OutputFormat,
    ReasoningSettings,
    ServerTool,
    ToolChoice,
)
from plexus.protocols.gemini.dialect import GeminiDialect
from plexus.protocols.gemini.settings import encode_settings
from plexus.protocols.members import raw_json

SUBSET = GeminiDialect(json_schema=False)
SCHEMA = raw_json({"type": "object", "properties": {"a": {"not": {}}}})
TOOLS = (FunctionTool(name="f", parameters=SCHEMA), FunctionTool(name="g"))


def write(dialect: GeminiDialect | None = None, model: str = "gemini-3-pro", **members: Any) -> tuple[Any, list[str]]:
    body: dict[str, object] = {}
    losses = Losses()
    request = GenerateRequest(origin="openai_chat", model=model, messages=(), **members)
    encode_settings(request, dialect or GeminiDialect(), body, losses)
    return json.loads(msgspec.json.encode(body)), [f"{loss.path};{loss.reason}" for loss in losses]


def test_plain_settings() -> None:
    body, losses = write(
        max_output_tokens=9, temperature=0.5, top_p=0.4, top_k=3, seed=1, stop=("a",), candidates=2, logprobs=True,
        top_logprobs=4, frequency_penalty=0.1, presence_penalty=0.2,
    )  # fmt: skip
    assert body["generationConfig"] == {
        "maxOutputTokens": 9, "temperature": 0.5, "topP": 0.4, "topK": 3, "seed": 1, "stopSequences": ["a"],
        "candidateCount": 2, "responseLogprobs": True, "logprobs": 4, "frequencyPenalty": 0.1, "presencePenalty": 0.2,
    }  # fmt: skip
    assert losses == []
    assert write(candidates=1) == ({}, [])


@pytest.mark.parametrize(
    ("members", "losses"),
    [
        ({"parallel_tool_calls": False}, ["parallel_tool_calls;unsupported"]),
        ({"parallel_tool_calls": True}, []),
        ({"store": False}, []),
        ({"store": True, "user": "u"}, ["store;unsupported", "user;unsupported"]),
        ({"temperature": 2.5}, ["temperature;clamped"]),
        ({"stop": tuple("abcdef")}, ["stop;clamped"]),
    ],
)
def test_what_gemini_has_no_word_for_is_lost(members: dict[str, Any], losses: list[str]) -> None:
    assert write(**members)[1] == losses


@pytest.mark.parametrize(
    ("model", "reasoning", "wire", "losses"),
    [
        ("gemini-3-pro", {"effort": "low"}, {"thinkingLevel": "low"}, []),
        ("gemini-3-pro", {"effort": "max"}, {"thinkingLevel": "high"}, ["reasoning.effort;clamped"]),
        ("gemini-3-pro", {"mode": "enabled", "budget_tokens": 4000}, {"thinkingLevel": "medium", "includeThoughts": True},
         ["reasoning.budget_tokens;approximated"]),
        ("gemini-3-pro", {"mode": "disabled"}, {"thinkingLevel": "low"}, ["reasoning;approximated"]),
        ("gemini-2.5-pro", {"effort": "medium"}, {"thinkingBudget": 8192}, ["reasoning.effort;approximated"]),
        ("gemini-2.5-pro", {"mode": "enabled", "budget_tokens": 4000}, {"thinkingBudget": 4000, "includeThoughts": True}, []),
        ("gemini-2.5-pro", {"effort": "none"}, {"thinkingBudget": 128}, ["reasoning;approximated"]),
        ("gemini-2.5-flash", {"effort": "none"}, {"thinkingBudget": 0}, []),
        ("gemini-2.5-pro", {"mode": "adaptive", "summary": "omitted"}, None, []),
    ],
)  # fmt: skip
def test_thinking(model: str, reasoning: dict[str, Any], wire: Any, losses: list[str]) -> None:
    body, lost = write(model=model, reasoning=ReasoningSettings(**reasoning))
    assert body.get("generationConfig", {}).get("thinkingConfig") == wire
    assert lost == losses


def test_output_in_json_schema_and_in_the_subset() -> None:
    output = OutputFormat(kind="json_schema", schema=SCHEMA, name="n", strict=True)
    body, losses = write(output=output)
    assert body["generationConfig"]["responseJsonSchema"] == json.loads(bytes(SCHEMA))
    assert losses == ["response_format.json_schema.name;unsupported", "response_format.json_schema.strict;unsupported"]
    body, losses = write(SUBSET, output=output)
    assert body["generationConfig"]["responseSchema"] == {"type": "OBJECT", "properties": {"a": {}}}
    assert losses[-1] == "response_format.json_schema.schema.properties.a.not;unsupported"
    assert write(output=OutputFormat(kind="json_object"))[0]["generationConfig"] == {
        "responseMimeType": "application/json"
    }
    assert write(output=OutputFormat(kind="text")) == ({}, [])


@pytest.mark.parametrize(
    ("model", "members", "kept"),
    [
        ("gemini-2.5-pro", {"tools": TOOLS}, False),
        ("models/gemini-2.0-flash", {"tools": TOOLS, "tool_choice": ToolChoice(mode="auto")}, False),
        ("gemini-2.5-pro", {"tools": TOOLS, "tool_choice": ToolChoice(mode="none")}, True),
        ("gemini-2.5-pro", {}, True),
        ("gemini-3-pro-preview", {"tools": TOOLS}, True),
    ],
)
def test_older_families_take_functions_or_json(model: str, members: dict[str, Any], kept: bool) -> None:
    body, losses = write(model=model, output=OutputFormat(kind="json_object"), **members)
    assert ("response_format;unsupported" not in losses) is kept
    assert ("responseMimeType" in body.get("generationConfig", {})) is kept


def test_a_spoken_answer() -> None:
    body, losses = write(modalities=("text", "audio"), audio=AudioOutput(voice=raw_json("Kore"), format="mp3"))
    assert body["generationConfig"]["responseModalities"] == ["TEXT", "AUDIO"]
    voice = body["generationConfig"]["speechConfig"]["voiceConfig"]["prebuiltVoiceConfig"]
    assert voice == {"voiceName": "Kore"}
    assert losses == ["audio.format;unsupported"]
    assert write(audio=AudioOutput(voice=raw_json({"id": "x"})))[1] == ["audio.voice;unsupported"]


def test_tools_in_json_schema_and_in_the_subset() -> None:
    tools = (
        *TOOLS,
        CustomTool(name="c", description="d"),
        ServerTool(origin="openai_chat", kind="x", raw=raw_json({})),
    )
    body, losses = write(tools=tools)
    declared = body["tools"][0]["functionDeclarations"]
    assert [each["name"] for each in declared] == ["f", "g", "c"]
    assert declared[0]["parametersJsonSchema"] == json.loads(bytes(SCHEMA))
    assert declared[2]["parametersJsonSchema"]["required"] == ["input"]
    assert losses == ["tools[2];approximated", "tools[3];unsupported"]
    body, losses = write(SUBSET, tools=TOOLS)
    assert body["tools"][0]["functionDeclarations"][0]["parameters"] == {"type": "OBJECT", "properties": {"a": {}}}
    assert losses == ["tools[0].parameters.properties.a.not;unsupported"]


@pytest.mark.parametrize(
    ("choice", "calling", "declared"),
    [
        (ToolChoice(mode="auto"), {"mode": "AUTO"}, 2),
        (ToolChoice(mode="none"), {"mode": "NONE"}, 2),
        (ToolChoice(mode="required"), {"mode": "ANY"}, 2),
        (ToolChoice(mode="named", names=("g",)), {"mode": "ANY", "allowedFunctionNames": ["g"]}, 2),
        (ToolChoice(mode="allowed", names=("f", "x"), allowed_mode="required"),
         {"mode": "ANY", "allowedFunctionNames": ["f"]}, 2),
        (ToolChoice(mode="allowed", names=("f",)), {"mode": "AUTO"}, 1),
    ],
)  # fmt: skip
def test_tool_choice(choice: ToolChoice, calling: Any, declared: int) -> None:
    body, _ = write(tools=TOOLS, tool_choice=choice)
    assert body["toolConfig"]["functionCallingConfig"] == calling
    assert len(body["tools"][0]["functionDeclarations"]) == declared


def test_a_choice_of_what_is_not_there_is_lost() -> None:
    body, losses = write(tools=TOOLS, tool_choice=ToolChoice(mode="named", names=("x",)))
    assert "toolConfig" not in body
    assert losses == ["tool_choice;unsupported"]
    assert write(tool_choice=ToolChoice(mode="required")) == ({}, [])
