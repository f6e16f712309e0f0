"""The whole codec against recorded traffic: nothing is lost within the protocol, streams agree with JSON, any chunking
gives the same events.
"""

from __future__ import annotations

import json
import random
from typing import Any

import msgspec
import pytest
from tests.protocols.anthropic_messages.making import (
    CLAUDE,
    DIALECT,
    OWN,
    bare,
    decode,
    encode,
    foreign,
    frames,
    joined,
    read_stream,
    write_stream,
)
from tests.recordings import Recording, recordings
from tests.specs_schema import anthropic

from plexus.canonical.content import ToolCall
from plexus.canonical.events import Failure, ReplyEnd, StreamEvent, fold
from plexus.canonical.headers import Headers
from plexus.protocols.anthropic_messages import CODEC
from plexus.protocols.sse import split_events

ALL = recordings("anthropic.messages")
REQUESTS = [recording for recording in ALL if recording.request is not None]
WHOLE = [recording for recording in ALL if recording.body is not None and recording.status == 200]
STREAMS = [recording for recording in ALL if recording.sse is not None]
GOOD_STREAMS = [recording for recording in STREAMS if "error-event-in-stream" not in recording.quirks]
ERRORS = [recording for recording in ALL if recording.status != 200]

BETA_BLOCKS = {"mcp_tool_use", "mcp_tool_result", "advisor_tool_result", "compaction", "fallback", "tool_addition"}
"""Blocks that the vendor's schema does not list yet."""


def test_there_are_recordings_of_every_kind() -> None:
    assert len(REQUESTS) > 90
    assert len(WHOLE) > 40
    assert len(STREAMS) > 60
    assert len(ERRORS) >= 4


@pytest.mark.parametrize("recording", REQUESTS, ids=repr)
def test_a_request_comes_out_as_it_went_in(recording: Recording) -> None:
    body = {"model": CLAUDE, **(recording.request or {})}  # Vertex names the model in the path
    written, losses = encode(decode(body))
    assert bare(written) == bare(body)
    assert not losses


@pytest.mark.parametrize("recording", WHOLE, ids=repr)
def test_a_reply_comes_out_as_it_went_in(recording: Recording) -> None:
    assert recording.body is not None
    written, losses = CODEC.encode_response(CODEC.decode_response(recording.body, DIALECT), foreign())
    assert bare(json.loads(written)) == bare(json.loads(recording.body))
    assert not losses


def plain(value: object) -> object:
    """Events and replies with raw JSON as values, so that spacing and order of members do not matter."""
    if isinstance(value, msgspec.Raw):
        return bare(json.loads(bytes(value)))
    if isinstance(value, msgspec.Struct):
        members = {name: plain(getattr(value, name)) for name in value.__struct_fields__}
        if isinstance(value, ToolCall):
            members["arguments"] = json.loads(value.arguments or "null")
        return (type(value).__name__, members)
    if isinstance(value, dict):
        return {name: plain(member) for name, member in value.items()}
    if isinstance(value, tuple | list):
        return [plain(item) for item in value]
    return value


@pytest.mark.parametrize("recording", GOOD_STREAMS, ids=repr)
def test_a_stream_folds_to_the_reply_that_its_json_would_be(recording: Recording) -> None:
    assert recording.sse is not None
    raw_frames = [json.loads(event.data) for event in split_events(recording.sse)]
    message = json.dumps(joined(raw_frames)).encode()
    assert plain(fold(read_stream(recording.sse), OWN)) == plain(CODEC.decode_response(message, DIALECT))


