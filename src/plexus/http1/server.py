"""The server half: connections that parse requests, run one task for each, and keep time by one sweep.

An end-of-file from the client while its request is in progress counts as gone, as in nginx: a client that closes looks
exactly like one that only half-closes, and an upstream call that nobody reads costs money. Between requests it just closes.
"""

from __future__ import annotations

import asyncio
import contextlib
import email.utils
import logging
import socket
import ssl as tls
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, cast

from plexus.http1.body import BodyDecoder, body_decoder
from plexus.http1.head import END, Malformed, Preface, check_size, encode_fields, parse_request, status_line
from plexus.http1.incoming import Incoming

log = logging.getLogger(__name__)

Handler = Callable[[Incoming], Coroutine[Any, Any, None]]

__all__ = ["Connection", "Handler", "Incoming", "Limits", "Server"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bytes and seconds."""

    max_head_bytes: int = 64 * 1024
    max_fields: int = 200
    head_timeout: float = 15.0
    """From a request's first byte to the end of its head."""
    body_timeout: float = 60.0
    """Between two bytes of a body that the handler waits for."""
    keep_alive_timeout: float = 75.0
    read_ahead: int = 256 * 1024
    """Bytes of a body, or of further requests, that are read before somebody wants them."""
    write_buffer: int = 256 * 1024
    """Above it the connection counts as full."""
    linger_bytes: int = 1024 * 1024
    """Of an unwanted body, read and dropped so that the client gets to see the reply."""
    linger_timeout: float = 2.0
    max_connections: int = 20_000


class Server:
    """Listens, and hands each request to ``handler`` in a task of its own."""

    SWEEP = 0.5
    """Seconds between two looks at the clock: all time limits are as exact as this."""

    def __init__(self, handler: Handler, *, limits: Limits | None = None) -> None:
        self.handler = handler
        self.limits = limits or Limits()
        self.draining = False
        self.live: set[Connection] = set()
        self.now = 0.0
        self.date = b""
        self.port = 0
        self._listener: asyncio.Server | None = None
        self._sweeper: asyncio.TimerHandle | None = None
        self._idle: asyncio.Event = asyncio.Event()

    @property
    def connections(self) -> int:
        """Open connections."""
        return len(self.live)

    async def start(
        self,
        *,
        host: str,
        port: int,
        sock: socket.socket | None = None,
        ssl: tls.SSLContext | None = None,
    ) -> None:
        """Listen on ``host:port`` (0 picks one, see ``port``), or on ``sock``. Raises OSError."""
        loop = asyncio.get_running_loop()
        self.tick()
        if sock is not None:
            self._listener = await loop.create_server(self.connection, sock=sock, ssl=ssl, backlog=2048)
        else:
            self._listener = await loop.create_server(self.connection, host, port, ssl=ssl, backlog=2048)
        self.port = self._listener.sockets[0].getsockname()[1]
        self._sweeper = loop.call_later(self.SWEEP, self._sweep)

    def connection(self) -> Connection:
        """A new connection's protocol."""
        return Connection(self)

    def tick(self) -> None:
        """Read the clocks."""
        self.now = asyncio.get_running_loop().time()
        self.date = email.utils.formatdate(usegmt=True).encode()

    def _sweep(self) -> None:
        self.tick()
        for connection in list(self.live):
            connection.check_time(self.now)
        self._sweeper = asyncio.get_running_loop().call_later(self.SWEEP, self._sweep)

    def forget(self, connection: Connection) -> None:
        """The connection is closed or detached."""
        self.live.discard(connection)
        if not self.live:
            self._idle.set()

    async def drain(self, seconds: float) -> None:
        """Stop: no new connections, idle ones closed, running requests awaited for ``seconds``, the rest cancelled
        (whose handlers may still write a last word)."""
        self.draining = True
        if self._listener is not None:
            self._listener.close()
        for connection in list(self.live):
            connection.close_if_idle()
        await self._until_idle(seconds)
        for connection in list(self.live):
            connection.cancel()
        await self._until_idle(1.0)
        for connection in list(self.live):
            connection.abort()
        if self._sweeper is not None:
            self._sweeper.cancel()

    async def _until_idle(self, seconds: float) -> None:
        self._idle.clear()
        if self.live:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._idle.wait(), seconds)


