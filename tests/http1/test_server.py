"""The server on real sockets, on both loops; what needs none is in test_connection and test_incoming."""

from __future__ import annotations

import asyncio
import socket
import ssl
from pathlib import Path

import h11
import pytest
from tests.http1.sockets import both_loops, call, client_of, serving
from tests.http1.wire import GET, Recorder, read_replies, request, run

from plexus.http1.head import Field
from plexus.http1.limits import Limits
from plexus.http1.server import Incoming, Server

CERTIFICATE = Path(__file__).parent / "certs" / "localhost.pem"


async def hello(incoming: Incoming) -> None:
    incoming.respond(200, [], b"hello")


@both_loops
def test_requests_on_one_connection(loop: str) -> None:
    async def test() -> None:
        handler = Recorder()
        async with serving(handler) as server, client_of(server) as client:
            for size in (0, 10, 300_000):
                data = request(b"Content-Length: %d" % size, body=b"x" * size)
                assert read_replies(await call(client, data, "POST"), "POST")[0].body == b"ok"
            assert [len(seen.body) for seen in handler.seen] == [0, 10, 300_000]
            assert server.connections == 1

    run(test(), loop)


@both_loops
def test_a_refusal_reaches_a_client_that_still_sends(loop: str) -> None:
    """RFC 9112 section 9.6: closed with bytes unread, the reply could be lost to a reset."""

    async def test() -> None:
        async with serving(Recorder()) as server, client_of(server) as (reader, writer):
            writer.write(request(b"Content-Length: x", body=b"y" * 500_000))
            assert (await reader.read()).startswith(b"HTTP/1.1 400 ")

    run(test(), loop)


@both_loops
def test_a_half_closed_client_counts_as_gone(loop: str) -> None:
    async def test() -> None:
        began, ended = asyncio.Event(), asyncio.Event()

        async def handler(incoming: Incoming) -> None:
            began.set()
            try:
                await asyncio.Event().wait()
            finally:
                assert incoming.gone
                ended.set()

        async with serving(handler) as server, client_of(server) as (reader, writer):
            writer.write(GET)
            await began.wait()
            writer.write_eof()
            await ended.wait()
            assert await reader.read() == b""

    run(test(), loop)


@both_loops
def test_a_client_that_resets_is_gone(loop: str) -> None:
    async def test() -> None:
        began, ended = asyncio.Event(), asyncio.Event()

        async def handler(incoming: Incoming) -> None:
            began.set()
            try:
                await asyncio.Event().wait()
            finally:
                ended.set()

        async with serving(handler) as server, client_of(server) as (_, writer):
            writer.write(GET)
            await began.wait()
            writer.transport.abort()
            await ended.wait()

    run(test(), loop)


@both_loops
@pytest.mark.parametrize("fields", [[], [(b"content-length", b"10")]])
def test_a_reply_that_is_broken_off_is_seen_to_be_incomplete(loop: str, fields: list[Field]) -> None:
    """What was written before still arrives."""

    async def handler(incoming: Incoming) -> None:
        incoming.start(200, fields)
        incoming.write(b"half")
        incoming.abort()

    async def test() -> None:
        async with serving(handler) as server, client_of(server) as (reader, writer):
            writer.write(GET)
            (reply,) = read_replies(await reader.read(), "GET")
            assert (reply.body, reply.complete) == (b"half", False)

    run(test(), loop)


@both_loops
def test_a_reply_until_close_is_broken_off_by_a_reset(loop: str) -> None:
    async def handler(incoming: Incoming) -> None:
        incoming.start(200, [])
        incoming.write(b"half")
        incoming.abort()

    async def test() -> None:
        async with serving(handler) as server, client_of(server) as (reader, writer):
            writer.write(b"GET / HTTP/1.0\r\n\r\n")
            with pytest.raises(ConnectionResetError):
                await reader.read()

    run(test(), loop)


@both_loops
def test_time_limits_are_kept(loop: str) -> None:
    async def test() -> None:
        limits = Limits(head_timeout=0.05, body_timeout=0.05, keep_alive_timeout=0.05)
        async with serving(Recorder(), limits) as server:
            answers = []
            for data in (b"", b"GET / HT", request(b"Content-Length: 9", body=b"x")):
                async with client_of(server) as (reader, writer):
                    writer.write(data)
                    answers.append((await reader.read())[:13])
            assert answers == [b"", b"HTTP/1.1 408 ", b"HTTP/1.1 408 "]

    run(test(), loop)


