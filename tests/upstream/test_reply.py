from __future__ import annotations

import asyncio
import gzip

import pytest
from tests.http1.wire import FakeTransport
from tests.upstream.test_client import Collector

from plexus.canonical.errors import ErrorKind, GatewayError, TransportError
from plexus.domain.provider import Origin
from plexus.http1.client import ClientConnection
from plexus.upstream.reply import READ_AHEAD, UpstreamReply

K = ErrorKind
HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n%b\r\n"


class Line:
    """A reply on a fake transport, and how often its connection was given back."""

    def __init__(self, *, whole: bool = False) -> None:
        self.connection = ClientConnection()
        self.transport = FakeTransport(self.connection)
        self.connection.connection_made(self.transport)
        self.released = 0
        self.reply = UpstreamReply(Origin("provider.example", 80), self.connection, self._release, whole=whole)
        self.connection.send(b"POST", b"", self.reply)

    def _release(self) -> None:
        self.released += 1

    def say(self, body: bytes, *, of: int | None = None, fields: bytes = b"") -> None:
        self.connection.data_received(HEAD % (len(body) if of is None else of, fields) + body)


async def test_awaiting_wakes_at_the_head_or_with_the_whole() -> None:
    for whole in (False, True):
        line = Line(whole=whole)
        waiting = asyncio.create_task(line.reply.head())
        await asyncio.sleep(0)
        line.say(b"ab", of=4)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert waiting.done() == (not whole)
        line.connection.data_received(b"cd")
        await waiting
        assert await line.reply.body(4) == b"abcd"
        assert line.released == 1


async def test_chunks_come_in_order_and_end_with_nothing() -> None:
    line = Line()
    line.say(b"ab", of=6)
    line.connection.data_received(b"cd")
    assert await line.reply.chunk() == b"abcd"
    line.connection.data_received(b"ef")
    assert [await line.reply.chunk(), await line.reply.chunk()] == [b"ef", b""]


async def test_a_cut_comes_behind_what_had_come() -> None:
    line = Line()
    line.say(b"ab", of=6)
    line.connection.connection_lost(None)
    assert await line.reply.chunk() == b"ab"
    with pytest.raises(TransportError) as failed:
        await line.reply.chunk()
    assert failed.value.kind is K.UPSTREAM_CUT
    assert line.released == 1


@pytest.mark.parametrize("limit", [4, 5])
async def test_the_limit_counts_the_decompressed_body(limit: int) -> None:
    line = Line()
    line.say(gzip.compress(b"hello"), fields=b"content-encoding: gzip\r\n")
    if limit == 5:
        assert await line.reply.body(limit) == b"hello"
        return
    with pytest.raises(GatewayError, match="larger than 4 bytes"):
        await line.reply.body(limit)


async def test_reading_pauses_while_nobody_takes_what_came() -> None:
    line = Line()
    line.say(b"x" * READ_AHEAD, of=READ_AHEAD + 2)
    reading = [line.transport.reading]
    line.connection.data_received(b"x")
    reading.append(line.transport.reading)
    assert len(await line.reply.chunk()) == READ_AHEAD + 1
    assert [*reading, line.transport.reading] == [True, False, True]


@pytest.mark.parametrize("when", ["before", "after"])
async def test_relaying_tells_everything_once(when: str) -> None:
    line, collector = Line(), Collector()
    line.say(b"ab", of=4)
    if when == "before":
        line.reply.relay(collector)
    line.connection.data_received(b"cd")
    if when == "after":
        line.reply.relay(collector)
    assert b"".join(collector.data_seen) == b"abcd"
    assert collector.ended.is_set()
    assert collector.error is None


@pytest.mark.parametrize("when", ["before", "after"])
async def test_relaying_tells_of_a_cut(when: str) -> None:
    line, collector = Line(), Collector()
    line.say(b"ab", of=4)
    if when == "before":
        line.reply.relay(collector)
    line.connection.connection_lost(ConnectionResetError())
    if when == "after":
        line.reply.relay(collector)
    assert b"".join(collector.data_seen) == b"ab"
    assert collector.error is not None
    assert collector.error.kind is K.UPSTREAM_CUT


async def test_giving_up_and_cancelling_release_once() -> None:
    for act in (lambda reply: reply.give_up(TransportError(K.FIRST_BYTE_TIMEOUT, "late")), UpstreamReply.cancel):
        line = Line()
        act(line.reply)
        act(line.reply)
        assert (line.released, line.transport.aborted) == (1, True)
    line = Line()
    line.say(b"ab")
    line.reply.cancel()
    line.reply.give_up(TransportError(K.FIRST_BYTE_TIMEOUT, "late"))
    assert (line.released, line.transport.aborted) == (1, False)
    assert await line.reply.body(2) == b"ab"
