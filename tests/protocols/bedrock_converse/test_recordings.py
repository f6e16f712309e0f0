"""Every recording of Converse, through the whole codec."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.protocols.bedrock_converse.making import heard
from tests.protocols.properties import cuts, plain
from tests.recordings import Recording, recordings

from plexus.canonical.content import Reasoning, Text, ToolCall
from plexus.canonical.errors import ErrorKind, GatewayError
from plexus.canonical.events import ReplyEnd, ReplyStart, fold
from plexus.canonical.headers import Headers
from plexus.canonical.response import FinishReason, GenerateResponse
from plexus.protocols.bedrock_converse import CODEC

ALL = recordings("bedrock.converse")
STREAMS = [each for each in ALL if each.eventstream is not None]
REPLIES = [each for each in ALL if each.body is not None and each.status < 400]
ERRORS = [each for each in ALL if each.status >= 400]


def reply_of(recording: Recording) -> GenerateResponse:
    if recording.eventstream is not None:
        return fold(heard(recording.eventstream), CODEC.protocol)
    assert recording.body is not None
    return CODEC.decode_response(recording.body, CODEC.default_dialect)


def test_recordings_are_there() -> None:
    assert (len(STREAMS), len(REPLIES), len(ERRORS)) == (16, 13, 2)


@pytest.mark.parametrize("recording", STREAMS, ids=repr)
def test_a_stream_is_read_whole_in_any_chunks(recording: Recording) -> None:
    assert recording.eventstream is not None
    whole = heard(recording.eventstream)
    assert isinstance(whole[0], ReplyStart)
    assert isinstance(whole[-1], ReplyEnd)
    decoder = CODEC.stream_decoder(CODEC.default_dialect)
    single = [event for byte in recording.eventstream for event in decoder.feed(bytes([byte]))]
    assert plain(single + decoder.finish()) == plain(whole)


@given(st.sampled_from(STREAMS), st.lists(st.integers(0, 60_000), max_size=8))
@settings(max_examples=60)
def test_random_chunks_change_nothing(recording: Recording, places: list[int]) -> None:
    assert recording.eventstream is not None
    decoder = CODEC.stream_decoder(CODEC.default_dialect)
    events = [event for chunk in cuts(recording.eventstream, places) for event in decoder.feed(chunk)]
    assert plain(events + decoder.finish()) == plain(heard(recording.eventstream))


FINISHES = {
    "tool_call": FinishReason.TOOL_CALLS,
    "max_tokens": FinishReason.LENGTH,
    "guardrail": FinishReason.CONTENT_FILTER,
}


@pytest.mark.parametrize("recording", [*STREAMS, *REPLIES], ids=repr)
def test_a_reply_says_all_that_was_recorded(recording: Recording) -> None:
    response = reply_of(recording)
    (candidate,) = response.candidates
    assert candidate.finish is not None
    expected = next(
        (reason for feature, reason in FINISHES.items() if feature in recording.features), FinishReason.STOP
    )
    assert candidate.finish.reason is expected
    counts = response.usage
    assert counts is not None
    assert counts.input > 0
    assert counts.output > 0
    assert bool(counts.cached_input) is ("usage_cached" in recording.features)
    assert bool(counts.cache_write) is ("usage_cache_write" in recording.features)
    for block in candidate.blocks:
        if isinstance(block, Text):
            assert block.text
        if isinstance(block, ToolCall):
            assert block.id.startswith("tooluse_")
            assert isinstance(json.loads(block.arguments), dict)
        if isinstance(block, Reasoning):
            assert block.text or block.state


@pytest.mark.parametrize(
    ("name", "kind"),
    [("bedrock-converse-error", ErrorKind.UPSTREAM_AUTH), ("streaming-error", ErrorKind.UPSTREAM_MODEL_UNKNOWN)],
)
def test_a_recorded_error_is_typed(name: str, kind: ErrorKind) -> None:
    (recording,) = [each for each in ERRORS if name in each.id]
    fields = [(key.encode(), value.encode()) for key, value in recording.response_headers.items()]
    error = CODEC.decode_error(recording.status, Headers(fields), recording.body or b"")
    assert error.kind is kind
    assert error.status == recording.status


@given(st.binary(max_size=200) | st.sampled_from([b"{}", b'{"output":{"message":{"content":[{}]}}}', b"[]", b"null"]))
def test_any_body_is_read_or_refused_by_our_own_error(body: bytes) -> None:
    try:
        CODEC.decode_response(body, CODEC.default_dialect)
    except GatewayError:
        pass
    CODEC.decode_error(500, Headers(), body)
