"""Sends requests to providers over pooled connections."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import NamedTuple

from plexus.canonical.errors import ErrorKind, GatewayError
from plexus.canonical.headers import Field
from plexus.domain.provider import Origin
from plexus.http1.client import ClientConnection
from plexus.http1.head import encode_fields
from plexus.upstream.connect import Connector
from plexus.upstream.failures import transport_error
from plexus.upstream.feeding import Feeder
from plexus.upstream.pool import Pool
from plexus.upstream.proxy import ProxyRules
from plexus.upstream.reply import UpstreamReply
from plexus.upstream.request import UpstreamRequest
from plexus.upstream.tls import TlsContexts


class PoolStats(NamedTuple):
    """Connections of one origin."""

    opened: int
    idle: int


class UpstreamClient:
    """See ``exchange.ports.Upstream``. ``environ`` names proxies; raises ValueError for one that cannot be used."""

    SWEEP = 0.1
    """Seconds between two looks at the clock: first-byte limits are as exact as this, and cost no timer each."""

    def __init__(self, environ: Mapping[str, str] | None = None) -> None:
        self._connector = Connector(ProxyRules(environ or {}), TlsContexts())
        self._pools: dict[Origin, Pool] = {}
        self._waiting: dict[UpstreamReply, tuple[float, Origin]] = {}
        """Replies whose head is due, and until when."""
        self._sweeper: asyncio.TimerHandle | None = None
        self._next_prune = 0.0

    async def send(
        self, request: UpstreamRequest, *, whole: bool, sent: Callable[[], None] = lambda: None
    ) -> UpstreamReply:
        """Send, and return when the head is in; with ``whole``, when the body is in too. ``sent``: it has been written.

        A kept connection that died before any byte of the answer is replaced once, at once; a body that can be had only
        once goes on a new one. Raises TransportError, ProviderError for a reply that is not HTTP, and what the source of
        the body raises. Cancelling drops the connection.
        """
        pool = self._pools.get(request.origin) or self._add_pool(request.origin)
        wire = _write(request, pool)
        connection = pool.take() if request.source is None or request.source.repeatable else None
        if connection is not None:
            try:
                return await self._exchange(request, wire, connection, pool, sent, whole=whole)
            except GatewayError as failure:
                if failure.kind is not ErrorKind.RESET_REUSED:
                    raise
        pool.opened += 1  # before the wait: a pool with nothing open is forgotten
        try:
            connection = await self._connector.open(request.origin, request.connect_timeout)
        except BaseException:
            pool.opened -= 1
            raise
        return await self._exchange(request, wire, connection, pool, sent, whole=whole)

    async def _exchange(
        self,
        request: UpstreamRequest,
        wire: bytes,
        connection: ClientConnection,
        pool: Pool,
        sent: Callable[[], None],
        *,
        whole: bool,
    ) -> UpstreamReply:
        loop = asyncio.get_running_loop()

        def release() -> None:
            pool.put(connection, loop.time())

        source = request.source
        feeder = None if source is None else Feeder(source, connection, release)
        reply = UpstreamReply(
            request.origin,
            connection,
            release if feeder is None else feeder.release,
            whole=whole,
            limit=request.max_reply_bytes,
            keeps_coding=request.keeps_coding,
        )
        if self._sweeper is None:
            self._sweeper = loop.call_later(self.SWEEP, self._sweep)
        if feeder is None:
            sent()
            connection.send(request.method, wire, reply)
            if request.first_byte_timeout is not None:
                self._waiting[reply] = (loop.time() + request.first_byte_timeout, request.origin)
        else:
            feeder.start(request.method, wire, reply, lambda: self._written(request, reply, sent))
        try:
            await reply.head()
        except BaseException:
            reply.cancel()
            raise
        finally:
            self._waiting.pop(reply, None)
        return reply

    def _written(self, request: UpstreamRequest, reply: UpstreamReply, sent: Callable[[], None]) -> None:
        """A body that came in pieces is out."""
        sent()
        if request.first_byte_timeout is not None and not reply.head_seen:
            until = asyncio.get_running_loop().time() + request.first_byte_timeout
            self._waiting[reply] = (until, request.origin)

    def _add_pool(self, origin: Origin) -> Pool:
        """The pool of an origin that is new, with what all its requests begin with."""
        authority = origin.authority.encode()
        fields: list[Field] = [(b"host", authority), (b"accept-encoding", b"identity")]
        prefix = b""
        proxy = self._connector.proxy_for(origin) if origin.tls is None else None
        if proxy is not None:  # RFC 9112 section 3.2.2: a proxy is given the whole address
            prefix = b"http://" + authority
            if proxy.authorization is not None:
                fields.append((b"proxy-authorization", proxy.authorization))
        pool = self._pools[origin] = Pool(prefix, encode_fields(fields))
        return pool

    def _sweep(self) -> None:
        loop = asyncio.get_running_loop()
        now = loop.time()
        late = [(reply, origin) for reply, (until, origin) in self._waiting.items() if now >= until]
        for reply, origin in late:
            reply.give_up(transport_error(ErrorKind.FIRST_BYTE_TIMEOUT, origin))
        if now >= self._next_prune:
            self._next_prune = now + 1.0
            for origin, pool in list(self._pools.items()):
                pool.prune(now)
                if pool.opened == 0:
                    del self._pools[origin]
        self._sweeper = loop.call_later(self.SWEEP, self._sweep) if self._pools or self._waiting else None

    def stats(self) -> dict[str, PoolStats]:
        """Open and idle connections by authority."""
        return {origin.authority: PoolStats(pool.opened, pool.idle) for origin, pool in self._pools.items()}

    async def close(self) -> None:
        """Close idle connections and stop keeping time. Calls in progress are their callers' to cancel."""
        if self._sweeper is not None:
            self._sweeper.cancel()
            self._sweeper = None
        for pool in self._pools.values():
            pool.close()
        await asyncio.sleep(0)  # lets the transports run their close callbacks


def _write(request: UpstreamRequest, pool: Pool) -> bytes:
    """Head and body. Raises ValueError for a field that would break out of its line."""
    lines = pool.lines + request.lines
    if request.headers:
        lines += encode_fields(request.headers)
    body = request.body
    if request.source is not None:
        length = request.source.length
        lines += b"transfer-encoding: chunked\r\n" if length is None else b"content-length: %d\r\n" % length
    elif body or request.method not in (b"GET", b"HEAD", b"DELETE"):
        lines += b"content-length: %d\r\n" % len(body)
    return b"%b %b%b HTTP/1.1\r\n%b\r\n%b" % (request.method, pool.prefix, request.target, lines, body)
