"""Every recording of Chat, both ways: lossless requests and replies, streams in any chunking, the tap beside the decoder."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.protocols.openai_chat.making import bare, chunks_of, comparable, decode, encode, events_of, stream
from tests.recordings import Recording, recordings
from tests.specs_schema import openai

from plexus.canonical.content import Reasoning, Refusal, Text, ToolCall
from plexus.canonical.errors import ErrorKind
from plexus.canonical.events import Failure, Fold, StreamEvent
from plexus.canonical.headers import Headers
from plexus.canonical.request import GenerateRequest
from plexus.canonical.response import FinishReason, GenerateResponse
from plexus.protocols.openai_chat import CODEC, ChatDialect

ALL = recordings("openai.chat")
REQUESTS = [recording for recording in ALL if recording.request is not None]
REPLIES = [recording for recording in ALL if recording.body is not None and recording.status == 200]
STREAMS = [recording for recording in ALL if recording.sse is not None]


def dialect_of(request: dict[str, Any]) -> ChatDialect:
    """The provider that a recorded request was written for."""
    form = next((name for name in ("reasoning", "thinking") if name in request), "reasoning_effort")
    return ChatDialect(
        max_tokens_field="max_tokens" if "max_tokens" in request else "max_completion_tokens",
        reasoning_setting=form,  # type: ignore[arg-type]
        supports_cache_marks=True,
    )


def normal(request: dict[str, Any]) -> dict[str, Any]:
    """The few things that reading and writing change, as ``request`` documents them."""
    wanted: dict[str, Any] = bare(request)
    if wanted.get("stream"):
        wanted["stream_options"] = {**wanted.get("stream_options", {}), "include_usage": True}
    else:
        wanted.pop("stream", None)
    for message in wanted["messages"]:
        if message.get("reasoning_content") == "":
            del message["reasoning_content"]
        for call in message.get("tool_calls", ()):
            call.pop("index", None)
    return wanted


def test_there_are_recordings() -> None:
    assert (len(REQUESTS), len(REPLIES), len(STREAMS)) == (161, 58, 107)


@pytest.mark.parametrize("recording", REQUESTS, ids=repr)
def test_a_request_comes_out_as_it_went_in(recording: Recording) -> None:
    assert recording.request is not None
    written, losses = encode(decode(recording.request), dialect_of(recording.request))
    assert bare(written) == normal(recording.request)
    assert losses == []


@pytest.mark.parametrize("recording", REPLIES, ids=repr)
def test_a_reply_comes_out_as_it_went_in(recording: Recording) -> None:
    assert recording.body is not None
    response = CODEC.decode_response(recording.body, CODEC.default_dialect)
    body, losses = CODEC.encode_response(response, GenerateRequest(origin="openai_chat", model="m", messages=()))
    written, wanted = bare(json.loads(body)), bare(json.loads(recording.body))
    for choice in wanted["choices"]:
        _normalise_choice(choice)
    if recording.provider == "azure" and "content_filter" in recording.id.replace("-", "_"):
        wanted["choices"][0].setdefault("message", {"role": "assistant"})
    for choice in written["choices"]:
        if choice["message"].get("content") == "":
            del choice["message"]["content"]
    assert written == wanted
    assert losses == []


def _normalise_choice(choice: dict[str, Any]) -> None:
    message = choice.setdefault("message", {"role": "assistant"})
    for name in ("refusal", "content"):
        if message.get(name) == "":
            del message[name]
    if isinstance(message.get("content"), dict):
        message["content"] = json.dumps(message["content"], ensure_ascii=False)
    for call in message.get("tool_calls", ()):
        call.pop("index", None)
    for name, empty in (
        ("audio", {"data": "", "expires_at": 0, "id": "", "transcript": ""}),
        ("function_call", {"arguments": "", "name": ""}),
    ):
        if message.get(name) == empty:
            del message[name]
    if choice["finish_reason"] == "":
        choice["finish_reason"] = "stop"
    if choice["finish_reason"] == "stop" and "tool_calls" in message:
        choice["finish_reason"] = "tool_calls"


@pytest.mark.parametrize("recording", STREAMS, ids=repr)
def test_any_chunking_gives_the_same_events(recording: Recording) -> None:
    assert recording.sse is not None
    whole = comparable(events_of(recording.sse))
    assert comparable(events_of(recording.sse, recording.read_boundaries)) == whole
    assert comparable(events_of(recording.sse, range(len(recording.sse)))) == whole


@settings(max_examples=80, deadline=None)
@given(recording=st.sampled_from(STREAMS), data=st.data())
def test_random_chunking_gives_the_same_events(recording: Recording, data: st.DataObject) -> None:
    assert recording.sse is not None
    cuts = data.draw(st.lists(st.integers(0, len(recording.sse)), max_size=12))
    assert comparable(events_of(recording.sse, cuts)) == comparable(events_of(recording.sse))


def plain_reading(sse: bytes) -> dict[str, str]:
    """An oracle: the first choice's text, thoughts and refusal, read the simplest way."""
    said = {"content": "", "reasoning": "", "refusal": "", "arguments": ""}
    for line in sse.replace(b"\r\n", b"\n").split(b"\n"):
        try:
            chunk = json.loads(line.removeprefix(b"data:"))
        except ValueError:
            continue
        for choice in chunk.get("choices") or ():
            if choice.get("index", 0) == 0:
                _hear(choice.get("delta") or {}, said)
    return said


