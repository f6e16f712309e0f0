"""A provider's answer: it listens to its connection, and is read by awaiting or by callbacks."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol

from plexus.canonical.errors import ErrorKind, GatewayError, ProviderError, TransportError
from plexus.canonical.headers import Field, Headers
from plexus.domain.provider import Origin
from plexus.http1.client import ClientConnection, Lost
from plexus.upstream.decoding import BodyDecoding, decoding
from plexus.upstream.failures import lost_error
from plexus.upstream.request import MAX_REPLY

READ_AHEAD = 256 * 1024
"""Bytes that may wait for a reader before reading from the provider pauses."""


def too_large(limit: int) -> ProviderError:
    """A reply of more than ``limit`` bytes."""
    return ProviderError(ErrorKind.UPSTREAM_MALFORMED, f"The provider's reply is larger than {limit:,} bytes.")


class Receiver(Protocol):
    """Takes the body by callbacks (``exchange.ports.Receiver``)."""

    def data(self, chunk: bytes) -> None:
        """Bytes of the body."""

    def end(self) -> None:
        """It is complete."""

    def failed(self, error: TransportError) -> None:
        """It was cut."""


class _Nobody:
    """Takes the rest of a body that nobody wants."""

    def data(self, chunk: bytes) -> None: ...
    def end(self) -> None: ...
    def failed(self, error: TransportError) -> None: ...


_NOBODY: Receiver = _Nobody()


class UpstreamReply:
    """See ``exchange.ports.Reply``. ``release`` is called once, when the connection is free or lost."""

    __slots__ = (
        "_chunks", "_connection", "_decoding", "_failure", "_keeps_coding", "_limit", "_origin", "_receiver", "_release",
        "_size", "_waiter", "_whole", "complete", "head_seen", "headers", "reused", "status",
    )  # fmt: skip

    def __init__(
        self,
        origin: Origin,
        connection: ClientConnection,
        release: Callable[[], None],
        *,
        whole: bool,
        limit: int = MAX_REPLY,
        keeps_coding: bool = False,
    ) -> None:
        """``limit``: bytes of a body, decompressed, that may wait here. A stream that nobody reads is paused long before.
        ``keeps_coding``: a compressed body is not touched."""
        self.status = 0
        self.headers = Headers()
        self.reused = connection.requests > 0
        self.head_seen = False
        self.complete = False
        self._origin = origin
        self._limit = limit
        self._connection = connection
        self._release = release
        self._whole = whole
        self._chunks: list[bytes] = []
        self._size = 0
        self._failure: GatewayError | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._receiver: Receiver | None = None
        self._keeps_coding = keeps_coding
        self._decoding: BodyDecoding | None = None

    # --- Listener

    def on_head(self, status: int, fields: list[Field]) -> None:
        """The head."""
        self.status = status
        self.headers = Headers(fields)
        self.head_seen = True
        if not self._keeps_coding:
            self._decoding = decoding(self.headers)
        if not self._whole:
            self._wake()

    def on_data(self, data: bytes) -> None:
        """More of the body."""
        if self._decoding is not None:
            try:
                data = self._decoding.feed(data)
            except ValueError:
                self._fail(ProviderError(ErrorKind.UPSTREAM_MALFORMED, "The provider's compressed reply is damaged."))
                return
            if not data:
                return
        receiver = self._receiver
        if receiver is not None:
            receiver.data(data)
            return
        self._chunks.append(data)
        self._size += len(data)
        if self._size > self._limit:
            self._chunks = []
            self._fail(too_large(self._limit))
            return
        if not self._whole:
            if self._size > READ_AHEAD:
                self._connection.pause()
            self._wake()

    def on_end(self) -> None:
        """The body is complete."""
        self.complete = True
        self._release()
        if self._receiver is not None:
            self._receiver.end()
        else:
            self._wake()

    def on_lost(self, how: Lost, detail: str) -> None:
        """The connection failed."""
        reused = self.reused and not self._connection.anything
        self._fail(lost_error(how, detail, self._origin, reused=reused))

    def _fail(self, error: GatewayError) -> None:
        self._failure = error
        self._connection.abort()
        self._release()
        if self._receiver is not None and isinstance(error, TransportError):
            self._receiver.failed(error)
        elif self._receiver is not None:
            self._receiver.failed(TransportError(error.kind, error.message))
        else:
            self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    # --- for the reader

    async def wait(self) -> None:
        """Until something has happened. Raises what failed."""
        if self._failure is None and not self.complete:
            self._waiter = asyncio.get_running_loop().create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None

    async def head(self) -> None:
        """Until the head is in (with ``whole``: the body, too). Raises TransportError."""
        while not (self.complete if self._whole else self.head_seen or self.complete):
            if self._failure is not None:
                raise self._failure
            await self.wait()
        if self._failure is not None and not self.head_seen:
            raise self._failure

    def give_up(self, error: GatewayError) -> None:
        """A time limit has passed, or the request's own body cannot be had: fail as ``error``."""
        if not self.complete and self._failure is None:
            self._fail(error)

    async def body(self, limit: int) -> bytes:
        """The rest of the body. Raises TransportError when it is cut, ProviderError beyond ``limit`` bytes."""
        self._whole = True
        self._connection.resume()
        while not self.complete and self._failure is None and self._size <= limit:
            await self.wait()
        if self._size > limit:
            self.cancel()
            raise too_large(limit)
        if self._failure is not None:
            raise self._failure
        chunks, self._chunks = self._chunks, []
        return chunks[0] if len(chunks) == 1 else b"".join(chunks)

    async def chunk(self) -> bytes:
        """The next bytes; b"" at the proper end. Raises TransportError when it is cut."""
        while not self._chunks:
            if self._failure is not None:
                raise self._failure
            if self.complete:
                return b""
            await self.wait()
        return self._take()

    def _take(self) -> bytes:
        chunks, self._chunks = self._chunks, []
        self._size = 0
        self._connection.resume()
        return chunks[0] if len(chunks) == 1 else b"".join(chunks)

    def relay(self, receiver: Receiver) -> None:
        """From now on by callbacks, beginning at once with what has already come."""
        self._receiver = receiver
        if self._chunks:
            receiver.data(self._take())
        if self._receiver is not receiver:
            return  # that was all it wanted
        if self._failure is not None:
            receiver.failed(TransportError(self._failure.kind, self._failure.message, hint=self._failure.hint))
        elif self.complete:
            receiver.end()
        else:
            self._connection.resume()

    def pause(self) -> None:
        """Stop reading from the provider."""
        if not self.complete:
            self._connection.pause()

    def resume(self) -> None:
        """Read on."""
        if not self.complete:
            self._connection.resume()

    def linger(self, seconds: float) -> None:
        """Nobody wants the rest: drop it as it comes, and the connection unless it ends properly within ``seconds``."""
        if self.complete or self._failure is not None:
            return
        self._receiver = _NOBODY
        self._connection.resume()
        asyncio.get_running_loop().call_later(seconds, self.cancel)

    def cancel(self) -> None:
        """Drop the connection; nothing after a complete body."""
        if not self.complete and self._failure is None:
            self._failure = TransportError(ErrorKind.CLIENT_GONE, "The call was cancelled.")
            self._connection.abort()
            self._release()
