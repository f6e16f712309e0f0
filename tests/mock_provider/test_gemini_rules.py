"""What Gemini refuses, in Google's words; thought signatures."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.mock_provider import support
from tests.mock_provider.support import gemini_path

from plexus.mock_provider.stage import Stage

USER = {"role": "user", "parts": [{"text": "Hi"}]}
CALL = {"role": "model", "parts": [{"functionCall": {"name": "f", "args": {}}}]}
ANSWER = {"role": "user", "parts": [{"functionResponse": {"name": "f", "response": {"result": "sunny"}}}]}
TEXT = {"role": "model", "parts": [{"text": "Hello"}]}


def _tool(**parameters: Any) -> dict[str, Any]:
    return {"tools": [{"functionDeclarations": [{"name": "f", "parameters": parameters}]}]}


def _part(**part: Any) -> dict[str, Any]:
    return {"contents": [{"role": "user", "parts": [part]}]}


def _config(**members: Any) -> dict[str, Any]:
    return {"generationConfig": members}


REFUSALS: dict[str, tuple[dict[str, Any], str]] = {
    "no contents": ({"contents": []}, "contents is not specified"),
    "empty parts": ({"contents": [{"role": "user", "parts": []}]}, "contents.parts must not be empty"),
    "empty part": (_part(), "required oneof field 'data'"),
    "two data": (_part(text="x", functionCall={"name": "f"}), "oneof field 'data' is already set"),
    "wrong role": ({"contents": [USER | {"role": "assistant"}]}, "valid role: user, model"),
    "unknown member": ({"max_tokens": 5}, 'Unknown name "maxTokens"'),
    "unknown in a part": (_part(text="x", cacheControl={}), "Unknown name \"cacheControl\" at 'contents[0].parts[0]'"),
    "wrong type": (_config(temperature="hot"), "generation_config.temperature"),
    "too hot": (_config(temperature=2.5), "generation_config.temperature"),
    "six stops": (_config(stopSequences=list("abcdef")), "generation_config.stop_sequences"),
    "broken data": (_part(inlineData={"mimeType": "image/png", "data": "%"}), "Base64 decoding failed"),
    "call of the user": ({"contents": [CALL | {"role": "user"}]}, "role 'model'"),
    "answer of the model": (
        {"contents": [USER, CALL, ANSWER | {"role": "model"}]},
        "immediately after a function call turn",
    ),
    "call first": ({"contents": [CALL, ANSWER]}, "function call turn comes immediately after a user turn"),
    "call unanswered": ({"contents": [USER, CALL]}, "number of function response parts"),
    "answer without call": ({"contents": [USER, TEXT, ANSWER]}, "immediately after a function call turn"),
    "answer of another": (
        {"contents": [USER, CALL, {"role": "user", "parts": [{"functionResponse": {"name": "g", "response": {}}}]}]},
        "names of the function calls",
    ),
    "schema keyword": (_tool(type="OBJECT", additionalProperties=False), 'Unknown name "additionalProperties"'),
    "schema no object": (_tool(type="STRING"), "should be of type OBJECT"),
    "schema of no type": (_tool(type="OBJECT", properties={"a": {"type": "DATE"}}), "Invalid value at"),
    "required undefined": (_tool(type="OBJECT", properties={}, required=["a"]), "property is not defined"),
    "array of what": (_tool(type="OBJECT", properties={"a": {"type": "ARRAY"}}), "items: missing field"),
    "enum of objects": (
        _tool(type="OBJECT", properties={"a": {"type": "BOOLEAN", "enum": ["x"]}}),
        "only allowed for STRING",
    ),
    "both schemas": (
        {
            "tools": [
                {"functionDeclarations": [{"name": "f", "parameters": {"type": "OBJECT"}, "parametersJsonSchema": {}}]}
            ]
        },
        "must not both be set",
    ),
    "same name": (
        {"tools": [{"functionDeclarations": [{"name": "f"}, {"name": "f"}]}]},
        "Duplicate function declaration",
    ),
    "bad name": ({"tools": [{"functionDeclarations": [{"name": "a b"}]}]}, "function_declarations[0].name"),
    "allowed without any": (
        {"toolConfig": {"functionCallingConfig": {"mode": "AUTO", "allowedFunctionNames": ["f"]}}},
        "mode is ANY",
    ),
    "allowed unknown": (
        {"toolConfig": {"functionCallingConfig": {"mode": "ANY", "allowedFunctionNames": ["f"]}}},
        "not in the function declarations",
    ),
    "schema without type": (_config(responseSchema={"type": "OBJECT"}), "response_mime_type"),
    "budget and level": (
        _config(thinkingConfig={"thinkingBudget": 5, "thinkingLevel": "LOW"}),
        "only one of thinking budget and thinking level",
    ),
    "logprobs alone": (_config(logprobs=3), "response_logprobs"),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_refusals(case: str) -> None:
    members, words = REFUSALS[case]
    error = support.refusal_of(gemini_path(), support.gemini(**members))
    assert words in error["message"]
    assert (error["code"], error["status"]) == (400, "INVALID_ARGUMENT")


def test_members_may_be_spelled_either_way() -> None:
    asked = support.gemini(
        generation_config={"max_output_tokens": 2}, system_instruction={"parts": {"text": "Be nice."}}
    )
    assert support.reply_of(gemini_path(), asked)["candidates"][0]["finishReason"] == "MAX_TOKENS"
    kept = _tool(type="OBJECT", properties={"snake_case": {"type": "STRING"}}, required=["snake_case"])
    said = support.reply_of(gemini_path("mock-tools"), support.gemini(**kept))
    assert said["candidates"][0]["content"]["parts"][0]["functionCall"]["args"] == {"snake_case": "snake_case"}


@pytest.mark.parametrize(
    ("config", "called"),
    [
        ({"mode": "ANY"}, ["f"]),
        ({"mode": "ANY", "allowedFunctionNames": ["g"]}, ["g"]),
        ({"mode": "NONE"}, []),
        ({"mode": "AUTO"}, []),
    ],
)
def test_modes_of_calling(config: dict[str, Any], called: list[str]) -> None:
    tools = [{"functionDeclarations": [{"name": "f"}, {"name": "g"}]}]
    asked = support.gemini(tools=tools, toolConfig={"functionCallingConfig": config})
    parts = support.reply_of(gemini_path(), asked)["candidates"][0]["content"]["parts"]
    assert [part["functionCall"]["name"] for part in parts if "functionCall" in part] == called


def test_answers_are_told() -> None:
    said = support.reply_of(gemini_path(), support.gemini(contents=[USER, CALL, ANSWER]))
    assert 'f answered "sunny"' in said["candidates"][0]["content"]["parts"][0]["text"]


MODEL = "mock-thinking-tools"
TOOLS = {"tools": [{"functionDeclarations": [{"name": "f"}, {"name": "g"}]}]}


def _turn(**signature: Any) -> list[Any]:
    """A conversation whose two calls come back, with the first one's signature replaced or, with None, taken away."""
    (candidate,) = support.reply_of(gemini_path(MODEL), support.gemini(**TOOLS))["candidates"]
    content = candidate["content"]
    assert [("thoughtSignature" in part) for part in content["parts"]] == [True, False]
    content["parts"][0] |= signature
    content["parts"][0] = {name: one for name, one in content["parts"][0].items() if one is not None}
    answers = [{"functionResponse": {"name": name, "response": {"result": "x"}}} for name in ("f", "g")]
    return [USER, content, {"role": "user", "parts": answers}]


