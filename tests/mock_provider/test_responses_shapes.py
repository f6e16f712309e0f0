"""Responses by OpenAI's own document, the Open Responses specification and the recordings."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests import specs_schema
from tests.mock_provider import support
from tests.mock_provider.support import RESPONSES, WEATHER
from tests.recordings import recordings

from plexus.mock_provider import Refusal, Reply, Search, Source, Step, Stream, Text, Thinking, ToolCall
from plexus.mock_provider.script import Whole
from plexus.mock_provider.stage import Stage
from plexus.mock_provider.steps import OPENING
from plexus.protocols.sse import split_events

PAGE = Source("Title", "https://example.com/", "quote")
TOOLS = [{"type": "function", "name": name, "parameters": WEATHER} for name in ("get_weather", "get_time")]
THINKING = {"reasoning": {"effort": "high", "summary": "auto"}, "include": ["reasoning.encrypted_content"]}
CASES: dict[str, tuple[dict[str, Any], Step | None]] = {
    "text": ({}, None),
    "empty": ({}, Reply(())),
    "length": ({"max_output_tokens": 16}, Reply("word " * 40)),
    "content filter": ({}, Reply("x", finish="content_filter")),
    "refusal": ({"model": "mock-refusal"}, None),
    "thinking": (THINKING, None),
    "hidden thinking": ({"reasoning": {"effort": "low"}}, None),
    "tool": ({"model": "mock-tools", "tools": TOOLS, "parallel_tool_calls": False}, None),
    "parallel tools": ({"model": "mock-tools", "tools": TOOLS}, None),
    "logprobs": ({"include": ["message.output_text.logprobs"], "top_logprobs": 2}, None),
    "everything": (THINKING, Reply([Thinking("Hm."), "I look. ", ToolCall("f", {"a": 1}), "Or: ", Refusal("no")])),
}
BEYOND_OPEN: dict[str, tuple[dict[str, Any], Step | None]] = {
    "custom tool": ({"model": "mock-tools", "tools": [{"type": "custom", "name": "run"}]}, None),
    "json": ({"text": {"format": {"type": "json_schema", "name": "w", "schema": WEATHER, "strict": False}}}, None),
    "search": ({"model": "mock-search", "tools": [{"type": "web_search"}]}, None),
}
"""Open Responses has no words for these, or none that fit (its schema of a format must be null)."""


def _documented(response: Any) -> Any:
    """Without the nulls that the service sends and the document forbids (tests/specs/README.md)."""
    shape = {name: one for name, one in response["text"]["format"].items() if one is not None}
    response = response | {"text": response["text"] | {"format": shape}}
    return {name: one for name, one in response.items() if not (name in ("user", "usage") and one is None)}


@pytest.mark.parametrize("case", [*CASES, *BEYOND_OPEN])
def test_a_response(case: str) -> None:
    members, step = (CASES | BEYOND_OPEN)[case]
    response = support.reply_of(RESPONSES, support.responses(**members), step=step)
    specs_schema.openai("Response").validate(_documented(response))
    if case in CASES:
        specs_schema.openresponses("ResponseResource").validate(response)


@pytest.mark.parametrize("chunk", [1, 4])
@pytest.mark.parametrize("case", [*CASES, *BEYOND_OPEN])
def test_events_are_numbered_and_add_up_to_the_response(case: str, chunk: int) -> None:
    members, step = (CASES | BEYOND_OPEN)[case]
    events = support.events_of(RESPONSES, support.responses(**members), step=step, x_mock_chunk=str(chunk))
    said: dict[tuple[int, str], str] = {}
    items: list[Any] = []
    for number, event in enumerate(events):
        data = json.loads(event.data)
        assert (data["type"].encode(), data["sequence_number"]) == (event.name, number)
        if "response" in data:
            data["response"] = _documented(data["response"])
        if data["type"] == "response.function_call_arguments.done":
            data["name"] = "which the document wants and the service does not send"
        specs_schema.openai("ResponseStreamEvent").validate(data)
        if data["type"].endswith(".delta"):
            key = (data["output_index"], data["type"].removeprefix("response.").removesuffix(".delta"))
            said[key] = said.get(key, "") + data["delta"]
        elif data["type"] == "response.output_item.done":
            items.append(data["item"])
    whole = json.loads(events[-1].data)["response"]
    assert whole["output"] == items
    assert whole == support.reply_of(RESPONSES, support.responses(**members), step=step)
    for index, item in enumerate(items):
        found = {name: text for (at, name), text in said.items() if at == index}
        assert found == {name: text for name, text in _texts(item).items() if text}


def _texts(item: Any) -> dict[str, str]:
    if item["type"] == "message":
        parts = item["content"]
        return {
            "output_text": "".join(part.get("text", "") for part in parts),
            "refusal": "".join(part.get("refusal", "") for part in parts),
        }
    if item["type"] == "reasoning":
        return {"reasoning_summary_text": "".join(part["text"] for part in item["summary"])}
    return {"function_call_arguments": item.get("arguments", ""), "custom_tool_call_input": item.get("input", "")}


def _course(events: list[dict[str, Any]]) -> list[Any]:
    """Names of the events and their items, one after the other, runs folded."""
    course: list[Any] = []
    for event in events:
        kind = (event["type"], event.get("item", {}).get("type"), frozenset(event))
        if not course or course[-1] != kind:
            course.append(kind)
    return course


@pytest.mark.parametrize(
    ("recording", "step"),
    [
        (
            "openai.responses.openai.openai-gpt-5-multi-tool-streaming.1",
            Reply([Thinking("Hm."), ToolCall("get_weather"), ToolCall("get_time")]),
        ),
        (
            "openai.responses.openai.openai-gpt-5-thinking-streaming.1",
            Reply([Thinking("Hm."), ToolCall("get_weather", {"city": "Rome"})]),
        ),
        ("openai.responses.openai.openai-gpt-4o-responses-stream.1", Reply(Refusal("No."))),
        (
            "openai.responses.openai.test-openai-citations-become-the-source-list.1",
            Reply([Search("q", PAGE), Text("One", PAGE), Text(" two", PAGE), Text(".")]),
        ),
    ],
)
def test_events_come_in_the_recorded_order(recording: str, step: Step) -> None:
    recorded = next(one for one in recordings("openai.responses") if one.id == recording)
    theirs = support.data_of(split_events(recorded.sse or b""))
    thinking = THINKING if recording.endswith("thinking-streaming.1") else {}
    ours = support.data_of(support.events_of(RESPONSES, support.responses(**thinking), step=step))
    assert _course(ours) == _course(theirs)
    members = list(theirs[0]["response"])
    assert [name for name in ours[0]["response"] if name in members] == members


@pytest.mark.parametrize("position", [OPENING, 6, 0])
def test_a_stream_that_fails(position: int) -> None:
    events = support.data_of(support.events_of(RESPONSES, support.responses(), step=Stream(error_after=position)))
    recorded = next(one for one in recordings("openai.responses") if one.id == "openai.responses.openai.openai-error.1")
    theirs = support.data_of(split_events(recorded.sse or b""))
    at = {OPENING: 4}.get(position, position)
    error = events[at]
    assert (error["type"], error["sequence_number"]) == ("error", at)
    assert set(error["error"]) == set(theirs[2]["error"])
    if position == 0:
        assert len(events) == 1
        return
    failed = events[-1]
    assert (failed["type"], failed["sequence_number"], len(events)) == ("response.failed", at + 1, at + 2)
    specs = {name: failed["response"][name] for name in ("status", "error", "output")}
    message = error["error"]["message"]
    assert specs == {"status": "failed", "error": {"code": "overloaded", "message": message}, "output": []}


def test_usage_can_be_left_out() -> None:
    events = support.data_of(support.events_of(RESPONSES, support.responses(), step=Stream(without_usage=True)))
    assert all("usage" not in event.get("response", {}) for event in events)
    assert "usage" not in support.reply_of(RESPONSES, support.responses(), step=Stream(without_usage=True))


STATEFUL = {
    "openai.responses.openai.test-openai-responses-phase-streamed-on-part-start.1": "invalid_encrypted_content",
    "openai.responses.openai.test-responses-interleaved-reasoning-between-tool-calls.1": "invalid_encrypted_content",
    "openai.responses.openai.test-tool-with-complex-return-type.1": "previous_response_not_found",
}
"""Recorded requests that rest on what only the vendor has."""


@pytest.mark.parametrize(
    "recording", [one for one in recordings("openai.responses") if one.provider == "openai"], ids=repr
)
def test_recorded_requests_are_accepted(recording: Any) -> None:
    if recording.request is None or recording.status != 200:
        return
    first = support.script_of(RESPONSES, recording.request, stage=Stage(issuer="mock"))[0]
    code = json.loads(first.body).get("error") if isinstance(first, Whole) else None
    assert (code or {}).get("code") == STATEFUL.get(recording.id)
    assert (code is None) == (recording.id not in STATEFUL)
