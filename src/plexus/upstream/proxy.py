"""Proxies as the environment names them, and the tunnel through one.

HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY are a convention without a standard; where programs differ we follow curl:
the lower-case name wins, ALL_PROXY is for what has no proxy of its own, NO_PROXY matches a domain with all below it.
"""

from __future__ import annotations

import asyncio
import base64
import ipaddress
import re
import socket
from collections.abc import Mapping
from typing import Final
from urllib.parse import unquote, urlsplit

import msgspec

from plexus.domain.provider import Origin

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

MAX_ANSWER: Final = 16 * 1024
"""Bytes of a proxy's head."""


class Proxy(msgspec.Struct, frozen=True):
    """A proxy that is spoken to in plain HTTP. Its repr holds no secret."""

    host: str
    port: int
    authorization: bytes | None = None
    """The value of Proxy-Authorization."""

    def __repr__(self) -> str:
        return f"Proxy({self.host!r}, {self.port})"


class TunnelRefused(Exception):
    """The proxy did not connect us. The message is for the operator."""


class Proxies:
    """Chooses the proxy for an origin. Raises ValueError (naming the variable, never its value) for one we cannot use."""

    __slots__ = ("_domains", "_everything", "_http", "_https", "_networks")

    def __init__(self, environ: Mapping[str, str]) -> None:
        everything = _read_proxy(environ, "ALL_PROXY")
        self._http = _read_proxy(environ, "HTTP_PROXY") or everything
        self._https = _read_proxy(environ, "HTTPS_PROXY") or everything
        self._everything = False
        self._domains: list[tuple[str, int | None]] = []
        self._networks: list[Network] = []
        for entry in _read(environ, "NO_PROXY").replace(",", " ").split():
            self._except(entry.lower())

    def _except(self, entry: str) -> None:
        if entry == "*":
            self._everything = True
            return
        try:
            self._networks.append(ipaddress.ip_network(entry.strip("[]"), strict=False))
        except ValueError:
            host, port = _split_port(entry)
            self._domains.append((host.removeprefix("*").strip("."), port))

    def choose(self, origin: Origin) -> Proxy | None:
        """The proxy before ``origin``, None for a direct connection."""
        proxy = self._http if origin.tls is None else self._https
        if proxy is None or self._everything:
            return None
        host = origin.host.lower().rstrip(".")
        try:
            address = ipaddress.ip_address(host)
        except ValueError:
            pass
        else:
            if any(address in network for network in self._networks):
                return None
        for domain, port in self._domains:
            if port in (None, origin.port) and (host == domain or host.endswith(f".{domain}")):
                return None
        return proxy


def _read(environ: Mapping[str, str], name: str) -> str:
    return (environ.get(name.lower()) or environ.get(name) or "").strip()


def _read_proxy(environ: Mapping[str, str], name: str) -> Proxy | None:
    url = _read(environ, name)
    if not url:
        return None
    try:
        parts = urlsplit(url if "://" in url else f"http://{url}")
        host, port = parts.hostname, parts.port
    except ValueError:
        raise ValueError(f"{name} is not the URL of a proxy") from None
    if parts.scheme != "http" or not host:
        raise ValueError(f"{name} must look like http://host:port; other kinds of proxies are not supported")
    authorization = None
    if parts.username is not None:
        pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        authorization = b"Basic " + base64.b64encode(pair.encode())
    return Proxy(host, port if port is not None else 80, authorization)


def _split_port(entry: str) -> tuple[str, int | None]:
    """``host:port``, ``[v6]:port``, or a host alone."""
    host, colon, port = entry.rpartition(":")
    if colon and port.isdigit() and (":" not in host or host.endswith("]")):
        return host.strip("[]"), int(port)
    return entry.strip("[]"), None


_STATUS = re.compile(rb"HTTP/1\.[01] ([0-9]{3})[ \r]")


async def open_tunnel(sock: socket.socket, proxy: Proxy, origin: Origin) -> None:
    """Ask the proxy behind ``sock`` to connect us to ``origin`` (RFC 9110 section 9.3.6).

    Raises TunnelRefused, OSError.
    """
    loop = asyncio.get_running_loop()
    host = f"[{origin.host}]" if ":" in origin.host else origin.host
    where = f"{host}:{origin.port}".encode("idna" if not host.isascii() else "ascii")
    lines = b"CONNECT %b HTTP/1.1\r\nhost: %b\r\n" % (where, where)
    if proxy.authorization is not None:
        lines += b"proxy-authorization: %b\r\n" % proxy.authorization
    await loop.sock_sendall(sock, lines + b"\r\n")
    answer = b""
    while b"\r\n\r\n" not in answer:
        more = await loop.sock_recv(sock, 4096)
        answer += more
        if not more:
            raise TunnelRefused("the proxy closed the connection")
        if len(answer) > MAX_ANSWER:
            raise TunnelRefused("the proxy's answer is too long")
    status = _STATUS.match(answer)
    if status is None:
        raise TunnelRefused("the proxy's answer is not HTTP/1.1")
    if not status[1].startswith(b"2"):
        wants = " (it wants a name and password)" if status[1] == b"407" else ""
        raise TunnelRefused(f"the proxy answered {status[1].decode()}{wants}")
    if not answer.endswith(b"\r\n\r\n") or answer.count(b"\r\n\r\n") != 1:
        raise TunnelRefused("the proxy sent more than its answer")
