"""WebSockets (RFC 6455) on connections taken over from the server: text messages in both directions.

The frames are the library's business (``websockets``, whose core knows no sockets); bytes, time and back-pressure are ours.
What a client sends is held back by pausing to read while messages wait to be taken; what it does not take makes ``full``
true, and breaks the connection if it stays so. Pings are sent and their answers not demanded: many clients read, and so
answer, only while they wait for a reply.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from websockets.datastructures import Headers
from websockets.frames import CloseCode, Frame, Opcode
from websockets.http11 import Request
from websockets.protocol import OPEN, SERVER, Protocol
from websockets.server import ServerProtocol
from websockets.typing import Subprotocol

from plexus.http1.incoming import Incoming

__all__ = ["CloseCode", "SocketLimits", "WebSocket", "accept"]

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class SocketLimits:
    """Bytes and seconds."""

    max_message_bytes: int = 64 * 1024 * 1024
    """Of one message from the client; a longer one ends the connection (1009)."""
    read_ahead: int = 64 * 1024
    """Bytes of messages that wait to be taken; above, reading pauses."""
    write_buffer: int = 256 * 1024
    """Bytes that wait for the client; above, the socket is full."""
    ping_interval: float = 30.0
    """Between two pings, which keep proxies from closing a quiet connection, and find out that a client has vanished."""
    write_timeout: float = 60.0
    """Without any byte taken by the client, while some wait for it; up to a ping interval late."""
    close_timeout: float = 5.0
    """How long the client may take to answer our close."""


DEFAULT_LIMITS: Final = SocketLimits()

SERVERS_OWN: Final = frozenset({"connection", "content-length", "date", "transfer-encoding"})
"""Fields of a refusal that the server writes itself."""


def accept(
    incoming: Incoming, *, subprotocol: str | None = None, limits: SocketLimits = DEFAULT_LIMITS
) -> WebSocket | None:
    """Answer a request for an upgrade. None where it was no proper one; the refusal is answered then, too.

    ``subprotocol`` is named as the one in use. Compression is not offered: it costs more than the few bytes of a delta save.
    """
    frames = logging.Logger("websocket", logging.WARNING)  # noqa: LOG001 - for this one; it tells every close otherwise
    frames.parent = log
    handshake = ServerProtocol(
        select_subprotocol=lambda _protocol, _offered: None if subprotocol is None else Subprotocol(subprotocol),
        logger=frames,
    )
    fields = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in incoming.headers]
    version = "HTTP/1.1" if incoming.http11 else "HTTP/1.0"
    response = handshake.accept(
        Request(incoming.target.decode("latin-1"), Headers(fields), incoming.method.decode("latin-1"), version)
    )
    if response.status_code != 101:
        kept = [
            (name.lower().encode(), value.encode())
            for name, value in response.headers.raw_items()
            if name.lower() not in SERVERS_OWN
        ]
        incoming.respond(response.status_code, [*kept, (b"sec-websocket-version", b"13")], bytes(response.body))
        return None
    transport, early = incoming.detach()
    handshake.send_response(response)
    transport.write(b"".join(handshake.data_to_send()))
    # The handshake's own object would read a request first; what follows one is the business of its base class.
    protocol = Protocol(SERVER, state=OPEN, max_size=limits.max_message_bytes, logger=frames)
    return WebSocket(protocol, transport, early, limits)


class WebSocket(asyncio.Protocol):
    """The server's end of one. Made by ``accept``."""

    __slots__ = (
        "_closed",
        "_fragments",
        "_gone",
        "_held",
        "_limits",
        "_loop",
        "_messages",
        "_paused",
        "_protocol",
        "_since",
        "_stuck",
        "_timer",
        "_transport",
        "_waiter",
        "_writable",
        "full",
    )

    def __init__(self, protocol: Protocol, transport: asyncio.Transport, early: bytes, limits: SocketLimits) -> None:
        self._protocol = protocol
        self._transport = transport
        self._limits = limits
        self._loop = loop = asyncio.get_running_loop()
        self._messages: deque[bytes] = deque()
        self._held = 0
        self._fragments: list[bytes] = []
        self._paused = False
        self._waiter: asyncio.Future[None] | None = None
        self._closed: asyncio.Future[None] = loop.create_future()
        self._gone: Callable[[], None] | None = None
        self._writable: dict[object, Callable[[], None]] = {}
        self._stuck = 0  # bytes in the write buffer at ``_since``
        self._since = loop.time()
        self.full = False
        transport.set_write_buffer_limits(limits.write_buffer)
        transport.set_protocol(self)
        self._timer = loop.call_later(limits.ping_interval, self._tick)
        if early:
            self.data_received(early)

    # The transport's callbacks

    def data_received(self, data: bytes) -> None:
        """See asyncio."""
        self._protocol.receive_data(data)
        for event in self._protocol.events_received():
            if isinstance(event, Frame):
                self._take(event)
        self._flush()

    def eof_received(self) -> bool:
        """See asyncio: False lets the transport close."""
        self._protocol.receive_eof()
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """See asyncio."""
        self._timer.cancel()
        self._writable.clear()
        self._protocol.receive_eof()
        if not self._closed.done():
            self._closed.set_result(None)
        self._wake()
        gone, self._gone = self._gone, None
        if gone is not None:
            gone()

    def pause_writing(self) -> None:
        """See asyncio."""
        self.full = True

    def resume_writing(self) -> None:
        """See asyncio."""
        self.full = False
        waiting = list(self._writable.values())
        self._writable.clear()
        for callback in waiting:
            callback()

    def _take(self, frame: Frame) -> None:
        if frame.opcode is Opcode.BINARY:
            self._protocol.fail(CloseCode.UNSUPPORTED_DATA, "text messages only")
        elif frame.opcode is Opcode.TEXT or frame.opcode is Opcode.CONT:
            self._fragments.append(bytes(frame.data))
            if frame.fin:
                message = b"".join(self._fragments)
                self._fragments.clear()
                self._deliver(message)

    def _deliver(self, message: bytes) -> None:
        try:
            message.decode()
        except UnicodeDecodeError:
            self._protocol.fail(CloseCode.INVALID_DATA, "a text message is UTF-8")
            return
        self._messages.append(message)
        self._held += len(message)
        if self._held > self._limits.read_ahead and not self._paused:
            self._paused = True
            self._transport.pause_reading()
        self._wake()

    def _flush(self) -> None:
        writes = self._protocol.data_to_send()
        if writes and not self._transport.is_closing():
            self._transport.write(b"".join(writes))
            if not writes[-1]:  # the library's sign for the end
                self._transport.close()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    # For the handler

    @property
    def open(self) -> bool:
        """Messages can be sent: neither side has closed."""
        return self._protocol.state is OPEN and not self._transport.is_closing()

    @property
    def lost(self) -> bool:
        """There is nobody any more: the client closed, or the connection broke."""
        return self._closed.done() or self._protocol.close_rcvd is not None

    async def receive(self) -> bytes | None:
        """The next text message, in UTF-8; None when one side has closed. What came before a close of ours still comes."""
        if self.lost:
            return None
        while not self._messages:
            if not self.open:
                return None
            self._waiter = self._loop.create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        message = self._messages.popleft()
        self._held -= len(message)
        if self._paused and not self._messages:
            self._paused = False
            self._transport.resume_reading()
        return message

    def send(self, messages: Iterable[bytes]) -> None:
        """Text messages, in one write. Never blocks; watch ``full``. What is sent after a close is dropped."""
        if not self.open:
            return
        for message in messages:
            self._protocol.send_text(message)
        self._flush()

    def when_writable(self, owner: object, callback: Callable[[], None] | None) -> None:
        """Call ``owner`` back once when ``full`` ends; None forgets. Never called when the client goes away."""
        if callback is None:
            self._writable.pop(owner, None)
        else:
            self._writable[owner] = callback

    def when_lost(self, callback: Callable[[], None] | None) -> None:
        """Call back once when the connection is over, whoever ended it; None forgets."""
        self._gone = callback

    def close(self, code: int, reason: str = "") -> None:
        """Say goodbye; the connection ends with the client's answer, or after ``close_timeout``."""
        if self._protocol.state is OPEN:
            self._protocol.send_close(code, reason)
            self._flush()
            self._timer.cancel()
            self._timer = self._loop.call_later(self._limits.close_timeout, self._transport.abort)
        self._wake()
        if self._paused:  # its answer has to be read
            self._paused = False
            self._transport.resume_reading()

    def abort(self) -> None:
        """Break the connection, whatever waits to be sent."""
        self._transport.abort()

    async def wait_closed(self) -> None:
        """Until the connection is over."""
        await asyncio.shield(self._closed)

    def _tick(self) -> None:
        now, unsent = self._loop.time(), self._transport.get_write_buffer_size()
        if unsent == 0 or unsent != self._stuck:
            self._stuck, self._since = unsent, now
        elif now - self._since >= self._limits.write_timeout:
            self._transport.abort()
            return
        if self._protocol.state is OPEN and not self.full:
            self._protocol.send_ping(b"")
            self._flush()
            self._stuck = self._transport.get_write_buffer_size()
        self._timer = self._loop.call_later(self._limits.ping_interval, self._tick)
