"""From an origin to an open connection: the name, the sockets, a proxy's tunnel, TLS."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import socket
import ssl
from collections.abc import Callable
from typing import Final

from plexus.canonical.errors import ErrorKind
from plexus.domain.provider import Origin
from plexus.http1.client import ClientConnection
from plexus.upstream import errors
from plexus.upstream.proxy import Proxy, TunnelRefused, open_tunnel
from plexus.upstream.tls import TlsContexts

ATTEMPT_DELAY: Final = 0.25
"""Seconds until the next address is tried beside one that has not answered (RFC 8305 section 5)."""

KEEPALIVE: Final = (("TCP_KEEPIDLE", 60), ("TCP_KEEPINTVL", 15), ("TCP_KEEPCNT", 4))
"""Seconds of silence before the kernel asks, between two questions, and how many: models think for minutes, and routers
forget connections that are silent for as long. Names as in ``socket``, where the system has them."""

Address = tuple[socket.AddressFamily, tuple[object, ...]]


async def dial(
    origin: Origin,
    proxy: Proxy | None,
    contexts: TlsContexts,
    factory: Callable[[], ClientConnection],
    timeout: float,  # noqa: ASYNC109 - a value of the request, and another kind of error than a cancelled wait
) -> ClientConnection:
    """Connect within ``timeout`` seconds.

    Raises TransportError: DNS_FAILED, CONNECT_FAILED, CONNECT_TIMEOUT, TLS_FAILED.
    """
    try:
        async with asyncio.timeout(timeout):
            return await _dial(origin, proxy, contexts, factory)
    except TimeoutError as late:
        # The kernel has a time limit of its own (ETIMEDOUT).
        raise errors.dialling(ErrorKind.CONNECT_TIMEOUT, origin, str(late) or f"after {timeout:g} s") from None
    except (socket.gaierror, UnicodeError) as unknown:
        raise errors.dialling(ErrorKind.DNS_FAILED, origin, unknown) from None
    except ssl.SSLError as refused:
        raise errors.dialling(ErrorKind.TLS_FAILED, origin, refused) from None
    except (OSError, TunnelRefused) as failed:
        raise errors.dialling(ErrorKind.CONNECT_FAILED, origin, failed) from None


async def _dial(
    origin: Origin, proxy: Proxy | None, contexts: TlsContexts, factory: Callable[[], ClientConnection]
) -> ClientConnection:
    context = None if origin.tls is None else _context(origin, contexts)
    loop = asyncio.get_running_loop()
    host, port = (origin.host, origin.port) if proxy is None else (proxy.host, proxy.port)
    sock = await connect_any(await resolve(host, port))
    try:
        if context is None:
            _, connection = await loop.create_connection(factory, sock=sock)
            return connection
        if proxy is not None:
            await open_tunnel(sock, proxy, origin)
        _, connection = await loop.create_connection(factory, sock=sock, ssl=context, server_hostname=origin.host)
    except BaseException:
        sock.close()
        raise
    return connection


def _context(origin: Origin, contexts: TlsContexts) -> ssl.SSLContext:
    assert origin.tls is not None
    try:
        return contexts.get(origin.tls)
    except (OSError, ValueError) as unusable:
        raise errors.dialling(ErrorKind.TLS_FAILED, origin, unusable) from None


async def resolve(host: str, port: int) -> list[Address]:
    """The addresses to try, in order: families alternate (RFC 8305 section 4). Raises socket.gaierror, UnicodeError."""
    for family in (socket.AF_INET, socket.AF_INET6):
        try:
            socket.inet_pton(family, host)
        except (OSError, ValueError):
            continue
        return [(family, (host, port))]
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    return interleave([(family, address) for family, _, _, _, address in found])


def interleave(addresses: list[Address]) -> list[Address]:
    """Alternate between the families, beginning with that of the first; within one, the resolver's order stays."""
    first = [address for address in addresses if address[0] == addresses[0][0]]
    others = [address for address in addresses if address[0] != addresses[0][0]]
    pairs = itertools.zip_longest(first, others)
    return [address for pair in pairs for address in pair if address is not None]


async def connect_any(addresses: list[Address], delay: float = ATTEMPT_DELAY) -> socket.socket:
    """A connected, non-blocking socket to the address that answers first (RFC 8305 section 5).

    An attempt begins when the last one has failed, or has not answered for ``delay`` seconds. Our own, since uvloop's
    ``create_connection`` has none. Raises the first attempt's OSError when all fail.
    """
    if len(addresses) == 1:
        return await _connect(addresses[0])
    running: set[asyncio.Task[socket.socket]] = set()
    failures: list[BaseException] = []
    rest = iter(addresses)
    upcoming = next(rest, None)
    try:
        while upcoming is not None or running:
            if upcoming is not None:
                running.add(asyncio.create_task(_connect(upcoming)))
                upcoming = next(rest, None)
            done, running = await asyncio.wait(
                running, timeout=None if upcoming is None else delay, return_when=asyncio.FIRST_COMPLETED
            )
            failures += [failure for task in done if (failure := task.exception()) is not None]
            connected = [task.result() for task in done if task.exception() is None]
            if connected:
                for spare in connected[1:]:
                    spare.close()
                return connected[0]
        raise failures[0] if failures else OSError("the name has no address")
    finally:
        for task in running:
            task.add_done_callback(_discard)
            task.cancel()


def _discard(task: asyncio.Task[socket.socket]) -> None:
    """An attempt that lost: its socket is closed, its failure is nobody's concern."""
    if not task.cancelled() and task.exception() is None:
        task.result().close()


async def _connect(address: Address) -> socket.socket:
    family, where = address
    sock = socket.socket(family, socket.SOCK_STREAM | getattr(socket, "SOCK_CLOEXEC", 0), socket.IPPROTO_TCP)
    try:
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for name, value in KEEPALIVE:
            with contextlib.suppress(AttributeError, OSError):
                sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
        await asyncio.get_running_loop().sock_connect(sock, where)
    except BaseException:
        sock.close()
        raise
    return sock