def test_signatures_come_back_unaltered() -> None:
    assert support.reply_of(gemini_path(MODEL), support.gemini(contents=_turn(), **TOOLS))["candidates"]
    for dummy in ("skip_thought_signature_validator", "context_engineering_is_the_way_to_go"):
        asked = support.gemini(contents=_turn(thoughtSignature=dummy), **TOOLS)
        assert support.reply_of(gemini_path(MODEL), asked)["candidates"]
    altered = support.gemini(contents=_turn(thoughtSignature="AAAA"), **TOOLS)
    assert support.refusal_of(gemini_path(MODEL), altered)["message"] == "Corrupted thought signature."
    foreign = support.refusal_of(gemini_path(MODEL), support.gemini(contents=_turn()), stage=Stage(issuer="other"))
    assert foreign["message"] == "Corrupted thought signature."


def test_signatures_must_come_back_in_the_current_turn_of_models_that_insist() -> None:
    bare = _turn(thoughtSignature=None)
    error = support.refusal_of(gemini_path(MODEL), support.gemini(contents=bare, **TOOLS))
    assert "missing a thought_signature" in error["message"]
    assert "`default_api:f` , position 2" in error["message"]
    assert support.reply_of(gemini_path(), support.gemini(contents=bare, **TOOLS))["candidates"]
    assert support.reply_of(gemini_path(MODEL), support.gemini(contents=[*bare, TEXT, USER], **TOOLS))["candidates"]


@pytest.mark.parametrize("way", [{"x_goog_api_key": "right"}, {"authorization": "Bearer right"}])
def test_the_key_may_come_in_several_ways(way: dict[str, str]) -> None:
    stage = Stage(issuer="mock", key="right")
    assert support.whole_of(gemini_path(), support.gemini(), stage=stage, **way).status == 200
    assert support.whole_of(gemini_path() + "?key=right", support.gemini(), stage=stage).status == 200
    wrong = support.whole_of(gemini_path(), support.gemini(), stage=stage, x_goog_api_key="wrong")
    error = json.loads(wrong.body)["error"]
    assert (wrong.status, error["details"][0]["reason"]) == (400, "API_KEY_INVALID")
