from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.protocols import spoke
from tests.protocols.properties import decode_stream, meaning, reply_of
from tests.recordings import Recording, recordings

from plexus.canonical.content import Reasoning, Text, ToolCall
from plexus.canonical.errors import ErrorKind, GatewayError
from plexus.canonical.events import Failure, ReplyEnd, fold
from plexus.canonical.headers import Headers
from plexus.canonical.response import FinishReason, GenerateResponse
from plexus.protocols.cohere import CODEC
from plexus.protocols.sse import split_events

ALL = recordings("cohere.chat")
STREAMS = [each for each in ALL if each.sse is not None]
REPLIES = [each for each in ALL if each.body is not None and each.status == 200]
ERRORS = [each for each in ALL if each.status >= 400]
OLDER = recordings("cohere.chat_v1")
LONGEST = 16_000


def events_of(recording: Recording) -> list[dict[str, object]]:
    assert recording.sse is not None
    return [json.loads(event.data) for event in split_events(recording.sse) if event.data != b"[DONE]"]


def test_there_are_some_of_each() -> None:
    assert (len(STREAMS), len(REPLIES), len(ERRORS)) == (8, 9, 1)


@pytest.mark.parametrize("recording", STREAMS, ids=repr)
def test_a_stream_is_read_whole_in_any_chunks(recording: Recording) -> None:
    spoke.stream_is_read_whole_in_any_chunks(CODEC, recording)


@given(recording=st.sampled_from(STREAMS), places=st.lists(st.integers(0, LONGEST), max_size=6))
@settings(deadline=None)
def test_chunks_change_nothing(recording: Recording, places: list[int]) -> None:
    spoke.chunks_change_nothing(CODEC, recording, places)


@given(recording=st.sampled_from(STREAMS), place=st.integers(0, LONGEST))
@settings(deadline=None)
def test_a_stream_that_is_cut_never_ends(recording: Recording, place: int) -> None:
    spoke.a_stream_that_is_cut_never_ends(CODEC, recording, place)


def deltas(recording: Recording, kind: str, *path: str) -> str:
    """What the events of one kind say, joined."""
    found = []
    for event in events_of(recording):
        node: object = event if event["type"] == kind else None
        for name in ("delta", "message", *path):
            node = node.get(name) if isinstance(node, dict) else None
        found.append(node if isinstance(node, str) else "")
    return "".join(found)


@pytest.mark.parametrize("recording", STREAMS, ids=repr)
def test_a_stream_says_what_its_events_say(recording: Recording) -> None:
    response = reply_of(CODEC, recording)
    thoughts, text, calls, finish, counts = meaning(response)
    assert thoughts == deltas(recording, "tool-plan-delta", "tool_plan")
    assert text == deltas(recording, "content-delta", "content", "text")
    starts = [event for event in events_of(recording) if event["type"] == "tool-call-start"]
    assert [name for _, name, _ in calls] == [
        event["delta"]["message"]["tool_calls"]["function"]["name"]  # type: ignore[index]
        for event in starts
    ]
    last = events_of(recording)[-1]["delta"]
    assert isinstance(last, dict)
    assert counts == (last["usage"]["billed_units"]["input_tokens"], 0, last["usage"]["billed_units"]["output_tokens"])
    assert finish is (FinishReason.TOOL_CALLS if starts else FinishReason.STOP)
    assert response.id == events_of(recording)[0]["id"]


def as_stream(body: bytes) -> bytes:
    """A JSON reply as Cohere would stream it."""
    reply = json.loads(body)
    message = reply["message"]
    out: list[dict[str, object]] = [{"id": reply["id"], "type": "message-start", "delta": {"message": {"content": []}}}]

    def say(kind: str, index: int | None, said: dict[str, object]) -> None:
        out.append({"type": kind, "index": index, "delta": {"message": said}})

    for letter in message.get("tool_plan", ""):
        say("tool-plan-delta", None, {"tool_plan": letter})
    for index, part in enumerate(message.get("content", [])):
        member = part["type"]
        say("content-start", index, {"content": {"type": member, member: ""}})
        for letter in part[member]:
            say("content-delta", index, {"content": {member: letter}})
        for number, citation in enumerate(message.get("citations", [])):
            if citation["content_index"] == index:
                say("citation-start", number, {"citations": citation})
                out.append({"type": "citation-end", "index": number})
        out.append({"type": "content-end", "index": index})
    for index, call in enumerate(message.get("tool_calls", [])):
        say("tool-call-start", index, {"tool_calls": {**call, "function": {**call["function"], "arguments": ""}}})
        say("tool-call-delta", index, {"tool_calls": {"function": {"arguments": call["function"]["arguments"]}}})
        out.append({"type": "tool-call-end", "index": index})
    out.append({"type": "message-end", "delta": {"finish_reason": reply["finish_reason"], "usage": reply["usage"]}})
    return b"".join(b"event: %b\ndata: %b\n\n" % (str(e["type"]).encode(), json.dumps(e).encode()) for e in out)


@pytest.mark.parametrize("recording", REPLIES, ids=repr)
def test_a_reply_is_what_its_stream_folds_to(recording: Recording) -> None:
    assert recording.body is not None
    response = CODEC.decode_response(recording.body, CODEC.default_dialect)
    folded = fold(decode_stream(CODEC, [as_stream(recording.body) + b"data: [DONE]\n\n"]), "cohere")
    assert everything(folded) == everything(response)


def everything(response: GenerateResponse) -> object:
    cited = [
        [
            (citation.url, citation.title, citation.cited_text, citation.start, citation.end)
            for citation in block.citations
        ]
        for block in response.candidates[0].blocks
        if isinstance(block, Text)
    ]
    ids = [block.id for block in response.candidates[0].blocks if isinstance(block, ToolCall)]
    return [meaning(response), [type(block) for block in response.candidates[0].blocks], cited, ids, response.id]


