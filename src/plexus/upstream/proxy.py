"""Proxies from the environment: HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY, in either case, as curl reads them.

Upper-case HTTP_PROXY is ignored where REQUEST_METHOD is set, since a CGI caller could have set it (CVE-2016-5385).
"""

from __future__ import annotations

import base64
import ipaddress
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import unquote, urlsplit


class Proxy(NamedTuple):
    """An HTTP proxy. ``authorization`` is the value of Proxy-Authorization, or None."""

    host: str
    port: int
    authorization: bytes | None = None

    def __repr__(self) -> str:
        return f"Proxy({self.host}:{self.port})"


class ProxyRules:
    """Which proxy, if any, leads to a host."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        lower = {name.lower(): value for name, value in environ.items() if name.lower().endswith("_proxy") and value}
        if "REQUEST_METHOD" in environ and "http_proxy" not in environ:
            lower.pop("http_proxy", None)
        everything = lower.get("all_proxy")
        self._http = _parse(lower.get("http_proxy") or everything)
        self._https = _parse(lower.get("https_proxy") or everything)
        self._direct = [entry.strip().lower() for entry in lower.get("no_proxy", "").split(",") if entry.strip()]

    def find(self, host: str, *, secure: bool) -> Proxy | None:
        """The proxy for ``host``; None to connect directly."""
        proxy = self._https if secure else self._http
        if proxy is None or any(_matches(host.lower(), entry) for entry in self._direct):
            return None
        return proxy


def _parse(url: str | None) -> Proxy | None:
    """Raises ValueError for a proxy that we cannot speak with."""
    if url is None:
        return None
    parts = urlsplit(url if "://" in url else f"http://{url}")
    if parts.scheme != "http" or not parts.hostname:
        raise ValueError(f"{parts.scheme}:// proxies are not supported. Write http://HOST:PORT.")
    authorization = None
    if parts.username is not None:
        credentials = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        authorization = b"Basic " + base64.b64encode(credentials.encode())
    return Proxy(parts.hostname, parts.port or 80, authorization)


def _matches(host: str, entry: str) -> bool:
    """``*``, a name, a suffix (with or without its dot), an address, or a network in CIDR notation."""
    if entry == "*":
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        suffix = entry.removeprefix("*").removeprefix(".")
        return host == suffix or host.endswith("." + suffix)
    try:
        return address in ipaddress.ip_network(entry, strict=False)
    except ValueError:
        return False
