"""One request as its handler sees it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from plexus.http1.body import LAST_CHUNK, BodyIncomplete, BodyTooLarge, encode_chunk
from plexus.http1.head import Field, RequestHead, encode_fields, split_fields, status_line

if TYPE_CHECKING:
    from plexus.http1.connection import Connection

_OURS = re.compile(rb"\n(content-length|transfer-encoding|connection|keep-alive|date):")
"""Fields that the server writes; run over a lower-case head."""
_CHUNKED, _UNTIL_CLOSE, _NO_BODY = -1, -2, -3
"""What ``_left`` says besides a number of bytes still due."""


class Incoming:
    """A request, and the way to answer it: ``respond`` once, or ``start``, ``write`` …, ``end``; or ``abort``, ``detach``.

    Nothing that writes ever blocks; watch ``full``. Field names and values that would break out of their line, and fields
    that are the server's own (Connection, Transfer-Encoding, Keep-Alive, Date; Content-Length but in ``start``) raise
    ValueError. When the client goes away, ``gone`` becomes True, writing does nothing any more, and the handler learns
    it: waiting for the body raises BodyIncomplete, anything else is cancelled.
    """

    __slots__ = (
        "_block",
        "_connection",
        "_expects_continue",
        "_fields",
        "_framing",
        "_left",
        "_pieces",
        "_size",
        "_waiter",
        "_want",
        "_writable",
        "begun",
        "finished",
        "gone",
        "http11",
        "keep_alive",
        "method",
        "path",
        "peer",
        "query",
        "started",
        "target",
        "task",
        "whole",
    )

    def __init__(self, connection: Connection, head: RequestHead, body: bytes | None) -> None:
        """``body`` is the whole body where it has arrived with the head."""
        self.method = head.method
        self.target = head.target
        self.path = head.path
        """Raw, before the first ``?``."""
        self.query = head.query
        """Raw, after it."""
        self.http11 = head.http11
        self.peer = connection.peer
        """The client's address."""
        self.started = False
        self.finished = False
        self.gone = False
        self.whole = body is not None
        """The body has arrived to its end (whether read or not)."""
        self.keep_alive = head.keep_alive
        """The connection stays after the reply."""
        self.task: asyncio.Task[None] | None = None
        self.begun = False
        """The task has made its first step."""
        self._block = head.block
        self._fields: list[Field] | None = None
        self._framing = head.framing
        self._expects_continue = head.expects_continue
        self._connection = connection
        self._pieces: list[bytes] = [body] if body else []
        self._size = len(body) if body else 0
        self._want = 0
        self._waiter: asyncio.Future[None] | None = None
        self._writable: Callable[[], None] | None = None
        self._left = 0

    @property
    def headers(self) -> list[Field]:
        """The fields in the order of the wire, names as sent."""
        fields = self._fields
        if fields is None:
            fields = self._fields = split_fields(self._block)
        return fields

    # The request's body

    async def body(self, limit: int) -> bytes:
        """The whole body, without suspending when it has arrived already. Once; not together with ``chunk``.

        Raises BodyTooLarge beyond ``limit`` bytes, at once where the head says so; BodyIncomplete when it was cut.
        """
        if self._framing > limit:
            raise BodyTooLarge(limit)
        if not self.whole and self._size <= limit:
            await self._wait(limit)
        if self._size > limit:
            raise BodyTooLarge(limit)
        return self._take()

    async def chunk(self) -> bytes:
        """The next bytes of the body, b"" at its end. Raises BodyIncomplete when it was cut."""
        if not self._pieces and not self.whole:
            await self._wait(0)
        return self._take()

    @property
    def unread(self) -> int:
        """Bytes of the body that have arrived and not been read."""
        return self._size

    def _take(self) -> bytes:
        pieces = self._pieces
        self._pieces = []
        self._size = 0
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    async def _wait(self, want: int) -> None:
        """Until more than ``want`` bytes are here, or all."""
        if self.gone:
            raise BodyIncomplete
        if self._expects_continue:
            self._expects_continue = False
            if not self._size:  # a client that already sends has not waited (RFC 9110 section 10.1.1)
                self._connection.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        self._want = want
        self._waiter = asyncio.get_running_loop().create_future()
        self._connection.read_on()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def feed(self, piece: bytes, whole: bool) -> int:
        """The connection has more of the body: bytes that nobody waits for."""
        if piece:
            self._pieces.append(piece)
            self._size += len(piece)
        self.whole = whole
        waiter = self._waiter
        if waiter is None or waiter.done():
            return self._size
        if whole or self._size > self._want:
            waiter.set_result(None)
        return 0

    def lose(self) -> None:
        """The connection has lost the client. A handler that broke it off itself is not told."""
        if self.finished:
            return
        self.gone = True
        self._writable = None
        waiter = self._waiter
        if waiter is not None and not waiter.done():
            waiter.set_exception(BodyIncomplete())
        elif self.task is not None:
            self.task.cancel()

    # The reply

    def respond(self, status: int, fields: Iterable[Field], body: bytes) -> None:
        """A whole reply, head and body in one write; to HEAD without the body. Content-Length and Date are added."""
        head = self._head(status, fields)
        if _OURS.search(head.lower()):
            raise ValueError("a field that is the server's own")
        self.started = True
        if self.gone:
            self.finished = True
            return
        connection = self._connection
        if status in (204, 304):
            body = b""
        else:
            head += b"content-length: %d\r\n" % len(body)
        head += connection.last_lines(self, self._expects_continue)
        connection.write(head, b"" if self.method == b"HEAD" else body)
        self._finish()

    def start(self, status: int, fields: Iterable[Field]) -> None:
        """The head of a streamed reply: as long as its Content-Length where ``fields`` name one, else chunked, else
        (HTTP/1.0) until the connection closes."""
        fields = list(fields)
        head = self._head(status, fields)
        ours = _OURS.findall(head.lower())
        if ours and ours != [b"content-length"]:
            raise ValueError("a field that is the server's own")
        self.started = True
        if status in (204, 304) or self.method == b"HEAD":
            self._left = _NO_BODY
        elif ours:
            self._left = next(int(value) for name, value in fields if name.lower() == b"content-length")
        elif self.http11:
            self._left = _CHUNKED
            head += b"transfer-encoding: chunked\r\n"
        else:
            self._left = _UNTIL_CLOSE
            self.keep_alive = False
        if not self.gone:
            self._connection.write(head + self._connection.last_lines(self, self._expects_continue))

    def write(self, data: bytes) -> None:
        """More of a streamed reply. Raises ValueError beyond its Content-Length."""
        if self.gone or not data:
            return
        if not self.started or self.finished:
            raise RuntimeError("write() belongs between start() and end()")
        left = self._left
        if left == _CHUNKED:
            self._connection.write(encode_chunk(data))
        elif left == _UNTIL_CLOSE:
            self._connection.write(data)
        elif left != _NO_BODY:
            if len(data) > left:
                raise ValueError("the reply is longer than its content-length")
            self._left = left - len(data)
            self._connection.write(data)

    def end(self) -> None:
        """The proper end of a streamed reply. One that is shorter than its Content-Length is broken off instead."""
        if self.finished:
            return
        if not self.started:
            raise RuntimeError("end() belongs after start()")
        if self.gone:
            self.finished = True
            return
        if self._left > 0:
            self.abort()
            return
        if self._left == _CHUNKED:
            self._connection.write(LAST_CHUNK)
        self._finish()

    def abort(self) -> None:
        """Break the connection, so that the client notices that the reply is not complete: what was written still goes
        out, without its proper end; where nothing but the connection's end marks it, by a reset."""
        if not self.finished:
            self.started = self.finished = self.gone = True
            self._writable = None
            self._connection.break_off(reset=self._left == _UNTIL_CLOSE)

    @property
    def full(self) -> bool:
        """The client reads too slowly: more than ``Limits.write_buffer`` waits for it."""
        return self._connection.full and not self.gone and not self.finished

    def when_writable(self, callback: Callable[[], None] | None) -> None:
        """Call back once when ``full`` ends; None forgets. Never called when the client goes away."""
        self._writable = callback

    def writable(self) -> None:
        """The connection has room again."""
        callback, self._writable = self._writable, None
        if callback is not None:
            callback()

    def detach(self) -> tuple[asyncio.Transport, bytes]:
        """Take the socket over (RFC 9110 section 7.8): its transport, and the bytes that came after the head.

        The caller writes the 101 and sets its own protocol on the transport before it next suspends; from then on the
        connection is its own, only the handler's task is still the server's. Raises RuntimeError while the request has
        a body that has not arrived, or after the reply has begun, ConnectionError when the client is gone.
        """
        if self.started or not self.whole:
            raise RuntimeError("only a request without a reply and with its whole body can be detached")
        if self.gone:
            raise ConnectionResetError("the client is gone")
        self.started = self.finished = True
        return self._connection.detach(self)

    def when_draining(self, callback: Callable[[], None] | None) -> None:
        """Call back once when the server begins to drain, at once when it has begun; None forgets. For a handler that would
        else live as long as its client wants to."""
        self._connection.tell(self, callback)

    def _head(self, status: int, fields: Iterable[Field]) -> bytes:
        if self.started:
            raise RuntimeError("the reply has begun already")
        return status_line(status) + encode_fields(fields)

    def _finish(self) -> None:
        self.finished = True
        self._writable = None
        self._connection.finish(self)