class Connection(asyncio.Protocol):
    """One client's connection: one request at a time, the next ones wait in the buffer."""

    __slots__ = (
        "_buffer", "_deadline", "_decoder", "_incoming", "_lingering", "_loop", "_paused", "_server", "_task",
        "_transport", "full", "peer",
    )  # fmt: skip

    def __init__(self, server: Server) -> None:
        self._server = server
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._buffer = b""
        self._incoming: Incoming | None = None
        self._task: asyncio.Task[None] | None = None
        self._decoder: BodyDecoder | None = None
        self._lingering = -1
        """Bytes that may still be read and dropped before closing; -1 while not lingering."""
        self._paused = False
        self._deadline: float | None = None
        self.full = False
        self.peer = ""

    # --- asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by the loop."""
        transport = self._transport = cast("asyncio.Transport", transport)
        server = self._server
        name = transport.get_extra_info("peername")
        self.peer = name[0] if isinstance(name, tuple) else ""
        raw = transport.get_extra_info("socket")
        if raw is not None and raw.family in (socket.AF_INET, socket.AF_INET6):
            raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        transport.set_write_buffer_limits(high=server.limits.write_buffer)
        server.live.add(self)
        self._deadline = server.now + server.limits.head_timeout
        if len(server.live) > server.limits.max_connections or server.draining:
            self._refuse(Malformed("Too many connections.", 503))

    def connection_lost(self, exc: Exception | None) -> None:
        """Called by the loop."""
        del exc
        self._server.forget(self)
        self._transport = None
        incoming = self._incoming
        if incoming is not None and not incoming.finished:
            incoming.lose()
            if self._task is not None:
                self._task.cancel()

    def eof_received(self) -> bool:
        """Called by the loop; False closes the transport, what is already written still goes out."""
        return False

    def pause_writing(self) -> None:
        """Called by the loop."""
        self.full = True

    def resume_writing(self) -> None:
        """Called by the loop."""
        self.full = False
        if self._incoming is not None:
            self._incoming.writable()

    def data_received(self, data: bytes) -> None:
        """Called by the loop."""
        if self._lingering >= 0:
            self._linger(len(data))
            return
        incoming = self._incoming
        if incoming is None:
            self._buffer = self._buffer + data if self._buffer else data
            self._next_request()
        elif not incoming.body_complete:
            self._feed_body(incoming, data)
        else:
            self._buffer += data
            if len(self._buffer) > self._server.limits.read_ahead:
                self._pause()

    # --- requests

    def _next_request(self) -> None:
        buffer, limits = self._buffer, self._server.limits
        if buffer[:1] in (b"\r", b"\n") and buffer.startswith(b"\r\n"):
            buffer = self._buffer = buffer[2:]  # an empty line before a request is ignored (RFC 9112 section 2.2)
        end = buffer.find(END, 0, limits.max_head_bytes + 4)
        if end < 0:
            self._await_head(buffer)
            return
        end += 4
        try:
            head = parse_request(buffer[:end], limits.max_fields)
        except Malformed as bad:
            self._refuse(bad)
            return
        except Preface:
            self._close()
            return
        incoming = self._incoming = Incoming(self, head)
        rest = buffer[end:]
        self._buffer = b""
        self._deadline = None
        if incoming.body_complete:
            self._buffer = rest
        else:
            self._decoder = body_decoder(head.framing)
            if rest:
                self._feed_body(incoming, rest)
                if self._incoming is not incoming:
                    return
        self._task = self._loop.create_task(self._serve(incoming))

    def _await_head(self, buffer: bytes) -> None:
        """No whole head yet: see that it can still become one."""
        try:
            check_size(buffer, self._server.limits.max_head_bytes)
            if b"\n" in buffer and b"\n" in buffer.replace(b"\r\n", b""):
                raise Malformed("A line ends with a bare line feed.")
        except Malformed as bad:
            self._refuse(bad)
            return
        if buffer and self._deadline is None:
            self._deadline = self._server.now + self._server.limits.head_timeout

    def _feed_body(self, incoming: Incoming, data: bytes) -> None:
        decoder = self._decoder
        assert decoder is not None
        try:
            payload = decoder.feed(data)
        except Malformed as bad:
            self._break(incoming, bad)
            return
        incoming.feed(payload, complete=decoder.done)
        if decoder.done:
            self._buffer = decoder.rest
        if incoming.body_complete:
            self._deadline = None
            return
        self._deadline = self._server.now + self._server.limits.body_timeout
        if incoming.buffered > self._server.limits.read_ahead and not incoming.wanted:
            self._pause()

    def _break(self, incoming: Incoming, bad: Malformed) -> None:
        """The body is malformed in the middle of a request: its handler must not go on."""
        started = incoming.started
        incoming.lose()
        if self._task is not None:
            self._task.cancel()
        self._incoming = None
        if started:
            self.abort()
        else:
            self._refuse(bad)

    async def _serve(self, incoming: Incoming) -> None:
        try:
            await self._server.handler(incoming)
        except Exception:
            log.exception("the handler of %s %s failed", incoming.method, incoming.path)
        finally:
            self._served(incoming)

    def _served(self, incoming: Incoming) -> None:
        if self._incoming is not incoming or self._transport is None:
            return
        if not incoming.started:
            incoming.keep_alive = False
            incoming.respond(500, [(b"content-type", b"text/plain")], b"The server failed.\n")
        elif not incoming.finished:
            self.abort()
            return
        self._task = None
        if not incoming.body_complete:
            self._start_linger()
        elif not incoming.keep_alive or self._server.draining:
            self._close()
        else:
            self._incoming = None
            self._decoder = None
            self._deadline = self._server.now + self._server.limits.keep_alive_timeout
            self._resume()
            if self._buffer:
                self._deadline = self._server.now + self._server.limits.head_timeout
                self._next_request()

    # --- closing

    def _refuse(self, bad: Malformed) -> None:
        """Answer a broken request and close: what follows it cannot be trusted."""
        if self._transport is None:
            return
        body = f"{bad.detail}\n".encode()
        fields = [(b"content-type", b"text/plain"), (b"content-length", b"%d" % len(body)), (b"connection", b"close")]
        self._transport.write(status_line(bad.status) + encode_fields(fields) + b"\r\n" + body)
        self._buffer = b""
        self._start_linger()

    def _start_linger(self) -> None:
        """Close our side, and read on for a moment: closing with unread bytes would reset the reply away (RFC 9112 9.6)."""
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        self._lingering = self._server.limits.linger_bytes
        self._deadline = self._server.now + self._server.limits.linger_timeout
        self._resume()
        if transport.can_write_eof():
            transport.write_eof()
        else:
            transport.close()

    def _linger(self, count: int) -> None:
        self._lingering -= count
        if self._lingering < 0:
            self._lingering = 0
            self._close()

    def _close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        """Close at once, whatever is still to be written."""
        if self._transport is not None:
            self._transport.abort()

    def close_if_idle(self) -> None:
        """The server stops: a connection between two requests goes first."""
        if self._incoming is None and not self._buffer:
            self._close()

    def cancel(self) -> None:
        """The server stops: end the running handler."""
        if self._task is not None:
            self._task.cancel()
        else:
            self._close()

    def check_time(self, now: float) -> None:
        """The server's sweep: close what took too long."""
        if self._deadline is None or now < self._deadline:
            return
        self._deadline = None
        if self._lingering >= 0 or (self._incoming is None and not self._buffer):
            self._close()
        elif self._incoming is None:
            self._refuse(Malformed("The head took too long.", 408))
        elif self._incoming.wanted:
            self._break(self._incoming, Malformed("The body took too long.", 408))

    # --- for Incoming

    @property
    def closing(self) -> bool:
        """Whether the reply being written is the last one on this connection."""
        return self._server.draining

    def date(self) -> bytes:
        """The Date header's value (RFC 9110 section 6.6.1)."""
        return self._server.date

    def write(self, data: bytes) -> None:
        """To the client."""
        if self._transport is not None:
            self._transport.write(data)

    def want_body(self) -> None:
        """The handler waits for more of the body."""
        self._deadline = self._server.now + self._server.limits.body_timeout
        self._resume()

    def detach(self) -> tuple[asyncio.Transport, bytes]:
        """See ``Incoming.detach``."""
        transport = self._transport
        if transport is None:
            raise ConnectionResetError("the client is gone")
        self._server.forget(self)
        self._transport = None
        self._deadline = None
        rest, self._buffer = self._buffer, b""
        self._resume_transport(transport)
        return transport, rest

    def _pause(self) -> None:
        if not self._paused and self._transport is not None:
            self._paused = True
            self._transport.pause_reading()

    def _resume(self) -> None:
        if self._paused and self._transport is not None:
            self._resume_transport(self._transport)

    def _resume_transport(self, transport: asyncio.Transport) -> None:
        if self._paused:
            self._paused = False
            transport.resume_reading()
