"""Opening a connection: name, TCP, proxy and TLS, within one time limit."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Sequence
from typing import cast

from plexus.domain.link_local import is_link_local
from plexus.domain.provider import Origin
from plexus.http1.client import ClientConnection
from plexus.http1.head import END, encode_fields, parse_reply
from plexus.upstream.failures import connect_error
from plexus.upstream.proxy import Proxy, ProxyRules
from plexus.upstream.tls import TlsContexts

HAPPY_EYEBALLS_DELAY = 0.25
"""Seconds before the next address is tried beside the first (RFC 8305 section 5)."""
MAX_PROXY_HEAD = 16 * 1024


class Connector:
    """Opens connections. Raises TransportError, typed by what failed."""

    def __init__(self, rules: ProxyRules, contexts: TlsContexts) -> None:
        self._rules = rules
        self._contexts = contexts

    def proxy_for(self, origin: Origin) -> Proxy | None:
        """The proxy that leads to ``origin``, if any."""
        return self._rules.find(origin.host, secure=origin.tls is not None)

    async def open(self, origin: Origin, seconds: float) -> ClientConnection:
        """A fresh connection to ``origin`` within ``seconds``."""
        try:
            async with asyncio.timeout(seconds):
                return await self._open(origin)
        except (OSError, ValueError) as failure:  # TimeoutError, gaierror and SSLError are OSErrors
            raise connect_error(failure, origin) from None

    async def _open(self, origin: Origin) -> ClientConnection:
        loop = asyncio.get_running_loop()
        proxy = self.proxy_for(origin)
        if proxy is not None:
            raw = await open_socket(proxy.host, proxy.port, link_local=True)  # the operator's own environment names it
        else:
            raw = await open_socket(origin.host, origin.port)
        try:
            if proxy is not None and origin.tls is not None:
                await _tunnel(raw, origin, proxy)
            context = self._contexts.get(origin.tls) if origin.tls is not None else None
            _, protocol = await loop.create_connection(
                ClientConnection, sock=raw, ssl=context, server_hostname=origin.host if context else None
            )
        except BaseException:
            raw.close()
            raise
        return protocol


async def open_socket(host: str, port: int, *, link_local: bool = False) -> socket.socket:
    """A connected TCP socket to the first address of ``host`` that answers.

    Addresses are tried in the resolver's order, families interleaved, a further one each HAPPY_EYEBALLS_DELAY or as soon
    as one fails (RFC 8305). uvloop has no option for that, so it is done here for both loops. Link-local
    addresses are left out unless ``link_local``: whatever a name resolves to, it is not a cloud's metadata service.
    Raises OSError.
    """
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = interleave([each for each in found if link_local or not is_link_local(str(each[4][0]))])
    if not addresses:
        raise OSError("the name leads to a link-local or metadata address")
    if len(addresses) == 1:
        return await _connect(addresses[0])
    return await _race(addresses)


Address = tuple[int, tuple[object, ...]]
"""Family, and what ``connect`` takes."""


def interleave(found: Sequence[tuple[int, int, int, str, tuple[object, ...]]]) -> list[Address]:
    """Each address once, the families in turn, beginning with the first one's (RFC 8305 section 4)."""
    addresses = list(dict.fromkeys((family, address) for family, _, _, _, address in found))
    first = [entry for entry in addresses if entry[0] == addresses[0][0]]
    others = [entry for entry in addresses if entry[0] != addresses[0][0]]
    mixed: list[Address] = []
    for index in range(max(len(first), len(others))):
        mixed += first[index : index + 1] + others[index : index + 1]
    return mixed


async def _connect(address: Address) -> socket.socket:
    family, where = address
    raw = socket.socket(family, socket.SOCK_STREAM)
    try:
        raw.setblocking(False)
        await asyncio.get_running_loop().sock_connect(raw, cast("tuple[str, int]", where))
    except BaseException:
        raw.close()
        raise
    return raw


async def _race(addresses: list[Address]) -> socket.socket:
    failure: OSError | None = None
    running: set[asyncio.Task[socket.socket]] = set()
    waiting = list(addresses)
    try:
        while waiting or running:
            if waiting:
                running.add(asyncio.create_task(_connect(waiting.pop(0))))
            done, running = await asyncio.wait(
                running, timeout=HAPPY_EYEBALLS_DELAY if waiting else None, return_when=asyncio.FIRST_COMPLETED
            )
            winners = [task.result() for task in done if task.exception() is None]
            for loser in winners[1:]:
                loser.close()
            if winners:
                return winners[0]
            for task in done:
                problem = task.exception()
                failure = failure or (problem if isinstance(problem, OSError) else OSError(str(problem)))
    finally:
        for task in running:
            task.cancel()
        for result in await asyncio.gather(*running, return_exceptions=True):
            if isinstance(result, socket.socket):
                result.close()
    raise failure or OSError("no address")


async def _tunnel(raw: socket.socket, origin: Origin, proxy: Proxy) -> None:
    """Ask ``proxy`` for a tunnel (RFC 9110 section 9.3.6). Raises OSError when it refuses."""
    loop = asyncio.get_running_loop()
    where = f"{origin.host}:{origin.port}".encode()
    fields = [(b"host", where)]
    if proxy.authorization is not None:
        fields.append((b"proxy-authorization", proxy.authorization))
    await loop.sock_sendall(raw, b"CONNECT %b HTTP/1.1\r\n" % where + encode_fields(fields) + b"\r\n")
    head = b""
    while END not in head:
        data = await loop.sock_recv(raw, 4096)
        if not data or len(head) > MAX_PROXY_HEAD:
            raise OSError("the proxy closed the connection")
        head += data
    end = head.index(END) + 4
    status = parse_reply(head[:end], b"HEAD").status
    if not 200 <= status < 300 or head[end:]:
        raise OSError(f"the proxy answered {status}")
