"""Cohere's v2 chat, by the recordings."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.mock_provider import support
from tests.mock_provider.support import CHAT_TOOLS
from tests.recordings import Recording, recordings

from plexus.mock_provider import Reply, Status, Step, Stream, Thinking, ToolCall
from plexus.mock_provider.cohere.request import read

PATH = "/v2/chat"


def _asked(said: str = "Say hello", **members: Any) -> dict[str, Any]:
    return {"model": "mock-chat", "messages": [{"role": "user", "content": said}]} | members


def _events(body: dict[str, Any], step: Step | None = None) -> list[dict[str, Any]]:
    found = support.events_of(PATH, body | {"stream": True}, step=step)
    if found[-1].data == b"[DONE]":
        found.pop()
    events = [json.loads(event.data) for event in found]
    assert [event.name for event in found] == [event["type"].encode() for event in events]
    return events


CASES: dict[str, tuple[dict[str, Any], Step | None]] = {
    "text": (_asked(), None),
    "empty": (_asked(), Reply(())),
    "thinking": (_asked(thinking={"type": "enabled"}), None),
    "length": (_asked(max_tokens=2), None),
    "stop": (_asked(stop_sequences=["mock"]), None),
    "tools": (_asked(model="mock-tools", tools=CHAT_TOOLS), None),
    "plan": (_asked("Please look", model="mock-agent", tools=CHAT_TOOLS), None),
    "json": (_asked(response_format={"type": "json_object"}), None),
    "search": (_asked(model="mock-search"), None),
    "everything": (_asked(), Reply([Thinking("Hm."), "I look.", ToolCall("f", {"a": 1}), ToolCall("g")])),
}
FINISHES = {
    "length": "MAX_TOKENS",
    "stop": "STOP_SEQUENCE",
    "tools": "TOOL_CALL",
    "plan": "TOOL_CALL",
    "everything": "TOOL_CALL",
}


def _folded(events: list[dict[str, Any]]) -> dict[str, Any]:
    """The message that events spell."""
    message: dict[str, Any] = {"role": "assistant", "tool_plan": "", "content": {}, "tool_calls": {}, "citations": []}
    for event in events[1:-1]:
        said = event.get("delta", {}).get("message", {})
        index = event.get("index")
        if event["type"] == "tool-plan-delta":
            message["tool_plan"] += said["tool_plan"]
        elif event["type"] == "content-start":
            message["content"][index] = said["content"]
        elif event["type"] == "content-delta":
            ((member, text),) = said["content"].items()
            message["content"][index][member] += text
        elif event["type"] == "tool-call-start":
            message["tool_calls"][index] = said["tool_calls"]
        elif event["type"] == "tool-call-delta":
            message["tool_calls"][index]["function"]["arguments"] += said["tool_calls"]["function"]["arguments"]
        elif event["type"] == "citation-start":
            message["citations"].append(said["citations"])
    for call in message["tool_calls"].values():
        call["function"]["arguments"] = call["function"]["arguments"] or "{}"
    message["content"], message["tool_calls"] = list(message["content"].values()), list(message["tool_calls"].values())
    return {name: value for name, value in message.items() if value}


@pytest.mark.parametrize("case", CASES)
def test_events_add_up_to_the_body(case: str) -> None:
    body, step = CASES[case]
    events = _events(body, step)
    whole = support.reply_of(PATH, body, step=step)
    assert [events[0]["type"], events[-1]["type"]] == ["message-start", "message-end"]
    assert events[-1]["delta"] == {"finish_reason": whole["finish_reason"], "usage": whole["usage"]}
    assert _folded(events) == whole["message"]
    assert whole["finish_reason"] == FINISHES.get(case, "COMPLETE")
    starts = [event["type"] for event in events if event["type"].endswith("-start")]
    ends = [event["type"] for event in events if event["type"].endswith("-end")]
    assert sorted(one.removesuffix("-start") for one in starts) == sorted(one.removesuffix("-end") for one in ends)


def test_the_plan_stands_apart_from_the_content() -> None:
    whole = support.reply_of(PATH, CASES["plan"][0])
    assert whole["message"]["tool_plan"] == "Let me have a look."
    assert "content" not in whole["message"]


def test_a_citation_names_its_place() -> None:
    message = support.reply_of(PATH, CASES["search"][0])["message"]
    (citation,) = message["citations"]
    text = message["content"][citation["content_index"]]["text"]
    assert text[citation["start"] : citation["end"]] == citation["text"]


def test_the_preamble_and_thoughts_are_not_billed() -> None:
    usage = support.reply_of(PATH, CASES["thinking"][0])["usage"]
    assert usage["tokens"]["input_tokens"] == usage["billed_units"]["input_tokens"] + 500
    assert (
        usage["tokens"]["output_tokens"] == usage["billed_units"]["output_tokens"] + usage["tokens"]["reasoning_tokens"]
    )


CALLED = [
    {"role": "user", "content": "Hi"},
    {
        "role": "assistant",
        "tool_calls": [{"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}],
    },
]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"messages": CALLED}, "model"),
        (_asked(messages=[]), "messages"),
        (_asked(odd=1), "odd"),
        (_asked(messages=[{"role": "robot", "content": ""}]), "messages[0]"),
        (_asked(messages=[{"role": "user", "content": ""}]), "at least 1 token"),
        (_asked(messages=[{"role": "user", "content": "x"}, {"role": "assistant"}]), "must not be empty"),
        (_asked(messages=[{"role": "user", "content": "x"}, {"role": "system", "content": "y"}]), "must be the first"),
        (_asked(messages=[*CALLED, {"role": "tool", "tool_call_id": "d", "content": "x"}]), "not found"),
        (_asked(p=1), "p"),
        (_asked(k=501), "k"),
        (_asked(frequency_penalty=-1), "frequency_penalty"),
        (_asked(stop_sequences=list("abcdef")), "stop_sequences"),
        (_asked(tool_choice="REQUIRED"), "along with tools"),
        (_asked(tools=CHAT_TOOLS, tool_choice="auto"), "tool_choice"),
        (_asked(tools=CHAT_TOOLS, response_format={"type": "json_object"}), "response_format"),
        (_asked(documents=["x"], response_format={"type": "json_object"}), "response_format"),
        (
            _asked(messages=[{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "ftp://x"}}]}]),
            "url",
        ),
        (_asked(thinking={"type": "enabled", "token_budget": 0}), "token_budget"),
    ],
)
def test_refusals(body: dict[str, Any], words: str) -> None:
    refused = support.whole_of(PATH, body)
    assert refused.status == 400
    assert words in json.loads(refused.body)["message"]


RECORDED = [each for each in recordings("cohere.chat") if each.request is not None]


@pytest.mark.parametrize("recording", RECORDED, ids=repr)
def test_recorded_calls_are_taken_and_answered_alike(recording: Recording) -> None:
    assert recording.request is not None
    ours = json.loads(support.whole_of(PATH, recording.request | {"stream": False}).body)
    if recording.status != 200:
        error = support.whole_of(PATH, recording.request | {"stream": False}, step=Status(400, kind="context-length"))
        assert recording.body is not None
        assert set(json.loads(error.body)) == set(json.loads(recording.body))
    elif recording.body is not None:
        assert set(json.loads(recording.body)) == set(ours)
    else:
        kinds = {event["type"] for event in _events(recording.request)}
        assert {"message-start", "message-end"} <= kinds


def test_answers_of_tools_are_told() -> None:
    documents = [{"type": "document", "document": {"data": {"text": "sunny"}}}]
    asked = _asked(messages=[*CALLED, {"role": "tool", "tool_call_id": "c", "content": documents}])
    assert 'f answered "sunny"' in support.reply_of(PATH, asked)["message"]["content"][0]["text"]


def test_what_is_asked() -> None:
    picture = {"type": "image_url", "image_url": {"url": "https://e/x"}}
    parts = [{"type": "text", "text": "Hi"}, picture]
    shape = {"type": "json_object", "json_schema": {"type": "object"}}
    body = _asked(
        messages=[{"role": "user", "content": parts}], documents=["d"], logprobs=True, thinking={"type": "disabled"}
    )
    ask = read(json.dumps(body).encode())
    assert (ask.text, ask.media, ask.logprobs, ask.thinking) == ("Hi", ("image", "document"), True, "off")
    ask = read(json.dumps(_asked(response_format=shape)).encode())
    assert ask.output_schema == {"type": "object"}
    ask = read(json.dumps(_asked(tools=CHAT_TOOLS, tool_choice="NONE")).encode())
    assert (ask.choice, len(ask.tools)) == ("none", 3)


def test_a_stream_that_fails() -> None:
    events = _events(_asked(), Stream(error_after=2))
    assert events[-1]["delta"]["finish_reason"] == "ERROR"
    assert events[-1]["delta"]["error"]
    assert len(events) == 3
