"""Everything that the mock sends as a proper reply is valid by the vendors' own documents, in all scenarios."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests import specs_schema
from tests.mock_provider import support
from tests.mock_provider.support import CHAT, CHAT_TOOLS, MESSAGES, MESSAGES_TOOLS, WEATHER

from plexus.mock_provider import Refusal, Reply, Step, Stream, Text, Thinking, ToolCall
from plexus.mock_provider.errors import KINDS
from plexus.mock_provider.steps import Status

EVERYTHING = Reply(
    [Thinking("Hm."), Thinking("secret", redacted=True), "I look. ", ToolCall("get_weather", {"city": "Rome"})]
)

CHAT_CASES: dict[str, tuple[dict[str, Any], Step | None]] = {
    "text": ({}, None),
    "empty": ({}, Reply(())),
    "search": ({"model": "mock-search"}, None),
    "length": ({"max_completion_tokens": 3}, None),
    "stop sequence": ({"stop": ["mock", "other"]}, None),
    "choices": ({"n": 3}, None),
    "logprobs": ({"logprobs": True, "top_logprobs": 2, "n": 2}, None),
    "logprobs of a refusal": ({"model": "mock-refusal", "logprobs": True}, None),
    "refusal": ({"model": "mock-refusal"}, None),
    "content filter": ({}, Reply("x", finish="content_filter")),
    "thinking": ({"model": "mock-thinking"}, None),
    "hidden thinking": ({"reasoning_effort": "high"}, None),
    "tool": ({"model": "mock-tools", "tools": CHAT_TOOLS[:1]}, None),
    "parallel tools": ({"model": "mock-tools", "tools": CHAT_TOOLS}, None),
    "function": ({"model": "mock-tools", "functions": [{"name": "f", "parameters": WEATHER}]}, None),
    "json": (
        {"response_format": {"type": "json_schema", "json_schema": {"name": "w", "schema": WEATHER, "strict": False}}},
        None,
    ),
    "everything": ({"tools": CHAT_TOOLS}, EVERYTHING),
}
MESSAGES_CASES: dict[str, tuple[dict[str, Any], Step | None]] = {
    "text": ({}, None),
    "empty": ({}, Reply(())),
    "search": ({"model": "mock-search"}, None),
    "length": ({"max_tokens": 3}, None),
    "stop sequence": ({"stop_sequences": ["mock"]}, None),
    "refusal": ({"model": "mock-refusal"}, None),
    "thinking": ({"thinking": {"type": "enabled", "budget_tokens": 1024}, "max_tokens": 2000}, None),
    "omitted thinking": ({"thinking": {"type": "adaptive", "display": "omitted"}}, None),
    "redacted thinking": ({"model": "mock-redacted"}, None),
    "tool": ({"model": "mock-tools", "tools": MESSAGES_TOOLS[:1]}, None),
    "parallel tools": ({"model": "mock-tools", "tools": MESSAGES_TOOLS}, None),
    "json": ({"output_config": {"format": {"type": "json_schema", "schema": WEATHER}}}, None),
    "cache": ({"cache_control": {"type": "ephemeral"}}, None),
    "everything": ({"tools": MESSAGES_TOOLS}, EVERYTHING),
}


@pytest.mark.parametrize("case", CHAT_CASES)
def test_a_completion(case: str) -> None:
    members, step = CHAT_CASES[case]
    specs_schema.openai("CreateChatCompletionResponse").validate(
        support.reply_of(CHAT, support.chat(**members), step=step)
    )


@pytest.mark.parametrize("chunk", [1, 4])
@pytest.mark.parametrize("usage", [True, False])
@pytest.mark.parametrize("case", CHAT_CASES)
def test_completion_chunks(case: str, usage: bool, chunk: int) -> None:
    members, step = CHAT_CASES[case]
    asked = support.chat(**members, stream_options={"include_usage": usage}, stream=True)
    events = support.events_of(CHAT, asked, step=step, x_mock_chunk=str(chunk))
    assert events[-1].data == b"[DONE]"
    chunks = support.data_of(events)
    for one in chunks:
        specs_schema.openai("CreateChatCompletionStreamResponse").validate(one)
    assert ["usage" in one for one in chunks] == [usage] * len(chunks)
    assert [one["choices"] == [] for one in chunks] == [False] * (len(chunks) - usage) + [True] * usage
    assert len({(one["id"], one["created"], one["model"]) for one in chunks}) == 1


@pytest.mark.parametrize("case", MESSAGES_CASES)
def test_a_message(case: str) -> None:
    members, step = MESSAGES_CASES[case]
    specs_schema.anthropic("Message").validate(support.reply_of(MESSAGES, support.messages(**members), step=step))


@pytest.mark.parametrize("chunk", [1, 4])
@pytest.mark.parametrize("case", MESSAGES_CASES)
def test_message_events(case: str, chunk: int) -> None:
    members, step = MESSAGES_CASES[case]
    events = support.events_of(MESSAGES, support.messages(**members), step=step, x_mock_chunk=str(chunk))
    for event in events:
        data = json.loads(event.data)
        assert event.name == data["type"].encode()
        if event.name != b"ping":
            specs_schema.anthropic("RawMessageStreamEvent").validate(data)


@pytest.mark.parametrize("kind", KINDS)
def test_errors(kind: str) -> None:
    step = Status(KINDS[kind].status, kind=kind)
    chat_body = json.loads(support.whole_of(CHAT, support.chat(), step=step).body)
    specs_schema.openai("ErrorResponse").validate(chat_body)
    messages_body = json.loads(support.whole_of(MESSAGES, support.messages(), step=step).body)
    assert messages_body["request_id"].startswith("req_011C")
    if KINDS[kind].messages_type != "request_too_large":  # on the wire, but not in the SDK's union
        specs_schema.anthropic("ErrorResponse").validate(messages_body)


def test_error_events() -> None:
    chat_events = support.data_of(support.events_of(CHAT, support.chat(), step=Stream(error_after=2)))
    specs_schema.openai("ErrorResponse").validate(chat_events[2])
    last = support.events_of(MESSAGES, support.messages(), step=Stream(error_after=2))[2]
    assert last.name == b"error"
    specs_schema.anthropic("ErrorResponse").validate(json.loads(last.data))


def test_models() -> None:
    for path in ("/v1/models", "/v1/models/mock-chat"):
        for headers, single, many in (
            ({}, specs_schema.openai("Model"), specs_schema.openai("ListModelsResponse")),
            ({"anthropic_version": "2023-06-01"}, specs_schema.anthropic("ModelInfo"), None),
        ):
            body = json.loads(support.get(path, **headers))
            if path == "/v1/models" and many is not None:
                many.validate(body)
            for one in body.get("data", [body]):
                single.validate(one)


def test_a_stream_and_a_body_say_the_same() -> None:
    """Collected, the chunks are the completion; so are the events the message."""
    step = Reply(
        [Thinking("Hm, well."), Text("Let me see. "), ToolCall("get_weather", {"city": "Rome"}), Refusal("no")]
    )
    chunks = support.data_of(
        support.events_of(
            CHAT, support.chat(tools=CHAT_TOOLS, stream=True, stream_options={"include_usage": True}), step=step
        )
    )
    whole = support.reply_of(CHAT, support.chat(tools=CHAT_TOOLS), step=step)
    deltas = [choice["delta"] for chunk in chunks for choice in chunk["choices"]]
    message = whole["choices"][0]["message"]
    for member in ("content", "reasoning_content", "refusal"):
        assert "".join(delta.get(member) or "" for delta in deltas) == message[member]
    calls = [call["function"] for delta in deltas for call in delta.get("tool_calls", ())]
    assert "".join(call["arguments"] for call in calls) == message["tool_calls"][0]["function"]["arguments"]
    assert chunks[-1]["usage"] == whole["usage"]

    events = support.data_of(support.events_of(MESSAGES, support.messages(tools=MESSAGES_TOOLS), step=step))
    body = support.reply_of(MESSAGES, support.messages(tools=MESSAGES_TOOLS), step=step)
    pieces = ["", "", ""]
    for event in events:
        if event["type"] == "content_block_delta" and event["delta"]["type"] != "signature_delta":
            pieces[event["index"]] += "".join(value for name, value in event["delta"].items() if name != "type")
    thinking, text, call = body["content"]
    assert pieces == [thinking["thinking"], text["text"], json.dumps(call["input"], separators=(",", ":"))]
    signed = next(
        event["delta"]["signature"] for event in events if event.get("delta", {}).get("type") == "signature_delta"
    )
    assert signed == thinking["signature"]
    assert events[-2]["usage"]["output_tokens"] == body["usage"]["output_tokens"]
    assert events[-2]["delta"]["stop_reason"] == body["stop_reason"] == "refusal" or body["stop_reason"] == "tool_use"