@pytest.mark.parametrize("recording", REPLIES, ids=repr)
def test_a_reply_is_read_whole(recording: Recording) -> None:
    assert recording.body is not None
    document = json.loads(recording.body)
    message = document["message"]
    response = CODEC.decode_response(recording.body, CODEC.default_dialect)
    thoughts, text, _, _, counts = meaning(response)
    parts = message.get("content", [])
    assert thoughts == message.get("tool_plan", "") + "".join(part.get("thinking", "") for part in parts)
    assert text == "".join(part.get("text", "") for part in parts)
    assert spoke.calls_of(response) == [
        (call["function"]["name"], json.loads(call["function"]["arguments"]) or {})
        for call in message.get("tool_calls", [])
    ]
    billed = document["usage"]["billed_units"]
    assert counts == (billed["input_tokens"], 0, billed["output_tokens"])
    assert response.usage is not None
    assert json.loads(response.usage.raw or "") == document["usage"]
    finish = response.candidates[0].finish
    assert finish is not None
    assert finish.raw == document["finish_reason"]


def test_citations_stand_on_the_text_with_what_they_rest_on() -> None:
    (recording,) = [each for each in REPLIES if "documents" in each.features]
    thought, text = reply_of(CODEC, recording).candidates[0].blocks
    assert isinstance(thought, Reasoning)
    assert isinstance(text, Text)
    assert [text.text[each.start : each.end] for each in text.citations] == [
        "Yukihiro Matsumoto",
        "1993.",
        '"The Ruby programming language was created by Yukihiro Matsumoto in 1993."',
    ]
    assert {(each.title, each.url) for each in text.citations} == {("facts.txt", None)}
    assert all((each.cited_text or "").startswith("The Ruby programming language") for each in text.citations)


@pytest.mark.parametrize("recording", ERRORS, ids=repr)
def test_a_recorded_error_is_typed(recording: Recording) -> None:
    error = CODEC.decode_error(recording.status, Headers(), recording.body or b"")
    assert (error.kind, error.status) == (ErrorKind.CONTEXT_LENGTH, 400)
    assert error.message.startswith("too many tokens")


@pytest.mark.parametrize("recording", OLDER, ids=repr)
def test_what_the_older_api_said_is_refused_by_our_own_error(recording: Recording) -> None:
    """``/v1/chat`` is never asked. Its errors are those of v2; its replies are none here, and no stream of it ends well."""
    if recording.status >= 400:
        error = CODEC.decode_error(recording.status, Headers(), recording.body or b"")
        assert error.kind is ErrorKind.UPSTREAM_MODEL_UNKNOWN
        assert "was removed" in error.message
    elif recording.body is not None:
        with pytest.raises(GatewayError, match="no message"):
            CODEC.decode_response(recording.body, CODEC.default_dialect)
    else:
        assert recording.ndjson is not None
        assert not any(isinstance(event, ReplyEnd | Failure) for event in decode_stream(CODEC, [recording.ndjson]))


@given(body=st.binary(max_size=300))
@settings(deadline=None)
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    spoke.any_bytes_are_read_or_refused_by_our_own_error(CODEC, body)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 2**70) | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
PART = JSON | st.fixed_dictionaries({}, optional={"type": JSON, "text": JSON | st.text(max_size=3), "thinking": JSON})
FUNCTION = st.fixed_dictionaries({"name": JSON, "arguments": JSON | st.just("null")})
CALL = JSON | st.fixed_dictionaries({}, optional={"id": JSON | st.text(), "function": JSON | FUNCTION})
CITATION = JSON | st.fixed_dictionaries(
    {}, optional={"start": JSON, "sources": JSON, "type": JSON, "content_index": JSON}
)
MESSAGE = st.fixed_dictionaries(
    {},
    optional={
        "content": PART | st.lists(PART, max_size=2),
        "tool_plan": JSON | st.text(max_size=3),
        "tool_calls": CALL | st.lists(CALL, max_size=2),
        "citations": CITATION | st.lists(CITATION, max_size=2),
    },
)
KINDS = st.sampled_from([
    "message-start", "content-start", "content-delta", "content-end", "tool-plan-delta", "tool-call-start", "tool-call-delta",
    "tool-call-end", "citation-start", "citation-end", "message-end", "debug",
])  # fmt: skip
EVENTS = st.fixed_dictionaries(
    {"type": KINDS | JSON},
    optional={
        "index": st.integers(-1, 2) | JSON, "id": JSON, "message": JSON, "logprobs": JSON,
        "delta": JSON | st.fixed_dictionaries({}, optional={
            "message": MESSAGE, "finish_reason": JSON | st.just("COMPLETE"), "usage": JSON, "error": JSON,
        }),
    },
)  # fmt: skip
BODIES = st.fixed_dictionaries(
    {}, optional={"id": JSON, "message": MESSAGE | JSON, "finish_reason": JSON, "usage": JSON, "logprobs": JSON}
)


@given(st.lists(EVENTS, max_size=5), BODIES)
@settings(deadline=None, max_examples=300)
def test_any_events_are_read_or_refused(events: list[dict[str, object]], reply: dict[str, object]) -> None:
    spoke.any_bytes_are_read_or_refused_by_our_own_error(CODEC, json.dumps(reply).encode())
    data = b"".join(b"data: " + json.dumps(event).encode() + b"\n\n" for event in events)
    found = decode_stream(CODEC, [data])
    assert sum(isinstance(event, Failure | ReplyEnd) for event in found) <= 1
    try:
        fold(found, "cohere")
    except GatewayError:
        pass
