"""Every recording of Responses, through the whole codec."""

from __future__ import annotations

import json

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
from plexus.protocols.openai_responses import CODEC
from plexus.protocols.openai_responses.dialect import ResponsesDialect

ALL = recordings("openai.responses")
REQUESTS = [recording for recording in ALL if recording.request is not None]
STREAMS = [recording for recording in ALL if recording.sse is not None]
REPLIES = [recording for recording in ALL if recording.body is not None and recording.status < 400]
ERRORS = [recording for recording in ALL if recording.status >= 400]

FAILING = {"openai.responses.openai.openai-error.1"}
"""Streams that end in an error."""

NORMALISED: dict[str, str] = {}
"""Replies that are not written back exactly as they came, and why: none."""


@pytest.mark.parametrize("recording", REQUESTS, ids=repr)
def test_a_request_is_written_as_it_was_read(recording: Recording) -> None:
    assert recording.request is not None
    again, losses = request_again(CODEC, recording.request, ResponsesDialect())
    wanted = dict(recording.request)
    assert without_nothing(again) == without_nothing(wanted)
    assert losses == []


@pytest.mark.parametrize("recording", REPLIES, ids=repr)
def test_a_reply_is_written_as_it_was_read(recording: Recording) -> None:
    assert recording.body is not None
    response = CODEC.decode_response(recording.body, CODEC.default_dialect)
    body, losses = CODEC.encode_response(response, CODEC.decode_request(inbound(SOME_REQUEST)))
    assert losses == []
    if recording.id in NORMALISED:
        assert meaning(CODEC.decode_response(body, CODEC.default_dialect)) == meaning(response)
    else:
        assert without_nothing(json.loads(body)) == without_nothing(json.loads(recording.body))


@pytest.mark.parametrize("recording", STREAMS, ids=repr)
def test_a_stream_is_read_whole_in_any_chunks(recording: Recording) -> None:
    assert recording.sse is not None
    whole = decode_stream(CODEC, [recording.sse])
    assert isinstance(whole[-1], Failure if recording.id in FAILING else ReplyEnd)
    assert sum(isinstance(event, ReplyStart) for event in whole) <= 1
    single = decode_stream(CODEC, [bytes([byte]) for byte in recording.sse])
    assert plain(single) == plain(whole)
    assert plain(decode_stream(CODEC, cuts(recording.sse, recording.read_boundaries))) == plain(whole)


@given(st.sampled_from(STREAMS), st.lists(st.integers(0, 200_000), max_size=8))
@settings(max_examples=60)
def test_random_chunks_change_nothing(recording: Recording, places: list[int]) -> None:
    assert recording.sse is not None
    assert plain(decode_stream(CODEC, cuts(recording.sse, places))) == plain(decode_stream(CODEC, [recording.sse]))


@pytest.mark.parametrize("recording", [each for each in STREAMS if each.id not in FAILING], ids=repr)
def test_a_stream_written_again_means_the_same(recording: Recording) -> None:
    assert recording.sse is not None
    events = decode_stream(CODEC, [recording.sse])
    request = CODEC.decode_request(inbound({**SOME_REQUEST, "stream": True}))
    written = encode_stream(CODEC, events, request)
    assert meaning(fold(decode_stream(CODEC, [written]), "openai_responses")) == meaning(
        fold(events, "openai_responses")
    )


@pytest.mark.parametrize("recording", STREAMS, ids=repr)
def test_the_tap_sees_what_the_decoder_sees(recording: Recording) -> None:
    assert recording.sse is not None
    tap = CODEC.tap(CODEC.default_dialect)
    tap.watch(recording.sse.replace(b"\r\n", b"\n").rstrip(b"\n") + b"\n\n")
    events = decode_stream(CODEC, [recording.sse])
    if recording.id in FAILING:
        assert tap.failure is not None
        return
    response = fold(events, "openai_responses")
    assert tap.ended
    assert tap.failure is None
    assert tap.usage == response.usage


@pytest.mark.parametrize("recording", REPLIES, ids=repr)
def test_the_tap_reads_json_as_the_decoder_does(recording: Recording) -> None:
    assert recording.body is not None
    tap = CODEC.tap(CODEC.default_dialect)
    tap.read(recording.body)
    response = CODEC.decode_response(recording.body, CODEC.default_dialect)
    assert tap.failure is None
    assert tap.usage == response.usage
    assert not tap.empty or not response.candidates[0].blocks


@pytest.mark.parametrize("recording", ERRORS, ids=repr)
def test_a_recorded_error_is_typed(recording: Recording) -> None:
    error = CODEC.decode_error(recording.status, Headers(), recording.body or recording.sse or b"")
    assert isinstance(error, GatewayError)
    assert error.status == recording.status
    assert error.message


@given(st.lists(st.binary(max_size=200), max_size=6))
def test_any_bytes_are_read_without_an_error(chunks: list[bytes]) -> None:
    decode_stream(CODEC, chunks)


@given(
    st.binary(max_size=200) | st.sampled_from([b"{}", b'{"choices":[{}]}', b'{"choices":1}', b"[]", b'{"choices":[]}'])
)
def test_any_body_is_read_or_refused_by_our_own_error(body: bytes) -> None:
    try:
        CODEC.decode_response(body, CODEC.default_dialect)
    except GatewayError:
        pass
    CODEC.tap(CODEC.default_dialect).read(body)
    CODEC.decode_error(500, Headers(), body)


SOME_REQUEST = {"model": "m", "input": "hi"}
