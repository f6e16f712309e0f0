from __future__ import annotations

import asyncio
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.http1.wire import FakeTransport

from plexus.http1.client import MAX_HEAD, ClientConnection, Lost
from plexus.http1.head import Field

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
REQUEST = b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\n\r\n{}"


class Heard:
    """A listener that writes down what it is told, and minds the order."""

    def __init__(self) -> None:
        self.statuses: list[int] = []
        self.fields: list[Field] = []
        self.body = b""
        self.ended = 0
        self.lost: Lost | None = None

    def on_head(self, status: int, fields: list[Field]) -> None:
        assert not self.statuses
        self.statuses.append(status)
        self.fields = fields

    def on_data(self, data: bytes) -> None:
        assert self.statuses
        assert data
        assert not self.over
        self.body += data

    def on_end(self) -> None:
        assert self.statuses
        assert not self.over
        self.ended += 1

    def on_lost(self, how: Lost, detail: str) -> None:
        assert not self.over
        assert detail
        self.lost = how

    @property
    def over(self) -> bool:
        return bool(self.ended) or self.lost is not None


class Line:
    """A connection on a fake transport: the provider's bytes go in by hand."""

    def __init__(self) -> None:
        self.connection = ClientConnection()
        self.transport = FakeTransport(self.connection)
        self.connection.connection_made(self.transport)

    def ask(self, method: bytes = b"POST") -> Heard:
        heard = Heard()
        self.connection.send(method, REQUEST, heard)
        return heard

    def feed(self, *pieces: bytes) -> None:
        for piece in pieces:
            if not self.transport.closing:
                self.connection.data_received(piece)

    def close(self, error: Exception | None = None) -> None:
        if not self.transport.closing:
            self.transport.closing = True
            if error is None:
                self.connection.eof_received()
            self.connection.connection_lost(error)


async def test_a_request_is_one_write_and_replies_follow_each_other() -> None:
    line = Line()
    for _ in range(3):
        heard = line.ask()
        line.feed(OK)
        assert (heard.statuses, heard.body, heard.ended) == ([200], b"hello", 1)
    assert bytes(line.transport.written) == REQUEST * 3
    assert (line.transport.writes, line.connection.requests, line.connection.reusable) == (3, 3, True)