def _hear(delta: dict[str, Any], said: dict[str, str]) -> None:
    content = delta.get("content") or ""
    if isinstance(content, list):
        said["content"] += "".join(part.get("text", "") for part in content)
        said["reasoning"] += "".join(text["text"] for part in content for text in part.get("thinking", ()))
    else:
        said["content"] += content
    said["reasoning"] += delta.get("reasoning_content") or delta.get("reasoning") or ""
    said["refusal"] += delta.get("refusal") or ""
    for call in delta.get("tool_calls") or ():
        said["arguments"] += (call.get("function") or {}).get("arguments") or ""
    said["arguments"] += (delta.get("function_call") or {}).get("arguments") or ""


@pytest.mark.parametrize("recording", STREAMS, ids=repr)
def test_a_stream_says_all_that_its_chunks_say(recording: Recording) -> None:
    assert recording.sse is not None
    folded = fold(events_of(recording.sse))
    blocks = folded.response().candidates[0].blocks
    said = plain_reading(recording.sse)
    assert "".join(block.text for block in blocks if isinstance(block, Text)) == said["content"]
    assert "".join(block.text for block in blocks if isinstance(block, Reasoning)) == said["reasoning"]
    assert "".join(block.text for block in blocks if isinstance(block, Refusal)) == said["refusal"]
    calls = [block.arguments for block in blocks if isinstance(block, ToolCall)]
    assert sorted("".join(calls)) == sorted(said["arguments"])


def fold(events: list[StreamEvent]) -> Fold:
    folded = Fold("openai_chat")
    for event in events:
        folded.add(event)
    return folded


def essence(response: GenerateResponse) -> list[object]:
    """What a second reading must find again: everything but where thoughts stood and members of the first provider."""
    return [
        (
            candidate.index,
            [
                msgspec.structs.replace(block, slot=None, summary=False, extras=None, id=None)
                if isinstance(block, Reasoning)
                else block
                for block in candidate.blocks
            ],
            candidate.finish.reason if candidate.finish else None,
            candidate.logprobs,
        )
        for candidate in response.candidates
    ]


@pytest.mark.parametrize("recording", STREAMS, ids=repr)
def test_a_stream_written_again_reads_the_same(recording: Recording) -> None:
    assert recording.sse is not None
    events = events_of(recording.sse)
    folded = fold(events)
    written = stream(events)
    if folded.failure is not None:
        assert "error" in chunks_of(written)[-1]
        assert b"[DONE]" not in written
        return
    again = fold(events_of(written)).response()
    assert essence(again) == essence(folded.response())
    assert again.usage == folded.usage


