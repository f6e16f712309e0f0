from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plexus.canonical.errors import ErrorKind
from plexus.canonical.events import Failure, ReplyStart, StreamEvent, TextDelta
from plexus.protocols.event_decoder import EventDecoder
from plexus.protocols.eventstream import encode_message
from plexus.protocols.registry import PROVIDER_CODECS
from plexus.protocols.sse import SseDecoder, SseEvent


class Echo(EventDecoder[SseEvent]):
    """Says what is in the events; ``?`` cannot be read."""

    def _decode(self, events: list[SseEvent]) -> list[StreamEvent]:
        out: list[StreamEvent] = []
        for event in events:
            if b"?" in event.data:
                out += self._skip(event.data)
            else:
                out.append(TextDelta(0, event.data.decode()))
        return out


def said(*pieces: bytes) -> list[str | ErrorKind]:
    decoder = Echo(SseDecoder())
    events = [event for piece in pieces for event in decoder.feed(piece)] + decoder.finish()
    return [
        event.error.kind if isinstance(event, Failure) else event.text
        for event in events
        if isinstance(event, Failure | TextDelta)
    ]


@given(st.lists(st.integers(0, 60), max_size=8))
def test_any_chunking_gives_the_same(cuts: list[int]) -> None:
    stream = b"data: one\n\ndata: two\r\n\r\n: comment\n\ndata: three\n\n"
    places = sorted({0, len(stream), *(min(cut, len(stream)) for cut in cuts)})
    assert said(*(stream[a:b] for a, b in pairwise(places))) == ["one", "two", "three"]


@pytest.mark.parametrize(
    ("stream", "expected"),
    [
        (b"data: {?\n\ndata: a\n\n", ["a"]),
        (b"data: {?\n\ndata: a\n\ndata: {?\n\n", ["a", ErrorKind.UPSTREAM_MALFORMED]),
        (b"data: ping?\n\n" * 9 + b"data: a\n\n", ["a"]),
        (b"data: a", ["a"]),
    ],
    ids=["one is passed over", "two are a failure", "no objects, no events", "an end without a blank line"],
)
def test_what_cannot_be_read(stream: bytes, expected: list[str | ErrorKind]) -> None:
    assert said(stream) == expected


def test_nothing_comes_after_a_failure() -> None:
    decoder = Echo(SseDecoder())
    assert [type(event) for event in decoder.feed(b"data: {?\n\ndata: {?\n\n")] == [Failure]
    assert decoder.feed(b"data: more\n\n") == []
    assert decoder.finish() == []


def test_an_event_without_end_is_a_failure_and_bounded() -> None:
    decoder = Echo(SseDecoder())
    found = [event for _ in range(64) for event in decoder.feed(b"data: " + b"x" * (1 << 20))]
    assert [type(event) for event in found] == [Failure]


@pytest.mark.parametrize(
    "name", [name for name, codec in PROVIDER_CODECS.items() if codec.operation == "generate"], ids="-".join
)
def test_an_event_without_a_bottom_is_one_that_cannot_be_read(name: tuple[str, str]) -> None:
    codec = PROVIDER_CODECS[name]
    decoder = codec.stream_decoder(codec.default_dialect)
    deep = b'data: {"a":' + b"[" * 100_000
    by_type = {
        b"application/x-ndjson": deep[6:] + b"\n",
        b"application/vnd.amazon.eventstream": encode_message({":event-type": "messageStop"}, deep[6:]),
    }
    event = by_type.get(codec.stream_type, deep + b"\n\n")
    assert [one for one in decoder.feed(event) if not isinstance(one, ReplyStart)] == []
    (failure,) = decoder.feed(event)
    assert isinstance(failure, Failure)
    assert failure.error.kind is ErrorKind.UPSTREAM_MALFORMED