REPLIES: list[tuple[bytes, bytes, bytes, bool]] = [
    (b"POST", OK, b"hello", True),
    (b"HEAD", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", b"", True),
    (b"HEAD", CHUNKED, b"", True),
    (b"POST", b"HTTP/1.1 204 No Content\r\n\r\n", b"", True),
    (b"GET", b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", b"", True),
    (b"POST", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", b"", True),
    (b"POST", CHUNKED + b"0\r\n\r\n", b"", True),
    (b"POST", CHUNKED + b"3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\n\r\n", b"hello", True),
    (b"POST", CHUNKED + b"5\r\nhello\r\n0\r\nTrailer: a\r\nOther: b\r\n\r\n", b"hello", True),
    (b"POST", b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + OK, b"hello", True),
    (b"POST", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello", b"hello", False),
    (b"POST", b"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello", b"hello", False),
    (b"POST", b"HTTP/1.0 200 OK\r\nContent-Length: 5\r\nConnection: keep-alive\r\n\r\nhello", b"hello", True),
]


@pytest.mark.parametrize(("method", "wire", "body", "reusable"), REPLIES)
@given(sizes=st.lists(st.integers(1, 30), max_size=30))
def test_every_framing_under_any_split(
    method: bytes, wire: bytes, body: bytes, reusable: bool, sizes: list[int]
) -> None:
    edges = [0, *itertools.takewhile(lambda edge: edge < len(wire), itertools.accumulate(sizes)), len(wire)]
    line = Line()
    heard = line.ask(method)
    for start, end in itertools.pairwise(edges):
        line.connection.data_received(wire[start:end])
    assert (heard.body, heard.ended, heard.lost) == (body, 1, None)
    assert line.connection.reusable == reusable


CUTS = [
    (b"", Lost.BEFORE_HEAD),
    (b"HTTP/1.1 200 OK\r\nConte", Lost.BEFORE_HEAD),
    (b"HTTP/1.1 100 Continue\r\n\r\n", Lost.BEFORE_HEAD),
    (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", Lost.IN_BODY),
    (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello", Lost.IN_BODY),
    (CHUNKED + b"5\r\nhello\r\n", Lost.IN_BODY),
    (CHUNKED + b"5\r\nhello\r\n0\r\n", Lost.IN_BODY),
]


@pytest.mark.parametrize("error", [None, ConnectionResetError()], ids=["closed", "reset"])
@pytest.mark.parametrize(("wire", "how"), CUTS)
async def test_a_connection_that_ends_too_early(wire: bytes, how: Lost, error: Exception | None) -> None:
    line = Line()
    heard = line.ask()
    line.feed(wire) if wire else None
    line.close(error)
    assert (heard.lost, line.connection.anything) == (how, bool(wire))
    assert line.connection.closed


@pytest.mark.parametrize(("error", "lost"), [(None, None), (ConnectionResetError(), Lost.IN_BODY)])
async def test_a_body_until_close_ends_by_closing_and_not_by_a_reset(
    error: Exception | None, lost: Lost | None
) -> None:
    line = Line()
    heard = line.ask()
    line.feed(b"HTTP/1.1 200 OK\r\n\r\nall ", b"of it")
    line.close(error)
    assert (heard.body, heard.lost, line.connection.reusable) == (b"all of it", lost, False)


MALFORMED = [
    b"SSH-2.0-OpenSSH\r\n\r\n",
    b"HTTP/1.1 200 OK\nContent-Length: 2\n\nhi",
    b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nhi",
    b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\nhi",
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n",
    CHUNKED + b"zz\r\n",
    CHUNKED + b"2\r\nhello\r\n",
    b"HTTP/1.1 200 OK\r\nx: " + b"a" * (MAX_HEAD + 1),
]


@pytest.mark.parametrize("wire", MALFORMED)
async def test_what_is_not_http_is_lost_and_the_connection_with_it(wire: bytes) -> None:
    line = Line()
    heard = line.ask()
    line.feed(wire)
    assert heard.lost is Lost.MALFORMED
    assert line.transport.aborted
    assert not line.connection.reusable


async def test_bytes_behind_a_reply_close_the_connection_and_not_the_reply() -> None:
    line = Line()
    heard = line.ask()
    line.feed(OK + b"HTTP/1.1 200 OK\r\n")
    assert (heard.body, heard.ended, heard.lost) == (b"hello", 1, None)
    assert line.transport.aborted
    assert not line.connection.reusable


async def test_bytes_that_nobody_asked_for_close_the_connection() -> None:
    line = Line()
    line.feed(OK)
    assert line.transport.aborted
    assert not line.connection.reusable


async def test_a_request_on_a_dead_connection_is_lost_at_once() -> None:
    line = Line()
    line.close()
    heard = line.ask()
    assert (heard.lost, line.connection.anything) == (Lost.BEFORE_HEAD, False)


async def test_a_listener_that_aborts_hears_nothing_more() -> None:
    line = Line()
    heard = line.ask()
    line.feed(CHUNKED + b"1\r\na\r\n")
    line.connection.abort()
    line.connection.connection_lost(None)
    assert (heard.body, heard.over) == (b"a", False)


async def test_pausing_lasts_to_the_end_of_the_reply() -> None:
    line = Line()
    line.ask()
    line.connection.pause()
    line.connection.pause()
    reading = [line.transport.reading]
    line.connection.data_received(OK)
    assert [*reading, line.transport.reading] == [False, True]
    line.connection.resume()


HEAD = b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 6\r\n\r\n"


async def test_a_body_may_follow_in_pieces() -> None:
    line, heard = Line(), Heard()
    line.connection.send(b"POST", HEAD, heard, more=True)
    line.connection.write(b"abc")
    line.connection.write(b"d", b"ef")
    line.connection.end_body()
    line.feed(OK)
    assert bytes(line.transport.written) == HEAD + b"abcdef"
    assert (heard.body, line.connection.reusable) == (b"hello", True)


async def test_an_answer_before_the_whole_request_ends_the_connections_use() -> None:
    line, heard = Line(), Heard()
    line.connection.send(b"POST", HEAD, heard, more=True)
    line.connection.write(b"abc")
    line.feed(OK)
    assert (heard.body, heard.ended, line.connection.reusable) == (b"hello", 1, False)


async def test_the_next_request_owes_nothing_for_the_last_one() -> None:
    line, heard = Line(), Heard()
    line.connection.send(b"POST", HEAD, heard, more=True)
    line.connection.write(b"abcdef")
    line.connection.end_body()
    line.feed(OK)
    line.ask()
    line.feed(OK)
    assert line.connection.reusable


async def test_a_slow_provider_is_waited_for() -> None:
    line, heard = Line(), Heard()
    line.transport.high = 10
    line.connection.send(b"POST", HEAD, heard, more=True)
    line.transport.stalled = True
    line.connection.write(b"a" * 20)
    assert line.connection.full
    waiting = asyncio.ensure_future(line.connection.drained())
    await asyncio.sleep(0)
    assert not waiting.done()
    line.transport.release()
    await waiting


async def test_nobody_waits_for_a_lost_connection() -> None:
    line, heard = Line(), Heard()
    line.transport.high, line.transport.stalled = 10, True
    line.connection.send(b"POST", HEAD, heard, more=True)
    waiting = asyncio.ensure_future(line.connection.drained())
    await asyncio.sleep(0)
    line.close(ConnectionResetError())
    await waiting
    line.connection.write(b"more")
    assert heard.lost is Lost.BEFORE_HEAD
    assert b"more" not in line.transport.written
