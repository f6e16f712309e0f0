from __future__ import annotations

import pytest
from tests.protocols.properties import decode_stream

from plexus.canonical.errors import ErrorKind
from plexus.canonical.events import Failure, ReplyEnd, StreamEvent, TextDelta
from plexus.protocols.ollama import CODEC
from plexus.protocols.sse import MAX_EVENT

HI = b'{"model":"m","message":{"content":"hi"},"done":false}\n'
DONE = b'{"model":"m","done":true,"done_reason":"stop"}\n'


def read(*lines: bytes) -> list[StreamEvent]:
    return decode_stream(CODEC, [b"".join(lines)])


def kind(events: list[StreamEvent]) -> ErrorKind:
    assert isinstance(events[-1], Failure)
    return events[-1].error.kind


def test_the_last_line_needs_no_end() -> None:
    assert isinstance(read(HI, DONE.rstrip())[-1], ReplyEnd)


def test_without_its_last_line_it_is_cut() -> None:
    assert not any(isinstance(event, ReplyEnd | Failure) for event in read(HI, HI))


def test_empty_lines_and_what_is_no_object_say_nothing() -> None:
    assert isinstance(read(b"\r\n", b"\n", b": ping\n", HI, b"\n", DONE)[-1], ReplyEnd)


def test_nothing_follows_the_end() -> None:
    assert isinstance(read(HI, DONE, HI, b'{"error":"late"}\n')[-1], ReplyEnd)


def test_an_error_line_ends_the_reply() -> None:
    events = read(HI, b'{"error":"an error was encountered while running the model"}\n', HI, DONE)
    assert kind(events) is ErrorKind.UPSTREAM_ERROR
    assert sum(isinstance(event, TextDelta) for event in events) == 1


def test_one_line_that_cannot_be_read_is_passed_over() -> None:
    assert isinstance(read(HI, b'{"message":7}\n', DONE)[-1], ReplyEnd)
    assert kind(read(HI, b'{"message":7}\n', b"{\n", DONE)) is ErrorKind.UPSTREAM_MALFORMED


def test_an_endless_line_is_cut_off() -> None:
    decoder = CODEC.stream_decoder(CODEC.default_dialect)
    events: list[StreamEvent] = []
    for _ in range(MAX_EVENT // 2**20 + 1):
        assert not events
        events = decoder.feed(b"x" * 2**20)
    assert kind(events) is ErrorKind.UPSTREAM_MALFORMED
    assert decoder.feed(b"\n" + DONE) == decoder.finish() == []


@pytest.mark.parametrize("line", [b"", b"\n"])
def test_nothing_at_all(line: bytes) -> None:
    assert read(line) == []
