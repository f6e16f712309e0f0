"""One request as its handler sees it: read the body, write the reply."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from plexus.http1.body import LAST_CHUNK, BodyIncomplete, BodyTooLarge, encode_chunk
from plexus.http1.head import Field, RequestHead, encode_fields, split_fields, status_line

if TYPE_CHECKING:
    from plexus.http1.server import Connection


NO_BODY = frozenset({204, 304})
"""Statuses whose replies have no body (RFC 9110 section 6.4.1)."""


class Incoming:
    """A request, and the way to answer it. Methods that write never block; watch ``full``.

    When the client goes away, ``gone`` becomes True and the handler's task is cancelled.
    """

    __slots__ = (
        "_chunked", "_connection", "_expects", "_size", "_waiter", "_writable", "body_complete", "chunks", "finished",
        "framing", "gone", "headers", "http11", "keep_alive", "method", "path", "peer", "query", "started", "target",
    )  # fmt: skip

    def __init__(self, connection: Connection, head: RequestHead) -> None:
        self.method = head.method
        self.target = head.target
        self.path = head.path
        self.query = head.query
        self.headers: list[Field] = split_fields(head.block)
        self.http11 = head.http11
        self.framing = head.framing
        self.keep_alive = head.keep_alive
        self.peer = connection.peer
        self.gone = False
        self.started = False
        self.finished = False
        self.body_complete = head.framing == 0
        self.chunks: list[bytes] = []
        self._connection = connection
        self._expects = head.expects_continue and head.framing != 0
        self._size = 0
        self._waiter: asyncio.Future[None] | None = None
        self._writable: Callable[[], None] | None = None
        self._chunked = False

    # --- the body

    async def body(self, limit: int) -> bytes:
        """The whole body; without suspending when it is here already.

        Raises BodyTooLarge beyond ``limit`` bytes (at once where Content-Length says so), BodyIncomplete.
        """
        if self.framing > limit:
            raise BodyTooLarge(limit)
        while not self.body_complete:
            if self._size > limit:
                raise BodyTooLarge(limit)
            await self._more()
        if self._size > limit:
            raise BodyTooLarge(limit)
        chunks = self.chunks
        self.chunks = []
        return chunks[0] if len(chunks) == 1 else b"".join(chunks)

    async def chunk(self) -> bytes:
        """The next bytes of the body; b"" at its end. Raises BodyIncomplete."""
        while not self.chunks and not self.body_complete:
            await self._more()
        chunks = self.chunks
        self.chunks = []
        self._size = 0
        return b"".join(chunks)

    async def _more(self) -> None:
        if self.gone:
            raise BodyIncomplete("the client went away")
        if self._expects:
            self._expects = False
            self._connection.write(b"HTTP/1.1 100 Continue\r\n\r\n")  # RFC 9110 section 10.1.1
        self._connection.want_body()
        self._waiter = asyncio.get_running_loop().create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    @property
    def buffered(self) -> int:
        """Bytes of the body that wait to be read."""
        return self._size

    @property
    def wanted(self) -> bool:
        """Whether the handler waits for more of the body."""
        return self._waiter is not None

    def feed(self, data: bytes, *, complete: bool) -> None:
        """The connection's side: more of the body."""
        if data:
            self.chunks.append(data)
            self._size += len(data)
        self.body_complete = complete
        self._wake()

    def lose(self) -> None:
        """The connection's side: the client went away."""
        self.gone = True
        self._wake()

    def _wake(self) -> None:
        waiter = self._waiter
        if waiter is not None and not waiter.done():
            if self.gone and not self.body_complete:
                waiter.set_exception(BodyIncomplete("the client went away"))
            else:
                waiter.set_result(None)

    # --- the reply

    def respond(self, status: int, fields: Iterable[Field], body: bytes) -> None:
        """A whole reply in one write. Content-Length, Date and Connection are ours. HEAD gets no body."""
        if self.started or self.gone:
            return
        connection = self._connection
        whole = [*fields, (b"content-length", b"%d" % len(body)), (b"date", connection.date())]
        self._settle(whole)
        head = status_line(status) + encode_fields(whole) + b"\r\n"
        self.started = True
        connection.write(head if self.method == b"HEAD" or status in NO_BODY else head + body)
        self.end()

    def start(self, status: int, fields: Iterable[Field]) -> None:
        """The head of a streamed reply: chunked, or until the connection closes for HTTP/1.0, or by the Content-Length that
        ``fields`` name."""
        if self.started or self.gone:
            return
        whole = [*fields, (b"date", self._connection.date())]
        if not any(name == b"content-length" for name, _ in whole):
            if self.http11:
                self._chunked = True
                whole.append((b"transfer-encoding", b"chunked"))
            else:
                self.keep_alive = False
        self._settle(whole)
        head = status_line(status) + encode_fields(whole) + b"\r\n"
        self.started = True
        self._connection.write(head)

    def _settle(self, fields: list[Field]) -> None:
        if self._connection.closing or not self.body_complete:
            self.keep_alive = False
        if not self.keep_alive:
            fields.append((b"connection", b"close"))
        elif not self.http11:
            fields.append((b"connection", b"keep-alive"))

    def write(self, data: bytes) -> None:
        """More of a streamed reply."""
        if not data or self.finished or self.gone or self.method == b"HEAD":
            return
        self._connection.write(encode_chunk(data) if self._chunked else data)

    def end(self) -> None:
        """The proper end of the reply."""
        if self.finished or self.gone or not self.started:
            return
        self.finished = True
        if self._chunked and self.method != b"HEAD":
            self._connection.write(LAST_CHUNK)

    def abort(self) -> None:
        """Break the connection without a proper end, so that the client notices."""
        self._connection.abort()

    @property
    def full(self) -> bool:
        """More waits to be written than the limit: the client reads too slowly."""
        return self._connection.full

    def when_writable(self, callback: Callable[[], None] | None) -> None:
        """Call ``callback`` once when ``full`` ends; None forgets it."""
        self._writable = callback

    def writable(self) -> None:
        """The connection's side: there is room again."""
        callback, self._writable = self._writable, None
        if callback is not None:
            callback()

    def detach(self) -> tuple[asyncio.Transport, bytes]:
        """Hand the socket through, for a protocol upgrade: the transport, and the bytes that followed the head.

        The caller sets its own protocol on the transport; the server forgets the connection.
        """
        self.started = self.finished = True
        return self._connection.detach()
