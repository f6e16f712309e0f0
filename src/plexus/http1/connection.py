"""One client's connection: cuts its bytes into requests and serves them one after the other."""

from __future__ import annotations

import asyncio
import logging
import socket
import struct
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, cast

from plexus.http1.body import BodyDecoder, BodyIncomplete, BodyTooLarge, LengthDecoder, body_decoder
from plexus.http1.head import END, Malformed, Preface, check_incomplete, parse_request, status_line
from plexus.http1.incoming import Incoming

if TYPE_CHECKING:
    from plexus.http1.server import Server

log = logging.getLogger(__name__)

JOIN_BELOW: Final = 64 * 1024
"""Bytes of a body up to which copying it behind its head is cheaper than a second buffer for the kernel."""

UNANSWERED: Final = {
    413: b"The body is too large.\n",
    500: b"Internal error.\n",
    503: b"Shutting down.\n",
}
"""What the client is told when the handler told nothing."""


class Phase:
    """Where a connection stands, in order. Plain numbers: an enum's members cost 40 ns each time (CPython 3.11)."""

    IDLE: Final = 0
    """Between two requests."""
    HEAD: Final = 1
    """A part of a head has come."""
    BODY: Final = 2
    """A request is being served whose body is still coming."""
    BUSY: Final = 3
    """A request is being served whose body is here."""
    SKIP: Final = 4
    """The reply is out, the rest of the body is read and dropped."""
    LINGER: Final = 5
    """The last reply is out and our side closed; what still comes is dropped until the client has closed, too."""
    CLOSING: Final = 6
    """Only the write buffer has to empty itself."""
    CLOSED: Final = 7
    """Closed, or taken over by a handler."""


