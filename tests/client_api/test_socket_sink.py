"""Events and errors of an exchange as messages of one lane."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.http1.test_websocket import Pair

from plexus.client_api.socket_sink import SocketSink

EVENTS = (
    b'event: response.created\ndata: {"type":"response.created","response":{"id":"resp_1"}}\n\n'
    b': keep-alive\n\ndata: [DONE]\n\nevent: response.completed\r\ndata: {"type":"response.completed",\r\n'
    b'data: "response":{"id":"resp_1","output":[{"id":"a"}]}}\r\n\r\n'
)


def messages(pair: Pair) -> list[Any]:
    """What the client would get (short unmasked frames)."""
    data, found = bytes(pair.transport.written), []
    pair.transport.written.clear()
    while data:
        assert data[0] == 0x81
        size, start = (data[1], 2) if data[1] < 126 else (int.from_bytes(data[2:4], "big"), 4)
        found.append(json.loads(data[start : start + size]))
        data = data[start + size :]
    return found


@pytest.mark.parametrize("lane", [None, "main"])
async def test_each_event_is_a_message_in_one_write(lane: str | None) -> None:
    pair = Pair()
    sink = SocketSink(pair.socket, lane)
    before = sink.committed
    sink.start(200, [(b"x-request-id", b"req_1")])
    assert (before, sink.committed) == (False, True)
    sink.write(b": keep-alive\n\n")
    assert pair.transport.writes == 0
    sink.write(EVENTS)
    sink.end()
    assert pair.transport.writes == 1
    said = messages(pair)
    assert [message["type"] for message in said] == ["response.created", "response.completed"]
    assert [message.get("stream_id") for message in said] == [lane, lane]
    pair.lose()


async def test_an_error_reply_says_what_its_headers_said() -> None:
    pair = Pair()
    fields = [
        (b"content-type", b"application/json"),
        (b"retry-after", b"3"),
        (b"x-request-id", b"req_1"),
        (b"x-ratelimit-remaining-tokens", b"0"),
    ]
    sink = SocketSink(pair.socket, None)
    sink.send(429, fields, b'{"error":{"message":"No."}}')
    told = {"retry-after": "3", "x-request-id": "req_1", "x-ratelimit-remaining-tokens": "0"}
    assert messages(pair) == [{"type": "error", "status": 429, "error": {"message": "No."}, "headers": told}]
    assert sink.committed
    pair.lose()


async def test_a_full_socket_and_a_lost_one() -> None:
    pair = Pair()
    sink = SocketSink(pair.socket, None)
    told: list[str] = []
    sink.when_writable(lambda: told.append("room"))
    pair.socket.pause_writing()
    was_full = sink.full
    pair.socket.resume_writing()
    assert (was_full, sink.full, told) == (True, False, ["room"])
    sink.abort()
    assert pair.transport.aborted
    was_gone = sink.gone
    pair.lose()
    assert (was_gone, sink.gone) == (False, True)
