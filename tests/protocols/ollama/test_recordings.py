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
from plexus.canonical.events import fold
from plexus.canonical.headers import Headers
from plexus.canonical.response import FinishReason
from plexus.protocols.ollama import CODEC

ALL = recordings("ollama.chat")
STREAMS = [each for each in ALL if each.ndjson is not None]
REPLIES = [each for each in ALL if each.body is not None and each.status == 200]
ERRORS = [each for each in ALL if each.status >= 400]
GENERATE = recordings("ollama.generate")


def test_there_are_some_of_each() -> None:
    assert (len(STREAMS), len(REPLIES), len(ERRORS)) == (1, 3, 1)


@pytest.mark.parametrize("recording", STREAMS, ids=repr)
def test_a_stream_is_read_whole_in_any_chunks(recording: Recording) -> None:
    spoke.stream_is_read_whole_in_any_chunks(CODEC, recording)


@given(recording=st.sampled_from(STREAMS), places=st.lists(st.integers(0, 11_000), max_size=6))
@settings(deadline=None)
def test_chunks_change_nothing(recording: Recording, places: list[int]) -> None:
    spoke.chunks_change_nothing(CODEC, recording, places)


@given(recording=st.sampled_from(STREAMS), place=st.integers(0, 11_000))
@settings(deadline=None)
def test_a_stream_that_is_cut_never_ends(recording: Recording, place: int) -> None:
    spoke.a_stream_that_is_cut_never_ends(CODEC, recording, place)


@pytest.mark.parametrize("recording", STREAMS, ids=repr)
def test_a_stream_says_what_the_lines_say(recording: Recording) -> None:
    assert recording.ndjson is not None
    lines = [json.loads(line) for line in recording.ndjson.splitlines()]
    response = reply_of(CODEC, recording)
    _, text, calls, finish, counts = meaning(response)
    assert text == "".join(line["message"]["content"] for line in lines)
    assert (calls, finish, counts) == ([], FinishReason.STOP, (17, 0, 63))
    assert response.model == "llama3"
    assert response.created == 1716584263


@pytest.mark.parametrize("recording", REPLIES, ids=repr)
def test_a_reply_is_read_whole(recording: Recording) -> None:
    assert recording.body is not None
    document = json.loads(recording.body)
    message = document["message"]
    response = CODEC.decode_response(recording.body, CODEC.default_dialect)
    thoughts, text, _, _, counts = meaning(response)
    assert thoughts == message.get("thinking", "")
    assert text == message["content"]
    assert spoke.calls_of(response) == [
        (call["function"]["name"], call["function"]["arguments"]) for call in message.get("tool_calls", [])
    ]
    assert counts == (document["prompt_eval_count"], 0, document["eval_count"])
    assert response.usage is not None
    assert json.loads(response.usage.raw or "") == {
        name: value for name, value in document.items() if name.endswith(("_count", "_duration"))
    }


@pytest.mark.parametrize("recording", REPLIES, ids=repr)
def test_a_reply_is_a_stream_of_one_line(recording: Recording) -> None:
    assert recording.body is not None
    response = CODEC.decode_response(recording.body, CODEC.default_dialect)
    assert meaning(fold(decode_stream(CODEC, [recording.body + b"\n"]), "ollama")) == meaning(response)


def test_a_call_has_its_thought_its_own_id_and_its_finish() -> None:
    (recording,) = [each for each in REPLIES if "tool_call" in each.features]
    candidate = reply_of(CODEC, recording).candidates[0]
    thought, call = candidate.blocks
    assert isinstance(thought, Reasoning)
    assert isinstance(call, ToolCall)
    assert call.id == "call_2k7ryu9k"
    assert candidate.finish is not None
    assert (candidate.finish.reason, candidate.finish.raw) == (FinishReason.TOOL_CALLS, "stop")


@pytest.mark.parametrize("recording", ERRORS, ids=repr)
def test_a_recorded_error_is_typed(recording: Recording) -> None:
    error = CODEC.decode_error(recording.status, Headers(), recording.body or b"")
    assert error.kind is ErrorKind.UPSTREAM_MODEL_UNKNOWN
    assert error.message == "model 'nonexistent-model:latest' not found"


@pytest.mark.parametrize("recording", GENERATE, ids=repr)
def test_the_other_operations_lines_are_no_chat_and_say_nothing(recording: Recording) -> None:
    """``/api/generate`` is never asked; its lines end as they should, and hold no message."""
    response = reply_of(CODEC, recording)
    assert not any(isinstance(block, Text) for block in response.candidates[0].blocks)
    assert response.usage is not None


@given(body=st.binary(max_size=300))
@settings(deadline=None)
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    spoke.any_bytes_are_read_or_refused_by_our_own_error(CODEC, body)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 2**70) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
MESSAGE = st.fixed_dictionaries(
    {},
    optional={
        "content": JSON | st.text(max_size=5),
        "thinking": JSON | st.text(max_size=5),
        "tool_calls": JSON
        | st.lists(
            st.fixed_dictionaries({}, optional={"id": JSON, "function": JSON | st.just({"name": "f"})}), max_size=2
        ),
    },
)
LINES = st.fixed_dictionaries(
    {},
    optional={
        "model": JSON, "created_at": JSON | st.just("2026-01-01T00:00:00Z"), "message": JSON | MESSAGE, "done": JSON,
        "done_reason": JSON, "eval_count": JSON, "prompt_eval_count": JSON, "logprobs": JSON, "error": JSON,
    },
)  # fmt: skip


@given(st.lists(LINES, max_size=4))
@settings(deadline=None, max_examples=300)
def test_any_lines_are_read_or_refused(lines: list[dict[str, object]]) -> None:
    for line in lines:
        spoke.any_bytes_are_read_or_refused_by_our_own_error(CODEC, json.dumps(line).encode())
    events = decode_stream(CODEC, [json.dumps(line).encode() + b"\n" for line in lines])
    try:
        fold(events, "ollama")
    except GatewayError:
        pass
