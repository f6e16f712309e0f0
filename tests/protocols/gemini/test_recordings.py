"""Every recording of Gemini, through the whole codec."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.protocols.properties import (
    cuts,
    decode_stream,
    encode_stream,
    inbound,
    meaning,
    plain,
    request_again,
    without_nothing,
)
from tests.recordings import Recording, recordings

from plexus.canonical.errors import GatewayError
from plexus.canonical.events import Failure, ReplyEnd, ReplyStart, fold
from plexus.canonical.headers import Headers
from plexus.protocols.gemini import ARRAY_CODEC, CODEC
from plexus.protocols.gemini.dialect import GeminiDialect
from plexus.protocols.gemini.finish import NUMBERS

ALL = recordings("gemini.generate")
REQUESTS = [recording for recording in ALL if recording.request is not None]
STREAMS = [recording for recording in ALL if recording.sse is not None and recording.status < 400]
ARRAYS = [
    recording
    for recording in ALL
    if recording.body is not None and recording.status < 400 and recording.body.startswith(b"[")
]
REPLIES = [
    recording for recording in ALL if recording.body is not None and recording.status < 400 and recording not in ARRAYS
]
ERRORS = [recording for recording in ALL if recording.status >= 400]

FAILING = {"gemini.generate.vertex.streaming-failure-error-mid-stream.1"}
"""Streams that end in an error."""
CUT = {"gemini.generate.vertex.streaming-success-quotes-escaped.1"}
"""Streams that were recorded without their end."""


def spelled(value: Any) -> Any:
    """A document with its members in camelCase: proto3 JSON takes both, and reading chooses one."""
    if isinstance(value, dict):
        return {
            re.sub("(?<=.)_([a-z])", lambda found: found[1].upper(), name): spelled(item)
            for name, item in value.items()
        }
    if isinstance(value, list):
        return [spelled(item) for item in value]
    return value


def as_written(reply: dict[str, Any]) -> dict[str, Any]:
    """A reply without what says nothing: parts of empty text, and the index and role that are the defaults."""
    reply = without_nothing(reply)
    for place, candidate in enumerate(reply.get("candidates", [])):
        content = candidate.setdefault("content", {})
        content["role"] = "model"
        content["parts"] = [part for part in content.get("parts", []) if part not in ({"text": ""}, {})]
        for part in content["parts"]:
            part.get("functionCall", {}).setdefault("args", {})
            if part.get("functionCall", {}).get("id", "").startswith("gcall_"):
                del part["functionCall"]["id"]
        candidate.setdefault("index", place)
        if isinstance(candidate.get("finishReason"), int):
            candidate["finishReason"] = NUMBERS[candidate["finishReason"]]
    reply.setdefault("responseId", "")
    reply.setdefault("modelVersion", "")
    return reply


@pytest.mark.parametrize("recording", REQUESTS, ids=repr)
def test_a_request_is_written_as_it_was_read(recording: Recording) -> None:
    assert recording.request is not None
    again, losses = request_again(CODEC, recording.request, GeminiDialect())
    wanted = {name: value for name, value in recording.request.items() if name != "model"}
    assert spelled(without_nothing(again)) == spelled(without_nothing(wanted))
    assert losses == []


@pytest.mark.parametrize("recording", REPLIES, ids=repr)
def test_a_reply_is_written_as_it_was_read(recording: Recording) -> None:
    assert recording.body is not None
    response = CODEC.decode_response(recording.body, CODEC.default_dialect)
    body, losses = CODEC.encode_response(response, CODEC.decode_request(inbound(SOME_REQUEST)))
    assert losses == []
    assert as_written(json.loads(body)) == as_written(json.loads(recording.body))


@pytest.mark.parametrize("recording", STREAMS, ids=repr)
def test_a_stream_is_read_whole_in_any_chunks(recording: Recording) -> None:
    assert recording.sse is not None
    whole = decode_stream(CODEC, [recording.sse])
    if recording.id not in CUT:
        assert isinstance(whole[-1], Failure if recording.id in FAILING else ReplyEnd)
    assert sum(isinstance(event, ReplyStart) for event in whole) == 1
    single = decode_stream(CODEC, [bytes([byte]) for byte in recording.sse])
    assert plain(single) == plain(whole)
    assert plain(decode_stream(CODEC, cuts(recording.sse, recording.read_boundaries))) == plain(whole)


@given(st.sampled_from(STREAMS), st.lists(st.integers(0, 200_000), max_size=8))
@settings(max_examples=60, deadline=None)
def test_random_chunks_change_nothing(recording: Recording, places: list[int]) -> None:
    assert recording.sse is not None
    assert plain(decode_stream(CODEC, cuts(recording.sse, places))) == plain(decode_stream(CODEC, [recording.sse]))


@pytest.mark.parametrize("recording", REPLIES, ids=repr)
def test_a_json_reply_is_a_stream_of_one_chunk(recording: Recording) -> None:
    assert recording.body is not None
    response = CODEC.decode_response(recording.body, CODEC.default_dialect)
    events = decode_stream(CODEC, [b"data: " + recording.body + b"\r\n\r\n"])
    assert meaning(fold(events, "gemini")) == meaning(response)


@pytest.mark.parametrize("codec", [CODEC, ARRAY_CODEC], ids=["sse", "array"])
@pytest.mark.parametrize("recording", [each for each in STREAMS if each.id not in FAILING | CUT], ids=repr)
def test_a_stream_written_again_means_the_same(recording: Recording, codec: Any) -> None:
    assert recording.sse is not None
    events = decode_stream(CODEC, [recording.sse])
    written = encode_stream(codec, events, CODEC.decode_request(inbound(SOME_REQUEST)))
    if codec is ARRAY_CODEC:
        written = b"".join(b"data: " + json.dumps(chunk).encode() + b"\n\n" for chunk in json.loads(written))
    assert meaning(fold(decode_stream(CODEC, [written]), "gemini")) == meaning(fold(events, "gemini"))


@pytest.mark.parametrize("recording", STREAMS, ids=repr)
def test_the_tap_sees_what_the_decoder_sees(recording: Recording) -> None:
    assert recording.sse is not None
    tap = CODEC.tap(CODEC.default_dialect)
    tap.watch(recording.sse)
    events = decode_stream(CODEC, [recording.sse])
    if recording.id in FAILING:
        assert tap.failure is not None
        return
    response = fold(events, "gemini")
    assert tap.failure is None
    assert tap.ended == isinstance(events[-1], ReplyEnd)
    assert not tap.terminated
    assert tap.usage == response.usage
    finish = response.candidates[0].finish
    assert (tap.finish.reason if tap.finish else None) == (finish.reason if finish else None)


@pytest.mark.parametrize("recording", REPLIES, ids=repr)
def test_the_tap_reads_json_as_the_decoder_does(recording: Recording) -> None:
    assert recording.body is not None
    tap = CODEC.tap(CODEC.default_dialect)
    tap.read(recording.body)
    response = CODEC.decode_response(recording.body, CODEC.default_dialect)
    assert tap.failure is None
    assert tap.usage == response.usage
    assert not tap.empty or not response.candidates[0].blocks


@pytest.mark.parametrize("recording", ARRAYS, ids=repr)
def test_an_array_is_passed_on_byte_by_byte_and_watched(recording: Recording) -> None:
    assert recording.body is not None
    boundary, tap = ARRAY_CODEC.boundary(), ARRAY_CODEC.tap(ARRAY_CODEC.default_dialect)
    passed = b""
    for byte in recording.body:
        run = boundary.feed(bytes([byte]))
        passed += run
        if run:
            tap.watch(run)
            assert json.loads(passed if tap.terminated else passed + b"]")
    assert passed == recording.body
    assert tap.ended
    assert tap.terminated
    assert tap.usage is not None
    chunks = json.loads(recording.body)
    said = [part for chunk in chunks for part in chunk["candidates"][0].get("content", {}).get("parts", [])]
    assert tap.said_bytes >= sum(len(part.get("text", "")) for part in said)


@pytest.mark.parametrize("recording", ERRORS, ids=repr)
def test_a_recorded_error_is_typed(recording: Recording) -> None:
    error = CODEC.decode_error(recording.status, Headers(), recording.body or recording.sse or b"")
    assert isinstance(error, GatewayError)
    assert error.status == recording.status
    assert error.code
    assert "provider answered" not in error.message


@given(st.lists(st.binary(max_size=200), max_size=6))
@settings(deadline=None)
def test_any_bytes_are_read_without_an_error(chunks: list[bytes]) -> None:
    decode_stream(CODEC, chunks)
    boundary, tap = ARRAY_CODEC.boundary(), ARRAY_CODEC.tap(ARRAY_CODEC.default_dialect)
    for chunk in chunks:
        tap.watch(boundary.feed(chunk))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
CHUNKS = st.fixed_dictionaries(
    {},
    optional={
        "candidates": JSON
        | st.lists(
            st.fixed_dictionaries(
                {},
                optional={
                    "content": JSON
                    | st.fixed_dictionaries(
                        {},
                        optional={
                            "parts": JSON
                            | st.lists(
                                st.dictionaries(
                                    st.sampled_from(
                                        ["text", "thought", "thoughtSignature", "functionCall", "inlineData", "fileData",
                                         "functionResponse", "executableCode"]
                                    ),
                                    JSON
                                    | st.just({"name": "f"})
                                    | st.just({"name": "f", "willContinue": True})
                                    | st.just({"partialArgs": [{"jsonPath": "$.a[1].b", "stringValue": "x"}]}),
                                    max_size=2,
                                ),
                                max_size=3,
                            )
                        },
                    ),
                    "finishReason": JSON | st.just("STOP"),
                    "index": JSON,
                    "groundingMetadata": JSON,
                    "citationMetadata": JSON,
                    "logprobsResult": JSON,
                },
            ),
            max_size=2,
        ),
        "usageMetadata": JSON,
        "promptFeedback": JSON | st.just({"blockReason": "SAFETY"}),
        "error": JSON,
    },
)  # fmt: skip


@given(st.lists(CHUNKS, max_size=4))
@settings(deadline=None, max_examples=300)
def test_any_chunks_are_read_or_refused_by_our_own_error(chunks: list[dict[str, Any]]) -> None:
    data = b"".join(b"data: " + json.dumps(chunk).encode() + b"\n\n" for chunk in chunks)
    events = decode_stream(CODEC, [data])
    assert sum(isinstance(event, Failure | ReplyEnd) for event in events) <= 1
    request = CODEC.decode_request(inbound(SOME_REQUEST))
    encode_stream(CODEC, [event for event in events if not isinstance(event, Failure)], request)
    CODEC.tap(CODEC.default_dialect).watch(data)
    for chunk in chunks:
        body = json.dumps(chunk).encode()
        CODEC.tap(CODEC.default_dialect).read(body)
        CODEC.decode_error(500, Headers(), body)
        try:
            response = CODEC.decode_response(body, CODEC.default_dialect)
        except GatewayError:
            continue
        CODEC.encode_response(response, request)


SOME_REQUEST = {"contents": [{"role": "user", "parts": [{"text": "hi"}]}]}
