from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import h11
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.http1.sockets import both_loops
from tests.http1.wire import FakeTransport, run

from plexus.http1.body import BodyIncomplete, encode_chunk
from plexus.http1.client import MAX_INTERIM, ClientConnection, ConnectionLost
from plexus.http1.head import Malformed, ReplyHead, split_fields

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
REQUEST = b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\n\r\n"


@dataclass
class Heard:
    """A listener that writes down what it is told."""

    connection: ClientConnection
    heads: list[ReplyHead] = field(default_factory=list)
    body: bytes = b""
    ended: int = 0
    failure: Exception | None = None
    idle_at_end: bool = False
    abort_at: str = ""
    pause_at_data: bool = False

    def head(self, head: ReplyHead) -> None:
        assert not self.over
        self.heads.append(head)
        if self.abort_at == "head":
            self.connection.abort()

    def data(self, chunk: bytes) -> None:
        assert self.heads
        assert not self.over
        assert chunk
        self.body += chunk
        if self.abort_at == "data":
            self.connection.abort()
        if self.pause_at_data:
            self.connection.pause()

    def end(self) -> None:
        assert self.heads
        assert not self.over
        self.ended += 1
        self.idle_at_end = self.connection.idle

    def failed(self, failure: Exception) -> None:
        assert not self.over
        self.failure = failure

    @property
    def over(self) -> bool:
        return bool(self.ended) or self.failure is not None


class Line:
    """A connection on a fake transport: the server's bytes go in by hand."""

    def __init__(self, *, max_head_bytes: int = 64 * 1024) -> None:
        self.lost: list[ClientConnection] = []
        self.connection = ClientConnection(self.lost.append, max_head_bytes=max_head_bytes)
        self.transport = FakeTransport(self.connection)
        self.connection.connection_made(self.transport)

    def ask(self, method: bytes = b"POST", body: bytes = b"{}") -> Heard:
        heard = Heard(self.connection)
        self.connection.send(heard, method, REQUEST, body)
        return heard

    def feed(self, *pieces: bytes) -> None:
        for piece in pieces:
            if not self.transport.closing:
                self.connection.data_received(piece)

    def close(self, error: Exception | None = None) -> None:
        if error is None and not self.transport.closing and not self.connection.eof_received():
            pass
        if not self.lost:
            self.connection.connection_lost(error)


async def test_a_request_is_one_write() -> None:
    line = Line()
    line.ask()
    assert bytes(line.transport.written) == REQUEST + b"{}"
    assert line.transport.writes == 1


async def test_a_long_body_is_not_copied_and_arrives_whole() -> None:
    line = Line()
    body = b"x" * 100_000
    line.ask(body=body)
    assert bytes(line.transport.written) == REQUEST + body


async def test_replies_follow_each_other_on_one_connection() -> None:
    line = Line()
    for _ in range(3):
        heard = line.ask()
        assert not line.connection.idle
        line.feed(OK)
        assert (heard.heads[0].status, heard.body, heard.ended, heard.idle_at_end) == (200, b"hello", 1, True)


async def test_only_an_idle_connection_takes_a_request() -> None:
    line = Line()
    line.ask()
    with pytest.raises(RuntimeError):
        line.ask()


