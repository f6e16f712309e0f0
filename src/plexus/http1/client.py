"""A connection to a server: writes one request after another, cuts what comes back into replies.

The reply goes to a ``Listener`` by callbacks, so that no task wakes up for it. What is doubtful about a reply's framing is
refused and the connection closed: a client that repairs it hands one caller's reply to the next (RFC 9112 section 11.1).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final, Protocol, cast

from plexus.http1.body import BodyDecoder, BodyIncomplete, body_decoder
from plexus.http1.head import END, UNTIL_CLOSE, Malformed, ReplyHead, check_incomplete, parse_reply

JOIN_BELOW: Final = 64 * 1024
"""Bytes of a body up to which copying it behind its head is cheaper than a second buffer for the kernel."""

MAX_INTERIM: Final = 32
"""Interim replies (1xx) in front of one reply. Servers send one or two; endless ones would keep a caller waiting."""


class ConnectionLost(Exception):
    """The connection ended before a reply's head was complete.

    ``answered``: some byte of an answer had come, so that the server did take the request up. ``reason`` says how it ended.
    """

    def __init__(self, reason: str, *, answered: bool) -> None:
        super().__init__(reason)
        self.answered = answered
        self.reason = reason


class Listener(Protocol):
    """Takes one reply: ``head`` once, ``data`` any number of times, then ``end`` or ``failed``.

    ``failed`` may come at any time, also instead of ``head``. Each may call the connection back, also to abort it; nothing
    is called after ``abort``.
    """

    def head(self, head: ReplyHead) -> None:
        """The head of the final reply. Interim replies (1xx) are skipped."""

    def data(self, chunk: bytes) -> None:
        """More of the body, never empty."""

    def end(self) -> None:
        """The body is complete. ``ClientConnection.idle`` now says whether the connection can be used again."""

    def failed(self, failure: Exception) -> None:
        """ConnectionLost before the head, BodyIncomplete behind it, Malformed anywhere. The connection is closed.

        Where the transport gave an error, that is the failure's ``__cause__``.
        """


class Phase:
    """Where a connection stands. Plain numbers: an enum's members cost 40 ns each time (CPython 3.11)."""

    IDLE: Final = 0
    """No request is under way."""
    HEAD: Final = 1
    """A request is out, its reply's head is not complete."""
    BODY: Final = 2
    """The reply's body is coming."""
    CLOSED: Final = 3
    """Closed, or about to be."""


