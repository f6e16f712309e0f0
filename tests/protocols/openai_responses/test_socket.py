"""Messages of a Responses WebSocket, read and written."""

from __future__ import annotations

import json
from typing import Any

import pytest

from plexus.canonical.errors import ClientError
from plexus.protocols import envelope
from plexus.protocols.openai_responses.socket import (
    error_message,
    event_message,
    opens_anywhere,
    read_create,
    read_lane,
    with_any_input,
)
from plexus.protocols.sse import SseEvent


def message(**members: Any) -> envelope.Envelope:
    return envelope.read(json.dumps(members).encode())


@pytest.mark.parametrize("lane", ["main", "a", "A-Z_0.9", "x" * 256])
def test_a_lane_has_a_name(lane: str) -> None:
    assert read_lane(message(stream_id=lane)) == lane


@pytest.mark.parametrize("members", [{}, {"stream_id": None}])
def test_or_none(members: Any) -> None:
    assert read_lane(message(**members)) is None


@pytest.mark.parametrize("lane", ["", "a b", "x" * 257, "é", "a\n", 1, ["a"]])
def test_not_any_name(lane: object) -> None:
    with pytest.raises(ClientError, match="'stream_id' field must be") as refused:
        read_lane(message(stream_id=lane))
    assert (refused.value.code, refused.value.param) == ("invalid_stream_id", "stream_id")


def test_a_create_is_the_body_of_a_streamed_request() -> None:
    sent = (
        b'{"type":"response.create", "event_id":"e", "stream_id":"a","model":"m", "input" : "H\\u00e9", "stream":false}'
    )
    create = read_create(envelope.read(sent))
    assert create is not None
    assert json.loads(create.body.raw) == {"model": "m", "input": "Hé", "stream": True}
    assert b'"input" : "H\\u00e9"' in create.body.raw, "bytes stay as they came"
    assert create.generate


@pytest.mark.parametrize(("said", "generate"), [(True, True), (False, False), (None, True)])
def test_a_prewarm_generates_nothing(said: object, generate: bool) -> None:
    create = read_create(message(type="response.create", model="m", generate=said, previous_response_id="resp_1"))
    assert create is not None
    assert create.generate is generate
    assert "generate" not in create.body.members
    assert "previous_response_id" in create.body.members


def test_some_messages_want_no_answer() -> None:
    assert read_create(message(type="response.processed", response_id="resp_1")) is None


@pytest.mark.parametrize(
    ("members", "param"),
    [
        ({"type": "response.steer"}, "type"),
        ({}, "type"),
        ({"type": "response.create", "background": True}, "background"),
        ({"type": "response.create", "generate": "no"}, "generate"),
    ],
)
def test_any_other_is_refused(members: Any, param: str) -> None:
    with pytest.raises(ClientError) as refused:
        read_create(message(**members))
    assert refused.value.param == param


@pytest.mark.parametrize("members", [{}, {"input": []}, {"input": None}])
def test_a_prewarm_may_say_nothing(members: Any) -> None:
    assert json.loads(with_any_input(message(model="m", **members)).raw) == {"model": "m", "input": ""}


def test_or_something() -> None:
    body = message(model="m", input=["x"])
    assert with_any_input(body) is body


@pytest.mark.parametrize(
    ("item", "opens"),
    [
        ({"type": "reasoning", "id": "rs_1", "summary": []}, False),
        ({"type": "reasoning", "id": "rs_1", "encrypted_content": None, "content": []}, False),
        ({"type": "reasoning", "id": "rs_1", "encrypted_content": "gAAA"}, True),
        ({"type": "reasoning", "id": "rs_1", "content": [{"type": "reasoning_text", "text": "a"}]}, True),
        ({"type": "message", "role": "user", "content": "reasoning"}, True),
        ({"type": 'a "reasoning"'}, True),
        (["reasoning"], True),
    ],
)
def test_a_thought_that_is_only_a_name_opens_nowhere_else(item: object, opens: bool) -> None:
    assert opens_anywhere(json.dumps(item).encode()) is opens


# --- replies


def event(kind: str, **members: Any) -> SseEvent:
    return SseEvent(kind.encode(), json.dumps({"type": kind, **members}).encode())


def test_an_event_is_a_message() -> None:
    one = event("response.output_text.delta", delta="a")
    assert event_message(one, None) is one.data
    assert json.loads(event_message(one, "main")) == {**json.loads(one.data), "stream_id": "main"}


def test_an_error_reply_is_a_message() -> None:
    body = json.dumps({"error": {"message": "No.", "type": "t", "param": None, "code": "c"}}).encode()
    bare = {"type": "error", "status": 429, "error": json.loads(body)["error"]}
    assert json.loads(error_message(429, body, {}, None)) == bare
    told = json.loads(error_message(429, body, {"retry-after": "3"}, "main"))
    assert told == {**bare, "headers": {"retry-after": "3"}, "stream_id": "main"}


def test_a_flat_error_is_nested() -> None:
    flat = event("error", code="server_error", message="No.", param=None, sequence_number=3)
    nested = {"type": "server_error", "code": "server_error", "message": "No.", "param": None}
    assert json.loads(event_message(flat, None)) == {"type": "error", "error": nested}
    assert json.loads(event_message(flat, "a")) == {"type": "error", "error": nested, "stream_id": "a"}
    kept = event("error", error={"message": "No."})
    assert json.loads(event_message(kept, None)) == {"type": "error", "error": {"message": "No."}}
