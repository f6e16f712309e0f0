"""How streams are framed."""

from __future__ import annotations

import json

from plexus.mock_provider.frame import Frame
from plexus.mock_provider.framing import ARRAY, SSE, SSE_CRLF, with_ping

FRAMES = [Frame("delta", {"a": 1}), Frame("delta", {"b": "x\n"}), Frame("done", {})]


def test_events_end_with_an_empty_line() -> None:
    assert SSE.encode(FRAMES[0], True) == b'data: {"a":1}\n\n'
    assert SSE_CRLF.encode(FRAMES[0], True) == b'data: {"a":1}\r\n\r\n'


def test_an_array_is_one_document_with_or_without_pings() -> None:
    pieces = [ARRAY.encode(frame, index == 0) for index, frame in enumerate(FRAMES)]
    for between in (b"", ARRAY.ping):
        assert json.loads(between.join(pieces) + ARRAY.close) == [frame.data for frame in FRAMES]


def test_another_ping() -> None:
    other = with_ping(SSE, b"event: ping\n\n")
    assert (other.ping, other.encode, other.comment) == (b"event: ping\n\n", SSE.encode, SSE.comment)
