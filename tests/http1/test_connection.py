from __future__ import annotations

import asyncio

import pytest
from tests.http1.refusals import REFUSALS
from tests.http1.wire import GET, Recorder, Wire, chunked, read_replies, request

from plexus.http1.limits import Limits
from plexus.http1.server import Incoming

SMALL = Limits(max_head_bytes=1000, max_fields=20, read_ahead=1000, skip=2000, write_buffer=1000)


async def hello(incoming: Incoming) -> None:
    incoming.respond(200, [(b"x-path", incoming.path)], b"hello")


async def forever(incoming: Incoming) -> None:
    await asyncio.Event().wait()


def status_of(reply: bytes) -> int:
    return int(reply[9:12])


@pytest.mark.parametrize(("rule", "data", "status"), [row[1:] for row in REFUSALS], ids=[row[0] for row in REFUSALS])
@pytest.mark.parametrize("piece", [100_000, 1], ids=["at once", "byte by byte"])
async def test_what_is_refused(rule: str, data: bytes, status: int, piece: int) -> None:
    """One answer, our side closed, no request behind it served; ``rule`` names RFC and section."""
    handler = Recorder()
    wire = Wire(handler, SMALL)
    data += GET
    replies = await wire.exchange(*[data[at : at + piece] for at in range(0, len(data), piece)])
    assert status_of(replies) == status, rule
    assert b"connection: close\r\n" in replies
    assert replies.count(b"content-length:") == 1
    assert wire.over()
    assert handler.seen == []
    wire.eof()
    await wire.settle()
    assert wire.server.connections == wire.server.tasks == 0