@pytest.mark.parametrize("recording", STREAMS, ids=repr)
def test_a_written_stream_is_what_openai_would_send(recording: Recording) -> None:
    assert recording.sse is not None
    chunks = chunks_of(stream(events_of(recording.sse)))
    schema = openai("CreateChatCompletionStreamResponse")
    finishes: list[int] = []
    for chunk in chunks:
        if isinstance(chunk, str) or "error" in chunk:
            continue
        assert [error.message for error in schema.iter_errors(_without_ours(chunk))] == []
        finishes += [choice["index"] for choice in chunk["choices"] if choice["finish_reason"]]
    assert len(finishes) == len(set(finishes))
    assert len({chunk["id"] for chunk in chunks if isinstance(chunk, dict) and "id" in chunk}) == 1


def _without_ours(chunk: dict[str, Any]) -> dict[str, Any]:
    """Providers' own usage members may be of other types than OpenAI's."""
    return {name: value for name, value in chunk.items() if name != "usage"}


@pytest.mark.parametrize("recording", STREAMS, ids=repr)
def test_the_tap_sees_what_the_decoder_sees(recording: Recording) -> None:
    assert recording.sse is not None
    folded = fold(events_of(recording.sse))
    response = folded.response()
    tap = CODEC.tap(CODEC.default_dialect)
    tap.watch(recording.sse)
    assert tap.usage == folded.usage
    assert repr(tap.failure) == repr(folded.failure)
    assert tap.ended == (folded.ended is not None)
    if folded.failure is None:
        assert tap.meaningful
        finish = response.candidates[0].finish
        assert tap.finish is not None
        assert finish is not None
        assert (tap.finish.reason, tap.finish.inferred) == (finish.reason, finish.inferred)


@pytest.mark.parametrize("recording", REPLIES, ids=repr)
def test_the_tap_reads_whole_replies(recording: Recording) -> None:
    assert recording.body is not None
    response = CODEC.decode_response(recording.body, CODEC.default_dialect)
    tap = CODEC.tap(CODEC.default_dialect)
    tap.read(recording.body)
    assert tap.usage == response.usage
    assert tap.failure is None
    assert tap.ended
    assert tap.terminated
    assert tap.finish == response.candidates[0].finish


@pytest.mark.parametrize("recording", [one for one in ALL if one.status != 200], ids=repr)
def test_recorded_failures(recording: Recording) -> None:
    fields = [(name.encode(), value.encode()) for name, value in recording.response_headers.items()]
    error = CODEC.decode_error(recording.status, Headers(fields), recording.body or b"")
    expected = {
        "azure": ErrorKind.UPSTREAM_MODEL_UNKNOWN,
        "groq": ErrorKind.BAD_REQUEST,
        "perplexity": ErrorKind.UPSTREAM_AUTH,
    }.get(recording.provider)
    if expected is None:
        expected = ErrorKind.UPSTREAM_MODEL_UNKNOWN if recording.status == 404 else ErrorKind.BAD_REQUEST
    assert error.kind is expected
    assert error.status == recording.status


def test_a_failure_inside_a_stream_keeps_what_was_said() -> None:
    recording = next(one for one in STREAMS if one.id == "quirk.chat.openrouter-error-mid-stream")
    assert recording.sse is not None
    events = events_of(recording.sse)
    assert isinstance(events[-1], Failure)
    assert fold(events).response().candidates[0].finish is None


@pytest.mark.parametrize("recording", STREAMS, ids=repr)
def test_a_finish_behind_a_call_says_so(recording: Recording) -> None:
    """Some providers say ``stop`` there, some nothing."""
    assert recording.sse is not None
    candidate = fold(events_of(recording.sse)).response().candidates[0]
    called = any(isinstance(block, ToolCall) for block in candidate.blocks)
    assert candidate.finish is None or (candidate.finish.reason is FinishReason.TOOL_CALLS) == called