class Connection(asyncio.Protocol):
    """See the module. What the client sends ahead is bounded by pausing to read, what it does not take by ``full``.

    While a request is served, reading goes on, since only reading tells that the client has gone (so that is noticed late
    while it is paused); its end of file then counts as gone, as in nginx: most clients that half-close have gone, and an
    upstream call that nobody waits for costs money. Between requests an end of file closes quietly.
    """

    __slots__ = (
        "_budget",
        "_buffer",
        "_decoder",
        "_incoming",
        "_loop",
        "_paused",
        "_phase",
        "_server",
        "_since",
        "_stuck",
        "_transport",
        "full",
        "peer",
    )

    def __init__(self, server: Server, loop: asyncio.AbstractEventLoop) -> None:
        self._server = server
        self._loop = loop
        self._transport: asyncio.Transport | None = None
        self._phase: int = Phase.IDLE
        self._since = server.now  # when the phase, or its last progress, began
        self._buffer = b""  # a part of a head, or pipelined requests
        self._incoming: Incoming | None = None
        self._decoder: BodyDecoder | None = None
        self._budget = 0  # bytes that may still be skipped
        self._paused = False
        self._stuck = 0  # bytes in the write buffer at ``_since``, while full or closing
        self.full = False
        self.peer = ""

    # The transport's callbacks

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See asyncio."""
        self._transport = cast("asyncio.Transport", transport)
        self._transport.set_write_buffer_limits(self._server.limits.write_buffer)
        peer = transport.get_extra_info("peername")
        if isinstance(peer, tuple):
            self.peer = str(peer[0])
        if self._server.draining:
            self._close()
        elif not self._server.admit(self):
            self._refuse(Malformed("There are too many connections.", 503))

    def connection_lost(self, exc: Exception | None) -> None:
        """See asyncio."""
        self._phase = Phase.CLOSED
        self._transport = None
        self._buffer = b""
        self._server.forget(self)
        self._lose()

    def eof_received(self) -> bool:
        """See asyncio: False lets the transport close."""
        if self._phase < Phase.CLOSING:
            self._enter(Phase.CLOSING)
            self._stuck = self._unsent()
        self._lose()
        return False

    def data_received(self, data: bytes) -> None:
        """See asyncio."""
        phase = self._phase
        if phase <= Phase.HEAD:
            searched = len(self._buffer)
            self._buffer = self._buffer + data if searched else data
            self._parse(searched)
        elif phase == Phase.BODY:
            self._feed(data)
        elif phase == Phase.BUSY:
            self._buffer += data
            if len(self._buffer) > self._server.limits.read_ahead:
                self._pause()
        elif phase <= Phase.LINGER:
            self._drop(data)

    def pause_writing(self) -> None:
        """See asyncio."""
        self.full = True
        self._since = self._server.now
        self._stuck = self._unsent()

    def resume_writing(self) -> None:
        """See asyncio."""
        self.full = False
        if self._incoming is not None:
            self._incoming.writable()

    # Requests

    def _parse(self, searched: int = 0) -> None:
        """Begin the request whose head is in the buffer, if it is complete. ``searched`` bytes of it are known."""
        buffer = self._buffer
        if self._phase == Phase.IDLE and buffer[:1] == b"\r":  # an empty line before it is ignored (RFC 9112, 2.2)
            if buffer == b"\r":
                return
            if buffer[1:2] == b"\n":
                self._enter(Phase.HEAD)
                buffer = self._buffer = buffer[2:]
                searched = 0
        end = buffer.find(END, max(0, searched - 3), self._server.limits.max_head_bytes)
        try:
            if end < 0:
                check_incomplete(buffer, self._server.limits.max_head_bytes)
                if self._phase != Phase.HEAD:
                    self._enter(Phase.HEAD)
                return
            end += 4
            head = parse_request(buffer[:end], self._server.limits.max_fields)
            rest = buffer[end:]
            if 0 <= head.framing <= len(rest):
                self._phase = Phase.BUSY
                self._buffer = rest[head.framing :]
                incoming = Incoming(self, head, rest[: head.framing])
            else:
                self._buffer = b""
                incoming = Incoming(self, head, None)
                self._decode(incoming, body_decoder(head.framing), rest)
        except Malformed as malformed:
            self._refuse(malformed)
            return
        except Preface:
            self._close()
            return
        self._incoming = incoming
        incoming.task = task = self._loop.create_task(self._serve(incoming))
        self._server.began(task)

    def _decode(self, incoming: Incoming, decoder: BodyDecoder, data: bytes) -> None:
        """Raises Malformed."""
        piece = decoder.feed(data) if data else b""
        if decoder.done:
            self._buffer = decoder.rest
            self._decoder = None
            self._phase = Phase.BUSY
        else:
            self._decoder = decoder
            self._phase = Phase.BODY
            self._since = self._server.now
        if incoming.feed(piece, decoder.done) > self._server.limits.read_ahead and not decoder.done:
            self._pause()

    def _feed(self, data: bytes) -> None:
        if self._incoming is not None and self._decoder is not None:
            try:
                self._decode(self._incoming, self._decoder, data)
            except Malformed as malformed:
                self._give_up(malformed)

    def _give_up(self, reason: Malformed) -> None:
        """The body of the request being served cannot be had."""
        incoming = self._incoming
        if incoming is not None and incoming.started:
            self.abort()
        else:
            self._refuse(reason)
        self._lose()

    async def _serve(self, incoming: Incoming) -> None:
        incoming.begun = True
        status = 500
        try:
            await self._server.handler(incoming)
        except BodyIncomplete:
            pass  # the client cut it: nobody is there to be told
        except BodyTooLarge:
            status = 413
        except asyncio.CancelledError:
            status = 503  # the server drains, or the client has gone and does not see it
            raise
        except Exception:
            log.exception("the handler failed")
        finally:
            self._server.served(incoming)
            if not incoming.finished:
                self._unanswered(incoming, status)

    def _unanswered(self, incoming: Incoming, status: int) -> None:
        """The handler has ended, its reply has not."""
        if incoming.started:
            incoming.abort()
        else:
            incoming.keep_alive = False
            incoming.respond(status, [(b"content-type", b"text/plain")], UNANSWERED[status])

    def _lose(self) -> None:
        incoming, self._incoming, self._decoder = self._incoming, None, None
        if incoming is not None:
            unborn = not incoming.begun
            incoming.lose()
            if unborn:  # a task that is cancelled before its first step never reaches the end of ``_serve``
                self._server.served(incoming)

    def _drop(self, data: bytes) -> None:
        """Bytes that nobody wants."""
        decoder = self._decoder
        if decoder is None:
            return
        self._budget -= len(data)
        try:
            decoder.feed(data)
        except Malformed:
            self._close()
            return
        if decoder.done:
            self._buffer, self._decoder = decoder.rest, None
            self._next()
        elif self._budget < 0:
            self._linger()

    # For Incoming

    def write(self, head: bytes, body: bytes = b"") -> None:
        """To the client, in one write."""
        transport = self._transport
        if transport is None:
            return
        if len(body) < JOIN_BELOW:
            transport.write(head + body if body else head)
        else:
            transport.writelines((head, body))

    def read_on(self) -> None:
        """Somebody waits for the body."""
        self._since = self._server.now
        self._resume()

    def last_lines(self, incoming: Incoming, unasked: bool) -> bytes:
        """The end of a reply's head: its date, and whether the connection stays.

        It does not when the rest of the body is long, or has not been asked for with 100 Continue: then the client may
        send it or not (RFC 9110 section 10.1.1).
        """
        server = self._server
        if incoming.keep_alive and (server.draining or (self._phase == Phase.BODY and not self._can_skip(unasked))):
            incoming.keep_alive = False
        if not incoming.keep_alive:
            return server.date_line + b"connection: close\r\n\r\n"
        if incoming.http11:
            return server.date_line + b"\r\n"
        return server.date_line + b"connection: keep-alive\r\n\r\n"

    def _can_skip(self, unasked: bool) -> bool:
        decoder = self._decoder
        return not unasked and not (isinstance(decoder, LengthDecoder) and decoder.left > self._server.limits.skip)

    def finish(self, incoming: Incoming) -> None:
        """The reply is complete."""
        if self._incoming is not incoming:
            return
        self._incoming = None
        if self._phase == Phase.BUSY and incoming.keep_alive and not self._server.draining:
            self._next()
        elif self._phase == Phase.BODY:
            if incoming.keep_alive:
                self._enter(Phase.SKIP)
                self._budget = self._server.limits.skip
                self._resume()
            else:
                self._linger()
        else:
            self._close()

    def _next(self) -> None:
        self._phase = Phase.IDLE
        self._since = self._server.now
        if self._paused:
            self._resume()
        if self._buffer:
            self._parse()

    def break_off(self, *, reset: bool) -> None:
        """Close without the reply's proper end; with ``reset``, so that nobody takes the end of file for one."""
        if not reset or self._transport is None:
            self._close()
            return
        sock = self._transport.get_extra_info("socket")
        if sock is not None:  # closing with a linger time of zero sends RST
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.abort()

    def abort(self) -> None:
        """Close at once, whatever waits to be sent."""
        if self._transport is not None:
            self._phase = Phase.CLOSING
            self._transport.abort()

    def tell(self, incoming: Incoming, callback: Callable[[], None] | None) -> None:
        """See ``Incoming.when_draining``."""
        self._server.tell(incoming, callback)

    def detach(self, incoming: Incoming) -> tuple[asyncio.Transport, bytes]:
        """Leave the transport to ``incoming``'s handler. Raises ConnectionError when it is closed."""
        transport = self._transport
        if transport is None or transport.is_closing():
            raise ConnectionResetError("the client is gone")
        self._resume()
        self._phase = Phase.CLOSED
        self._transport = self._incoming = None
        self._server.took(incoming)
        self._server.forget(self)
        rest, self._buffer = self._buffer, b""
        return transport, rest

    # Time and the end

    def check(self, now: float) -> None:
        """The server's sweep: end what takes too long."""
        limits = self._server.limits
        if self.full or self._phase == Phase.CLOSING:
            unsent = self._unsent()
            if unsent != self._stuck:
                self._stuck, self._since = unsent, now
            elif now - self._since > limits.write_timeout + self._server.interval:
                self.abort()
            return
        if self._phase == Phase.BUSY or (self._phase == Phase.BODY and self._paused):
            return
        allowed = {
            Phase.IDLE: limits.keep_alive_timeout,
            Phase.HEAD: limits.head_timeout,
            Phase.BODY: limits.body_timeout,
        }.get(self._phase, limits.linger_timeout)
        if now - self._since <= allowed + self._server.interval:
            return
        if self._phase == Phase.HEAD:
            self._refuse(Malformed("The head took too long.", 408))
        elif self._phase == Phase.BODY:
            self._give_up(Malformed("The body took too long.", 408))
        else:
            self._close()

    def close_if_idle(self) -> None:
        """The server drains: a connection between two requests goes first."""
        if self._phase == Phase.IDLE:
            self._close()

    def _refuse(self, reason: Malformed) -> None:
        """The last reply of a connection whose bytes cannot be trusted."""
        body = reason.detail.encode() + b"\n"
        self._buffer = b""
        self.write(
            b"%bcontent-type: text/plain\r\ncontent-length: %d\r\n%bconnection: close\r\n\r\n"
            % (status_line(reason.status), len(body), self._server.date_line),
            body,
        )
        self._linger()

    def _linger(self) -> None:
        """Close our side and read on for a moment: closing with bytes unread would reset the reply away (RFC 9112, 9.6)."""
        transport = self._transport
        if transport is None:
            return
        if not transport.can_write_eof():
            self._close()
            return
        self._enter(Phase.LINGER)
        self._decoder = None
        self._resume()
        transport.write_eof()

    def _close(self) -> None:
        """Close when all is sent."""
        if self._transport is not None:
            self._enter(Phase.CLOSING)
            self._stuck = self._unsent()
            self._transport.close()

    def _enter(self, phase: int) -> None:
        self._phase = phase
        self._since = self._server.now

    def _unsent(self) -> int:
        return 0 if self._transport is None else self._transport.get_write_buffer_size()

    def _pause(self) -> None:
        if not self._paused and self._transport is not None:
            self._paused = True
            self._transport.pause_reading()

    def _resume(self) -> None:
        if self._paused and self._transport is not None:
            self._paused = False
            self._since = self._server.now
            self._transport.resume_reading()
