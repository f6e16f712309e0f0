"""WebSockets over real sockets, with the clients' end of the ``websockets`` library."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from tests.http1.sockets import call, client_of, serving
from tests.http1.wire import FakeTransport
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.protocol import OPEN, SERVER, Protocol

from plexus.http1.incoming import Incoming
from plexus.http1.server import Server
from plexus.http1.websocket import CloseCode, SocketLimits, WebSocket, accept

Use = Callable[[WebSocket], Awaitable[None]]
UPGRADE = (
    b"GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)


@asynccontextmanager
async def socket_server(
    use: Use, limits: SocketLimits | None = None, subprotocol: str | None = None
) -> AsyncIterator[Server]:
    """A server whose handler upgrades, and hands the socket to ``use``."""

    async def handler(incoming: Incoming) -> None:
        socket = accept(incoming, subprotocol=subprotocol, limits=limits or SocketLimits())
        if socket is not None:
            await use(socket)

    async with serving(handler) as server:
        yield server


@asynccontextmanager
async def client(server: Server, **options: object) -> AsyncIterator[ClientConnection]:
    async with connect(f"ws://127.0.0.1:{server.port}/", **options) as connection:  # type: ignore[arg-type]
        yield connection


async def echo(socket: WebSocket) -> None:
    while (message := await socket.receive()) is not None:
        socket.send((message.upper(), b"again"))
    await socket.wait_closed()


async def test_messages_go_both_ways() -> None:
    async with socket_server(echo) as server, client(server) as connection:
        for said in ("hi", "", "a" * 300_000):
            await connection.send(said)
            assert await connection.recv() == said.upper()
            assert await connection.recv() == "again"
        assert connection.response is not None
        assert "sec-websocket-extensions" not in connection.response.headers
        await connection.send(["fr", "ag", "ments"])
        assert await connection.recv() == "FRAGMENTS"
        await (await connection.ping())
        assert (server.connections, server.tasks) == (0, 1)
    assert connection.close_code == CloseCode.NORMAL_CLOSURE


async def test_a_message_may_come_with_the_head() -> None:
    async with socket_server(echo) as server, client_of(server) as (reader, writer):
        writer.write(UPGRADE + bytes([0x81, 0x82, 0, 0, 0, 0]) + b"hi")
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 101 ")
        assert b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" in head  # RFC 6455 section 1.3
        assert await reader.readexactly(4) == b"\x81\x02HI"


@pytest.mark.parametrize(
    ("was", "becomes", "status"),
    [
        (b"Version: 13", b"Version: 8", 400),
        (b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", b"", 400),
        (b"dGhlIHNhbXBsZSBub25jZQ==", b"c2hvcnQ=", 400),
        (b"Connection: Upgrade", b"Connection: keep-alive", 426),
        (b"GET", b"PUT", 405),
    ],
)
async def test_no_proper_handshake_is_refused_and_the_connection_stays(was: bytes, becomes: bytes, status: int) -> None:
    async with socket_server(echo) as server, client_of(server) as streams:
        for _ in range(2):
            reply = await call(streams, UPGRADE.replace(was, becomes))
            assert reply.startswith(b"HTTP/1.1 %d " % status)
            assert b"sec-websocket-version: 13\r\n" in reply
            assert reply.lower().count(b"content-length:") == reply.lower().count(b"\r\ndate:") == 1


@pytest.mark.parametrize("chosen", [None, "b"])
async def test_a_subprotocol_is_named(chosen: str | None) -> None:
    async with socket_server(echo, subprotocol=chosen) as server, client(server, subprotocols=["a", "b"]) as connection:
        assert connection.subprotocol == chosen


LIMITS = SocketLimits(max_message_bytes=1000)


@pytest.mark.parametrize(
    ("said", "code"),
    [
        (b"binary", CloseCode.UNSUPPORTED_DATA),
        ("a" * 1001, CloseCode.MESSAGE_TOO_BIG),
        (["a" * 600, "b" * 600], CloseCode.MESSAGE_TOO_BIG),
    ],
)
async def test_what_cannot_be_taken_ends_the_connection(said: str | bytes | list[str], code: int) -> None:
    got: list[bytes | None] = []

    async def use(socket: WebSocket) -> None:
        got.append(await socket.receive())
        await socket.wait_closed()

    async with socket_server(use, LIMITS) as server, client(server) as connection:
        await connection.send(said)
        with pytest.raises(ConnectionClosed):
            await connection.recv()
        assert connection.close_code == code
    assert got == [None]


async def test_text_is_utf8() -> None:
    async with socket_server(echo) as server, client(server) as connection:
        await connection.send(b"\xff", text=True)
        with pytest.raises(ConnectionClosed):
            await connection.recv()
        assert connection.close_code == CloseCode.INVALID_DATA


async def test_a_client_that_vanishes_is_noticed() -> None:
    lost = asyncio.Event()
    got: list[bytes | None] = []

    async def use(socket: WebSocket) -> None:
        socket.when_lost(lost.set)
        got.append(await socket.receive())
        assert socket.lost
        assert not socket.open
        socket.send((b"into the void",))

    async with socket_server(use) as server, client_of(server) as (reader, writer):
        writer.write(UPGRADE)
        await reader.readuntil(b"\r\n\r\n")
        writer.transport.abort()
        await asyncio.wait_for(lost.wait(), 5)
    assert got == [None]


async def test_our_close_waits_for_the_clients() -> None:
    async def use(socket: WebSocket) -> None:
        socket.send((b"last words",))
        socket.close(CloseCode.SERVICE_RESTART, "later")
        socket.send((b"too late",))
        assert await socket.receive() is None
        await socket.wait_closed()
        assert socket.lost

    async with socket_server(use) as server, client(server) as connection:
        assert await connection.recv() == "last words"
        with pytest.raises(ConnectionClosed):
            await connection.recv()
        assert (connection.close_code, connection.close_reason) == (CloseCode.SERVICE_RESTART, "later")


# without a socket


class Pair:
    """A WebSocket on a transport that is turned by hand."""

    def __init__(self, limits: SocketLimits | None = None) -> None:
        self.transport = FakeTransport(asyncio.Protocol())
        protocol = Protocol(SERVER, state=OPEN, max_size=None)
        self.socket = WebSocket(protocol, self.transport, b"", limits or SocketLimits())
        self.transport.protocol = self.socket

    def say(self, text: bytes) -> None:
        self.socket.data_received(bytes([0x81, 0x80 + len(text), 0, 0, 0, 0]) + text)

    def lose(self) -> None:
        self.socket.connection_lost(None)


async def test_a_client_is_not_read_from_while_its_messages_wait() -> None:
    pair = Pair(SocketLimits(read_ahead=10))
    reads = [pair.transport.reading]
    for text in (b"0123456789", b"more"):
        pair.say(text)
        reads.append(pair.transport.reading)
    for text in (b"0123456789", b"more"):
        assert await pair.socket.receive() == text
        reads.append(pair.transport.reading)
    assert reads == [True, True, False, False, True]
    pair.lose()
    assert await pair.socket.receive() is None


async def test_nothing_is_delivered_of_a_client_that_has_gone() -> None:
    pair = Pair()
    pair.say(b"hello")
    pair.lose()
    assert await pair.socket.receive() is None


async def test_a_slow_reader_is_told_of() -> None:
    pair = Pair(SocketLimits(write_buffer=1000))
    told: list[str] = []
    pair.socket.when_writable("a", lambda: told.append("a"))
    pair.socket.when_writable("b", lambda: told.append("b"))
    pair.socket.when_writable("b", None)
    fullness = [pair.socket.full]
    pair.transport.stalled = True
    pair.socket.send((b"x" * 2000,))
    fullness.append(pair.socket.full)
    pair.transport.release()
    assert ([*fullness, pair.socket.full], told) == ([False, True, False], ["a"])
    pair.lose()


PING = b"\x89\x00"


async def test_pings_are_sent_and_need_no_answer() -> None:
    pair = Pair(SocketLimits(ping_interval=0.001, write_timeout=0.0))
    while bytes(pair.transport.written).count(PING) < 3:
        await asyncio.sleep(0)
    assert not pair.transport.aborted
    pair.lose()


async def test_a_client_that_takes_nothing_is_dropped() -> None:
    pair = Pair(SocketLimits(write_buffer=10, ping_interval=0.001, write_timeout=0.003))
    pair.transport.stalled = True
    pair.socket.send((b"x" * 2000,))
    while not pair.transport.aborted:
        await asyncio.sleep(0)
    assert PING not in pair.transport.written
    pair.lose()


async def test_who_does_not_answer_our_close_is_dropped() -> None:
    pair = Pair(SocketLimits(close_timeout=0.001))
    pair.socket.close(CloseCode.GOING_AWAY)
    while not pair.transport.aborted:
        await asyncio.sleep(0)
    pair.lose()
