"""A request, read."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.protocols.properties import inbound

from plexus.canonical.content import Text
from plexus.canonical.errors import ClientError
from plexus.canonical.request import GenerateRequest, OutputFormat, ReasoningSettings, ServerTool, ToolChoice
from plexus.protocols import envelope
from plexus.protocols.codec import Inbound
from plexus.protocols.gemini.request import decode_request

HI = {"contents": [{"role": "user", "parts": [{"text": "hi"}]}]}


def read(**members: Any) -> GenerateRequest:
    return decode_request(inbound({**HI, **members}))


def config(**members: Any) -> GenerateRequest:
    return read(generationConfig=members)


def test_model_and_stream_come_from_the_path() -> None:
    path = {"model": "org/m", "action": "streamGenerateContent"}
    request = decode_request(Inbound(envelope.read(json.dumps({**HI, "model": "models/other"}).encode()), path=path))
    assert (request.model, request.stream) == ("org/m", True)
    assert not decode_request(Inbound(envelope.read(json.dumps(HI).encode()), path={"model": "m"})).stream


def test_roles() -> None:
    turns = [{"role": role, "parts": [{"text": "x"}]} for role in ("user", "model", "function")]
    request = read(contents=[*turns, {"parts": {"text": "alone"}}])
    assert [message.role for message in request.messages] == ["user", "assistant", "user", "user"]
    with pytest.raises(ClientError, match="must be user or model"):
        read(contents=[{"role": "assistant", "parts": []}])


@pytest.mark.parametrize("value", ["be good", {"parts": [{"text": "be good"}]}, {"parts": {"text": "be good"}}])
def test_a_system_instruction_in_each_form(value: Any) -> None:
    assert read(system_instruction=value).system == (Text(text="be good"),)


def test_settings() -> None:
    request = config(
        max_output_tokens=9, temperature=0.5, topP=0.4, topK=3.0, seed=1, stopSequences=["a"], candidateCount=2,
        responseLogprobs=True, logprobs=4, frequencyPenalty=0.1, presencePenalty=0.2, responseModalities=["TEXT", "AUDIO"],
    )  # fmt: skip
    found = (request.max_output_tokens, request.temperature, request.top_p, request.top_k, request.seed)
    assert found == (9, 0.5, 0.4, 3, 1)
    assert (request.stop, request.candidates, request.logprobs, request.top_logprobs) == (("a",), 2, True, 4)
    assert (request.frequency_penalty, request.presence_penalty) == (0.1, 0.2)
    assert request.modalities == ("text", "audio")


@pytest.mark.parametrize(
    ("thinking", "wanted"),
    [
        ({}, None),
        ({"thinkingBudget": 0}, ReasoningSettings(mode="disabled")),
        ({"thinkingBudget": -1}, ReasoningSettings(mode="adaptive")),
        ({"thinking_budget": 99, "include_thoughts": True},
         ReasoningSettings(mode="enabled", budget_tokens=99, summary="auto")),
        ({"thinkingLevel": "HIGH"}, ReasoningSettings(mode="adaptive", effort="high")),
        ({"includeThoughts": True}, ReasoningSettings(mode="adaptive", summary="auto")),
    ],
)  # fmt: skip
def test_thinking(thinking: dict[str, Any], wanted: ReasoningSettings | None) -> None:
    assert config(thinkingConfig=thinking).reasoning == wanted


def test_output() -> None:
    assert config(responseMimeType="application/json").output == OutputFormat(kind="json_object")
    assert config(responseMimeType="text/plain").output is None
    for member, schema in (
        ("responseSchema", {"type": "STRING"}), ("responseJsonSchema", {"type": "string"}),
        ("_responseJsonSchema", {"type": "string"}),
    ):  # fmt: skip
        output = config(responseMimeType="application/json", **{member: schema}).output
        assert output is not None
        assert output.schema is not None
        assert json.loads(bytes(output.schema)) == {"type": "string"}


@pytest.mark.parametrize(
    ("calling", "choice"),
    [
        ({"mode": "AUTO"}, ToolChoice(mode="auto")),
        ({}, ToolChoice(mode="auto")),
        ({"mode": "any"}, ToolChoice(mode="required")),
        ({"mode": "NONE", "allowedFunctionNames": ["f"]}, ToolChoice(mode="none")),
        ({"mode": "ANY", "allowedFunctionNames": ["f"]}, ToolChoice(mode="named", names=("f",))),
        ({"mode": "ANY", "allowedFunctionNames": ["f", "g"]},
         ToolChoice(mode="allowed", names=("f", "g"), allowed_mode="required")),
        ({"mode": "VALIDATED", "allowedFunctionNames": ["f"]}, ToolChoice(mode="allowed", names=("f",))),
    ],
)  # fmt: skip
def test_tool_choice(calling: dict[str, Any], choice: ToolChoice) -> None:
    assert read(toolConfig={"functionCallingConfig": calling}).tool_choice == choice
    with pytest.raises(ClientError, match="AUTO, ANY, NONE"):
        read(tool_config={"function_calling_config": {"mode": "SOMETIMES"}})


def test_tools_are_taken_apart() -> None:
    tools = read(
        tools=[{"function_declarations": [{"name": "f", "parameters": {"type": "OBJECT"}}], "google_search": {}}]
    ).tools
    assert [tool.name for tool in tools] == ["f", "googleSearch"]
    search = tools[1]
    assert isinstance(search, ServerTool)
    assert json.loads(bytes(search.raw)) == {"googleSearch": {}}


def test_what_has_no_place_in_the_hub_is_named() -> None:
    request = read(
        safety_settings=[], labels={"a": "b"}, generationConfig={"imageConfig": {}, "seed": 1}, toolConfig={"x": 1}
    )
    assert request.extras is not None
    assert set(request.extras.members) == {"safetySettings", "labels", "generationConfig.imageConfig", "toolConfig.x"}
    assert [bound.param for bound in read(cachedContent="cachedContents/x").bound] == ["cachedContent"]
    assert read(cachedContent=None).bound == ()


@pytest.mark.parametrize("body", [{}, {"contents": []}, {"contents": None}])
def test_nothing_to_answer_is_refused(body: dict[str, Any]) -> None:
    with pytest.raises(ClientError) as refused:
        decode_request(inbound(body))
    assert refused.value.param == "contents"
