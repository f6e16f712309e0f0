"""A stream says what the reply at its end says; servers that leave something out are understood all the same."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.protocols.properties import decode_stream, inbound
from tests.recordings import Recording, recordings

from plexus.canonical.content import Opaque, Reasoning, Refusal, Text, ToolCall
from plexus.canonical.errors import ErrorKind
from plexus.canonical.events import (
    CitationDelta,
    Failure,
    FinishSeen,
    ReplyEnd,
    ReplyStart,
    StreamEvent,
    UsageSeen,
    fold,
)
from plexus.canonical.response import FinishReason, GenerateResponse
from plexus.protocols.openai_responses import CODEC

STREAMS = [recording for recording in recordings("openai.responses") if recording.sse is not None]
ENDS = ("response.completed", "response.incomplete")

DIFFERENT = {
    "openai.responses.openai.github-copilot-id-rotation.1": "every event has another id",
    "openai.responses.openai.openai-phase.1": "items are missing from the stream",
    "openai.responses.openai.openai-shell-tool.1": "two replies in one file",
    "quirk.responses.item-id-changes-per-event": "every event has another id",
    "openai.responses.openai.openai-error.1": "it failed",
    "openai.responses.openai.test-openai-responses-compact-stateful-mode-stream.1": "an opaque item is encrypted anew",
    "openai.responses.openrouter.test-openai-responses-raw-cot-stream-openrouter.1": "the end has another id",
}


def data_of(sse: bytes) -> list[dict[str, Any]]:
    lines = [line[5:].strip() for line in sse.decode().splitlines() if line.startswith("data:")]
    return [json.loads(line) for line in lines if line.startswith("{")]


def plain(response: GenerateResponse) -> Any:
    """The reply as comparable values, without what OpenAI itself writes anew each time: sealed state, and the last digits of
    log probabilities; and without the spelling of usage."""
    document = msgspec.json.decode(msgspec.json.encode(response))
    if document["usage"] is not None:
        document["usage"].pop("raw", None)
    for candidate in document["candidates"]:
        candidate["logprobs"] = candidate["logprobs"] and len(candidate["logprobs"]["content"])
        for block in candidate["blocks"]:
            state = block.get("state")
            if state is not None:
                state["value"] = "sealed"
            if block.get("extras"):
                block["extras"]["twins"].pop("logprobs", None)
    return document


@pytest.mark.parametrize("recording", STREAMS, ids=repr)
def test_the_folded_stream_is_the_reply_at_its_end(recording: Recording) -> None:
    assert recording.sse is not None
    if recording.id in DIFFERENT:
        pytest.skip(DIFFERENT[recording.id])
    last = data_of(recording.sse)[-1]
    whole = json.dumps(last.get("response", last), separators=(",", ":"), ensure_ascii=False).encode()
    wanted = plain(CODEC.decode_response(whole, CODEC.default_dialect))
    found = plain(fold(decode_stream(CODEC, [recording.sse]), "openai_responses"))
    for name in ("candidates", "usage", "id", "model", "service_tier"):
        assert found[name] == wanted[name]


def stream(*events: dict[str, Any], named: bool = False) -> list[StreamEvent]:
    written = b"".join(
        (f"event: {event['type']}\n" if named else "").encode() + b"data: " + json.dumps(event).encode() + b"\n\n"
        for event in events
    )
    return decode_stream(CODEC, [written])


def reply(*events: dict[str, Any]) -> GenerateResponse:
    return fold(stream(CREATED, *events), "openai_responses")


CREATED = {
    "type": "response.created",
    "response": {"id": "resp_1", "model": "m", "status": "in_progress", "output": []},
}
COMPLETED = {"type": "response.completed", "response": {"id": "resp_1", "model": "m", "status": "completed"}}
MESSAGE = {"id": "msg_1", "type": "message", "status": "completed", "role": "assistant"}
TEXT = {"type": "output_text", "text": "Hello", "annotations": []}
CALL = {"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": "f", "status": "completed"}


def test_an_item_that_comes_whole() -> None:
    message = {"type": "response.output_item.done", "output_index": 0, "item": {**MESSAGE, "content": [TEXT]}}
    call = {"type": "response.output_item.done", "output_index": 1, "item": {**CALL, "arguments": '{"a":1}'}}
    text, tool = reply(message, call, COMPLETED).candidates[0].blocks
    assert isinstance(text, Text)
    assert text.text == "Hello"
    assert isinstance(tool, ToolCall)
    assert (tool.id, tool.arguments) == ("call_1", '{"a":1}')


def test_a_reply_of_which_only_the_end_came() -> None:
    whole = {**COMPLETED["response"], "output": [{**MESSAGE, "content": [TEXT]}, {**CALL, "arguments": "{}"}]}  # type: ignore[dict-item]
    response = fold(stream({"type": "response.completed", "response": whole}), "openai_responses")
    assert [type(block) for block in response.candidates[0].blocks] == [Text, ToolCall]
    assert response.id == "resp_1"
    finish = response.candidates[0].finish
    assert finish is not None
    assert finish.reason is FinishReason.TOOL_CALLS


def test_text_of_which_pieces_are_missing() -> None:
    delta = {"type": "response.output_text.delta", "output_index": 0, "content_index": 0, "delta": "Hel"}
    done = {"type": "response.output_text.done", "output_index": 0, "content_index": 0, "text": "Hello"}
    (block,) = reply(delta, done, COMPLETED).candidates[0].blocks
    assert isinstance(block, Text)
    assert block.text == "Hello"


def test_arguments_of_which_all_pieces_are_missing() -> None:
    added = {"type": "response.output_item.added", "output_index": 0, "item": {**CALL, "arguments": ""}}
    done = {"type": "response.function_call_arguments.done", "output_index": 0, "arguments": '{"a":1}'}
    (block,) = reply(added, done, COMPLETED).candidates[0].blocks
    assert isinstance(block, ToolCall)
    assert block.arguments == '{"a":1}'


@pytest.mark.parametrize(
    ("kind", "index", "summary"),
    [("reasoning_summary_text", "summary_index", True), ("reasoning_text", "content_index", False)],
)
def test_thoughts_in_several_parts(kind: str, index: str, summary: bool) -> None:
    deltas = [
        {"type": f"response.{kind}.delta", "output_index": 0, index: place, "delta": text}
        for place, text in ((0, "a"), (0, "b"), (1, "c"))
    ]
    item = {"id": "rs_1", "type": "reasoning", "summary": [], "encrypted_content": "xyz"}
    done = {"type": "response.output_item.done", "output_index": 0, "item": item}
    (block,) = reply(*deltas, done, COMPLETED).candidates[0].blocks
    assert isinstance(block, Reasoning)
    assert (block.text, block.parts, block.summary) == ("abc", ("ab", "c"), summary)
    assert block.state is not None
    assert block.state.value == "xyz"


def test_a_refusal() -> None:
    delta = {"type": "response.refusal.delta", "output_index": 0, "content_index": 0, "delta": "no"}
    (block,) = reply(delta, COMPLETED).candidates[0].blocks
    assert isinstance(block, Refusal)
    assert block.text == "no"


def test_annotations_that_only_the_item_names() -> None:
    citation = {"type": "url_citation", "url": "https://example.com", "title": "t", "start_index": 0, "end_index": 1}
    delta = {"type": "response.output_text.delta", "output_index": 0, "content_index": 0, "delta": "Hello"}
    item = {**MESSAGE, "content": [{**TEXT, "annotations": [citation]}]}
    (block,) = (
        reply(delta, {"type": "response.output_item.done", "output_index": 0, "item": item}, COMPLETED)
        .candidates[0]
        .blocks
    )
    assert isinstance(block, Text)
    assert [cited.url for cited in block.citations] == ["https://example.com"]


def test_built_in_tools_stay_whole() -> None:
    item = {"type": "web_search_call", "id": "ws_1", "status": "in_progress"}
    final = {**item, "status": "completed", "action": {"type": "search", "query": "q"}}
    events = stream(
        CREATED,
        {"type": "response.output_item.added", "output_index": 0, "item": item},
        {"type": "response.web_search_call.searching", "output_index": 0, "item_id": "ws_1"},
        {"type": "response.output_item.done", "output_index": 0, "item": final},
        COMPLETED,
    )
    (block,) = fold(events, "openai_responses").candidates[0].blocks
    assert isinstance(block, Opaque)
    assert json.loads(bytes(block.raw)) == final
    assert any(getattr(event, "kind", "") == "response.web_search_call.searching" for event in events)


def test_keepalive_and_unknown_events_say_nothing() -> None:
    noise: list[dict[str, Any]] = [
        {"type": "keepalive", "sequence_number": 9},
        {"type": "response.shiny.new", "output_index": 5},
        {"a": 1},
    ]
    assert [type(event) for event in stream(CREATED, *noise, COMPLETED)] == [ReplyStart, FinishSeen, ReplyEnd]


def test_a_cut_stream_has_no_end() -> None:
    delta = {"type": "response.output_text.delta", "output_index": 0, "content_index": 0, "delta": "x"}
    assert not any(isinstance(event, ReplyEnd) for event in stream(CREATED, delta))


def test_done_alone_ends_a_reply_that_said_something() -> None:
    delta = b'data: {"type":"response.output_text.delta","output_index":0,"content_index":0,"delta":"x"}\n\n'
    ended = decode_stream(CODEC, [delta + b"data: [DONE]\n\n"])
    assert isinstance(ended[-1], ReplyEnd)
    assert not any(isinstance(event, ReplyEnd) for event in decode_stream(CODEC, [b"data: [DONE]\n\n"]))


@pytest.mark.parametrize(
    ("event", "kind"),
    [
        ({"type": "error", "code": "rate_limit_exceeded", "message": "slow down", "param": None}, ErrorKind.RATE_LIMIT),
        ({"type": "error", "error": {"type": "server_error", "message": "x"}}, ErrorKind.UPSTREAM_ERROR),
        ({"error": {"code": "insufficient_quota", "message": "x"}}, ErrorKind.UPSTREAM_BILLING),
        (
            {"type": "response.failed", "response": {"error": {"code": "rate_limit_exceeded", "message": "x"}}},
            ErrorKind.RATE_LIMIT,
        ),
        ({"type": "response.failed", "response": {"status": "failed"}}, ErrorKind.UPSTREAM_ERROR),
    ],
)
def test_failures_are_typed(event: dict[str, Any], kind: ErrorKind) -> None:
    last = stream(CREATED, event, COMPLETED)[-1]
    assert isinstance(last, Failure)
    assert last.error.kind is kind


def test_a_failed_reply_still_tells_its_usage() -> None:
    failed = {"type": "response.failed", "response": {"usage": {"input_tokens": 3, "output_tokens": 1}}}
    assert any(isinstance(event, UsageSeen) and event.usage.input == 3 for event in stream(CREATED, failed))


def test_one_unreadable_event_is_passed_over_a_second_is_a_failure() -> None:
    bad = {"type": "response.output_text.delta", "output_index": "x"}
    assert isinstance(stream(CREATED, bad, COMPLETED)[-1], ReplyEnd)
    last = stream(CREATED, bad, bad, COMPLETED)[-1]
    assert isinstance(last, Failure)
    assert last.error.kind is ErrorKind.UPSTREAM_MALFORMED


TYPES = st.sampled_from(
    [
        "response.created", "response.completed", "response.incomplete", "response.failed", "error",
        "response.output_item.added", "response.output_item.done", "response.content_part.added",
        "response.content_part.done", "response.output_text.delta", "response.output_text.done", "response.refusal.delta",
        "response.output_text.annotation.added", "response.function_call_arguments.delta",
        "response.function_call_arguments.done", "response.custom_tool_call_input.done",
        "response.reasoning_summary_part.added", "response.reasoning_summary_text.delta", "response.reasoning_text.delta",
        "response.reasoning_text.done", "response.web_search_call.searching",
    ]
)  # fmt: skip
ITEMS = st.fixed_dictionaries(
    {"type": st.sampled_from(["message", "reasoning", "function_call", "custom_tool_call", "web_search_call"])},
    optional={
        "id": st.text(max_size=3),
        "call_id": st.text(max_size=3),
        "name": st.text(max_size=3),
        "namespace": st.text(max_size=3),
        "arguments": st.text(max_size=3),
        "status": st.text(max_size=3),
        "content": st.lists(
            st.sampled_from([TEXT, {"type": "refusal", "refusal": "n"}, {"type": "x"}, {}]), max_size=3
        ),
        "summary": st.lists(st.sampled_from([{"type": "summary_text", "text": "s"}, {}]), max_size=3),
        "encrypted_content": st.text(max_size=3),
    },
)
EVENTS = st.fixed_dictionaries(
    {"type": TYPES},
    optional={
        "output_index": st.integers(0, 2),
        "content_index": st.integers(0, 2),
        "summary_index": st.integers(0, 2),
        "delta": st.text(max_size=3),
        "text": st.text(max_size=3),
        "arguments": st.text(max_size=3),
        "item": ITEMS,
        "part": st.sampled_from(
            [TEXT, {"type": "refusal", "refusal": "n"}, {"type": "reasoning_text", "text": "t"}, {}]
        ),
        "annotation": st.sampled_from([{"type": "url_citation", "url": "u"}, 1, None]),
        "logprobs": st.sampled_from([[], [{"token": "a"}], 1, "[{"]),
        "response": st.fixed_dictionaries(
            {}, optional={"output": st.lists(ITEMS, max_size=3), "id": st.text(max_size=2)}
        ),
    },
)


def test_a_citation_of_a_part_that_is_over_is_left_out() -> None:
    part = {"type": "response.output_text.delta", "output_index": 0}
    cited = {"type": "response.output_text.annotation.added", "output_index": 0, "annotation": {"type": "url_citation"}}
    found = stream(
        {**part, "content_index": 0, "delta": "a"}, {**part, "content_index": 1, "delta": "b"},
        {**cited, "content_index": 0}, {**cited, "content_index": 1},
    )  # fmt: skip
    (citation,) = [event for event in found if isinstance(event, CitationDelta)]
    assert citation.index == 1


@given(st.lists(EVENTS, max_size=12))
@settings(deadline=None, max_examples=300)
def test_any_events_keep_the_grammar(events: list[dict[str, Any]]) -> None:
    """Whatever comes in what order: every delta has its open block, every reply one start and at most one end."""
    found = stream(*events)
    failed = any(isinstance(event, Failure) for event in found)
    assert sum(isinstance(event, ReplyStart) for event in found) <= 1
    assert sum(isinstance(event, ReplyEnd) for event in found) <= 1
    if not failed:
        fold(found, "openai_responses")
    encoder = CODEC.stream_encoder(CODEC.decode_request(inbound({"model": "m", "input": "hi"})))
    for event in found:
        if not isinstance(event, Failure):
            encoder.encode(event)
