from __future__ import annotations

import asyncio
import gzip
import itertools
import zlib
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.http1.wire import FakeTransport, run
from tests.upstream.provider import call

from plexus.canonical.errors import ErrorKind, ProviderError, TransportError
from plexus.domain.provider import Origin
from plexus.http1.body import encode_chunk
from plexus.http1.client import ClientConnection
from plexus.upstream.pool import Pool, PoolLimits
from plexus.upstream.reply import READ_AHEAD, WHOLE_AHEAD, UpstreamReply
from plexus.upstream.timeouts import Deadlines

ORIGIN = Origin("provider.example", 80)
HEAD = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
LAST = b"0\r\n\r\n"


class Fetching:
    """A reply on a fake transport: the provider's bytes go in by hand."""

    def __init__(self, *, whole: bool) -> None:
        self.pool = Pool(ORIGIN, None, PoolLimits(), 0.0)
        self.connection = ClientConnection(self.pool.lost)
        self.transport = FakeTransport(self.connection)
        self.connection.connection_made(self.transport)
        self.reply = UpstreamReply(self.pool, Deadlines(), reused=False)
        self.task = asyncio.create_task(self.reply.fetch(self.connection, call(ORIGIN), b"HEAD", whole=whole))

    async def feed(self, *pieces: bytes) -> UpstreamReply:
        await asyncio.sleep(0)
        for piece in pieces:
            if not self.transport.closing:
                self.connection.data_received(piece)
        return self.reply

    async def turn(self) -> None:
        for _ in range(3):
            await asyncio.sleep(0)

    @property
    def reading(self) -> bool:
        return self.transport.reading

    @property
    def fetched(self) -> bool:
        return self.task.done()


@dataclass
class Taking:
    """A receiver that writes down what it is told."""

    reply: UpstreamReply
    told: list[bytes | str] = field(default_factory=list)
    pause_at_data: bool = False
    cancel_at_data: bool = False
    error: TransportError | None = None

    def data(self, chunk: bytes) -> None:
        self.told.append(chunk)
        if self.pause_at_data:
            self.reply.pause()
        if self.cancel_at_data:
            self.reply.cancel()

    def end(self) -> None:
        self.told.append("end")

    def failed(self, error: TransportError) -> None:
        self.told.append("failed")
        self.error = error


async def test_a_stream_is_handed_over_at_its_head_and_a_whole_reply_at_its_end() -> None:
    stream, whole = Fetching(whole=False), Fetching(whole=True)
    for fetching in (stream, whole):
        await fetching.feed(HEAD, encode_chunk(b"a"))
        await fetching.turn()
    assert (stream.fetched, whole.fetched) == (True, False)
    await whole.feed(LAST)
    await whole.turn()
    assert whole.fetched
    assert await whole.reply.body(1) == b"a"


