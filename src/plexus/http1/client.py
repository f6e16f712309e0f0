"""The client half: one connection to a provider, one request at a time.

What arrives goes to a **Listener** by callbacks; nothing here waits, so that a stream costs no task switch. Whoever owns the
connection decides about pooling, time limits and errors' names.
"""

from __future__ import annotations

import asyncio
import enum
import socket
from typing import Protocol, cast

from plexus.http1.body import BodyDecoder, body_decoder
from plexus.http1.head import END, UNTIL_CLOSE, Field, Malformed, ReplyHead, check_incomplete, parse_reply, split_fields

MAX_HEAD = 256 * 1024
MAX_FIELDS = 200


class Lost(enum.Enum):
    """How a connection failed its request."""

    BEFORE_HEAD = enum.auto()
    """Closed or reset before the whole head of the reply; ``anything`` on the connection says whether a byte came."""
    IN_BODY = enum.auto()
    """Closed or reset inside the body."""
    MALFORMED = enum.auto()
    """The reply is not HTTP/1.1 as we accept it."""


class Listener(Protocol):
    """Takes one reply."""

    def on_head(self, status: int, fields: list[Field]) -> None:
        """The head of the reply; interim replies (1xx) are skipped before."""

    def on_data(self, data: bytes) -> None:
        """Bytes of the body, the chunked coding taken off."""

    def on_end(self) -> None:
        """The body is complete. The connection is free for another request if it is still ``reusable``."""

    def on_lost(self, how: Lost, detail: str) -> None:
        """It failed; nothing follows."""


class ClientConnection(asyncio.Protocol):
    """A connection. ``send`` a request, its reply goes to the listener; then the next."""

    __slots__ = (
        "_buffer", "_decoder", "_drained", "_head", "_listener", "_method", "_owing", "_paused", "_transport", "anything",
        "closed", "full", "idle_since", "requests", "reusable",
    )  # fmt: skip

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._listener: Listener | None = None
        self._method = b""
        self._buffer = b""
        self._head: ReplyHead | None = None
        self._decoder: BodyDecoder | None = None
        self._paused = False
        self._owing = False  # a part of the request's body is still to be written
        self._drained: asyncio.Future[None] | None = None
        self.full = False
        """The provider takes a body too slowly: wait for ``drained``."""
        self.anything = False
        """A byte of the current reply has come."""
        self.reusable = True
        self.closed = False
        self.requests = 0
        self.idle_since = 0.0

    # --- asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by the loop."""
        self._transport = cast("asyncio.Transport", transport)
        raw = transport.get_extra_info("socket")
        if raw is not None and raw.family in (socket.AF_INET, socket.AF_INET6):
            raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def connection_lost(self, exc: Exception | None) -> None:
        """Called by the loop."""
        self.closed = True
        self.reusable = False
        self._transport = None
        self.resume_writing()
        listener = self._listener
        if listener is None:
            return
        self._listener = None
        head = self._head
        detail = "connection reset" if exc is not None else "connection closed"
        if head is None:
            listener.on_lost(Lost.BEFORE_HEAD, detail)
        elif head.framing == UNTIL_CLOSE and exc is None:
            listener.on_end()
        else:
            listener.on_lost(Lost.IN_BODY, detail)

    def eof_received(self) -> bool:
        """Called by the loop; False closes the transport."""
        self.reusable = False
        return False

    def pause_writing(self) -> None:
        """Called by the loop."""
        self.full = True

    def resume_writing(self) -> None:
        """Called by the loop."""
        self.full = False
        if self._drained is not None and not self._drained.done():
            self._drained.set_result(None)

    def data_received(self, data: bytes) -> None:
        """Called by the loop."""
        if self._listener is None:
            self.abort()  # nobody asked: the provider and we disagree about where its last reply ended
            return
        self.anything = True
        try:
            if self._head is None:
                self._feed_head(data)
            else:
                self._feed_body(data)
        except Malformed as bad:
            self._fail(Lost.MALFORMED, bad.detail)

    def _feed_head(self, data: bytes) -> None:
        buffer = self._buffer + data if self._buffer else data
        while True:
            end = buffer.find(END)
            if end < 0:
                check_incomplete(buffer, MAX_HEAD)
                self._buffer = buffer
                return
            end += 4
            head = parse_reply(buffer[:end], self._method, MAX_FIELDS)
            buffer = buffer[end:]
            if head.status == 101:
                raise Malformed("The provider switched protocols, unasked.")
            if head.status >= 200:
                break
        self._head = head
        self._buffer = b""
        self.reusable = self.reusable and head.keep_alive
        listener = self._listener
        assert listener is not None
        if head.framing == 0:
            listener.on_head(head.status, split_fields(head.block))
            self._end(buffer)
            return
        self._decoder = body_decoder(head.framing)
        listener.on_head(head.status, split_fields(head.block))
        if buffer and self._listener is not None:
            self._feed_body(buffer)

    def _feed_body(self, data: bytes) -> None:
        decoder, listener = self._decoder, self._listener
        assert decoder is not None
        assert listener is not None
        payload = decoder.feed(data)
        if payload:
            listener.on_data(payload)
        if decoder.done and self._listener is not None:
            self._end(decoder.rest)

    def _end(self, rest: bytes) -> None:
        listener, self._listener = self._listener, None
        self._head = self._decoder = None
        if self._owing:
            self.reusable = False  # answered before the whole request was out: what is missing cannot be taken back
        if rest:
            self.abort()  # bytes behind a complete reply belong to nobody
        self.resume()
        if listener is not None:
            listener.on_end()

    def _fail(self, how: Lost, detail: str) -> None:
        listener, self._listener = self._listener, None
        self.abort()
        if listener is not None:
            listener.on_lost(how, detail)

    # --- for the owner

    def send(self, method: bytes, request: bytes, listener: Listener, *, more: bool = False) -> None:
        """Write ``request`` (head and body) and give its reply to ``listener``. ``more``: the body follows, by ``write`` and
        ``end_body``.

        A connection that has just died gives ``on_lost`` at once.
        """
        self._owing = more
        self._listener = listener
        self._method = method
        self._head = self._decoder = None
        self._buffer = b""
        self.anything = False
        self.requests += 1
        if self._transport is None or self._transport.is_closing():
            self._fail(Lost.BEFORE_HEAD, "connection closed")
        else:
            self._transport.write(request)

    def write(self, *pieces: bytes) -> None:
        """More of the request's body, framed by the caller. Nothing once the connection is lost."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.writelines(pieces)

    def end_body(self) -> None:
        """The request's body is written."""
        self._owing = False

    async def drained(self) -> None:
        """Until the provider has taken most of what was written, or the connection is lost."""
        while self.full and not self.closed:
            self._drained = asyncio.get_running_loop().create_future()
            await self._drained

    def pause(self) -> None:
        """Stop reading."""
        if not self._paused and self._transport is not None:
            self._paused = True
            self._transport.pause_reading()

    def resume(self) -> None:
        """Read on."""
        if self._paused and self._transport is not None:
            self._paused = False
            self._transport.resume_reading()

    def abort(self) -> None:
        """Close at once; the listener hears nothing more."""
        self._listener = None
        self.reusable = False
        self._owing = False
        if self._transport is not None:
            self._transport.abort()

    def close(self) -> None:
        """Close an idle connection."""
        self.reusable = False
        if self._transport is not None:
            self._transport.close()
