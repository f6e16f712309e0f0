from __future__ import annotations

import asyncio
import re

import pytest
from tests.http1.wire import GET, FakeTransport, Wire, chunked, read_replies, request

from plexus.http1.body import BodyIncomplete, BodyTooLarge
from plexus.http1.head import Field
from plexus.http1.limits import Limits
from plexus.http1.server import Incoming

HEAD = request(start=b"HEAD / HTTP/1.1")
OLD = b"GET / HTTP/1.0\r\n\r\n"


async def test_what_a_handler_sees() -> None:
    seen: list[Incoming] = []

    async def handler(incoming: Incoming) -> None:
        seen.append(incoming)
        incoming.respond(204, [], b"")

    wire = Wire(handler)
    await wire.exchange(b"PUT /a%20b/?x=1?&y HTTP/1.1\r\nhOsT: a:1\r\nX-One:  1 \t\r\nx-one:\r\nX-Two:a: b\r\n\r\n")
    (incoming,) = seen
    assert incoming.method == b"PUT"
    assert incoming.target == b"/a%20b/?x=1?&y"
    assert (incoming.path, incoming.query) == (b"/a%20b/", b"x=1?&y")
    assert incoming.headers == [(b"hOsT", b"a:1"), (b"X-One", b"1"), (b"x-one", b""), (b"X-Two", b"a: b")]
    assert incoming.headers is incoming.headers
    assert incoming.peer == "192.0.2.1"
    assert incoming.http11
    assert (incoming.started, incoming.finished, incoming.gone) == (True, True, False)


# the request's body


@pytest.mark.parametrize(
    "data", [GET, request(b"Content-Length: 3", body=b"abc"), chunked(body=b"3\r\nabc\r\n0\r\n\r\n")]
)
async def test_a_body_that_is_here_is_read_without_suspending(data: bytes) -> None:
    bodies: list[bytes] = []

    async def handler(incoming: Incoming) -> None:
        reading = incoming.body(3)
        with pytest.raises(StopIteration) as done:
            reading.send(None)
        bodies.append(done.value.value)
        incoming.respond(200, [], b"")

    await Wire(handler).exchange(data)
    assert bodies == [b"" if data is GET else b"abc"]


async def test_a_body_that_comes_late_wakes_its_handler_once() -> None:
    bodies: list[bytes] = []

    async def handler(incoming: Incoming) -> None:
        bodies.append(await incoming.body(100))

    wire = Wire(handler)
    await wire.exchange(request(b"Content-Length: 6", body=b"ab"))
    await wire.exchange(b"cd")
    assert bodies == []
    await wire.exchange(b"ef")
    assert bodies == [b"abcdef"]


@pytest.mark.parametrize(
    ("data", "kept_waiting"),
    [
        (request(b"Content-Length: 5"), True),
        (request(b"Content-Length: 5", body=b"abcde"), False),
        (chunked(body=b"5\r\nabcde\r\n"), True),
        (chunked(body=b"5\r\nabcde\r\n0\r\n\r\n"), False),
    ],
)
async def test_a_body_beyond_its_limit(data: bytes, kept_waiting: bool) -> None:
    async def handler(incoming: Incoming) -> None:
        assert incoming.whole is not kept_waiting
        with pytest.raises(BodyTooLarge) as error:
            await incoming.body(4)
        assert error.value.limit == 4
        incoming.respond(413, [], b"")

    (reply,) = read_replies(await Wire(handler).exchange(data), "POST")
    assert reply.status == 413


async def test_a_body_that_grows_beyond_its_limit() -> None:
    async def handler(incoming: Incoming) -> None:
        with pytest.raises(BodyTooLarge):
            await incoming.body(4)
        incoming.respond(413, [], b"")

    wire = Wire(handler)
    assert await wire.exchange(chunked(body=b"4\r\nabcd\r\n")) == b""
    assert (await wire.exchange(b"1\r\ne\r\n")).startswith(b"HTTP/1.1 413 ")


async def test_a_streamed_body() -> None:
    pieces: list[bytes] = []

    async def handler(incoming: Incoming) -> None:
        while piece := await incoming.chunk():
            pieces.append(piece)
        assert await incoming.chunk() == b""
        incoming.respond(200, [], b"")

    wire = Wire(handler)
    await wire.exchange(request(b"Content-Length: 8", body=b"ab"))
    await wire.exchange(b"cd")
    wire.feed(b"e", b"f")
    await wire.settle()
    assert (await wire.exchange(b"gh")).startswith(b"HTTP/1.1 200 ")
    assert pieces == [b"ab", b"cd", b"ef", b"gh"]