async def test_the_preface_of_http2_is_closed_without_an_answer() -> None:
    wire = Wire(hello)
    assert await wire.exchange(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n") == b""
    assert wire.closed()


async def test_requests_follow_each_other_on_one_connection() -> None:
    wire = Wire(hello)
    for path in (b"/a", b"/b"):
        reply = await wire.exchange(request(start=b"GET " + path + b" HTTP/1.1"))
        (parsed,) = read_replies(reply, "GET")
        assert (parsed.status, parsed.headers[b"x-path"], parsed.body) == (200, path, b"hello")
        assert b"connection" not in parsed.headers
    assert not wire.over()


async def test_pipelined_requests_are_served_one_at_a_time_in_order() -> None:
    running: list[bytes] = []
    gates = {path: asyncio.Event() for path in (b"/a", b"/b", b"/c")}

    async def handler(incoming: Incoming) -> None:
        running.append(incoming.path)
        await gates[incoming.path].wait()
        incoming.respond(200, [], await incoming.body(100))

    wire = Wire(handler)
    wire.feed(
        request(b"Content-Length: 3", start=b"POST /a HTTP/1.1", body=b"one")
        + request(b"Transfer-Encoding: chunked", start=b"POST /b HTTP/1.1", body=b"3\r\ntwo\r\n0\r\n\r\n")
        + request(start=b"GET /c HTTP/1.1")
    )
    gates[b"/c"].set()
    await wire.settle()
    assert running == [b"/a"]
    gates[b"/a"].set()
    await wire.settle()
    assert running == [b"/a", b"/b"]
    gates[b"/b"].set()
    await wire.settle()
    assert running == [b"/a", b"/b", b"/c"]
    assert [reply.body for reply in read_replies(wire.take(), "POST", "POST", "GET")] == [b"one", b"two", b""]


async def test_what_is_pipelined_is_bounded() -> None:
    wire = Wire(forever, SMALL)
    wire.feed(GET, *[GET] * 100)
    assert not wire.reads()
    wire.transport.close()


async def test_a_request_behind_a_malformed_one_is_not_served() -> None:
    handler = Recorder()
    wire = Wire(handler)
    data = await wire.exchange(GET + b"GET / HTTP/1.1\r\nHost : a\r\n\r\n" + GET)
    assert [reply.status for reply in read_replies(data, "GET", "GET")] == [200, 400]
    assert len(handler.seen) == 1
    assert wire.over()


async def test_an_empty_line_before_a_request_is_ignored() -> None:
    wire = Wire(hello)
    for pieces in ((b"\r\n" + GET,), (b"\r\n", GET), (b"\r", b"\n", GET)):
        assert status_of(await wire.exchange(*pieces)) == 200


@pytest.mark.parametrize(
    ("start", "fields", "stays"),
    [
        (b"GET / HTTP/1.1", [], True),
        (b"GET / HTTP/1.1", [b"Connection: close"], False),
        (b"GET / HTTP/1.1", [b"Connection: x, CLOSE"], False),
        (b"GET / HTTP/1.1", [b"Connection: x", b"connection: close"], False),
        (b"GET / HTTP/1.1", [b"Connection: keep-alive"], True),
        (b"GET / HTTP/1.0", [], False),
        (b"GET / HTTP/1.0", [b"Connection: Keep-Alive"], True),
        (b"GET / HTTP/1.0", [b"Connection: keep-alive, close"], False),
    ],
)
async def test_who_keeps_the_connection(start: bytes, fields: list[bytes], stays: bool) -> None:
    """RFC 9112 section 9.3."""
    wire = Wire(hello)
    reply = await wire.exchange(request(*fields, start=start))
    assert status_of(reply) == 200
    assert (b"connection: close" in reply) is not stays
    assert (b"connection: keep-alive" in reply) is (stays and start.endswith(b"1.0"))
    assert wire.closed() is not stays


async def test_http10_needs_no_host() -> None:
    assert status_of(await Wire(hello).exchange(b"GET / HTTP/1.0\r\n\r\n")) == 200


async def test_an_end_of_file_between_requests_closes_quietly() -> None:
    wire = Wire(hello)
    await wire.exchange(GET)
    wire.eof()
    await wire.settle()
    assert wire.take() == b""
    assert wire.server.connections == 0


async def test_an_end_of_file_in_a_head_closes_quietly() -> None:
    wire = Wire(hello)
    wire.feed(b"GET / HT")
    wire.eof()
    await wire.settle()
    assert wire.take() == b""
    assert wire.server.connections == 0


async def test_an_end_of_file_during_a_request_cancels_its_handler() -> None:
    ended: list[bool] = []

    async def handler(incoming: Incoming) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(incoming.gone)

    wire = Wire(handler)
    await wire.exchange(GET)
    wire.eof()
    await wire.settle()
    assert ended == [True]
    assert wire.take() == b""
    assert wire.server.connections == wire.server.tasks == 0


async def test_a_client_that_is_gone_at_once_never_starts_its_handler() -> None:
    handler = Recorder()
    wire = Wire(handler)
    wire.feed(GET)
    wire.eof()
    await wire.settle()
    assert handler.seen == []
    assert wire.server.connections == wire.server.tasks == 0


async def test_a_handler_that_works_on_after_its_reply_is_not_cancelled() -> None:
    gate, done = asyncio.Event(), asyncio.Event()

    async def handler(incoming: Incoming) -> None:
        incoming.respond(200, [], b"")
        if incoming.path == b"/":
            await gate.wait()
            done.set()

    wire = Wire(handler)
    await wire.exchange(GET)
    assert status_of(await wire.exchange(request(start=b"GET /next HTTP/1.1"))) == 200
    wire.eof()
    await wire.settle()
    assert wire.server.tasks == 1
    gate.set()
    await wire.settle()
    assert done.is_set()
    assert wire.server.tasks == 0


@pytest.mark.parametrize("fails", [True, False])
async def test_a_handler_without_a_reply_is_a_500(fails: bool, caplog: pytest.LogCaptureFixture) -> None:
    async def handler(incoming: Incoming) -> None:
        if fails:
            raise LookupError("secret detail")

    wire = Wire(handler)
    reply = await wire.exchange(GET)
    assert status_of(reply) == 500
    assert b"secret" not in reply
    assert wire.closed()
    assert ("secret detail" in caplog.text) is fails


async def test_a_body_too_large_that_a_handler_lets_pass_is_a_413(caplog: pytest.LogCaptureFixture) -> None:
    async def handler(incoming: Incoming) -> None:
        await incoming.body(10)

    wire = Wire(handler)
    assert status_of(await wire.exchange(request(b"Content-Length: 11", body=b"x" * 11))) == 413
    assert wire.over()
    assert caplog.text == ""


@pytest.mark.parametrize("fails", [True, False])
async def test_a_handler_that_ends_in_its_reply_breaks_the_connection(
    fails: bool, caplog: pytest.LogCaptureFixture
) -> None:
    async def handler(incoming: Incoming) -> None:
        incoming.start(200, [])
        incoming.write(b"half")
        if fails:
            raise LookupError

    wire = Wire(handler)
    reply = await wire.exchange(GET)
    assert reply.endswith(b"4\r\nhalf\r\n")
    assert wire.closed()
    assert ("LookupError" in caplog.text) is fails


# the rest of a body that nobody read


async def test_a_short_rest_is_skipped_and_the_connection_stays() -> None:
    wire = Wire(hello, SMALL)
    reply = await wire.exchange(request(b"Content-Length: 10", body=b"ab"))
    assert (status_of(reply), b"connection: close" in reply) == (200, False)
    assert await wire.exchange(b"cdefghi") == b""
    assert status_of(await wire.exchange(b"j" + GET)) == 200


async def test_a_long_rest_closes_the_connection_after_a_moment() -> None:
    wire = Wire(hello, SMALL)
    reply = await wire.exchange(request(b"Content-Length: 3000", body=b"ab"))
    assert b"connection: close" in reply
    assert wire.transport.eof
    assert not wire.closed()
    wire.feed(b"c" * 2000)
    wire.pass_time(SMALL.linger_timeout + 1)
    assert not wire.closed()
    wire.pass_time(1)
    assert wire.closed()


async def test_a_chunked_rest_is_skipped_within_a_bound() -> None:
    wire = Wire(hello, SMALL)
    assert status_of(await wire.exchange(chunked(body=b"2\r\nab\r\n"))) == 200
    assert status_of(await wire.exchange(b"2\r\ncd\r\n0\r\n\r\n" + GET)) == 200
    assert status_of(await wire.exchange(chunked(body=b"2\r\nab\r\n"))) == 200
    wire.feed(b"1000\r\n" + b"x" * 3000)
    assert wire.transport.eof


async def test_a_malformed_rest_closes() -> None:
    wire = Wire(hello)
    assert status_of(await wire.exchange(chunked(body=b"2\r\nab\r\n"))) == 200
    assert await wire.exchange(b"nonsense\r\n" + GET) == b""
    assert wire.closed()


async def test_a_rest_that_was_not_asked_for_closes() -> None:
    """RFC 9110 section 10.1.1: after a final answer instead of 100 the client may send the body or not."""
    wire = Wire(hello)
    reply = await wire.exchange(request(b"Content-Length: 3", b"Expect: 100-continue"))
    assert b"100 Continue" not in reply
    assert b"connection: close" in reply
    assert wire.transport.eof


async def test_a_body_that_turns_out_malformed_ends_its_handler() -> None:
    cancelled: list[bool] = []

    async def handler(incoming: Incoming) -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.append(incoming.gone)
            raise

    wire = Wire(handler)
    assert await wire.exchange(chunked(body=b"2\r\nab\r\n")) == b""
    assert status_of(await wire.exchange(b"x\r\n")) == 400
    assert cancelled == [True]


async def test_a_body_that_turns_out_malformed_during_the_reply_breaks_the_connection() -> None:
    async def handler(incoming: Incoming) -> None:
        incoming.start(200, [])
        await asyncio.Event().wait()

    wire = Wire(handler)
    await wire.exchange(chunked(body=b"2\r\nab\r\n"))
    assert await wire.exchange(b"x\r\n") == b""
    assert wire.transport.aborted
    assert wire.server.tasks == 0


# back-pressure


async def test_a_body_that_nobody_reads_pauses_the_client() -> None:
    go = asyncio.Event()
    handler = Recorder()

    async def slow(incoming: Incoming) -> None:
        await go.wait()
        await handler(incoming)

    wire = Wire(slow, SMALL)
    await wire.exchange(request(b"Content-Length: 5000"))
    wire.feed(b"x" * 900)
    assert wire.reads()
    wire.feed(b"x" * 900)
    assert not wire.reads()
    wire.pass_time(1000)  # that is not the client's fault
    go.set()
    await wire.settle()
    assert wire.reads()
    assert status_of(await wire.exchange(b"x" * 3200)) == 200
    assert handler.seen[0].body == b"x" * 5000


# time


@pytest.mark.parametrize(("sent", "answer"), [(b"", b""), (b"GET / HT", b"HTTP/1.1 408 ")])
async def test_a_connection_that_waits_too_long(sent: bytes, answer: bytes) -> None:
    limits = Limits(head_timeout=5, keep_alive_timeout=5)
    wire = Wire(hello, limits)
    wire.feed(*([sent] if sent else []))
    wire.pass_time(5)
    assert not wire.over()
    wire.pass_time(2)
    assert wire.over()
    assert wire.take()[:13] == answer


async def test_a_dripping_head_gets_no_more_time() -> None:
    wire = Wire(hello, Limits(head_timeout=5))
    for byte in GET[:10]:
        wire.feed(bytes([byte]))
        wire.pass_time(0.7)
    assert status_of(wire.take()) == 408


async def test_an_idle_connection_closes_after_its_time() -> None:
    wire = Wire(hello, Limits(keep_alive_timeout=5))
    wire.pass_time(4)
    await wire.exchange(GET)
    wire.pass_time(5)
    assert not wire.over()
    wire.pass_time(2)
    assert wire.closed()
    assert wire.take() == b""


async def test_a_dripping_body_may_go_on_but_not_stop() -> None:
    handler = Recorder()
    wire = Wire(handler, Limits(body_timeout=5))
    await wire.exchange(request(b"Content-Length: 10"))
    for _ in range(5):
        wire.feed(b"x")
        wire.pass_time(4)
        assert not wire.over()
    wire.pass_time(3)
    await wire.settle()
    assert status_of(wire.take()) == 408
    assert handler.seen == []
    assert wire.server.tasks == 0


async def test_a_running_handler_has_all_the_time() -> None:
    wire = Wire(forever)
    await wire.exchange(GET)
    wire.pass_time(1e6)
    assert not wire.over()
    wire.transport.close()


async def test_a_client_that_takes_nothing_is_cut() -> None:
    async def handler(incoming: Incoming) -> None:
        incoming.start(200, [])
        incoming.write(b"x" * 5000)
        await asyncio.Event().wait()

    wire = Wire(handler, Limits(write_buffer=1000, write_timeout=5))
    wire.transport.stalled = True
    await wire.exchange(GET)
    wire.pass_time(5)
    wire.transport.unsent -= 100  # it does take something
    wire.pass_time(5)
    assert not wire.closed()
    wire.pass_time(7)
    assert wire.transport.aborted
    await wire.settle()
    assert wire.server.tasks == 0


async def test_a_closing_connection_that_does_not_empty_is_cut() -> None:
    wire = Wire(hello, Limits(write_timeout=5))
    wire.transport.stalled = True
    wire.transport.lazy = True
    await wire.exchange(request(b"Connection: close"))
    wire.pass_time(4)
    assert not wire.transport.aborted
    wire.pass_time(4)
    assert wire.transport.aborted
