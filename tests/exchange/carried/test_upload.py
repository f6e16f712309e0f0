"""Uploads: kept once up to a bound, streamed beyond it, and never more than that in memory."""

from __future__ import annotations

import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plexus.canonical.errors import ClientError, ErrorKind
from plexus.exchange.carried.upload import JOIN_BELOW, Passing, Source, Upload
from plexus.protocols.multipart import FormScanner

HEAD = b'--b\r\nContent-Disposition: form-data; name="model"\r\n\r\nwhisper\r\n'
FILE = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\n'
END = b"\r\n--b--\r\n"


class Client:
    """Gives its pieces, then the end."""

    def __init__(self, *pieces: bytes) -> None:
        self.pieces = list(pieces)
        self.reads = 0

    async def read(self) -> bytes:
        self.reads += 1
        return self.pieces.pop(0) if self.pieces else b""


def upload(*pieces: bytes, keep: int = 1 << 20, length: int | None = None) -> Upload:
    return Upload(Client(*pieces).read, FormScanner(b"b", frozenset({"model"})), keep=keep, length=length)


async def sent(source: Source) -> bytes:
    return b"".join([piece async for piece in source.pieces()])


async def test_a_form_within_the_bound_is_read_whole_and_given_as_often_as_wanted() -> None:
    body = upload(FILE, b"x" * 100_000, b"\r\n" + HEAD.removesuffix(b"\r\n"), END)
    await body.collect()
    value = body.form.fields["model"]
    assert (body.complete, body.spent, value.text) == (True, False, "whisper")
    whole = FILE + b"x" * 100_000 + b"\r\n" + HEAD.removesuffix(b"\r\n") + END
    for model in ("whisper-1", "whisper", "w"):
        source = body.source(value.change(model))
        wanted = whole.replace(b"\r\n\r\nwhisper\r\n", b"\r\n\r\n" + model.encode() + b"\r\n")
        assert await sent(source) == wanted
        assert (source.length, source.repeatable) == (len(wanted), True)


async def test_what_is_longer_streams_through_once() -> None:
    pieces = [HEAD + FILE, *[b"x" * 1000] * 9, END]
    length = sum(map(len, pieces))
    client = Client(*pieces)
    body = Upload(client.read, FormScanner(b"b", frozenset({"model"})), keep=3000, length=length)
    await body.collect()
    assert not body.complete
    assert body.size <= 3000 + 1000
    assert client.reads < len(pieces)
    source = body.source(body.form.fields["model"].change("w"))
    assert (source.length, source.repeatable, body.spent) == (length - len("hisper"), False, False)
    given_on = source.pieces()
    assert await anext(given_on)
    assert not body.spent, "only what is kept has been given: another attempt may begin anew"
    assert b"".join([piece async for piece in body.source().pieces()]) == b"".join(pieces)
    assert body.spent


async def test_nobody_knows_how_long_a_stream_in_chunks_will_be() -> None:
    body = upload(HEAD, FILE + b"x" * 100, END, keep=10)
    await body.collect()
    assert body.source().length is None
    await sent(body.source())


@given(st.lists(st.integers(1, 40_000), min_size=1, max_size=12), st.integers(0, 60_000))
async def test_the_body_is_the_same_in_any_pieces_and_with_any_bound(sizes: list[int], keep: int) -> None:
    pieces = [HEAD, FILE, *(bytes([number]) * size for number, size in enumerate(sizes)), END]
    body = upload(*pieces, keep=keep)
    await body.collect()
    assert await sent(body.source()) == b"".join(pieces)
    assert body.complete


async def test_tiny_pieces_do_not_cost_many_times_their_size() -> None:
    whole = HEAD + FILE + b"x" * (3 * JOIN_BELOW) + END
    body = upload(*(whole[place : place + 7] for place in range(0, len(whole), 7)))
    await body.collect()
    assert len(body.kept) <= len(whole) / JOIN_BELOW * 2 + 1
    assert b"".join(body.kept) == whole


async def test_a_form_that_goes_wrong_behind_the_bound_breaks_the_attempt() -> None:
    body = upload(HEAD, FILE, b"x" * 100, b"\r\n" + HEAD, END, keep=150)
    await body.collect()
    with pytest.raises(ClientError) as refused:
        await sent(body.source())
    assert (refused.value.kind, refused.value.param) == (ErrorKind.BAD_REQUEST, "model")


async def test_a_form_without_its_end_is_refused() -> None:
    with pytest.raises(ClientError):
        await upload(HEAD, FILE, b"x").collect()


@pytest.mark.parametrize("keep", [4 << 20, 1 << 30])
async def test_the_peak_is_one_body_or_the_bound(keep: int) -> None:
    """Counted in allocated bytes, with a client and a provider that hold nothing."""
    piece, many = 64 * 1024, 512
    left = many

    async def read() -> bytes:
        nonlocal left
        if left == many:
            left -= 1
            return HEAD + FILE
        if left > 0:
            left -= 1
            return bytes(piece)
        if left == 0:
            left -= 1
            return END
        return b""

    total = 0
    tracemalloc.start()
    try:
        body = Upload(read, FormScanner(b"b", frozenset({"model"})), keep=keep, length=None)
        await body.collect()
        for _ in range(2 if body.complete else 1):
            total = 0
            async for each in body.source(body.form.fields["model"].change("other")).pieces():
                total += len(each)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert total > (many - 1) * piece
    assert peak < min(keep, total) + 8 * piece


async def test_a_body_that_nobody_reads_passes_once_and_is_counted() -> None:
    body = Passing(Client(b"ab", b"c").read, 3)
    assert (body.length, body.repeatable) == (3, False)
    assert [piece async for piece in body.pieces()] == [b"ab", b"c"]
    assert (body.size, body.complete, body.length) == (3, True, 3)
    assert [piece async for piece in body.pieces()] == []


async def test_a_form_that_went_up_in_part_cannot_be_had_again() -> None:
    body = upload(HEAD, FILE, b"x" * 100, END, keep=100)
    await body.collect()
    await sent(body.source())
    assert (body.complete, body.spent, body.source().repeatable) == (True, True, False)
