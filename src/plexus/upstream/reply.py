"""A provider's answer: what has come of it, and who is waiting for it."""

from __future__ import annotations

import asyncio
from typing import Final, Protocol

from plexus.canonical.errors import ErrorKind, GatewayError, TransportError
from plexus.canonical.headers import Headers
from plexus.http1.body import BodyIncomplete
from plexus.http1.client import ClientConnection
from plexus.http1.head import ReplyHead, split_fields
from plexus.upstream import errors
from plexus.upstream.decoding import Decompressor, Undecodable
from plexus.upstream.pool import Pool
from plexus.upstream.request import UpstreamRequest
from plexus.upstream.timeouts import Deadlines, Watched

READ_AHEAD: Final = 64 * 1024
"""Bytes of a body that are held before somebody takes them; then reading pauses."""
WHOLE_AHEAD: Final = 1024 * 1024
"""The same for a call that wants its body whole; of a longer one ``body`` reads the rest, within its limit."""
SENDING: Final = 0.25
"""Seconds between two looks at whether a long request is out, from when on the limit for the head counts."""
SENT_AT_ONCE: Final = 64 * 1024
"""Bytes of a body that are taken to be out at once: the kernel's buffer holds them."""


class Receiver(Protocol):
    """Takes a body by callbacks (the port of the same name in ``exchange``)."""

    def data(self, chunk: bytes) -> None:
        """Bytes of the body."""

    def end(self) -> None:
        """The body is complete by its framing."""

    def failed(self, error: TransportError) -> None:
        """The body is cut or damaged."""


