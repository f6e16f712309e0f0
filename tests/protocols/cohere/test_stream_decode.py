from __future__ import annotations

import json
from typing import Any

import pytest
from tests.protocols.making import frames
from tests.protocols.properties import decode_stream, meaning

from plexus.canonical.errors import ErrorKind
from plexus.canonical.events import Failure, FinishSeen, ReplyEnd, StreamEvent, fold
from plexus.canonical.response import FinishReason
from plexus.protocols.cohere import CODEC

START: dict[str, Any] = {
    "id": "r",
    "type": "message-start",
    "delta": {"message": {"content": [], "tool_calls": []}},
}
END: dict[str, Any] = {"type": "message-end", "delta": {"finish_reason": "COMPLETE"}}
DONE = b"data: [DONE]\n\n"


def text(said: str) -> dict[str, Any]:
    return {"type": "content-delta", "index": 0, "delta": {"message": {"content": {"text": said}}}}


def read(*documents: Any) -> list[StreamEvent]:
    return decode_stream(CODEC, [frames(*documents)])


def failure(events: list[StreamEvent]) -> tuple[ErrorKind, str]:
    assert isinstance(events[-1], Failure)
    assert not any(isinstance(event, FinishSeen | ReplyEnd) for event in events)
    return events[-1].error.kind, events[-1].error.message


def test_the_end_needs_no_last_frame_and_nothing_follows_it() -> None:
    for more in ((), (DONE,), (text("late"),), (END,)):
        events = read(START, text("hi"), END, *more)
        assert isinstance(events[-1], ReplyEnd)
        assert meaning(fold(events, "cohere"))[1] == "hi"


def test_a_last_frame_without_the_end_is_one_nobody_gave_a_reason_for() -> None:
    events = read(START, text("hi"), DONE)
    assert isinstance(events[-1], ReplyEnd)
    finish = fold(events, "cohere").candidates[0].finish
    assert finish is not None
    assert (finish.reason, finish.inferred) == (FinishReason.STOP, True)


def test_nothing_but_a_last_frame_is_no_reply() -> None:
    assert read(DONE) == []


def test_a_stream_that_stops_is_cut() -> None:
    assert not any(isinstance(event, ReplyEnd | Failure) for event in read(START, text("hi")))


@pytest.mark.parametrize(("delta", "words"), [
    ({"finish_reason": "ERROR"}, "ended with ERROR"), ({"finish_reason": "TIMEOUT"}, "ended with TIMEOUT"),
    ({"finish_reason": "ERROR", "error": "out of memory"}, "out of memory"), ({"error": "broken"}, "broken"),
])  # fmt: skip
def test_a_generation_that_broke_is_a_failure(delta: dict[str, Any], words: str) -> None:
    kind, message = failure(read(START, text("hi"), {"type": "message-end", "delta": delta}, DONE))
    assert kind is ErrorKind.UPSTREAM_ERROR
    assert words in message


def test_an_error_in_the_stream_is_a_failure() -> None:
    assert failure(read(START, text("hi"), {"id": "1", "message": "internal"}, END)) == (
        ErrorKind.UPSTREAM_ERROR,
        "internal",
    )
    too_long = {"message": "too many tokens", "error_type": "TOO_MANY_TOKENS"}
    assert failure(read(too_long))[0] is ErrorKind.CONTEXT_LENGTH


def test_the_name_of_an_event_stands_in_for_its_type() -> None:
    named = b"event: message-end\ndata: " + json.dumps({"delta": END["delta"]}).encode() + b"\n\n"
    assert isinstance(read(START, text("hi"), named)[-1], ReplyEnd)


def test_an_end_alone_is_an_empty_reply() -> None:
    events = read(END)
    assert isinstance(events[-1], ReplyEnd)
    assert fold(events, "cohere").candidates[0].blocks == ()


def test_events_that_say_nothing_new() -> None:
    events = read(
        START, {"type": "debug", "prompt": "x"}, {"type": "citation-end", "index": 0}, {"type": "new-kind"}, END
    )
    assert isinstance(events[-1], ReplyEnd)


def test_one_event_that_cannot_be_read_is_passed_over() -> None:
    assert isinstance(read(START, {"type": 7}, text("hi"), END)[-1], ReplyEnd)
    assert failure(read(START, {"type": 7}, {"delta": 7}, END))[0] is ErrorKind.UPSTREAM_MALFORMED


def test_log_probabilities_come_beside_the_words() -> None:
    spoken = {**text("hi"), "logprobs": {"text": "hi", "token_ids": [1], "logprobs": [-0.5]}}
    logprobs = fold(read(START, spoken, END), "cohere").candidates[0].logprobs
    assert logprobs is not None
    assert json.loads(bytes(logprobs))["content"][0]["logprob"] == -0.5