class ClientConnection(asyncio.Protocol):
    """See the module. ``on_lost`` is called once, when the socket is closed, before the listener hears of it."""

    __slots__ = (
        "_buffer",
        "_decoder",
        "_ends_by_close",
        "_head",
        "_interim",
        "_listener",
        "_max_fields",
        "_max_head",
        "_method",
        "_on_lost",
        "_paused",
        "_phase",
        "_saw_eof",
        "_transport",
        "idle_since",
    )

    def __init__(
        self,
        on_lost: Callable[[ClientConnection], None] | None = None,
        *,
        max_head_bytes: int = 64 * 1024,
        max_fields: int = 200,
    ) -> None:
        self._on_lost = on_lost
        self._max_head = max_head_bytes
        self._max_fields = max_fields
        self._transport: asyncio.Transport | None = None
        self._listener: Listener | None = None
        self._phase: int = Phase.IDLE
        self._method = b""
        self._buffer = b""  # a part of a head
        self._interim = 0  # interim replies so far
        self._head: ReplyHead | None = None
        self._decoder: BodyDecoder | None = None
        self._ends_by_close = False
        self._paused = False
        self._saw_eof = False
        self.idle_since = 0.0
        """For the owner: when the connection was put aside."""

    # For the owner

    @property
    def idle(self) -> bool:
        """Open, with no request under way: another one can be sent."""
        return self._phase == Phase.IDLE and self._transport is not None and not self._transport.is_closing()

    @property
    def lost(self) -> bool:
        """The socket is closed, and ``on_lost`` has been called."""
        return self._transport is None and self._phase == Phase.CLOSED

    @property
    def unsent(self) -> int:
        """Bytes of the request that the kernel has not taken."""
        return 0 if self._transport is None else self._transport.get_write_buffer_size()

    def send(self, listener: Listener, method: bytes, head: bytes, body: bytes) -> None:
        """Write a request. ``head`` is complete, from its first byte up to and with its empty line.

        Only on an idle connection. What becomes of it, ``listener`` is told, never before this returns.
        """
        transport = self._transport
        if transport is None or self._phase != Phase.IDLE:
            raise RuntimeError("the connection is not idle")
        self._listener = listener
        self._method = method
        self._phase = Phase.HEAD
        self._interim = 0
        if len(body) < JOIN_BELOW:
            transport.write(head + body)
        else:
            transport.writelines((head, body))

    def pause(self) -> None:
        """Stop reading. Nothing but what already is in memory comes to the listener until ``resume``."""
        transport = self._transport
        if not self._paused and transport is not None and not transport.is_closing():
            self._paused = True
            transport.pause_reading()

    def resume(self) -> None:
        """Read on."""
        transport = self._transport
        if self._paused and transport is not None and not transport.is_closing():
            self._paused = False
            transport.resume_reading()

    def abort(self) -> None:
        """Close at once. The listener hears no more."""
        self._listener = None
        self._shut()

    def drop(self) -> None:
        """Close at once. The listener, if there is one, hears that the connection is lost."""
        if self._transport is not None:
            self._transport.abort()

    # The transport's callbacks

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See asyncio."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """See asyncio."""
        phase = self._phase
        if phase == Phase.HEAD:
            try:
                self._take_head(data)
            except Malformed as malformed:
                self._fail(malformed)
        elif phase == Phase.BODY:
            self._take_body(data)
        elif phase == Phase.IDLE:  # nobody asked: a 408 before closing, or a second reply to the last request
            self._shut()

    def eof_received(self) -> bool:
        """See asyncio: False lets the transport close."""
        self._saw_eof = True
        if self._phase == Phase.IDLE:  # so that nobody sends on it until it is closed
            self._phase = Phase.CLOSED
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """See asyncio."""
        phase, self._phase = self._phase, Phase.CLOSED
        self._transport = None
        listener, self._listener = self._listener, None
        if self._on_lost is not None:
            self._on_lost(self)
        if listener is None:
            return
        if phase == Phase.BODY:
            if self._ends_by_close and exc is None and self._saw_eof:
                listener.end()
            else:
                listener.failed(_because(exc, BodyIncomplete(_how(exc))))
        elif phase == Phase.HEAD:
            answered = self._interim > 0 or self._buffer != b""
            listener.failed(_because(exc, ConnectionLost(_how(exc), answered=answered)))

    # Replies

    def _take_head(self, data: bytes) -> None:
        """Raises Malformed."""
        searched = len(self._buffer)
        if searched:
            data = self._buffer + data
            self._buffer = b""
        while True:
            end = data.find(END, searched - 3 if searched > 3 else 0, self._max_head)
            if end < 0:
                check_incomplete(data, self._max_head)
                self._buffer = data
                return
            end += 4
            head = parse_reply(data[:end], self._method, self._max_fields)
            data = data[end:]
            if head.status >= 200:
                break
            searched = 0
            self._skip_interim(head)
            if not data:
                return
        self._begin(head, data)

    def _skip_interim(self, head: ReplyHead) -> None:
        """RFC 9110 section 15.2: a client must be able to parse interim replies that it did not ask for."""
        if head.status == 101:
            raise Malformed("The server switched protocols without being asked.")
        self._interim += 1
        if self._interim > MAX_INTERIM:
            raise Malformed("There are too many interim replies.")

    def _begin(self, head: ReplyHead, data: bytes) -> None:
        listener = self._listener
        assert listener is not None
        framing = head.framing
        self._head = head
        if 0 <= framing <= len(data):  # all of it has come
            self._phase = Phase.BODY
            self._decoder = None
            listener.head(head)
            if framing and self._listener is listener:
                listener.data(data if framing == len(data) else data[:framing])
            if self._listener is listener:
                self._finish(head, extra=framing < len(data))
            return
        self._phase = Phase.BODY
        self._ends_by_close = framing == UNTIL_CLOSE
        self._decoder = body_decoder(framing)
        listener.head(head)
        if data and self._listener is listener:
            self._take_body(data)

    def _take_body(self, data: bytes) -> None:
        listener, decoder, head = self._listener, self._decoder, self._head
        if listener is None or decoder is None or head is None:
            return
        try:
            piece = decoder.feed(data)
        except Malformed as malformed:
            self._fail(malformed)
            return
        if piece:
            listener.data(piece)
        if decoder.done and self._listener is listener:
            self._decoder = None
            self._finish(head, extra=decoder.rest != b"")

    def _finish(self, head: ReplyHead, *, extra: bool) -> None:
        """The reply is complete. The connection lives on if both sides want it to, and nothing is out of step.

        It does not when bytes follow the reply, or when a part of the request is still unsent (an early refusal).
        """
        listener, self._listener = self._listener, None
        if extra or not head.keep_alive or self._saw_eof or self.unsent:
            self._shut()
        else:
            self._phase = Phase.IDLE
            self.resume()
        if listener is not None:
            listener.end()

    def _fail(self, malformed: Malformed) -> None:
        listener, self._listener = self._listener, None
        self._shut()
        if listener is not None:
            listener.failed(malformed)

    def _shut(self) -> None:
        self._phase = Phase.CLOSED
        self._buffer = b""
        self._decoder = None
        if self._transport is not None:
            self._transport.abort()


def _because(cause: Exception | None, failure: Exception) -> Exception:
    failure.__cause__ = cause
    return failure


def _how(exc: Exception | None) -> str:
    return "closed by the server" if exc is None else f"{type(exc).__name__}: {exc}"
