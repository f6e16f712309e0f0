"""Calls to providers over pooled HTTP/1.1 connections."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from plexus.canonical.errors import ErrorKind, TransportError
from plexus.domain.provider import Origin
from plexus.http1.client import ClientConnection, ConnectionLost
from plexus.upstream import errors
from plexus.upstream.dial import dial
from plexus.upstream.encode import HeadEncoder
from plexus.upstream.pool import Pool, PoolLimits, PoolStats
from plexus.upstream.proxy import Proxies
from plexus.upstream.reply import UpstreamReply
from plexus.upstream.request import UpstreamRequest
from plexus.upstream.timeouts import Deadlines
from plexus.upstream.tls import TlsContexts

NO_ENVIRONMENT: Final[Mapping[str, str]] = MappingProxyType({})


class UpstreamClient:
    """Sends calls. One for a process, or a test; it needs a running loop only when it is used.

    ``environ`` is where proxies are read from (HTTP_PROXY, HTTPS_PROXY, ALL_PROXY, NO_PROXY); raises ValueError for a proxy
    that cannot be used.
    """

    def __init__(self, environ: Mapping[str, str] = NO_ENVIRONMENT, limits: PoolLimits | None = None) -> None:
        self._proxies = Proxies(environ)
        self._limits = limits or PoolLimits()
        self._contexts = TlsContexts()
        self._deadlines = Deadlines()
        self._pools: dict[Origin, tuple[Pool, HeadEncoder]] = {}
        self._sweep: asyncio.TimerHandle | None = None
        self._closed = False

    async def send(self, request: UpstreamRequest, *, whole: bool) -> UpstreamReply:
        """Send, and return when the head is in; with ``whole``, when the body is in too (one wake-up; of a body beyond 1 MiB
        the rest is read by ``UpstreamReply.body``).

        Raises TransportError (DNS_FAILED, CONNECT_FAILED, CONNECT_TIMEOUT, TLS_FAILED, RESET, FIRST_BYTE_TIMEOUT;
        UNAVAILABLE without a free connection; SHUTTING_DOWN), ProviderError(UPSTREAM_MALFORMED). A body that is cut or
        damaged is raised when it is taken. Cancelling the task closes the connection at once.

        A reused connection that the provider closes before any byte of the answer (it was about to, when we sent) is
        replaced by a fresh one, once and at once: nothing was answered, and RFC 9112 section 9.3.1 expects it of clients.
        """
        head, again = b"", False
        while True:
            pool, encoder = self._pools.get(request.origin) or self._add_pool(request.origin)
            if not again:
                head = _write_head(encoder, request)
            connection = None if again else pool.take()
            reused = connection is not None
            if connection is None:
                connection, reused = await self._open(pool, request.connect_timeout)
            reply = UpstreamReply(pool, self._deadlines, reused=reused)
            try:
                await reply.fetch(connection, request, head, whole=whole)
            except TransportError as failure:
                if failure.kind is not ErrorKind.RESET_REUSED:
                    raise
                if again:  # the other one had just been given up by another call, since no more may be open
                    failure.kind = ErrorKind.RESET
                    raise
                again = True
            else:
                return reply

    async def _open(self, pool: Pool, timeout: float) -> tuple[ClientConnection, bool]:  # noqa: ASYNC109 - see ``dial``
        """A fresh connection; or (then True) one that another call has just given up, when no more may be open."""
        self._check_open()
        while (free := await pool.slot()) is not None:
            if free.idle:
                return free, True
        try:
            connection = await dial(
                pool.origin, pool.proxy, self._contexts, lambda: ClientConnection(pool.lost), timeout
            )
        except BaseException:
            pool.unopened()
            raise
        pool.opened(connection)
        if self._closed:
            connection.abort()
        self._check_open()
        if not connection.idle:
            gone = ConnectionLost("closed as soon as it was open", answered=False)
            raise errors.before_head(gone, pool.origin, reused=False)
        return connection, False

    def _check_open(self) -> None:
        if self._closed:
            raise errors.closed()

    def _add_pool(self, origin: Origin) -> tuple[Pool, HeadEncoder]:
        self._check_open()
        proxy = self._proxies.choose(origin)
        try:
            encoder = HeadEncoder(origin, proxy)
        except UnicodeError as unwritable:
            raise errors.dialling(ErrorKind.DNS_FAILED, origin, unwritable) from None
        pool = Pool(origin, proxy, self._limits, asyncio.get_running_loop().time())
        self._pools[origin] = (pool, encoder)
        if self._sweep is None:
            self._arm()
        return pool, encoder

    def _arm(self) -> None:
        every = self._limits.idle_seconds / 20
        self._sweep = asyncio.get_running_loop().call_later(every, self._tick)

    def _tick(self) -> None:
        self._sweep = None
        self.prune()
        if self._pools:
            self._arm()

    def prune(self, now: float | None = None) -> None:
        """Close what has been idle too long at ``now`` (the loop's time), and forget origins without connections.

        Done by a timer, every twentieth of the idle limit.
        """
        if now is None:
            now = asyncio.get_running_loop().time()
        for origin, (pool, _) in tuple(self._pools.items()):
            pool.prune(now)
            if pool.unused:
                del self._pools[origin]

    def stats(self) -> dict[Origin, PoolStats]:
        """The connections of each origin that has had any lately."""
        return {origin: pool.stats for origin, (pool, _) in self._pools.items()}

    async def close(self) -> None:
        """Close every connection; calls under way fail, later ones raise TransportError(SHUTTING_DOWN)."""
        self._closed = True
        if self._sweep is not None:
            self._sweep.cancel()
            self._sweep = None
        self._deadlines.close()
        await asyncio.gather(*(pool.close() for pool, _ in self._pools.values()))


def _write_head(encoder: HeadEncoder, request: UpstreamRequest) -> bytes:
    try:
        return encoder.encode(request)
    except ValueError as unwritable:
        raise errors.unsendable(request.origin, unwritable) from None
