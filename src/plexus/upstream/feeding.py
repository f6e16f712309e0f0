"""Bodies in pieces: each goes up when the provider has taken most of those before it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import aclosing

from plexus.canonical.errors import ErrorKind, GatewayError
from plexus.http1.body import LAST_CHUNK
from plexus.http1.client import ClientConnection
from plexus.upstream.reply import UpstreamReply
from plexus.upstream.request import BodySource

log = logging.getLogger(__name__)


class Feeder:
    """Writes one request's body beside the wait for its reply, since a provider may answer before it has all of it.

    ``release`` is the connection's; it is called through the feeder's own, which stops the feeding.
    """

    def __init__(self, source: BodySource, connection: ClientConnection, release: Callable[[], None]) -> None:
        self._source = source
        self._connection = connection
        self._release = release
        self._task: asyncio.Task[None] | None = None

    def start(self, method: bytes, head: bytes, reply: UpstreamReply, written: Callable[[], None]) -> None:
        """Send ``head``, then the body; ``written`` is called behind its last byte. What the source raises, ``reply``
        fails with."""
        self._task = asyncio.get_running_loop().create_task(self._feed(reply, written))
        self._connection.send(method, head, reply, more=True)  # behind it: a dead connection fails the reply at once

    def release(self) -> None:
        """The reply is over, one way or the other."""
        if self._task is not None:
            self._task.cancel()
        self._release()

    async def _feed(self, reply: UpstreamReply, written: Callable[[], None]) -> None:
        connection, chunked = self._connection, self._source.length is None
        try:
            async with aclosing(self._source.pieces()) as pieces:
                async for piece in pieces:
                    if chunked:
                        connection.write(b"%x\r\n" % len(piece), piece, b"\r\n")
                    else:
                        connection.write(piece)
                    if connection.full:
                        await connection.drained()
            if chunked:
                connection.write(LAST_CHUNK)
            connection.end_body()
            written()
        except GatewayError as error:
            reply.give_up(error)
        except Exception:
            log.exception("a request's body failed by our own defect")
            reply.give_up(GatewayError(ErrorKind.INTERNAL, "The gateway failed."))
