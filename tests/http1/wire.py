"""A connection without a socket: bytes go in by hand, what is written is kept. Also what the bench measures Python with."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass
from typing import Any

import h11
import uvloop

from plexus.http1.head import Field
from plexus.http1.limits import DEFAULT_LIMITS, Limits
from plexus.http1.server import Handler, Incoming, Server

LOOPS: dict[str, Callable[[], asyncio.AbstractEventLoop]] = {
    "asyncio": asyncio.new_event_loop,
    "uvloop": uvloop.new_event_loop,
}
GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"


def run(test: Coroutine[Any, Any, None], loop: str = "asyncio") -> None:
    with asyncio.Runner(loop_factory=LOOPS[loop]) as runner:
        runner.run(test)


class FakeTransport(asyncio.Transport):
    """Takes everything at once, or nothing while ``stalled``."""

    def __init__(self, protocol: asyncio.Protocol) -> None:
        super().__init__({"peername": ("192.0.2.1", 5000)})
        self.protocol = protocol
        self.written = bytearray()
        self.writes = 0
        self.closing = False
        self.aborted = False
        self.eof = False
        self.reading = True
        self.stalled = False
        self.unsent = 0
        self.high = 0
        self.lazy = False
        """``close`` waits for a write buffer that does not empty."""

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        self.high = high or 0

    def get_write_buffer_size(self) -> int:
        return self.unsent

    def write(self, data: bytes | bytearray | memoryview) -> None:
        assert not self.eof, "a write after our end of file"
        self.writes += 1
        self.written += data
        if self.stalled:
            was = self.unsent
            self.unsent += len(data)
            if was <= self.high < self.unsent:
                self.protocol.pause_writing()

    def writelines(self, list_of_data: Iterable[Any]) -> None:
        self.write(b"".join(list_of_data))

    def release(self) -> None:
        """The client takes what waits."""
        full = self.unsent > self.high
        self.stalled, self.unsent = False, 0
        if full:
            self.protocol.resume_writing()

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        self.eof = True

    def is_closing(self) -> bool:
        return self.closing

    def close(self) -> None:
        if not self.closing and not self.lazy:
            self.closing = True
            asyncio.get_running_loop().call_soon(self.protocol.connection_lost, None)

    def abort(self) -> None:
        self.aborted, self.lazy = True, False
        self.close()

    def pause_reading(self) -> None:
        assert self.reading
        self.reading = False

    def resume_reading(self) -> None:
        assert not self.reading
        self.reading = True

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        assert isinstance(protocol, asyncio.Protocol)
        self.protocol = protocol


class Wire:
    """A server with one connection over a fake transport. To be made while a loop runs."""

    def __init__(self, handler: Handler, limits: Limits = DEFAULT_LIMITS) -> None:
        self.server = Server(handler, limits=limits)
        self.connection = self.server.connection()
        self.transport = FakeTransport(self.connection)
        self.connection.connection_made(self.transport)

    def feed(self, *pieces: bytes) -> None:
        for piece in pieces:
            if not self.transport.closing:
                self.connection.data_received(piece)

    def eof(self) -> None:
        if not self.connection.eof_received():
            self.transport.close()

    async def settle(self) -> None:
        """Let every callback and task run that can."""
        for _ in range(12):
            await asyncio.sleep(0)

    async def exchange(self, *pieces: bytes) -> bytes:
        """Feed, settle, and take what has been written since."""
        self.feed(*pieces)
        await self.settle()
        return self.take()

    def take(self) -> bytes:
        data = bytes(self.transport.written)
        self.transport.written.clear()
        return data

    def over(self) -> bool:
        """Our side is closed: nothing more is answered."""
        return self.transport.closing or self.transport.eof

    def closed(self) -> bool:
        return self.transport.closing

    def reads(self) -> bool:
        return self.transport.reading

    def pass_time(self, seconds: float) -> None:
        """As the server's sweep, ``seconds`` later."""
        self.server.now += seconds
        self.connection.check(self.server.now)


@dataclass
class Reply:
    status: int
    headers: dict[bytes, bytes]
    body: bytes
    complete: bool


def read_replies(data: bytes, *methods: str, closed: bool = False) -> list[Reply]:
    """What h11, as the client that sent these requests, understands. Fails when something is left over."""
    replies: list[Reply] = []
    for method in methods:
        client = h11.Connection(h11.CLIENT)
        client.send(h11.Request(method=method, target="/", headers=[("host", "a")]))
        client.send(h11.EndOfMessage())
        client.receive_data(data)
        reply, data = _read_reply(client, closed=closed)
        replies.append(reply)
    assert data == b""
    return replies


def _read_reply(client: h11.Connection, *, closed: bool) -> tuple[Reply, bytes]:
    reply = Reply(0, {}, b"", complete=False)
    while True:
        event = client.next_event()
        if event is h11.NEED_DATA:
            if not closed:
                return reply, b""
            closed = False
            client.receive_data(b"")
        elif isinstance(event, h11.Response):
            reply.status, reply.headers = event.status_code, dict(event.headers)
        elif isinstance(event, h11.Data):
            reply.body += event.data
        elif isinstance(event, h11.EndOfMessage):
            reply.complete = True
            return reply, bytes(client.trailing_data[0])


@dataclass
class Seen:
    method: bytes
    target: bytes
    headers: list[Field]
    body: bytes


class Recorder:
    """A handler that reads the body and answers ``ok``; keeps what it saw."""

    def __init__(self) -> None:
        self.seen: list[Seen] = []

    async def __call__(self, incoming: Incoming) -> None:
        body = await incoming.body(10_000_000)
        self.seen.append(Seen(incoming.method, incoming.target, incoming.headers, body))
        incoming.respond(200, [(b"content-type", b"text/plain")], b"ok")


def request(*lines: bytes, body: bytes = b"", start: bytes = b"POST / HTTP/1.1") -> bytes:
    """A request from its lines; Host is added."""
    return b"\r\n".join((start, b"Host: a", *lines, b"", b"")) + body


def chunked(*lines: bytes, body: bytes, start: bytes = b"POST / HTTP/1.1") -> bytes:
    return request(b"Transfer-Encoding: chunked", *lines, body=body, start=start)