async def test_a_cut_body_is_incomplete_for_who_waits_for_it() -> None:
    errors: list[bytes] = []

    async def handler(incoming: Incoming) -> None:
        for _ in range(2):
            with pytest.raises(BodyIncomplete):
                await incoming.body(100)
        errors.append(await incoming.chunk())  # what did come can be had
        with pytest.raises(BodyIncomplete):
            await incoming.chunk()
        errors.append(b"incomplete")
        incoming.respond(200, [], b"")  # goes nowhere

    wire = Wire(handler)
    await wire.exchange(request(b"Content-Length: 8", body=b"ab"))
    wire.eof()
    await wire.settle()
    assert errors == [b"ab", b"incomplete"]
    assert wire.take() == b""
    assert wire.server.tasks == 0


async def test_a_lost_connection_tells_its_handler_the_same() -> None:
    errors: list[bool] = []

    async def handler(incoming: Incoming) -> None:
        with pytest.raises(BodyIncomplete):
            await incoming.chunk()
        errors.append(incoming.gone)

    wire = Wire(handler)
    await wire.exchange(request(b"Content-Length: 8"))
    wire.transport.abort()
    await wire.settle()
    assert errors == [True]


@pytest.mark.parametrize(
    ("start", "sent", "asked"),
    [(b"POST / HTTP/1.1", b"", 1), (b"POST / HTTP/1.1", b"a", 0), (b"POST / HTTP/1.0", b"", 0)],
)
async def test_a_client_that_waits_is_told_to_go_on(start: bytes, sent: bytes, asked: int) -> None:
    """RFC 9110 section 10.1.1: not when it already sends, never on HTTP/1.0."""

    async def handler(incoming: Incoming) -> None:
        incoming.respond(200, [], await incoming.body(10))

    wire = Wire(handler)
    data = request(b"Expect: 100-Continue", b"Content-Length: 3", start=start, body=sent)
    assert await wire.exchange(data) == b"HTTP/1.1 100 Continue\r\n\r\n" * asked
    reply = await wire.exchange(b"abc"[len(sent) :])
    assert reply.startswith(b"HTTP/1.1 200 OK\r\n")
    assert reply.endswith(b"\r\n\r\nabc")
    assert (b"connection: close" in reply) is start.endswith(b"1.0")


# whole replies


async def answer(data: bytes, status: int, fields: list[Field], body: bytes) -> tuple[Wire, bytes]:
    async def handler(incoming: Incoming) -> None:
        incoming.respond(status, fields, body)

    wire = Wire(handler)
    return wire, await wire.exchange(data)


async def test_a_whole_reply_is_one_write_with_length_and_date() -> None:
    wire, reply = await answer(GET, 200, [(b"content-type", b"text/plain"), (b"x-a", b"1")], b"hello")
    assert re.fullmatch(
        rb"HTTP/1\.1 200 OK\r\ncontent-type: text/plain\r\nx-a: 1\r\ncontent-length: 5\r\n"
        rb"date: \w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT\r\n\r\nhello",
        reply,
    )
    assert wire.transport.writes == 1


async def test_a_large_reply_is_still_one_write() -> None:
    wire, reply = await answer(GET, 200, [], b"x" * 300_000)
    assert wire.transport.writes == 1
    assert read_replies(reply, "GET")[0].body == b"x" * 300_000


async def test_head_gets_the_length_without_the_body() -> None:
    _, reply = await answer(HEAD, 200, [], b"hello")
    (parsed,) = read_replies(reply, "HEAD")
    assert (parsed.headers[b"content-length"], parsed.body) == (b"5", b"")


@pytest.mark.parametrize("status", [204, 304])
async def test_a_status_without_body_has_no_length(status: int) -> None:
    _, reply = await answer(GET, status, [], b"hello")
    assert b"content-length" not in reply
    assert reply.endswith(b"\r\n\r\n")


async def test_an_unregistered_status_has_an_empty_reason() -> None:
    _, reply = await answer(GET, 529, [], b"")
    assert reply.startswith(b"HTTP/1.1 529 \r\n")
    assert read_replies(reply, "GET")[0].status == 529


