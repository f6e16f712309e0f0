"""Gemini's replies by both documents and the recordings; its framing in both forms."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests import specs_schema
from tests.mock_provider import support
from tests.mock_provider.support import WEATHER, gemini_path
from tests.recordings import Recording, recordings

from plexus.mock_provider import Refusal, Reply, Status, Step, Stream, Thinking, ToolCall
from plexus.mock_provider.errors import KINDS
from plexus.mock_provider.script import Script, Start, Whole, Write
from plexus.mock_provider.steps import OPENING

TOOLS = [
    {"functionDeclarations": [{"name": name, "parametersJsonSchema": WEATHER} for name in ("get_weather", "get_time")]}
]
THINKING = {"generationConfig": {"thinkingConfig": {"includeThoughts": True}}}
CASES: dict[str, tuple[dict[str, Any], str, Step | None]] = {
    "text": ({}, "mock-chat", None),
    "length": ({"generationConfig": {"maxOutputTokens": 3}}, "mock-chat", None),
    "stop": ({"generationConfig": {"stopSequences": ["mock"]}}, "mock-chat", None),
    "candidates": ({"generationConfig": {"candidateCount": 2}}, "mock-chat", None),
    "thinking": (THINKING, "mock-chat", None),
    "hidden thinking": ({}, "mock-thinking", None),
    "tool": ({"tools": TOOLS}, "mock-tools", None),
    "signed tools": ({"tools": TOOLS}, "mock-thinking-tools", None),
    "search": ({"tools": [{"googleSearch": {}}]}, "mock-search", None),
    "json": (
        {"generationConfig": {"responseMimeType": "application/json", "responseJsonSchema": WEATHER}},
        "mock-chat",
        None,
    ),
    "blocked": ({}, "mock-chat", Reply((), finish="content_filter")),
    "filtered": ({}, "mock-chat", Reply("half", finish="content_filter")),
    "everything": (
        THINKING | {"tools": TOOLS},
        "mock-chat",
        Reply([Thinking("Hm."), "I look. ", ToolCall("get_time", {})]),
    ),
}


def _reply(case: str, *, stream: bool = False) -> Any:
    members, model, step = CASES[case]
    if not stream:
        return support.reply_of(gemini_path(model), support.gemini(**members), step=step)
    events = support.events_of(gemini_path(model, stream=True), support.gemini(**members), step=step)
    return [json.loads(event.data) for event in events]


@pytest.mark.parametrize("case", CASES)
def test_replies_are_valid(case: str) -> None:
    for body in (_reply(case), *_reply(case, stream=True)):
        specs_schema.gemini("GenerateContentResponse").validate(body)
        specs_schema.genai("GenerateContentResponse").validate(body)


@pytest.mark.parametrize("case", CASES)
def test_a_stream_and_a_body_say_the_same(case: str) -> None:
    whole, frames = _reply(case), _reply(case, stream=True)
    assert frames[-1]["usageMetadata"] == whole["usageMetadata"]
    totals = [frame["usageMetadata"]["totalTokenCount"] for frame in frames]
    assert totals == sorted(totals)
    for candidate in whole.get("candidates", ()):
        pieces = [one for frame in frames for one in frame["candidates"] if one["index"] == candidate["index"]]
        assert pieces[-1]["finishReason"] == candidate["finishReason"]
        assert all("finishReason" not in one for one in pieces[:-1])
        assert _told(pieces) == _told([candidate])


def _told(candidates: list[Any]) -> dict[str, Any]:
    parts = [part for one in candidates for part in one["content"].get("parts", ())]
    return {
        "thoughts": "".join(part["text"] for part in parts if part.get("thought")),
        "text": "".join(part["text"] for part in parts if "text" in part and not part.get("thought")),
        "calls": [part["functionCall"] for part in parts if "functionCall" in part],
        "signatures": [part["thoughtSignature"] for part in parts if "thoughtSignature" in part],
    }


def test_a_refusal_is_a_finish_without_words() -> None:
    (candidate,) = support.reply_of(gemini_path(), support.gemini(), step=Reply(Refusal("No.")))["candidates"]
    assert candidate == {"content": {"role": "model"}, "index": 0, "finishReason": "SAFETY", "finishMessage": "No."}


def test_a_blocked_prompt_has_no_candidates() -> None:
    assert _reply("blocked")["promptFeedback"]["blockReason"] == "PROHIBITED_CONTENT"
    assert "candidates" not in _reply("blocked")
    assert len(_reply("blocked", stream=True)) == 1


def test_thoughts_are_shown_on_request_only_and_counted_anyway() -> None:
    shown = support.reply_of(gemini_path("mock-thinking"), support.gemini(**THINKING))
    hidden = support.reply_of(gemini_path("mock-thinking"), support.gemini())
    assert shown["usageMetadata"] == hidden["usageMetadata"]
    assert hidden["usageMetadata"]["thoughtsTokenCount"] > 0
    assert [bool(_told(one["candidates"])["thoughts"]) for one in (shown, hidden)] == [True, False]
    off = support.gemini(generationConfig={"thinkingConfig": {"thinkingBudget": 0}})
    assert "thoughtsTokenCount" not in support.reply_of(gemini_path("mock-thinking"), off)["usageMetadata"]


def _body(script: Script) -> bytes:
    return b"".join(action.data for action in script if isinstance(action, Write))


def test_the_two_framings() -> None:
    events = support.script_of(gemini_path(stream=True), support.gemini())
    array = support.script_of(support.GEMINI_STREAM.format(model="mock-chat"), support.gemini())
    lines = _body(events).split(b"\r\n\r\n")
    assert lines.pop() == b""
    assert all(line.startswith(b"data: ") and b"\n" not in line for line in lines)
    data = _body(array)
    assert data.startswith(b"[{")
    assert data.count(b"},\r\n{") == len(lines) - 1
    assert [json.loads(line.removeprefix(b"data: ")) for line in lines] == json.loads(data)
    assert [dict(one.fields)[b"content-type"] for one in (events[0], array[0]) if isinstance(one, Start)] == [
        b"text/event-stream",
        b"application/json; charset=UTF-8",
    ]


@pytest.mark.parametrize("position", [OPENING, 0, 3])
def test_a_stream_that_fails(position: int) -> None:
    step = Stream(error_after=position, error=Status(429, retry_after=34.4))
    events = support.data_of(support.events_of(gemini_path(stream=True), support.gemini(), step=step))
    before = max(0, position)
    assert len(events) == before + 1
    assert [set(event) for event in events[:before]] == [
        {"candidates", "usageMetadata", "modelVersion", "responseId"}
    ] * before
    array = json.loads(_body(support.script_of(support.GEMINI_STREAM.format(model="m"), support.gemini(), step=step)))
    assert array[-1] == events[-1]
    error = events[-1]["error"]
    assert (error["code"], error["status"]) == (429, "RESOURCE_EXHAUSTED")
    assert error["details"][-1] == {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "34.4s"}


def test_a_cut_array_is_not_closed() -> None:
    path = support.GEMINI_STREAM.format(model="m")
    assert not _body(support.script_of(path, support.gemini(), step=Stream(cut_after=2))).endswith(b"]")


def test_a_limit_is_told_in_the_body_and_not_in_a_header() -> None:
    whole = support.whole_of(gemini_path(), support.gemini(), step=Status(429, kind="quota", retry_after=3600))
    assert b"retry-after" not in dict(whole.fields)
    details = json.loads(whole.body)["error"]["details"]
    assert "PerDay" in details[0]["violations"][0]["quotaId"]
    assert details[1]["retryDelay"] == "3600s"


@pytest.mark.parametrize("kind", KINDS)
def test_errors(kind: str) -> None:
    status = KINDS[kind].status
    whole = support.whole_of(gemini_path(), support.gemini(), step=Status(status, kind=kind))
    error = json.loads(whole.body)["error"]
    assert (whole.status, error["code"]) == (status, status)
    assert error["message"]
    assert error["status"].isupper()


def test_a_recorded_error_has_the_same_members() -> None:
    recorded = next(
        one for one in recordings("gemini.generate") if one.id == "gemini.generate.gemini.google-429-retry-info.1"
    )
    whole = support.whole_of(gemini_path(), support.gemini(), step=Status(429, retry_after=34.4))
    theirs, ours = json.loads(recorded.body or b"")["error"], json.loads(whole.body)["error"]
    assert set(theirs) == set(ours)
    assert [one["@type"] for one in theirs["details"]] == [one["@type"] for one in ours["details"]]


@pytest.mark.parametrize("path", ["/v1beta/models", "/v1beta/models/mock-chat"])
def test_models(path: str) -> None:
    body = json.loads(support.get(path))
    for one in body.get("models", [body]):
        specs_schema.gemini("Model").validate(one)
    assert support.bare_of("GET", "/v1beta/models/nonesuch").status == 404


def test_tokens_are_counted_without_the_start_of_a_reply() -> None:
    asked = support.gemini(tools=TOOLS)
    counted = support.reply_of(
        "/v1beta/models/m:countTokens", {"generateContentRequest": asked | {"model": "models/m"}}
    )
    specs_schema.gemini("CountTokensResponse").validate(counted)
    assert counted["totalTokens"] == support.reply_of(gemini_path("m"), asked)["usageMetadata"]["promptTokenCount"] - 3
    assert support.reply_of("/v1beta/models/m:countTokens", asked)["totalTokens"] == counted["totalTokens"]
    assert support.whole_of("/v1beta/models/m:countTokens", {"contents": []}).status == 400


def _is_signed(recording: Recording) -> bool:
    return b"thoughtSignature" in recording.request_bytes or b"thought_signature" in recording.request_bytes


@pytest.mark.parametrize("recording", recordings("gemini.generate"), ids=repr)
def test_recorded_requests_are_accepted_but_for_foreign_signatures(recording: Recording) -> None:
    if recording.request is None or recording.status != 200:
        return
    path = "/v1beta/models/mock-chat" + recording.request_path[recording.request_path.rindex(":") :]
    first = support.script_of(path, recording.request)[0]
    refused = isinstance(first, Whole) and first.status == 400
    assert refused == _is_signed(recording)
    if refused:
        assert isinstance(first, Whole)
        assert b"Corrupted thought signature." in first.body