@both_loops
def test_a_slow_reader_is_waited_for(loop: str) -> None:
    """Writing stops while it is full, so that a stream of 8 MB holds a fraction of it at any time."""
    most = 0

    async def test() -> None:
        async def handler(incoming: Incoming) -> None:
            nonlocal most
            incoming.start(200, [])
            transport = incoming._connection._transport
            assert transport is not None
            for _ in range(1000):
                incoming.write(b"x" * 8192)
                most = max(most, transport.get_write_buffer_size())
                if incoming.full:
                    room = asyncio.Event()
                    incoming.when_writable(room.set)
                    await room.wait()
            incoming.end()

        async with serving(handler, Limits(write_buffer=65536)) as server, client_of(server) as (reader, writer):
            writer.write(request(b"Connection: close"))
            reply = await reader.read()
            assert len(read_replies(reply, "POST")[0].body) == 8192 * 1000

    run(test(), loop)
    assert 0 < most <= 65536 + 2 * 8200


@both_loops
def test_what_nobody_reads_stays_with_the_client(loop: str) -> None:
    async def test() -> None:
        sent = asyncio.Event()
        most = 0

        async def handler(incoming: Incoming) -> None:
            nonlocal most
            await sent.wait()
            most = incoming.unread
            size = 0
            while piece := await incoming.chunk():
                size += len(piece)
            incoming.respond(200, [], b"%d" % size)

        async with serving(handler) as server, client_of(server) as (reader, writer):
            total = 20_000_000
            writer.write(request(b"Content-Length: %d" % total))
            writer.write(b"x" * total)
            for _ in range(100):  # turns of the loop in which the kernel would take more, if it were read
                await asyncio.sleep(0)
            sent.set()
            assert read_replies(await call((reader, writer), b"", "POST"), "POST")[0].body == b"%d" % total
            assert 0 < most < 1_000_000

    run(test(), loop)


@both_loops
def test_too_many_connections(loop: str) -> None:
    async def test() -> None:
        async with serving(hello, Limits(max_connections=1)) as server, client_of(server) as first:
            assert (await call(first, GET)).startswith(b"HTTP/1.1 200 ")
            async with client_of(server) as (reader, _):
                assert (await reader.read()).startswith(b"HTTP/1.1 503 ")
            assert (await call(first, GET)).startswith(b"HTTP/1.1 200 ")

    run(test(), loop)


@both_loops
def test_small_writes_are_not_held_back(loop: str) -> None:
    """TCP_NODELAY: without it a stream's events would wait for the client's delayed acknowledgement."""

    async def test() -> None:
        options: list[int] = []

        async def handler(incoming: Incoming) -> None:
            transport = incoming._connection._transport
            assert transport is not None
            sock: socket.socket = transport.get_extra_info("socket")
            options.append(sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            incoming.respond(200, [], b"")

        async with serving(handler) as server, client_of(server) as client:
            await call(client, GET)
        assert options != [0]

    run(test(), loop)


@both_loops
def test_a_socket_can_be_given(loop: str) -> None:
    async def test() -> None:
        sock = socket.socket()
        sock.bind(("127.0.0.1", 0))
        server = Server(hello)
        await server.start(host="", port=0, sock=sock)
        assert server.port == sock.getsockname()[1]
        async with client_of(server) as client:
            await call(client, GET)
        await server.drain(1)

    run(test(), loop)


@both_loops
def test_the_server_speaks_tls(loop: str) -> None:
    """The certificate and its key are for this test only, made by: openssl req -x509 -newkey ec -pkeyopt
    ec_paramgen_curve:prime256v1 -nodes -days 36500 -subj /CN=localhost -addext subjectAltName=DNS:localhost,IP:127.0.0.1"""

    async def test() -> None:
        ours = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        ours.load_cert_chain(CERTIFICATE)
        theirs = ssl.create_default_context(cafile=str(CERTIFICATE))
        handler = Recorder()
        server = Server(handler)
        await server.start(host="127.0.0.1", port=0, ssl=ours)
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port, ssl=theirs)
        body = b"x" * 300_000
        reply = await call((reader, writer), request(b"Content-Length: 300000", body=body), "POST")
        assert read_replies(reply, "POST")[0].body == b"ok"
        assert handler.seen[0].body == body
        writer.write(request(b"Content-Length: x"))
        assert (await reader.read()).startswith(b"HTTP/1.1 400 ")
        writer.close()
        await server.drain(5)
        assert server.connections == server.tasks == 0

    run(test(), loop)


