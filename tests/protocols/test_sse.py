from __future__ import annotations

import itertools
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.protocols.properties import cuts

from plexus.canonical.errors import ProviderError
from plexus.protocols import sse
from plexus.protocols.sse import EventBoundary, SseDecoder, SseEvent, encode_event, split_events

STREAM = (
    b"\xef\xbb\xbfdata: one\n\n: comment\n\nevent: ping\ndata: {}\n\nid: 7\ndata:no space\r\n\r\n"
    b"data: a\ndata: b\n\nevent: only\n\ndata: \xc3\xa9\xe2\x82\xac\n\n: note\ndata: [DONE]\r\rdata: last"
)
EVENTS = [
    SseEvent(None, b"one"),
    SseEvent(b"ping", b"{}"),
    SseEvent(None, b"no space"),
    SseEvent(None, b"a\nb"),
    SseEvent(None, "é€".encode()),
    SseEvent(None, b"[DONE]"),
    SseEvent(None, b"last"),
]


def decode(chunks: list[bytes]) -> list[SseEvent]:
    decoder = SseDecoder()
    events = [event for chunk in chunks for event in decoder.feed(chunk)]
    return events + decoder.finish()


def cut(data: bytes, places: list[int]) -> list[bytes]:
    edges = [0, *sorted({min(place, len(data)) for place in places}), len(data)]
    return [data[start:end] for start, end in itertools.pairwise(edges)]


def test_the_whole_stream() -> None:
    assert decode([STREAM]) == EVENTS


def test_byte_by_byte() -> None:
    assert decode([bytes([byte]) for byte in STREAM]) == EVENTS


@given(st.lists(st.integers(0, len(STREAM)), max_size=12))
def test_any_chunking_gives_the_same_events(places: list[int]) -> None:
    assert decode(cut(STREAM, places)) == EVENTS


@given(st.lists(st.integers(0, len(STREAM)), max_size=12))
def test_a_boundary_loses_no_byte_and_releases_whole_events_only(places: list[int]) -> None:
    boundary = EventBoundary()
    released = [boundary.feed(chunk) for chunk in cut(STREAM, places)]
    assert b"".join(released) + boundary.finish() == STREAM
    for run in released:
        assert run == b"" or run.endswith((b"\n\n", b"\r\n\r\n", b"\r\r"))


@given(st.lists(st.binary(max_size=20), max_size=10))
def test_any_bytes_decode_without_an_error(chunks: list[bytes]) -> None:
    decode(chunks)


def test_an_endless_event_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sse, "MAX_EVENT", 100)
    boundary = EventBoundary()
    assert boundary.feed(b"x" * 100) == b""
    with pytest.raises(ProviderError):
        boundary.feed(b"x")


def test_what_we_write_reads_back() -> None:
    assert split_events(encode_event(b"{}") + encode_event(b"1", b"message_start")) == [
        SseEvent(None, b"{}"),
        SseEvent(b"message_start", b"1"),
    ]


def test_what_is_no_utf8_is_replaced_as_browsers_do() -> None:
    decoder = SseDecoder()
    assert decoder.feed("data: ä\n\n".encode()[:-3] + b"\n\n") == [SseEvent(None, "\N{REPLACEMENT CHARACTER}".encode())]
    assert decoder.feed(b"data: \xff") + decoder.finish() == [SseEvent(None, "\N{REPLACEMENT CHARACTER}".encode())]


@given(
    st.lists(st.sampled_from([b"\n", b"\r", b"\r\n", b"a", b"data: x", b"\n\n", b"\r\n\r\n"]), max_size=14),
    st.lists(st.integers(0, 60), max_size=8),
)
def test_what_is_handed_on_ends_behind_a_blank_line_however_it_comes(pieces: list[bytes], places: list[int]) -> None:
    """Only what is new is searched: a blank line that was cut into pieces is found all the same."""
    data = b"".join(pieces)
    boundary, whole = EventBoundary(), EventBoundary()
    handed = [boundary.feed(chunk) for chunk in cuts(data, places)]
    at_once = whole.feed(data)
    rest = boundary.finish()
    assert b"".join(handed) + rest == data
    assert split_events(b"".join(handed)) + split_events(rest) == split_events(at_once) + split_events(whole.finish())
    assert all(re.search(rb"(\r\n|\n|\r)(\r\n|\n|\r)$", run) for run in handed if run)


class Counting(bytearray):
    """Counts the bytes that are searched."""

    searched = 0

    def find(self, sub: bytes, start: int = 0) -> int:  # type: ignore[override]
        self.searched += len(self) - start
        return super().find(sub, start)

    def rfind(self, sub: bytes, start: int = 0) -> int:  # type: ignore[override]
        self.searched += len(self) - start
        return super().rfind(sub, start)


def test_an_event_in_many_pieces_is_searched_once() -> None:
    boundary = EventBoundary()
    boundary._rest = Counting()
    count, piece = 2000, b"x\r" * 8
    for _ in range(count):
        assert boundary.feed(piece) == b""
    assert isinstance(boundary._rest, Counting)
    assert count * len(piece) < boundary._rest.searched < 3 * count * len(piece)
