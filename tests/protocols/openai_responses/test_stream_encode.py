"""Streams as clients get them: OpenAI's order and grammar, whatever the provider spoke."""

from __future__ import annotations

import functools
import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from tests import specs_schema
from tests.protocols.properties import AnyCodec, decode_stream, encode_stream, inbound
from tests.recordings import Recording, recordings

from plexus.canonical.content import Citation, Reasoning, ReasoningState, Text, ToolCall
from plexus.canonical.events import (
    ArgumentsDelta,
    BlockEnd,
    BlockStart,
    CitationDelta,
    FinishSeen,
    LogprobsSeen,
    ReplyEnd,
    ReplyStart,
    StateDelta,
    StreamEvent,
    TextDelta,
)
from plexus.canonical.response import Finish, FinishReason
from plexus.protocols.openai_responses import CODEC
from plexus.protocols.registry import CODECS

FOLDERS = {
    "openai_chat": "openai.chat",
    "openai_responses": "openai.responses",
    "anthropic_messages": "anthropic.messages",
}
FAILING = {
    "openai.chat.groq.test-tool-use-failed-error-streaming-with-text.1",
    "quirk.chat.openrouter-error-mid-stream",
    "quirk.anthropic.error-event-mid-stream",
    "openai.responses.openai.openai-error.1",
}
STREAMS = [
    (CODECS[protocol, "generate"], recording)
    for protocol, folder in FOLDERS.items()
    for recording in recordings(folder)
    if recording.sse is not None and recording.id not in FAILING
]
ASK: dict[str, Any] = {"model": "m", "input": "hi", "stream": True}


def frames(written: bytes) -> list[dict[str, Any]]:
    """The events, each of which says its type in both places."""
    found = []
    for block in written.decode().split("\n\n"):
        if not block:
            continue
        name, data = block.split("\n", 1)
        event = json.loads(data.removeprefix("data: "))
        assert name == f"event: {event['type']}"
        found.append(event)
    return found


def encode(events: list[StreamEvent], **more: Any) -> list[dict[str, Any]]:
    return frames(encode_stream(CODEC, events, CODEC.decode_request(inbound({**ASK, **more}))))


@functools.cache
def schemas() -> dict[str, Draft202012Validator]:
    """Event type -> its schema in OpenAI's document."""
    components = specs_schema.document("openai-core.openapi")["components"]
    names = [part["$ref"].split("/")[-1] for part in components["schemas"]["ResponseStreamEvent"]["anyOf"]]
    return {components["schemas"][name]["properties"]["type"]["enum"][0]: specs_schema.openai(name) for name in names}


@pytest.mark.parametrize(("codec", "recording"), STREAMS, ids=[recording.id for _, recording in STREAMS])
def test_a_stream_follows_the_grammar(codec: AnyCodec, recording: Recording) -> None:
    assert recording.sse is not None
    events = encode(decode_stream(codec, [recording.sse]))
    assert [event["sequence_number"] for event in events] == list(range(len(events)))
    kinds = [event["type"] for event in events]
    assert kinds[:2] == ["response.created", "response.in_progress"]
    assert kinds[-1] in ("response.completed", "response.incomplete")
    assert len({kind for kind in kinds if kind in ("response.completed", "response.incomplete")}) == 1
    output = events[-1]["response"]["output"]
    opened = {event["output_index"]: event["item"] for event in events if event["type"].endswith("item.added")}
    ended = {event["output_index"]: event["item"] for event in events if event["type"].endswith("item.done")}
    assert list(opened) == list(range(len(output)))
    assert [ended[index] for index in range(len(output))] == output
    for index, item in opened.items():
        assert item.get("id") == output[index].get("id")
    ids = [item["id"] for item in output if "id" in item]
    assert len(ids) == len(set(ids))
    for event in events:
        if "item_id" in event and "output_index" in event:
            assert event["item_id"] == output[event["output_index"]]["id"]