# draining


@both_loops
def test_draining_lets_requests_end_and_closes_the_rest(loop: str) -> None:
    async def test() -> None:
        began, gate = asyncio.Event(), asyncio.Event()

        async def handler(incoming: Incoming) -> None:
            if incoming.path == b"/slow":
                began.set()
                await gate.wait()
            incoming.respond(200, [], b"done")

        server = Server(handler)
        await server.start(host="127.0.0.1", port=0)
        async with client_of(server) as idle, client_of(server) as busy:
            await call(idle, GET)
            busy[1].write(request(start=b"GET /slow HTTP/1.1"))
            await began.wait()
            draining = asyncio.ensure_future(server.drain(60))
            assert await idle[0].read() == b""
            with pytest.raises(OSError):
                await asyncio.open_connection("127.0.0.1", server.port)
            gate.set()
            reply = await busy[0].read()
            assert b"connection: close\r\n" in reply
            assert reply.endswith(b"done")
            await draining
        assert server.connections == server.tasks == 0

    run(test(), loop)


@both_loops
def test_draining_cancels_what_does_not_end(loop: str) -> None:
    async def test() -> None:
        began, ended = asyncio.Event(), asyncio.Event()

        async def handler(incoming: Incoming) -> None:
            incoming.start(200, [])
            began.set()
            try:
                await asyncio.Event().wait()
            finally:
                ended.set()

        server = Server(handler)
        await server.start(host="127.0.0.1", port=0)
        async with client_of(server) as (reader, writer):
            writer.write(GET)
            await began.wait()
            await server.drain(0.01)
            assert ended.is_set()
            assert server.connections == server.tasks == 0
            (reply,) = read_replies(await reader.read(), "GET")
            assert (reply.status, reply.complete) == (200, False)

    run(test(), loop)


@both_loops
def test_draining_answers_503_where_nothing_was_said(loop: str) -> None:
    async def test() -> None:
        began = asyncio.Event()

        async def handler(incoming: Incoming) -> None:
            began.set()
            await asyncio.Event().wait()

        server = Server(handler)
        await server.start(host="127.0.0.1", port=0)
        async with client_of(server) as (reader, writer):
            writer.write(GET)
            await began.wait()
            await server.drain(0.01)
            assert (await reader.read()).startswith(b"HTTP/1.1 503 ")

    run(test(), loop)


def test_draining_a_server_that_never_started() -> None:
    run(Server(hello).drain(1))


# h11 as a client


@both_loops
def test_h11_and_the_server_talk(loop: str) -> None:
    async def test() -> None:
        async def handler(incoming: Incoming) -> None:
            incoming.start(200, [(b"x-method", incoming.method)])
            while piece := await incoming.chunk():
                incoming.write(piece[::-1])
            incoming.end()

        async with serving(handler) as server, client_of(server) as (reader, writer):
            client = h11.Connection(h11.CLIENT)
            for _ in range(3):
                fields = [("host", "a"), ("transfer-encoding", "chunked")]
                writer.write(client.send(h11.Request(method="POST", target="/", headers=fields)) or b"")
                for piece in (b"abc", b"def"):
                    writer.write(client.send(h11.Data(piece)) or b"")
                writer.write(client.send(h11.EndOfMessage()) or b"")
                body = b""
                while True:
                    event = client.next_event()
                    if event is h11.NEED_DATA:
                        client.receive_data(await reader.read(65536))
                    elif isinstance(event, h11.Data):
                        body += event.data
                    elif isinstance(event, h11.EndOfMessage):
                        break
                assert sorted(body) == sorted(b"abcdef")
                client.start_next_cycle()

    run(test(), loop)
