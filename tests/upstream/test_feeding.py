"""Bodies in pieces: how they are framed, how many wait, and what ends them early."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable

import pytest
from tests.http1.wire import FakeTransport
from tests.upstream.servers import OK, close, request, serving

from plexus.canonical.errors import ClientError, ErrorKind, GatewayError, TransportError
from plexus.domain.provider import Origin
from plexus.http1.client import ClientConnection
from plexus.upstream.client import UpstreamClient
from plexus.upstream.feeding import Feeder
from plexus.upstream.reply import UpstreamReply

K = ErrorKind


@pytest.fixture
async def client() -> AsyncIterator[UpstreamClient]:
    client = UpstreamClient()
    yield client
    await client.close()


class Pieces:
    """A body of given pieces; a None among them waits for ever, an error is raised."""

    def __init__(
        self, *pieces: bytes | GatewayError | Exception | None, length: int | None = None, repeatable: bool = True
    ) -> None:
        self.length = length
        self.repeatable = repeatable
        self.given = 0
        self.begun = 0
        self.stopped = False
        self._pieces = pieces

    async def pieces(self) -> AsyncGenerator[bytes, None]:
        self.begun += 1
        try:
            for piece in self._pieces:
                if piece is None:
                    await asyncio.get_running_loop().create_future()
                elif isinstance(piece, Exception):
                    raise piece
                else:
                    self.given += 1
                    yield piece
        finally:
            self.stopped = True


async def chunks(reader: asyncio.StreamReader) -> list[bytes]:
    """The chunks of a body, as they are framed."""
    found = []
    while size := int(await reader.readline(), 16):
        found.append(await reader.readexactly(size))
        assert await reader.readexactly(2) == b"\r\n"
    assert await reader.readexactly(2) == b"\r\n"
    return found


async def test_a_body_of_known_length(client: UpstreamClient) -> None:
    async with serving(OK) as server:
        sent: list[int] = []
        source = Pieces(b"abc", b"de", length=5)
        reply = await client.send(
            request(server.origin, body=b"", source=source), whole=True, sent=lambda: sent.append(source.given)
        )
        assert await reply.body(10) == b"hi"
        (seen,) = server.requests
        assert sent == [2], "once, behind the last piece"
        assert client.stats()[server.origin.authority] == (1, 1), "the connection serves on"
    assert seen.endswith(b"content-length: 5\r\n\r\nabcde")


async def test_a_body_of_unknown_length_goes_in_chunks(client: UpstreamClient) -> None:
    found: list[list[bytes]] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        found.append(await chunks(reader))
        writer.write(OK)

    async with serving(answer) as server:
        for _ in range(2):
            reply = await client.send(request(server.origin, body=b"", source=Pieces(b"abc", b"d" * 300)), whole=True)
            assert await reply.body(10) == b"hi"
        assert b"transfer-encoding: chunked\r\n" in server.requests[0]
        assert b"content-length" not in server.requests[0]
        assert server.connections == 1
    assert found == [[b"abc", b"d" * 300]] * 2


async def test_no_more_is_asked_for_than_the_provider_takes(client: UpstreamClient) -> None:
    """A provider that does not read: what waits for it stays within the buffers of the sockets."""
    piece, many = b"x" * 65_536, 2_000
    source = Pieces(*[piece] * many, length=len(piece) * many)
    read = asyncio.Event()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        await read.wait()
        await reader.readexactly(len(piece) * many)
        writer.write(OK)
        writer.close()
        await writer.wait_closed()
        gone.set()

    gone = asyncio.Event()
    listener = await asyncio.start_server(answer, "127.0.0.1", 0, limit=65_536)
    port = listener.sockets[0].getsockname()[1]
    origin = Origin("127.0.0.1", port)
    sending = asyncio.ensure_future(client.send(request(origin, body=b"", source=source), whole=True))
    given = -1
    while given != source.given or not given:  # until the flow stands still
        given = source.given
        for _ in range(200):
            await asyncio.sleep(0)
    assert source.given < many / 4
    read.set()
    reply = await sending
    assert await reply.body(10) == b"hi"
    assert source.given == many
    await gone.wait()
    listener.close()


async def test_an_early_answer_stops_the_feeding(client: UpstreamClient) -> None:
    async def refuse(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 413 Content Too Large\r\ncontent-length: 2\r\n\r\nno")

    async with serving(refuse) as server:
        source = Pieces(b"abc", None)
        reply = await client.send(request(server.origin, body=b"", source=source), whole=True)
        assert (reply.status, await reply.body(10)) == (413, b"no")
        await until(lambda: source.stopped or not source.begun)
        assert source.given <= 1
        assert all(stats.idle == 0 for stats in client.stats().values()), "half a request is on this connection"


async def until(done: Callable[[], bool]) -> None:
    while not done():
        await asyncio.sleep(0)


FAILURES = [
    ClientError(K.BODY_TOO_LARGE, "too large"),
    TransportError(K.CLIENT_GONE, "gone"),
]


@pytest.mark.parametrize("failure", FAILURES, ids=lambda failure: failure.kind.value)
async def test_a_body_that_cannot_be_had_is_the_calls_failure(client: UpstreamClient, failure: GatewayError) -> None:
    gone = asyncio.Event()

    async def answer(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.read()
        gone.set()

    async with serving(answer) as server:
        sent: list[int] = []
        with pytest.raises(GatewayError) as raised:
            await client.send(
                request(server.origin, body=b"", source=Pieces(b"abc", failure)),
                whole=True,
                sent=lambda: sent.append(1),
            )
        assert raised.value is failure
        assert sent == []
        await gone.wait()
    assert all(stats == (0, 0) for stats in client.stats().values())


async def test_a_defect_of_ours_is_no_silence(client: UpstreamClient, caplog: pytest.LogCaptureFixture) -> None:
    async def answer(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.read()

    async with serving(answer) as server:
        with pytest.raises(GatewayError) as raised:
            await client.send(request(server.origin, body=b"", source=Pieces(b"a", ValueError("x"))), whole=True)
    assert raised.value.kind is K.INTERNAL
    assert "our own defect" in caplog.text


async def test_a_cancelled_call_stops_the_feeding(client: UpstreamClient) -> None:
    async def answer(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.read()

    async with serving(answer) as server:
        source = Pieces(b"abc", None)
        sending = asyncio.ensure_future(client.send(request(server.origin, body=b"", source=source), whole=True))
        await until(lambda: source.given == 1)
        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending
        await until(lambda: source.stopped)


async def test_a_kept_connection_that_died_is_replaced_where_the_body_can_be_had_again(client: UpstreamClient) -> None:
    async with serving(OK, close, OK) as server:
        await (await client.send(request(server.origin), whole=True)).body(10)
        source = Pieces(b"ab", length=2)
        reply = await client.send(request(server.origin, body=b"", source=source), whole=True)
        assert await reply.body(10) == b"hi"
        assert source.begun == 2


async def test_a_connection_that_is_dead_already_takes_nothing() -> None:
    connection, source = ClientConnection(), Pieces(b"ab", length=2)
    transport = FakeTransport(connection)
    connection.connection_made(transport)
    transport.closing = True
    released: list[int] = []
    feeder = Feeder(source, connection, lambda: released.append(1))
    reply = UpstreamReply(Origin("127.0.0.1", 9), connection, feeder.release, whole=True)
    sent: list[int] = []
    feeder.start(b"POST", b"POST / HTTP/1.1\r\n\r\n", reply, lambda: sent.append(1))
    with pytest.raises(GatewayError):
        await reply.head()
    await asyncio.sleep(0)
    assert (source.begun, sent, released, bytes(transport.written)) == (0, [], [1], b"")


async def test_a_body_that_is_had_once_goes_on_a_new_connection(client: UpstreamClient) -> None:
    async with serving(OK) as server:
        await (await client.send(request(server.origin), whole=True)).body(10)
        source = Pieces(b"ab", length=2, repeatable=False)
        await (await client.send(request(server.origin, body=b"", source=source), whole=True)).body(10)
        assert (server.connections, source.begun) == (2, 1)


async def test_the_wait_for_an_answer_begins_behind_the_body(client: UpstreamClient) -> None:
    async def answer(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.read()

    async with serving(answer) as server:
        with pytest.raises(GatewayError) as failed:
            await client.send(
                request(server.origin, body=b"", source=Pieces(b"ab", length=2), first_byte_timeout=0.01), whole=False
            )
    assert failed.value.kind is K.FIRST_BYTE_TIMEOUT


async def test_a_compressed_reply_can_be_kept_as_it_is(client: UpstreamClient) -> None:
    wire = b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 4\r\n\r\nzzzz"
    async with serving(wire) as server:
        reply = await client.send(request(server.origin, keeps_coding=True), whole=True)
        assert await reply.body(10) == b"zzzz"