@pytest.mark.parametrize(("codec", "recording"), STREAMS, ids=[recording.id for _, recording in STREAMS])
def test_pieces_make_the_whole(codec: AnyCodec, recording: Recording) -> None:
    assert recording.sse is not None
    pieces: dict[tuple[Any, ...], str] = {}
    for event in encode(decode_stream(codec, [recording.sse])):
        stem, _, word = event["type"].rpartition(".")
        place = (stem, event.get("output_index"), event.get("content_index"), event.get("summary_index"))
        if word == "delta":
            pieces[place] = pieces.get(place, "") + event["delta"]
        elif word == "done" and (whole := next((event[m] for m in WHOLES if m in event), None)) is not None:
            assert pieces.get(place, "") == whole


WHOLES = ("text", "refusal", "arguments", "input")


@pytest.mark.parametrize(("codec", "recording"), STREAMS, ids=[recording.id for _, recording in STREAMS])
def test_every_event_fits_openais_schema(codec: AnyCodec, recording: Recording) -> None:
    """But for replies of our own protocol, which hold what their providers wrote."""
    assert recording.sse is not None
    if codec is CODEC:
        pytest.skip("the provider's own words")
    seen = set()
    for event in encode(decode_stream(codec, [recording.sse])):
        if event["type"].endswith(".delta") and event["type"] in seen:
            continue  # one of each kind is enough
        seen.add(event["type"])
        if "response" in event:
            reply = event["response"]
            event["response"] = {name: reply[name] for name in reply if reply[name] is not None or name not in NULLS}
        problems = list(schemas()[event["type"]].iter_errors(event))
        assert [f"{event['type']} {list(problem.path)}: {problem.message[:200]}" for problem in problems] == []


NULLS = ("user", "usage")
"""The real service sends them as null, its document does not allow it (tests/specs)."""

OWN = [recording for codec, recording in STREAMS if codec is CODEC]
SHORTENED = {
    "quirk.responses.lifecycle-event-unwrapped": "no items at all were announced",
    "openai.responses.openai.openai-phase.1": "items are missing",
    "quirk.responses.item-id-changes-per-event": "parts are left out",
    "openai.responses.openai.openai-shell-tool.1": "two replies in one file",
}


def order(events: list[dict[str, Any]]) -> list[str]:
    """Kinds of events, runs of one kind as one."""
    kinds = [event["type"] for event in events if "type" in event and event["type"] != "keepalive"]
    return [kind for place, kind in enumerate(kinds) if place == 0 or kinds[place - 1] != kind]


@pytest.mark.parametrize("recording", OWN, ids=repr)
def test_our_own_streams_come_out_in_the_same_order(recording: Recording) -> None:
    assert recording.sse is not None
    if recording.id in SHORTENED or recording.provider == "openrouter":
        pytest.skip("not in OpenAI's order")
    data = [line[5:].strip() for line in recording.sse.decode().splitlines() if line.startswith("data:")]
    wanted = [json.loads(line) for line in data if line.startswith("{")]
    assert order(encode(decode_stream(CODEC, [recording.sse]))) == order(wanted)


# --- by hand


START, END = ReplyStart(id="chatcmpl-1", model="m", created=7), ReplyEnd()


def finish(reason: FinishReason) -> FinishSeen:
    return FinishSeen(Finish(reason=reason, origin="openai_chat", raw=reason.value))


def test_parallel_calls_may_overlap() -> None:
    events: list[StreamEvent] = [
        START,
        BlockStart(0, ToolCall(id="a", name="f", arguments="")),
        BlockStart(1, ToolCall(id="b", name="g", arguments="")),
        ArgumentsDelta(1, "{}"),
        ArgumentsDelta(0, '{"x":1}'),
        BlockEnd(0),
        BlockEnd(1),
        finish(FinishReason.TOOL_CALLS),
        END,
    ]
    output = encode(events)[-1]["response"]["output"]
    assert [(item["call_id"], item["name"], item["arguments"]) for item in output] == [
        ("a", "f", '{"x":1}'),
        ("b", "g", "{}"),
    ]
    assert {item["status"] for item in output} == {"completed"}