class UpstreamReply:
    """One answer. A ``Listener`` of its connection, which it gives back when the body is complete.

    At most one of ``body``, ``chunk`` and ``relay`` waits at a time. ``headers`` are as they came: a body that came
    compressed is decoded, and Content-Encoding and Content-Length still describe what came.
    """

    __slots__ = (
        "_connection",
        "_deadlines",
        "_decompressor",
        "_failure",
        "_framing",
        "_held",
        "_pieces",
        "_pool",
        "_receiver",
        "_room",
        "_timeout",
        "_unsent",
        "_wait_for",
        "_waiter",
        "due",
        "ended",
        "headers",
        "reused",
        "status",
    )

    def __init__(self, pool: Pool, deadlines: Deadlines, *, reused: bool) -> None:
        self.status = 0
        """The HTTP status; 0 before the head."""
        self.headers = Headers()
        self.reused = reused
        """The connection had carried another call before."""
        self.ended = False
        """The body is complete by its framing."""
        self.due: set[Watched] | None = None
        self._pool = pool
        self._deadlines = deadlines
        self._connection: ClientConnection | None = None
        self._framing = 0
        self._decompressor: Decompressor | None = None
        self._pieces: list[bytes] = []
        self._held = 0  # bytes in ``_pieces``
        self._room = READ_AHEAD  # bytes that may be held
        self._failure: GatewayError | None = None
        self._receiver: Receiver | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._wait_for = HEAD
        self._timeout = 0.0
        self._unsent = 0

    # For UpstreamClient

    async def fetch(self, connection: ClientConnection, request: UpstreamRequest, head: bytes, *, whole: bool) -> None:
        """Send, and wait for the head; with ``whole``, also for the body, as far as it is no longer than ``WHOLE_AHEAD``.

        Raises what went wrong before the head. What goes wrong behind it is raised when the body is taken, so that the
        status is known. Being cancelled closes the connection.
        """
        self._connection = connection
        if whole:
            self._wait_for, self._room = END, WHOLE_AHEAD
        connection.send(self, request.method, head, request.body)
        if request.first_byte_timeout is not None:
            self._watch(request.first_byte_timeout, len(request.body))
        await self._wait()
        if self.status == 0 and self._failure is not None:
            raise self._failure

    def _watch(self, timeout: float, size: int) -> None:
        self._timeout = timeout
        if size > SENT_AT_ONCE:
            self._unsent = size
            self._deadlines.watch(self, min(SENDING, timeout))
        else:
            self._deadlines.watch(self, timeout)

    def overdue(self) -> float | None:
        """For Deadlines: the head is late, or it is time to look whether the request is out at last."""
        connection = self._connection
        if connection is None:
            return None
        if self._unsent:
            was, self._unsent = self._unsent, connection.unsent
            if self._unsent == 0:
                return self._timeout
            if self._unsent != was:
                return min(SENDING, self._timeout)
        self._break(errors.silent(self._timeout, self._pool.origin))
        return None

    # The body

    async def body(self, limit: int) -> bytes:
        """The rest of the body, decompressed.

        Raises TransportError when it is cut or damaged, ProviderError(UPSTREAM_MALFORMED) beyond ``limit`` bytes.
        """
        if self._framing > limit and self._decompressor is None:
            self._refuse_size(limit)
        self._room = limit
        while not self.ended and self._failure is None and self._held <= limit:
            self._wait_for = END
            self.resume()
            await self._wait()
        if self._held > limit:
            self._refuse_size(limit)
        if self._failure is not None:
            raise self._failure
        return self._take()

    async def chunk(self) -> bytes:
        """What has come since the last call, or the next bytes; b"" at the proper end. Raises as ``body`` does."""
        while not self._pieces:
            if self._failure is not None:
                raise self._failure
            if self.ended:
                return b""
            self._wait_for = DATA
            self.resume()
            await self._wait()
        self._room = READ_AHEAD
        data = self._take()
        self.resume()
        return data

    def relay(self, receiver: Receiver) -> None:
        """From now on by callbacks, beginning with what has already come (at once, before this returns)."""
        self._receiver = receiver
        if self._pieces:
            self.resume()
            receiver.data(self._take())
        else:
            self.resume()
        if self._receiver is receiver:
            if self.ended:
                receiver.end()
            elif self._failure is not None:
                self._tell(receiver, self._failure)

    def pause(self) -> None:
        """Stop reading from the provider."""
        if self._connection is not None:
            self._connection.pause()

    def resume(self) -> None:
        """Read on."""
        if self._connection is not None:
            self._connection.resume()

    def cancel(self) -> None:
        """Close the connection; nothing after a complete body. The receiver hears no more."""
        self._receiver = None
        if not self.ended and self._failure is None:
            self._break(TransportError(ErrorKind.UPSTREAM_CUT, "The provider's answer was given up."))

    # The connection's callbacks

    def head(self, head: ReplyHead) -> None:
        """See Listener."""
        self._deadlines.release(self)
        self.status = head.status
        self._framing = head.framing
        self.headers = headers = Headers(split_fields(head.block))
        if b"content-encoding:" in head.block.lower() and head.framing:
            self._decompress((headers.text(b"content-encoding") or "").lower())
        if self._wait_for == HEAD:
            self._wake()

    def data(self, chunk: bytes) -> None:
        """See Listener."""
        if self._decompressor is None:
            self._add(chunk)
            return
        try:
            for piece in self._decompressor.feed(chunk):
                self._add(piece)
                if self._connection is None:
                    return
        except Undecodable as damaged:
            self._break(errors.in_body(damaged, self._pool.origin, self.status))

    def end(self) -> None:
        """See Listener."""
        connection, self._connection = self._connection, None
        if connection is not None:
            self._pool.give(connection)
        if self._decompressor is not None and not self._decompressor.complete:
            self._break(errors.in_body(BodyIncomplete("the compressed data is cut"), self._pool.origin, self.status))
            return
        self.ended = True
        if self._receiver is not None:
            self._receiver.end()
        else:
            self._wake()

    def failed(self, failure: Exception) -> None:
        """See Listener."""
        self._connection = None
        origin = self._pool.origin
        if self.status == 0:
            self._break(errors.before_head(failure, origin, reused=self.reused))
        else:
            self._break(errors.in_body(failure, origin, self.status))

    # Inside

    def _decompress(self, coding: str) -> None:
        if coding in ("identity", ""):
            return
        try:
            self._decompressor = Decompressor(coding)
        except Undecodable as unknown:
            self._break(errors.in_body(unknown, self._pool.origin, self.status))

    def _add(self, chunk: bytes) -> None:
        receiver = self._receiver
        if receiver is not None:
            receiver.data(chunk)
            return
        self._pieces.append(chunk)
        self._held += len(chunk)
        if self._held > self._room:
            self.pause()
            self._wake()
        elif self._wait_for == DATA:
            self._wake()

    def _take(self) -> bytes:
        pieces = self._pieces
        data = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        self._pieces = []
        self._held = 0
        return data

    async def _wait(self) -> None:
        waiter = self._waiter = asyncio.get_running_loop().create_future()
        try:
            await waiter
        except BaseException:
            self.cancel()
            raise

    def _wake(self) -> None:
        waiter = self._waiter
        if waiter is not None and not waiter.done():
            waiter.set_result(None)

    def _break(self, failure: GatewayError) -> None:
        """Nothing more will come."""
        self._deadlines.release(self)
        self._failure = failure
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.abort()
        receiver = self._receiver
        if receiver is not None:
            self._tell(receiver, failure)
        else:
            self._wake()

    def _tell(self, receiver: Receiver, failure: GatewayError) -> None:
        self._receiver = None
        assert isinstance(failure, TransportError)  # ProviderErrors come before the head, or from ``body``
        receiver.failed(failure)

    def _refuse_size(self, limit: int) -> None:
        self.cancel()
        raise errors.too_large(limit, self._pool.origin, self.status)


HEAD: Final = 0
DATA: Final = 1
END: Final = 2
"""What a waiter waits for; each also wakes up at the end, at a failure, and when more is held than there is room for."""