NO_BODY = [
    (b"HEAD", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"),
    (b"POST", b"HTTP/1.1 204 No Content\r\n\r\n"),
    (b"GET", b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n"),
    (b"POST", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
    (b"POST", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    (b"HEAD", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
]


@pytest.mark.parametrize(("method", "reply"), NO_BODY)
async def test_replies_without_a_body(method: bytes, reply: bytes) -> None:
    line = Line()
    heard = line.ask(method)
    line.feed(reply)
    assert (heard.body, heard.ended, heard.idle_at_end) == (b"", 1, True)


KEEP_ALIVE = [
    (b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx", True),
    (b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: close\r\n\r\nx", False),
    (b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: Upgrade, CLOSE\r\n\r\nx", False),
    (b"HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx", False),
    (b"HTTP/1.0 200 OK\r\nContent-Length: 1\r\nConnection: keep-alive\r\n\r\nx", True),
    (b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nxHTTP/1.1 200 OK\r\n", False),
    (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n", True),
    (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nTrailer: a\r\n\r\n", True),
    (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n\r\n", False),
]


@pytest.mark.parametrize(("reply", "kept"), KEEP_ALIVE)
async def test_when_a_connection_is_kept(reply: bytes, kept: bool) -> None:
    """RFC 9112 section 9.3; and bytes behind a reply that nobody asked for close it, too."""
    line = Line()
    heard = line.ask()
    line.feed(reply)
    assert (heard.body, heard.ended) == (b"x", 1)
    assert heard.idle_at_end is kept
    assert line.transport.closing is not kept


async def test_a_reply_before_the_request_is_out_does_not_keep_the_connection() -> None:
    line = Line()
    line.transport.stalled = True
    heard = line.ask(body=b"x" * 100_000)
    line.feed(OK)
    assert (heard.ended, heard.idle_at_end) == (1, False)
    assert line.transport.aborted


async def test_interim_replies_are_skipped() -> None:
    line = Line()
    heard = line.ask()
    line.feed(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n")
    assert heard.heads == []
    line.feed(OK)
    assert [head.status for head in heard.heads] == [200]
    assert heard.idle_at_end


async def test_a_body_until_the_end_of_the_connection() -> None:
    line = Line()
    heard = line.ask()
    line.feed(b"HTTP/1.1 200 OK\r\n\r\nhel", b"lo")
    assert not heard.ended
    line.close()
    assert (heard.body, heard.ended, heard.idle_at_end) == (b"hello", 1, False)


async def test_a_reset_is_no_end_of_a_body_until_the_end() -> None:
    line = Line()
    heard = line.ask()
    line.feed(b"HTTP/1.1 200 OK\r\n\r\nhel")
    reset = ConnectionResetError("gone")
    line.close(reset)
    assert isinstance(heard.failure, BodyIncomplete)
    assert heard.failure.__cause__ is reset


CUT = [
    b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
]


@pytest.mark.parametrize("reply", CUT)
async def test_a_body_cut_by_its_framing(reply: bytes) -> None:
    line = Line()
    heard = line.ask()
    line.feed(reply)
    line.close()
    assert heard.body == b"hello"
    assert isinstance(heard.failure, BodyIncomplete)


@pytest.mark.parametrize(
    ("came", "answered"), [(b"", False), (b"HTTP/1.1 2", True), (b"HTTP/1.1 100 Continue\r\n\r\n", True)]
)
async def test_lost_before_the_head(came: bytes, answered: bool) -> None:
    line = Line()
    heard = line.ask()
    if came:
        line.feed(came)
    line.close()
    assert isinstance(heard.failure, ConnectionLost)
    assert heard.failure.answered is answered
    assert line.lost == [line.connection]
    assert line.connection.lost


HEADS = [
    b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
    b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\ncontent-length: 6\r\n\r\nhello",
    b"HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n\r\nhello",
    b"HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\nhello",
    b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length : 5\r\n\r\nhello",
    b"HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n",
    b"HTTP/1.1 200 OK\nContent-Length: 5\n\nhello",
    b"HTTP/1.1 200 OK\r\nA: \0\r\n\r\n",
    b"HTTP/2 200\r\n\r\n",
    b"HTTP/1.1 2000 OK\r\n\r\n",
    b"HTTP/1.1 099 No\r\n\r\n",
    b"\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
    b"<html><body>captive portal</body></html>\r\n\r\n",
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
    b"HTTP/1.1 100 Continue\r\n\r\n" * (MAX_INTERIM + 1),
    b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 201 + b"\r\n",
    b"HTTP/1.1 200 OK\r\nA: " + b"b" * 70_000,
]


@pytest.mark.parametrize("reply", HEADS)
@pytest.mark.parametrize("piece", [100_000, 1000, 1])
async def test_heads_that_are_refused(reply: bytes, piece: int) -> None:
    line = Line()
    heard = line.ask()
    line.feed(*cut(reply, range(0, len(reply), piece)))
    assert isinstance(heard.failure, Malformed)
    assert heard.heads == []
    assert line.transport.aborted
    assert not line.connection.idle


BODIES = [
    b"x\r\n",
    b"-1\r\n",
    b"5 \r\nhello\r\n",
    b"5\r\nhello!\r\n",
    b"5\nhello\r\n",
    b"5;" + b"a" * 2000,
    b"0\r\nA b\r\n\r\n",
]


@pytest.mark.parametrize("body", BODIES)
async def test_chunks_that_are_refused(body: bytes) -> None:
    line = Line()
    heard = line.ask()
    line.feed(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", body)
    assert isinstance(heard.failure, Malformed)
    assert len(heard.heads) == 1
    assert line.transport.aborted


async def test_bytes_that_nobody_asked_for_close_an_idle_connection() -> None:
    line = Line()
    line.feed(b"HTTP/1.1 408 Request Timeout\r\n\r\n")
    assert line.transport.aborted
    assert not line.connection.idle


async def test_an_end_of_file_makes_an_idle_connection_useless_at_once() -> None:
    line = Line()
    assert not line.connection.eof_received()
    assert not line.connection.idle
    assert line.lost == []


@pytest.mark.parametrize("moment", ["head", "data"])
@pytest.mark.parametrize(
    "pieces",
    [[OK], [OK[:-5], b"hello"], [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"]],
    ids=["at once", "in pieces", "chunked"],
)
async def test_nothing_is_told_after_abort(moment: str, pieces: list[bytes]) -> None:
    line = Line()
    heard = line.ask()
    heard.abort_at = moment
    line.feed(*pieces)
    line.close()
    assert not heard.over
    assert heard.body == (b"hello" if moment == "data" else b"")
    assert line.transport.aborted
    assert line.lost == [line.connection]


async def test_drop_tells_the_listener() -> None:
    line = Line()
    heard = line.ask()
    line.connection.drop()
    await asyncio.sleep(0)
    assert isinstance(heard.failure, ConnectionLost)


async def test_reading_is_paused_once_and_goes_on_for_the_next_request() -> None:
    line = Line()
    heard = line.ask()
    heard.pause_at_data = True
    line.feed(OK[:-2])
    reading = [line.transport.reading]
    line.connection.pause()
    line.feed(OK[-2:])  # what the transport had in hand
    reading.append(line.transport.reading)
    line.connection.resume()
    assert heard.idle_at_end
    assert reading == [False, True]


async def test_pausing_a_closed_connection_is_nothing() -> None:
    line = Line()
    line.ask()
    line.connection.abort()
    line.connection.pause()
    line.close()
    line.connection.pause()
    line.connection.resume()
    line.connection.drop()
    assert line.connection.unsent == 0


def cut(data: bytes, places: Iterable[int]) -> Iterator[bytes]:
    edges = [0, *sorted({min(place, len(data)) for place in places} - {0, len(data)}), len(data)]
    return (data[start:end] for start, end in itertools.pairwise(edges))


PARTS = st.lists(st.binary(min_size=1, max_size=40), max_size=5)
FIELDS = st.lists(
    st.tuples(st.sampled_from([b"X-Request-Id", b"date", b"A"]), st.sampled_from([b"", b"a", b"a b", b"\xe4"])),
    max_size=3,
)
PLACES = st.lists(st.integers(0, 600), max_size=12)


@given(PARTS, st.sampled_from(["length", "chunked", "close"]), FIELDS, st.integers(0, 2), PLACES)
def test_any_chunking_gives_the_same_reply(
    parts: list[bytes], framing: str, fields: list[tuple[bytes, bytes]], interim: int, places: list[int]
) -> None:
    body = b"".join(parts)
    head = b"HTTP/1.1 200 OK\r\n" + b"".join(b"%b: %b\r\n" % field for field in fields)
    if framing == "length":
        wire = head + b"Content-Length: %d\r\n\r\n" % len(body) + body
    elif framing == "chunked":
        wire = head + b"Transfer-Encoding: chunked\r\n\r\n" + b"".join(map(encode_chunk, parts)) + b"0\r\n\r\n"
    else:
        wire = head + b"\r\n" + body
    wire = b"HTTP/1.1 100 Continue\r\n\r\n" * interim + wire

    async def test() -> None:
        line = Line()
        heard = line.ask()
        line.feed(*cut(wire, places))
        if framing == "close":
            line.close()
        assert (heard.body, heard.ended, heard.failure) == (body, 1, None)
        assert split_fields(heard.heads[0].block)[: len(fields)] == fields
        assert heard.idle_at_end is (framing != "close")

    run(test())


ALPHABET = st.sampled_from(
    [b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 100 C\r\n", b"Content-Length: 3\r\n", b"Transfer-Encoding: chunked\r\n", b"\r\n",
     b"\n", b"3\r\nabc\r\n", b"0\r\n\r\n", b"abc", b"\0", b":", b" ", b"Connection: close\r\n", b"HTTP/1.0 204 N\r\n"]
)  # fmt: skip


@given(
    st.lists(ALPHABET | st.binary(max_size=8), max_size=14), st.sampled_from([b"GET", b"HEAD", b"POST"]), st.booleans()
)
def test_any_bytes_end_in_a_reply_or_a_typed_failure(pieces: list[bytes], method: bytes, eof: bool) -> None:
    async def test() -> None:
        line = Line(max_head_bytes=200)
        heard = line.ask(method)
        line.feed(*(piece for piece in pieces if piece))
        line.close(None if eof else ConnectionResetError())
        assert heard.over
        assert heard.failure is None or isinstance(heard.failure, Malformed | ConnectionLost | BodyIncomplete)
        assert line.connection.lost

    run(test())


@given(PARTS, st.booleans(), PLACES)
def test_replies_that_h11_writes(parts: list[bytes], chunked: bool, places: list[int]) -> None:
    server = h11.Connection(h11.SERVER)
    server.receive_data(REQUEST + b"{}")
    while server.next_event() is not h11.PAUSED and server.their_state is not h11.DONE:
        pass
    length = [] if chunked else [("content-length", str(sum(map(len, parts))))]
    wire = server.send(h11.InformationalResponse(status_code=103, headers=[])) or b""
    wire += server.send(h11.Response(status_code=200, headers=[("a", "b"), *length])) or b""
    for part in parts:
        wire += server.send(h11.Data(data=part)) or b""
    wire += server.send(h11.EndOfMessage()) or b""

    async def test() -> None:
        line = Line()
        heard = line.ask()
        line.feed(*cut(wire, places))
        assert (heard.body, heard.ended, heard.idle_at_end) == (b"".join(parts), 1, True)

    run(test())


@both_loops
def test_on_a_socket(loop: str) -> None:
    """Two requests on one connection, then the server closes."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(2):
            await reader.readuntil(b"\r\n\r\n{}")
            writer.write(OK)
        writer.close()
        await writer.wait_closed()

    async def test() -> None:
        lost: asyncio.Future[object] = asyncio.get_running_loop().create_future()
        async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
            host, port = server.sockets[0].getsockname()
            _, connection = await asyncio.get_running_loop().create_connection(
                lambda: ClientConnection(lost.set_result), host, port
            )
            for _ in range(2):
                done = asyncio.Event()
                heard = Heard(connection)
                heard.end = done.set  # type: ignore[method-assign]
                connection.send(heard, b"POST", REQUEST, b"{}")
                await done.wait()
                assert heard.body == b"hello"
            assert await lost is connection
            assert connection.lost

    run(test(), loop)
