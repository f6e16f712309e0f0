from __future__ import annotations

import json

import pytest
from tests.exchange.parts import CHAT_REPLY

from plexus.exchange.carried import plain
from plexus.exchange.carried.plain import PlainCarrier, WatchedCarrier
from plexus.exchange.carrier import Carrier
from plexus.protocols import sse
from plexus.protocols.registry import CODECS


def test_bytes_pass_and_are_counted() -> None:
    carrier: Carrier = PlainCarrier()
    chunk = b"RIFF"
    assert carrier.take(chunk) is chunk
    assert [carrier.progressed, carrier.progressed] == [True, False], "once for what has come"
    assert (carrier.ended, carrier.terminated) == (False, False)
    assert carrier.close() == b""
    assert (carrier.ended, carrier.empty, carrier.said_bytes) == (True, False, 4)


def test_an_end_without_a_byte_is_empty() -> None:
    carrier = PlainCarrier()
    assert not carrier.empty
    carrier.close()
    assert carrier.empty


USAGE_EVENT = b'data: {"id":"c","choices":[],"usage":{"prompt_tokens":5,"completion_tokens":2}}\n\n'


def watched(*, streams: bool) -> WatchedCarrier:
    codec = CODECS["openai_chat", "generate"]
    return WatchedCarrier(codec, codec.default_dialect, streams=streams)


@pytest.mark.parametrize("size", [1, 7, 1000])
@pytest.mark.parametrize("end", [b"", b"data: [DONE]\n\n", b"data: [DONE]"])
def test_a_stream_passes_at_once_and_is_read_event_by_event(size: int, end: bytes) -> None:
    carrier, wire = watched(streams=True), USAGE_EVENT + end
    for place in range(0, len(wire), size):
        piece = wire[place : place + size]
        assert carrier.take(piece) is piece
    carrier.close()
    assert carrier.usage is not None
    assert (carrier.usage.input, carrier.usage.output, carrier.ended) == (5, 2, True)


def test_json_is_read_behind_its_end() -> None:
    carrier, body = watched(streams=False), json.dumps(CHAT_REPLY).encode()
    for place in range(0, len(body), 50):
        carrier.take(body[place : place + 50])
    before = carrier.usage
    carrier.close()
    usage, finish = carrier.usage, carrier.finish
    assert usage is not None
    assert finish is not None
    assert (before, usage.total, finish.reason.value) == (None, 7, "stop")


def test_what_is_too_long_to_keep_passes_unread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plain, "MAX_WATCHED", 100)
    carrier, body = watched(streams=False), json.dumps(CHAT_REPLY).encode()
    assert len(body) > 100
    assert carrier.take(body) is body
    carrier.close()
    assert (carrier.usage, carrier.ended) == (None, True)


def test_an_event_without_end_passes_unread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sse, "MAX_EVENT", 100)
    carrier = watched(streams=True)
    for piece in (b"data: " + b"x" * 200, USAGE_EVENT):
        assert carrier.take(piece) is piece
    carrier.close()
    assert (carrier.usage, carrier.failure) == (None, None)


def test_a_failure_inside_is_the_client_s_to_read() -> None:
    carrier = watched(streams=True)
    carrier.take(b'data: {"error":{"message":"x"}}\n\n')
    assert carrier.failure is None