@pytest.mark.parametrize(
    "field",
    [
        (b"x", b"a\r\nset-cookie: b"),
        (b"x", b"a\nb"),
        (b"x", b"a\rb"),
        (b"x", b"a\0b"),
        (b"x\r\ny", b"a"),
        (b"Content-Length", b"1"),
        (b"transfer-encoding", b"chunked"),
        (b"Connection", b"close"),
        (b"Keep-Alive", b"timeout=5"),
        (b"DATE", b"today"),
    ],
)
async def test_fields_that_a_reply_may_not_have(field: Field, caplog: pytest.LogCaptureFixture) -> None:
    for method in ("respond", "start"):
        if (method, field[0]) == ("start", b"Content-Length"):
            continue

        async def handler(incoming: Incoming, method: str = method) -> None:
            arguments = (200, [(b"x-a", b"b"), field], b"") if method == "respond" else (200, [(b"x-a", b"b"), field])
            with pytest.raises(ValueError):
                getattr(incoming, method)(*arguments)

        reply = await Wire(handler).exchange(GET)
        assert reply.startswith(b"HTTP/1.1 500 "), "a refused reply has not begun"
        assert b"cookie" not in reply
    assert caplog.text == ""


# streamed replies


async def stream(data: bytes, fields: list[Field], *pieces: bytes, status: int = 200) -> tuple[Wire, bytes]:
    async def handler(incoming: Incoming) -> None:
        incoming.start(status, fields)
        for piece in pieces:
            incoming.write(piece)
        incoming.end()

    wire = Wire(handler)
    return wire, await wire.exchange(data)


async def test_a_stream_is_chunked() -> None:
    wire, reply = await stream(GET, [(b"x-a", b"1")], b"one", b"", b"x" * 20)
    assert reply.endswith(b"\r\n\r\n3\r\none\r\n14\r\n" + b"x" * 20 + b"\r\n0\r\n\r\n")
    (parsed,) = read_replies(reply, "GET")
    assert (parsed.headers[b"x-a"], parsed.body, parsed.complete) == (b"1", b"one" + b"x" * 20, True)
    assert not wire.over()


async def test_a_stream_to_http10_ends_with_the_connection() -> None:
    wire, reply = await stream(OLD, [], b"one", b"two")
    assert b"transfer-encoding" not in reply
    (parsed,) = read_replies(reply, "GET", closed=True)
    assert (parsed.body, parsed.complete) == (b"onetwo", True)
    assert wire.closed()


async def test_a_stream_of_known_length_is_not_chunked() -> None:
    wire, reply = await stream(GET, [(b"Content-Length", b"6")], b"one", b"two")
    assert reply.endswith(b"\r\n\r\nonetwo")
    assert read_replies(reply, "GET")[0].complete
    assert not wire.over()


async def test_a_stream_that_is_too_short_is_broken_off() -> None:
    wire, reply = await stream(GET, [(b"content-length", b"6")], b"one")
    assert reply.endswith(b"one")
    assert wire.closed()


async def test_a_stream_that_is_too_long_is_broken_off(caplog: pytest.LogCaptureFixture) -> None:
    wire, reply = await stream(GET, [(b"content-length", b"4")], b"one", b"two")
    assert reply.endswith(b"one")
    assert wire.closed()
    assert "ValueError" in caplog.text


@pytest.mark.parametrize(("data", "method", "status"), [(HEAD, "HEAD", 200), (GET, "GET", 304), (GET, "GET", 204)])
async def test_a_stream_without_a_body(data: bytes, method: str, status: int) -> None:
    wire, reply = await stream(data, [], b"one", status=status)
    assert read_replies(reply, method)[0].body == b""
    assert not wire.over()


async def test_a_break_shows_that_the_reply_is_incomplete() -> None:
    states: list[tuple[bool, bool, bool]] = []

    async def handler(incoming: Incoming) -> None:
        incoming.start(200, [])
        incoming.write(b"one")
        incoming.abort()
        incoming.abort()
        incoming.write(b"two")
        incoming.end()
        await asyncio.sleep(0)
        await asyncio.sleep(0)  # who breaks off is not cancelled
        states.append((incoming.started, incoming.finished, incoming.gone))

    wire = Wire(handler)
    reply = await wire.exchange(GET)
    assert reply.endswith(b"3\r\none\r\n")
    assert wire.closed()
    assert states == [(True, True, True)]