async def test_a_long_whole_reply_is_handed_over_early_and_read_on() -> None:
    fetching = Fetching(whole=True)
    part = b"x" * (WHOLE_AHEAD // 2 + 1)
    await fetching.feed(HEAD, encode_chunk(part))
    assert fetching.reading
    await fetching.feed(encode_chunk(part))
    await fetching.turn()
    states = [(fetching.fetched, fetching.reading)]
    body = asyncio.create_task(fetching.reply.body(4 * WHOLE_AHEAD))
    await fetching.turn()
    states.append((body.done(), fetching.reading))
    await fetching.feed(encode_chunk(b"end"), LAST)
    assert await body == part + part + b"end"
    assert states == [(True, False), (False, True)]


async def test_chunks_come_as_they_come_and_join_when_nobody_took_them() -> None:
    fetching = Fetching(whole=False)
    reply = await fetching.feed(HEAD, encode_chunk(b"a"), encode_chunk(b"b"))
    assert await reply.chunk() == b"ab"
    waiting = asyncio.create_task(reply.chunk())
    await fetching.turn()
    assert not waiting.done()
    await fetching.feed(encode_chunk(b"c"))
    assert await waiting == b"c"
    await fetching.feed(encode_chunk(b"d") + LAST)
    assert [await reply.chunk(), await reply.chunk(), await reply.chunk()] == [b"d", b"", b""]
    assert fetching.pool.stats.idle == 1


async def test_what_came_before_a_cut_is_still_given() -> None:
    fetching = Fetching(whole=False)
    reply = await fetching.feed(HEAD, encode_chunk(b"a"))
    fetching.connection.connection_lost(None)
    assert await reply.chunk() == b"a"
    for _ in range(2):
        with pytest.raises(TransportError) as caught:
            await reply.chunk()
        assert caught.value.kind is ErrorKind.UPSTREAM_CUT


async def test_a_cut_wakes_up_who_waits() -> None:
    fetching = Fetching(whole=False)
    reply = await fetching.feed(HEAD)
    waiting = asyncio.create_task(reply.chunk())
    await fetching.turn()
    fetching.connection.connection_lost(None)
    with pytest.raises(TransportError):
        await waiting


async def test_giving_up_wakes_up_who_waits() -> None:
    fetching = Fetching(whole=False)
    reply = await fetching.feed(HEAD)
    waiting = asyncio.create_task(reply.body(10))
    await fetching.turn()
    reply.cancel()
    with pytest.raises(TransportError):
        await waiting
    assert fetching.transport.aborted


async def test_cancelling_who_waits_closes_the_connection() -> None:
    fetching = Fetching(whole=False)
    reply = await fetching.feed(HEAD)
    waiting = asyncio.create_task(reply.chunk())
    await fetching.turn()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert fetching.transport.aborted


async def test_reading_pauses_when_too_much_is_held_and_goes_on_when_it_is_taken() -> None:
    fetching = Fetching(whole=False)
    reply = await fetching.feed(HEAD, encode_chunk(b"x" * READ_AHEAD))
    reading = [fetching.reading]
    await fetching.feed(encode_chunk(b"y"))
    reading.append(fetching.reading)
    assert await reply.chunk() == b"x" * READ_AHEAD + b"y"
    reading.append(fetching.reading)
    assert reading == [True, False, True]


async def test_a_body_beyond_its_limit_is_refused_as_soon_as_it_is_known() -> None:
    fetching = Fetching(whole=False)
    reply = await fetching.feed(b"HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n")
    with pytest.raises(ProviderError):
        await reply.body(10)
    assert fetching.transport.aborted


async def test_a_complete_body_beyond_its_limit_is_refused() -> None:
    fetching = Fetching(whole=True)
    reply = await fetching.feed(HEAD + encode_chunk(b"x" * 11) + LAST)
    await fetching.turn()
    with pytest.raises(ProviderError):
        await reply.body(10)


# By callbacks


async def test_a_relay_begins_with_what_has_come() -> None:
    fetching = Fetching(whole=False)
    reply = await fetching.feed(HEAD, encode_chunk(b"a"), encode_chunk(b"b"))
    taking = Taking(reply)
    reply.relay(taking)
    assert taking.told == [b"ab"]
    await fetching.feed(encode_chunk(b"c"), LAST)
    assert taking.told == [b"ab", b"c", "end"]
    assert fetching.pool.stats.idle == 1


async def test_a_relay_of_a_complete_body() -> None:
    fetching = Fetching(whole=False)
    reply = await fetching.feed(HEAD + encode_chunk(b"a") + LAST)
    taking = Taking(reply)
    reply.relay(taking)
    assert taking.told == [b"a", "end"]


@pytest.mark.parametrize("early", [True, False])
async def test_a_relay_of_a_cut_body(early: bool) -> None:
    fetching = Fetching(whole=False)
    reply = await fetching.feed(HEAD, encode_chunk(b"a"))
    taking = Taking(reply)
    if early:
        fetching.connection.connection_lost(None)
    reply.relay(taking)
    if not early:
        fetching.connection.connection_lost(None)
    assert taking.told == [b"a", "failed"]
    assert taking.error is not None
    assert taking.error.kind is ErrorKind.UPSTREAM_CUT


async def test_a_relay_of_a_damaged_body() -> None:
    fetching = Fetching(whole=False)
    reply = await fetching.feed(HEAD, encode_chunk(b"a"))
    taking = Taking(reply)
    reply.relay(taking)
    await fetching.feed(b"no chunk\r\n")
    assert taking.told == [b"a", "failed"]
    assert taking.error is not None
    assert taking.error.kind is ErrorKind.UPSTREAM_MALFORMED


async def test_a_receiver_that_pauses() -> None:
    fetching = Fetching(whole=False)
    reply = await fetching.feed(HEAD, encode_chunk(b"x" * (READ_AHEAD + 1)))
    taking = Taking(reply, pause_at_data=True)
    reading = [fetching.reading]
    reply.relay(taking)
    reading.append(fetching.reading)
    reply.resume()
    reading.append(fetching.reading)
    await fetching.feed(encode_chunk(b"y"))
    reading.append(fetching.reading)
    await fetching.feed(LAST)
    assert reading == [False, False, True, False]
    assert taking.told[1:] == [b"y", "end"]
    assert fetching.reading  # for the next call


@pytest.mark.parametrize("early", [True, False])
async def test_a_receiver_that_gives_up_hears_no_more(early: bool) -> None:
    fetching = Fetching(whole=False)
    reply = await fetching.feed(HEAD, *([encode_chunk(b"a")] if early else []))
    taking = Taking(reply, cancel_at_data=True)
    reply.relay(taking)
    await fetching.feed(encode_chunk(b"a"), encode_chunk(b"b"), LAST)
    await fetching.turn()
    assert taking.told == [b"a"]
    assert fetching.transport.aborted


# Compressed


@given(st.binary(max_size=300), st.lists(st.integers(1, 40), max_size=8), st.sampled_from(["body", "chunk", "relay"]))
def test_any_chunking_of_a_compressed_body_gives_the_same(text: bytes, sizes: list[int], way: str) -> None:
    packed = gzip.compress(text)
    edges = [0, *itertools.takewhile(lambda edge: edge < len(packed), itertools.accumulate(sizes)), len(packed)]
    pieces = [packed[start:end] for start, end in itertools.pairwise(edges)]

    async def test() -> None:
        fetching = Fetching(whole=False)
        head = b"HTTP/1.1 200 OK\r\nContent-Encoding: GZIP\r\nContent-Length: %d\r\n\r\n" % len(packed)
        reply = await fetching.feed(head, *pieces)
        if way == "body":
            got = await reply.body(len(text))
        elif way == "chunk":
            got = b"".join([await reply.chunk() for _ in range(2)])
        else:
            taking = Taking(reply)
            reply.relay(taking)
            assert taking.told[-1] == "end"
            got = b"".join(piece for piece in taking.told if isinstance(piece, bytes))
        assert got == text

    run(test())


async def test_the_limit_counts_decompressed_bytes() -> None:
    packed = gzip.compress(b"x" * 1000)
    fetching = Fetching(whole=True)
    reply = await fetching.feed(
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(packed) + packed
    )
    await fetching.turn()
    with pytest.raises(ProviderError):
        await reply.body(999)


async def test_a_bomb_is_refused_while_it_expands() -> None:
    packed = gzip.compress(b"\0" * 300_000_000, 9)
    fetching = Fetching(whole=False)
    reply = await fetching.feed(
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(packed) + packed
    )
    with pytest.raises(TransportError) as caught:
        await reply.body(1 << 30)
    assert caught.value.kind is ErrorKind.UPSTREAM_MALFORMED
    assert fetching.pool.stats.idle == 0


async def test_a_stream_is_decompressed_as_it_comes() -> None:
    packer = zlib.compressobj(wbits=31)
    first = packer.compress(b"event one") + packer.flush(zlib.Z_SYNC_FLUSH)
    fetching = Fetching(whole=False)
    reply = await fetching.feed(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n", first)
    assert await reply.chunk() == b"event one"
