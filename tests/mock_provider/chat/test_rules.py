"""OpenAI's refusals: each row breaks one rule, and is told so in the vendor's shape. What was recorded is accepted."""

from __future__ import annotations

from typing import Any

import pytest
from tests.mock_provider import support
from tests.mock_provider.support import CHAT, CHAT_TOOLS, WEATHER
from tests.recordings import Recording, recordings

from plexus.mock_provider.chat.request import read

_USER = {"role": "user", "content": "hi"}
_CALL = {"id": "call_1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
_CALLING = {"role": "assistant", "content": None, "tool_calls": [_CALL]}
_ANSWER = {"role": "tool", "tool_call_id": "call_1", "content": "42"}
_OPEN = {"type": "object", "properties": {"a": {"type": "string"}}, "required": []}


def _format(schema: Any, *, strict: bool) -> dict[str, Any]:
    return {"type": "json_schema", "json_schema": {"name": "x", "schema": schema, "strict": strict}}


REFUSALS: dict[str, tuple[dict[str, Any], str, str | None]] = {
    "no model": ({"messages": [_USER]}, "Missing required parameter: 'model'.", "missing_required_parameter"),
    "no messages": ({"model": "m", "messages": []}, "Invalid value for 'messages'", "invalid_value"),
    "unknown member": (support.chat(top_k=5), "Unknown parameter: 'top_k'.", "unknown_parameter"),
    "unknown nested member": (
        support.chat(messages=[{**_USER, "cache_control": {}}]),
        "Unknown parameter: 'messages[0].cache_control'.",
        "unknown_parameter",
    ),
    "wrong type": (support.chat(temperature="hot"), "Invalid value for 'temperature'", "invalid_type"),
    "out of range": (support.chat(n=0), "Invalid value for 'n'", "invalid_value"),
    "unknown role": (support.chat(messages=[{"role": "x"}]), "Invalid value for 'messages[0].role'", "invalid_value"),
    "another protocol's block": (
        support.chat(messages=[{"role": "user", "content": [{"type": "tool_result"}]}]),
        "Invalid value for 'messages[0].content[0].type'",
        "invalid_value",
    ),
    "another protocol's choice": (
        support.chat(tools=CHAT_TOOLS, tool_choice="any"),
        "Invalid value for 'tool_choice'",
        "invalid_value",
    ),
    "choice without tools": (support.chat(tool_choice="required"), "'tool_choice' is only allowed when", None),
    "parallel without tools": (support.chat(parallel_tool_calls=True), "'parallel_tool_calls' is only allowed", None),
    "unknown named tool": (
        support.chat(tools=CHAT_TOOLS, tool_choice={"type": "function", "function": {"name": "x"}}),
        "Tool choice 'x' not found",
        None,
    ),
    "no tools": (support.chat(tools=[]), "Invalid value for 'tools'", "invalid_value"),
    "tool name": (
        support.chat(tools=[{"type": "function", "function": {"name": "a.b"}}]),
        "Invalid value for 'tools[0].function.name'",
        "invalid_value",
    ),
    "tool schema": (
        support.chat(tools=[{"type": "function", "function": {"name": "f", "parameters": {"type": "array"}}}]),
        "Invalid schema for function 'f'",
        "invalid_function_parameters",
    ),
    "strict tool": (
        support.chat(tools=[{"type": "function", "function": {"name": "f", "parameters": _OPEN, "strict": True}}]),
        "'additionalProperties' is required",
        "invalid_function_parameters",
    ),
    "strict format": (
        support.chat(response_format=_format({**_OPEN, "additionalProperties": False}, strict=True)),
        "Missing 'a'",
        "invalid_function_parameters",
    ),
    "nested strict format": (
        support.chat(response_format=_format({"type": "array", "items": {"anyOf": [_OPEN]}}, strict=True)),
        "'additionalProperties' is required",
        "invalid_function_parameters",
    ),
    "format without schema": (
        support.chat(response_format={"type": "json_schema", "json_schema": {"name": "x"}}),
        "Missing required parameter: 'response_format.json_schema.schema'.",
        "missing_required_parameter",
    ),
    "json mode without the word": (
        support.chat(response_format={"type": "json_object"}),
        "must contain the word 'json'",
        None,
    ),
    "options without stream": (
        support.chat(stream_options={"include_usage": True}),
        "'stream_options' parameter",
        None,
    ),
    "two limits": (support.chat(max_tokens=1, max_completion_tokens=1), "at the same time", None),
    "top_logprobs alone": (support.chat(top_logprobs=2), "'top_logprobs' parameter", None),
    "too many stops": (support.chat(stop=list("abcde")), "Invalid value for 'stop'", "invalid_value"),
    "audio without voice": (support.chat(modalities=["text", "audio"]), "'audio' parameter is required", None),
    "answer without call": (support.chat(messages=[_USER, _ANSWER]), "must be a response to a preceding message", None),
    "call without answer": (
        support.chat(messages=[_USER, _CALLING, _USER]),
        "did not have response messages: call_1",
        None,
    ),
    "call at the end": (support.chat(messages=[_USER, _CALLING]), "did not have response messages: call_1", None),
    "answered twice": (support.chat(messages=[_USER, _CALLING, _ANSWER, _ANSWER]), "must be a response", None),
    "long call id": (
        support.chat(messages=[_USER, {**_CALLING, "tool_calls": [{**_CALL, "id": "c" * 41}]}]),
        "Invalid value for 'messages[1].tool_calls[0].id'",
        "invalid_value",
    ),
    "empty calls": (
        support.chat(messages=[_USER, {"role": "assistant", "content": "x", "tool_calls": []}]),
        "Invalid 'messages[1].tool_calls': empty array",
        "empty_array",
    ),
    "silent assistant": (support.chat(messages=[_USER, {"role": "assistant"}]), "expected a string, got null", None),
    "bad image": (
        support.chat(
            messages=[
                {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:image/png;base64,?"}}]}
            ]
        ),
        "unsupported image",
        "image_parse_error",
    ),
    "bad file": (
        support.chat(messages=[{"role": "user", "content": [{"type": "file", "file": {"file_data": "AAAA"}}]}]),
        "Expected a base64 data URL",
        "invalid_value",
    ),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_it_is_refused(case: str) -> None:
    body, message, code = REFUSALS[case]
    error = support.refusal_of(CHAT, body)
    assert message in error["message"]
    assert (error["type"], error["code"]) == ("invalid_request_error", code)
    assert set(error) == {"message", "type", "param", "code"}


def test_no_json_at_all() -> None:
    assert "parse the JSON body" in support.refusal_of(CHAT, b'{"model": ')["message"]
    assert "parse the JSON body" in support.refusal_of(CHAT, b"\xff\xfe")["message"]


@pytest.mark.parametrize(
    "recording",
    [
        one
        for one in recordings("openai.chat")
        if one.provider == "openai" and one.request is not None and one.status == 200
    ],
    ids=repr,
)
def test_what_openai_accepted_is_accepted(recording: Recording) -> None:
    ask = read(recording.request_bytes)
    request = recording.request or {}
    assert ask.model == request["model"]
    assert ask.stream == bool(request.get("stream"))
    assert [tool.name for tool in ask.tools] == [
        *(tool["function"]["name"] for tool in request.get("tools", ()) if tool["type"] == "function"),
        *(function["name"] for function in request.get("functions", ())),
    ]


def test_a_closed_strict_schema_is_accepted() -> None:
    support.reply_of(CHAT, support.chat(response_format=_format(WEATHER, strict=True)))