@pytest.mark.parametrize("recording", STREAMS, ids=repr)
def test_any_chunking_gives_the_same_events(recording: Recording) -> None:
    assert recording.sse is not None
    expected = _keyed(read_stream(recording.sse))
    rng = random.Random(recording.id)
    cuts = sorted(rng.sample(range(1, len(recording.sse)), min(60, len(recording.sse) - 1)))
    everywhere = list(range(1, len(recording.sse))) if len(recording.sse) < 6000 else cuts
    for places in (cuts, everywhere, list(recording.read_boundaries)):
        decoder = CODEC.stream_decoder(DIALECT)
        events: list[StreamEvent] = []
        for start, end in zip([0, *places], [*places, len(recording.sse)], strict=True):
            events += decoder.feed(recording.sse[start:end])
        assert _keyed(events + decoder.finish()) == expected


def _keyed(events: list[StreamEvent]) -> list[Any]:
    return [repr(event.error) if isinstance(event, Failure) else plain(event) for event in events]


@pytest.mark.parametrize("recording", GOOD_STREAMS, ids=repr)
def test_a_stream_written_again_is_valid_and_means_the_same(recording: Recording) -> None:
    assert recording.sse is not None
    events = read_stream(recording.sse)
    assert isinstance(events[-1], ReplyEnd)
    written, losses = write_stream(events)
    assert not losses
    schema = anthropic("RawMessageStreamEvent")
    for frame in frames(written):
        if frame["type"] == "message_delta":
            frame["usage"].pop("server_tool_use", None)  # older recordings lack a member that the schema requires
        if frame.get("content_block", {}).get("type") not in BETA_BLOCKS and "advisor" not in json.dumps(frame):
            schema.validate(frame)
    again = fold(read_stream(written), OWN)
    assert [block for block in _blocks(plain(again)) if block != _NOTHING] == [
        block for block in _blocks(plain(fold(events, OWN))) if block != _NOTHING
    ]
    assert plain(again.usage) == plain(fold(events, OWN).usage)
    assert plain(again.candidates[0].finish) == plain(fold(events, OWN).candidates[0].finish)


def _blocks(reply: Any) -> list[Any]:
    found: list[Any] = reply[1]["candidates"][0][1]["blocks"]
    return found


_NOTHING: Any = ("Text", {"text": "", "citations": [], "cache": None, "state": None, "extras": None})
"""An empty text block, which is not written."""


@pytest.mark.parametrize("recording", WHOLE + GOOD_STREAMS, ids=repr)
def test_the_tap_sees_what_the_decoder_sees(recording: Recording) -> None:
    tap = CODEC.tap(DIALECT)
    if recording.body is not None:
        tap.read(recording.body)
        reply = CODEC.decode_response(recording.body, DIALECT)
    else:
        assert recording.sse is not None
        last = recording.sse.rstrip(b"\n") + b"\n\n"
        for block in last.split(b"\n\n")[:-1]:
            tap.watch(block + b"\n\n")
            if tap.terminated:
                break
        reply = fold(read_stream(recording.sse), OWN)
    assert tap.failure is None
    assert tap.ended
    assert tap.terminated
    assert plain(tap.usage) == plain(reply.usage)
    finish = reply.candidates[0].finish
    assert finish is not None
    if not finish.inferred:
        assert plain(tap.finish) == plain(finish)


@pytest.mark.parametrize("recording", ERRORS, ids=repr)
def test_recorded_errors_have_a_kind(recording: Recording) -> None:
    headers = Headers([(n.encode(), v.encode()) for n, v in recording.response_headers.items()])
    error = CODEC.decode_error(recording.status, headers, recording.body or b"")
    assert error.status == recording.status
    assert error.message == json.loads(recording.body or b"")["error"]["message"]
    expected = "upstream_model_unknown" if recording.status == 404 else "bad_request"
    assert error.kind.value == expected
    assert error.should_retry is (False if "x-should-retry" in recording.response_headers else None)


def test_an_error_in_mid_stream_is_a_failure_of_its_own_kind() -> None:
    recording = next(r for r in STREAMS if "error-event-in-stream" in r.quirks)
    assert recording.sse is not None
    *said, last = read_stream(recording.sse)
    assert said
    assert isinstance(last, Failure)
    assert last.error.kind.value == "overloaded"
