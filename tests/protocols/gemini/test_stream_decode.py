"""A streamed reply: where it ends, and what cannot be read of it."""

from __future__ import annotations

import json
from typing import Any

from tests.protocols.properties import decode_stream

from plexus.canonical.errors import ErrorKind
from plexus.canonical.events import Failure, ReplyEnd
from plexus.protocols.gemini import CODEC


def chunk(*parts: dict[str, Any], **candidate: Any) -> dict[str, Any]:
    return {"candidates": [{"content": {"parts": parts, "role": "model"}, **candidate}], "responseId": "r1"}


def stream(*chunks: dict[str, Any]) -> bytes:
    return b"".join(b"data: " + json.dumps(each).encode() + b"\r\n\r\n" for each in chunks)


STOP = chunk(finishReason="STOP")


def test_a_stream_without_a_finish_was_cut() -> None:
    events = decode_stream(CODEC, [stream(chunk({"text": "a"}))])
    assert not any(isinstance(event, ReplyEnd) for event in events)
    two = {"candidates": [{"finishReason": "STOP"}, {"index": 1, "content": {"parts": [{"text": "b"}]}}]}
    assert not any(isinstance(event, ReplyEnd) for event in decode_stream(CODEC, [stream(two)]))


def test_one_unreadable_event_is_passed_over_and_two_are_a_failure() -> None:
    broken = b'data: {"candidates": 1}\n\n'
    events = decode_stream(CODEC, [stream(chunk({"text": "a"})) + broken + b"data: nonsense\n\n" + stream(STOP)])
    assert isinstance(events[-1], ReplyEnd)
    events = decode_stream(CODEC, [broken + broken + stream(STOP)])
    assert isinstance(events[-1], Failure)
    assert events[-1].error.kind is ErrorKind.UPSTREAM_MALFORMED