async def test_the_order_of_calls_is_checked() -> None:
    checked: list[bool] = []

    async def handler(incoming: Incoming) -> None:
        with pytest.raises(RuntimeError):
            incoming.write(b"x")
        with pytest.raises(RuntimeError):
            incoming.end()
        incoming.start(200, [])
        with pytest.raises(RuntimeError):
            incoming.start(200, [])
        with pytest.raises(RuntimeError):
            incoming.respond(200, [], b"")
        incoming.end()
        incoming.end()
        with pytest.raises(RuntimeError):
            incoming.write(b"late")
        checked.append(True)

    assert read_replies(await Wire(handler).exchange(GET), "GET")[0].complete
    assert checked == [True]


async def test_nothing_is_written_to_a_client_that_is_gone() -> None:
    async def handler(incoming: Incoming) -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            incoming.start(200, [])
            incoming.write(b"x")
            incoming.end()
            assert not incoming.full
            raise

    wire = Wire(handler)
    await wire.exchange(GET)
    wire.eof()
    await wire.settle()
    assert wire.take() == b""
    assert wire.server.tasks == 0


async def test_a_client_that_reads_slowly_makes_its_request_full() -> None:
    incomings: list[Incoming] = []
    done = asyncio.Event()

    async def handler(incoming: Incoming) -> None:
        incomings.append(incoming)
        incoming.start(200, [])
        await done.wait()
        incoming.end()

    wire = Wire(handler, Limits(write_buffer=1000))
    wire.transport.stalled = True
    await wire.exchange(GET)
    (incoming,) = incomings
    incoming.write(b"x" * 500)
    fullness = [incoming.full]
    incoming.write(b"x" * 500)
    fullness.append(incoming.full)
    called: list[int] = []
    incoming.when_writable(lambda: called.append(1))
    incoming.when_writable(None)
    incoming.when_writable(lambda: called.append(2))
    assert called == []
    wire.transport.release()
    assert called == [2]
    assert [*fullness, incoming.full] == [False, True, False]
    done.set()
    await wire.settle()
    assert wire.take().endswith(b"0\r\n\r\n")


# taking the socket over


async def test_a_detached_connection_is_no_longer_the_servers() -> None:
    taken: list[tuple[asyncio.Transport, bytes]] = []
    done = asyncio.Event()

    async def handler(incoming: Incoming) -> None:
        taken.append(incoming.detach())
        await done.wait()

    wire = Wire(handler)
    assert await wire.exchange(request(b"Connection: upgrade", b"Upgrade: echo", body=b"early")) == b""
    assert taken == [(wire.transport, b"early")]
    assert (wire.server.connections, wire.server.tasks) == (0, 1)
    done.set()
    await wire.settle()
    assert wire.server.tasks == 0
    assert not wire.closed()
    assert wire.take() == b""


async def test_what_cannot_be_detached() -> None:
    checked: list[str] = []

    async def handler(incoming: Incoming) -> None:
        if incoming.path == b"/late":
            incoming.start(200, [])
        with pytest.raises(RuntimeError):
            incoming.detach()
        checked.append("refused")

    await Wire(handler).exchange(request(b"Content-Length: 3"))
    await Wire(handler).exchange(request(start=b"GET /late HTTP/1.1"))
    assert checked == ["refused", "refused"]


async def test_a_handler_is_told_once_that_the_server_drains() -> None:
    told: list[str] = []
    done = asyncio.Event()

    async def handler(incoming: Incoming) -> None:
        incoming.detach()
        incoming.when_draining(lambda: told.append("forgotten"))
        incoming.when_draining(None)
        incoming.when_draining(lambda: told.append("told"))
        await done.wait()
        incoming.when_draining(lambda: told.append("at once"))

    wire = Wire(handler)
    await wire.exchange(GET)
    assert told == []
    draining = asyncio.create_task(wire.server.drain(5))
    await wire.settle()
    assert told == ["told"]
    done.set()
    await draining
    assert told == ["told", "at once"]


async def test_connections_that_were_taken_over_count_until_their_handlers_end() -> None:
    done = asyncio.Event()

    async def handler(incoming: Incoming) -> None:
        if incoming.path == b"/take":
            incoming.detach()
            await done.wait()
        else:
            incoming.respond(204, [], b"")

    taking = Wire(handler, limits=Limits(max_connections=1))
    await taking.exchange(request(start=b"GET /take HTTP/1.1"))
    refused = taking.server.connection()
    transport = FakeTransport(refused)
    refused.connection_made(transport)
    assert transport.written.startswith(b"HTTP/1.1 503 ")
    refused.connection_lost(None)
    done.set()
    await taking.settle()
    admitted = taking.server.connection()
    transport = FakeTransport(admitted)
    admitted.connection_made(transport)
    assert transport.written == b""
    admitted.connection_lost(None)
