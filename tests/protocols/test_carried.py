"""What is read of replies that pass: usage in all its forms, failures inside, proper ends."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import pytest
from tests.recordings import recordings

from plexus.canonical.errors import ClientError, ErrorKind
from plexus.canonical.headers import Headers
from plexus.protocols import audio, envelope, images
from plexus.protocols.carried import CarriedTap, decode_usage, edit_model, encode_stream_error
from plexus.protocols.codec import Inbound
from plexus.protocols.openai_chat.dialect import ChatDialect
from plexus.protocols.sse import encode_event, split_events

ALL = (*images.CODECS, *audio.CODECS)
DIALECT = ChatDialect()


def tap(codec: Any) -> CarriedTap:
    found = codec.tap(DIALECT)
    assert isinstance(found, CarriedTap)
    return found


def events(*frames: dict[str, Any]) -> bytes:
    return b"".join(encode_event(json.dumps(frame).encode(), frame["type"].encode()) for frame in frames)


TOKENS = {
    "input_tokens": 50,
    "input_tokens_details": {"image_tokens": 40, "text_tokens": 10},
    "output_tokens": 272,
    "total_tokens": 322,
}
USAGES: list[tuple[dict[str, Any], str | None, dict[str, int | None] | None]] = [
    (TOKENS, "image_output", {"input": 50, "image_input": 40, "output": 272, "image_output": 272}),
    (TOKENS, None, {"output": 272, "image_output": 0}),
    (
        {**TOKENS, "output_tokens_details": {"image_tokens": 270, "text_tokens": 2}},
        "image_output",
        {"output": 272, "image_output": 270},
    ),
    (
        {"type": "tokens", "input_tokens": 14, "input_token_details": {"audio_tokens": 14}, "output_tokens": 45},
        None,
        {"input": 14, "audio_input": 14, "output": 45},
    ),
    ({"type": "duration", "seconds": 9}, None, {"input": 0, "output": 0, "audio_input": 0}),
    ({"cost_in_usd_ticks": 200_000_000}, "image_output", {"input": 0, "reported_cost_nanos": 20_000_000}),
    ({"prompt_tokens": 5}, None, None),
    ({}, None, None),
]


@pytest.mark.parametrize(("wire", "made", "expected"), USAGES)
def test_usage(wire: dict[str, Any], made: str | None, expected: dict[str, int | None] | None) -> None:
    raw = json.dumps(wire).encode()
    found = decode_usage(raw, made=made)
    assert (found is None) == (expected is None)
    if found is not None and expected is not None:
        assert {name: getattr(found, name) for name in expected} == expected
        assert found.raw == raw.decode()
        assert not found.estimated


def test_what_is_no_usage_gives_none() -> None:
    assert decode_usage(b"[1]") is None
    assert decode_usage(b'{"input_tokens":"many"}') is None


@pytest.mark.parametrize("recording", recordings("openai.images"), ids=repr)
def test_recorded_images_are_whole_replies(recording: Any) -> None:
    noted = tap(images.GENERATION)
    noted.read(recording.body)
    assert (noted.failure, noted.empty, noted.ended) == (None, False, True)
    said = json.loads(recording.body).get("usage")
    assert (noted.usage is not None) == (said is not None)
    if said:
        assert noted.usage is not None
        assert noted.usage.reported_cost_nanos == said["cost_in_usd_ticks"] // 10


STREAMS: list[tuple[Any, list[dict[str, Any]]]] = [
    (
        images.GENERATION,
        [
            {"type": "image_generation.partial_image", "b64_json": "aaaa", "partial_image_index": 0},
            {"type": "image_generation.completed", "b64_json": "aaaa", "usage": TOKENS},
        ],
    ),
    (images.EDIT, [{"type": "image_edit.completed", "b64_json": "aaaa", "usage": TOKENS}]),
    (
        audio.TRANSCRIPTION,
        [
            {"type": "transcript.text.delta", "delta": "Hello"},
            {"type": "transcript.text.segment", "text": "Hello", "speaker": "A"},
            {"type": "transcript.text.done", "text": "Hello", "usage": TOKENS},
        ],
    ),
    (
        audio.SPEECH,
        [
            {"type": "speech.audio.delta", "audio": "aaaa"},
            {"type": "speech.audio.done", "usage": TOKENS},
        ],
    ),
]


@pytest.mark.parametrize(("codec", "frames"), STREAMS, ids=lambda value: getattr(value, "operation", ""))
def test_a_stream_ends_with_its_last_event_and_says_its_usage(codec: Any, frames: list[dict[str, Any]]) -> None:
    noted = tap(codec)
    for before, after in pairwise([*frames, frames[-1]]):
        assert before is not after or len(frames) == 1 or before is frames[-1]
        if before is frames[-1]:
            break
        noted.watch(events(before))
        assert (noted.meaningful, noted.ended) == (True, False)
    noted.watch(events(frames[-1]))
    assert (noted.ended, noted.empty, noted.failure) == (True, False, None)
    assert not noted.terminated, "another picture may follow"
    assert noted.usage is not None
    assert (noted.usage.input, noted.usage.output) == (50, 272)


def test_each_picture_of_a_stream_counts() -> None:
    noted = tap(images.GENERATION)
    last = {"type": "image_generation.completed", "usage": TOKENS}
    noted.watch(events(last, last))
    assert noted.usage is not None
    assert (noted.usage.input, noted.usage.image_output) == (100, 544)


def test_done_is_the_end_of_those_who_send_it() -> None:
    noted = tap(audio.TRANSCRIPTION)
    noted.watch(b'data: {"object":"transcription.chunk","choices":[]}\n\n')
    assert not noted.ended
    noted.watch(b"data: [DONE]\n\n")
    assert (noted.ended, noted.terminated) == (True, True)


def test_what_is_no_json_passes() -> None:
    noted = tap(audio.SPEECH)
    noted.watch(b"data: hello\n\n: comment\n\n")
    assert (noted.meaningful, noted.failure) == (False, None)


@pytest.mark.parametrize(
    "event",
    [
        b'event: error\ndata: {"type":"error","error":{"type":"server_error","message":"broke"}}\n\n',
        b'event: error\ndata: {"message":"broke","code":"server_error"}\n\n',
        b'data: {"error":{"message":"broke","type":"server_error"}}\n\n',
    ],
)
def test_an_error_in_the_stream_is_a_failure(event: bytes) -> None:
    noted = tap(images.GENERATION)
    noted.watch(events({"type": "image_generation.partial_image", "b64_json": ""}) + event)
    assert noted.failure is not None
    assert (noted.failure.message, noted.failure.kind) == ("broke", ErrorKind.UPSTREAM_ERROR)


@pytest.mark.parametrize(
    ("body", "kind", "empty"),
    [
        (b'{"text":""}', None, False),
        (b'{"data":[{"url":"x"}]}', None, False),
        (b'{"data":[]}', None, True),
        (b'{"error":{"message":"no","code":"content_policy_violation"}}', ErrorKind.CONTENT_REJECTED, False),
        (b"Hello", ErrorKind.UPSTREAM_MALFORMED, False),
        (b'"Hello"', None, False),
    ],
)
def test_whole_replies(body: bytes, kind: ErrorKind | None, empty: bool) -> None:
    noted = tap(images.GENERATION)
    noted.read(body)
    assert (noted.failure and noted.failure.kind) == kind
    assert noted.empty is empty


def test_the_model_is_the_only_edit() -> None:
    body = envelope.read(b'{"prompt":"x","model":"m","n":1}')
    assert edit_model(body, "m", DIALECT) == {}
    assert body.replace(edit_model(body, "up", DIALECT)) == b'{"prompt":"x","model":"up","n":1}'


def test_the_terminal_frame_is_an_error_event() -> None:
    error = ClientError(ErrorKind.BAD_REQUEST, "no", code="x")
    (event,) = split_events(encode_stream_error(error, b"passed"))
    assert event.name == b"error"
    assert json.loads(event.data)["error"]["message"] == "no"


@pytest.mark.parametrize("codec", ALL, ids=lambda codec: codec.operation)
def test_nothing_is_translated(codec: Any) -> None:
    assert codec.carried
    assert codec.path("m", False).startswith(("/images/", "/audio/"))
    assert not codec.withholds(b"data: {}\n\n")
    with pytest.raises(ClientError):
        codec.decode_request(Inbound(envelope.read(b"{}"), Headers()))