def test_a_custom_tool_that_was_called_as_a_function_gets_its_text() -> None:
    events: list[StreamEvent] = [
        START,
        BlockStart(0, ToolCall(id="a", name="patch", arguments="")),
        ArgumentsDelta(0, '{"input":"*** Be'),
        ArgumentsDelta(0, 'gin\\n"}'),
        BlockEnd(0),
        END,
    ]
    written = encode(events, tools=[{"type": "custom", "name": "patch"}])
    deltas = [event["delta"] for event in written if event["type"] == "response.custom_tool_call_input.delta"]
    assert deltas == ["*** Begin\n"]
    (item,) = written[-1]["response"]["output"]
    assert (item["type"], item["input"]) == ("custom_tool_call", "*** Begin\n")


def test_a_namespaced_tool_is_called_by_its_own_name() -> None:
    space = {"type": "namespace", "name": "files", "description": "d", "tools": [{"type": "function", "name": "read"}]}
    events: list[StreamEvent] = [
        START,
        BlockStart(0, ToolCall(id="a", name="files__read", arguments="{}")),
        BlockEnd(0),
        END,
    ]
    (item,) = encode(events, tools=[space])[-1]["response"]["output"]
    assert (item["namespace"], item["name"], item["arguments"]) == ("files", "read", "{}")


def test_thoughts_of_others_are_summaries_with_their_state() -> None:
    state = ReasoningState("openai_responses", "plx1.sealed")
    events: list[StreamEvent] = [
        START,
        BlockStart(0, Reasoning()),
        TextDelta(0, "hm"),
        StateDelta(0, state),
        BlockEnd(0),
        BlockStart(1, Reasoning(redacted=True, state=state)),
        BlockEnd(1),
        BlockStart(2, Reasoning(state=state)),
        BlockEnd(2),
        END,
    ]
    output = encode(events)[-1]["response"]["output"]
    assert [[part["text"] for part in item["summary"]] for item in output] == [["hm"], [], [""]]
    assert {item["encrypted_content"] for item in output} == {"plx1.sealed"}


def test_several_texts_share_a_message_and_keep_citations_and_logprobs() -> None:
    cited = Citation(origin="anthropic_messages", kind="web", url="https://example.com", title="t")
    token = b'{"content":[{"token":"a","logprob":-0.5,"bytes":[97],"top_logprobs":[]}],"refusal":null}'
    events: list[StreamEvent] = [
        START,
        BlockStart(0, Text(text="")),
        TextDelta(0, "a"),
        LogprobsSeen(token),  # type: ignore[arg-type]
        BlockEnd(0),
        BlockStart(1, Text(text="")),
        TextDelta(1, "b"),
        CitationDelta(1, cited),
        BlockEnd(1),
        END,
    ]
    written = encode(events)
    (item,) = written[-1]["response"]["output"]
    first, second = item["content"]
    assert (first["text"], second["text"]) == ("a", "b")
    assert [entry["token"] for entry in first["logprobs"]] == ["a"]
    assert second["annotations"][0]["url"] == "https://example.com"
    assert [event["type"] for event in written].count("response.output_item.done") == 1


@pytest.mark.parametrize(
    ("reason", "status", "details"),
    [
        (FinishReason.STOP, "completed", None),
        (FinishReason.TOOL_CALLS, "completed", None),
        (FinishReason.LENGTH, "incomplete", {"reason": "max_output_tokens"}),
        (FinishReason.CONTENT_FILTER, "incomplete", {"reason": "content_filter"}),
        (FinishReason.REFUSAL, "incomplete", {"reason": "content_filter"}),
    ],
)
def test_how_it_ended(reason: FinishReason, status: str, details: object) -> None:
    last = encode([START, finish(reason), END])[-1]
    assert last["type"] == f"response.{status}"
    assert (last["response"]["status"], last["response"]["incomplete_details"]) == (status, details)


def test_a_reply_without_a_beginning_gets_one() -> None:
    kinds = [event["type"] for event in encode([BlockStart(0, Text(text="x")), BlockEnd(0), END])]
    assert kinds[0] == "response.created"
    assert kinds[-1] == "response.completed"
