from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plexus.http1.body import (
    LAST_CHUNK,
    BodyDecoder,
    ChunkedDecoder,
    LengthDecoder,
    UntilCloseDecoder,
    body_decoder,
    encode_chunk,
)
from plexus.http1.head import CHUNKED, UNTIL_CLOSE, Malformed

BODIES = st.lists(st.binary(min_size=1, max_size=40), max_size=6)
EXTENSIONS = st.sampled_from([b"", b";", b";a", b";a=b", b';a="b c"; d=\xff'])
TRAILERS = st.sampled_from([b"", b"X: a\r\n", b"X:\r\nY: \t b \r\n"])
PLACES = st.lists(st.integers(0, 300), max_size=12)


def cut(data: bytes, places: list[int]) -> list[bytes]:
    edges = [0, *sorted({min(place, len(data)) for place in places}), len(data)]
    return [data[start:end] for start, end in itertools.pairwise(edges)]


def decode(decoder: BodyDecoder, pieces: list[bytes]) -> tuple[bytes, bytes]:
    """The body, and what follows it."""
    body = b""
    for index, piece in enumerate(pieces):
        body += decoder.feed(piece)
        if decoder.done:
            return body, decoder.rest + b"".join(pieces[index + 1 :])
    return body, b""


@given(BODIES, EXTENSIONS, TRAILERS, st.binary(max_size=20), PLACES)
def test_any_chunking_of_a_chunked_body_gives_the_same(
    parts: list[bytes], extension: bytes, trailers: bytes, rest: bytes, places: list[int]
) -> None:
    lines = [b"%x%b\r\n%b\r\n" % (len(part), extension, part) for part in parts]
    wire = b"".join(lines) + b"0" + extension + b"\r\n" + trailers + b"\r\n"
    assert decode(ChunkedDecoder(), cut(wire + rest, places)) == (b"".join(parts), rest)


@given(st.binary(max_size=60), st.binary(max_size=20), PLACES)
def test_any_chunking_of_a_body_with_a_length_gives_the_same(body: bytes, rest: bytes, places: list[int]) -> None:
    if body:
        assert decode(body_decoder(len(body)), cut(body + rest, places)) == (body, rest)


@given(BODIES)
def test_what_we_write_reads_back(parts: list[bytes]) -> None:
    decoder = ChunkedDecoder()
    assert decoder.feed(b"".join(map(encode_chunk, parts)) + LAST_CHUNK) == b"".join(parts)
    assert decoder.done


@given(st.lists(st.binary(max_size=20), max_size=10))
def test_any_bytes_are_a_body_or_malformed(pieces: list[bytes]) -> None:
    decoder = ChunkedDecoder()
    try:
        decode(decoder, pieces)
    except Malformed:
        assert not decoder.done


def test_a_body_is_given_on_as_it_comes() -> None:
    decoder = ChunkedDecoder()
    assert decoder.feed(b"5\r\nab") == b"ab"
    assert decoder.feed(b"c") == b"c"
    assert decoder.feed(b"de\r") == b"de"
    assert decoder.feed(b"\n") == b""
    assert not decoder.done
    assert decoder.feed(b"0\r\n\r\nnext") == b""
    assert (decoder.done, decoder.rest) == (True, b"next")


def test_a_whole_piece_is_not_copied() -> None:
    piece = b"x" * 100
    assert LengthDecoder(200).feed(piece) is piece
    assert UntilCloseDecoder().feed(piece) is piece


def test_each_framing_has_its_decoder() -> None:
    assert isinstance(body_decoder(CHUNKED), ChunkedDecoder)
    assert isinstance(body_decoder(UNTIL_CLOSE), UntilCloseDecoder)
    assert isinstance(body_decoder(1), LengthDecoder)


def test_a_body_until_close_is_never_done() -> None:
    decoder = UntilCloseDecoder()
    decoder.feed(b"x")
    assert not decoder.done


@pytest.mark.parametrize("size", [b"000000000000003", b"3", b"03"])
def test_leading_zeros_within_the_bound(size: bytes) -> None:
    assert ChunkedDecoder().feed(size + b"\r\nabc\r\n") == b"abc"


@pytest.mark.parametrize("size", [b"0000000000000003", b"fffffffffffffffff"])
def test_a_size_of_more_than_15_digits_is_malformed(size: bytes) -> None:
    with pytest.raises(Malformed):
        ChunkedDecoder().feed(size + b"\r\nabc\r\n")
