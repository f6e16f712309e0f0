"""The head of a request to a provider."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from plexus.canonical.headers import Field
from plexus.domain.provider import Origin
from plexus.http1.head import encode_fields
from plexus.upstream.proxy import Proxy
from plexus.upstream.request import UpstreamRequest

OURS: Final = frozenset(
    {
        b"accept-encoding", b"connection", b"content-length", b"expect", b"host", b"keep-alive", b"proxy-authorization",
        b"proxy-connection", b"te", b"trailer", b"transfer-encoding", b"upgrade",
    }
)  # fmt: skip
"""Fields that belong to the connection: a request's own are left out, but for ``host``, which replaces ours (an operator may
reach a provider by another name than it answers to)."""

NO_BODY: Final = frozenset({b"GET", b"HEAD", b"DELETE", b"OPTIONS"})
"""Methods that say nothing about a body when there is none (RFC 9110 section 8.6)."""

_TARGET = re.compile(rb"[!-~]+")


class HeadEncoder:
    """Writes heads for one origin: what is the same in each is prepared."""

    __slots__ = ("_before_target", "_host", "_lines")

    def __init__(self, origin: Origin, proxy: Proxy | None) -> None:
        authority = origin.authority
        host = authority.encode("ascii") if authority.isascii() else authority.encode("idna")
        self._host = b"host: %b\r\n" % host
        self._lines = b"accept-encoding: identity\r\n"
        self._before_target = b""
        if proxy is not None and origin.tls is None:  # absolute form, RFC 9112 section 3.2.2; TLS goes through a tunnel
            self._before_target = b"http://" + host
            if proxy.authorization is not None:
                self._lines += b"proxy-authorization: %b\r\n" % proxy.authorization

    def encode(self, request: UpstreamRequest) -> bytes:
        """The head, up to and with its empty line. Raises ValueError for what would break out of its line."""
        method, target = request.method, request.target
        if not _TARGET.fullmatch(target) or not method.isalpha():
            raise ValueError("the method or the target holds a space, a control character or a byte beyond ASCII")
        fields, host = request.headers, self._host
        for name, _ in fields:
            if name.lower() in OURS:
                fields, host = self._without_ours(fields)
                break
        size = len(request.body)
        length = b"" if size == 0 and method in NO_BODY else b"content-length: %d\r\n" % size
        return b"%b %b%b HTTP/1.1\r\n%b%b%b%b\r\n" % (
            method,
            self._before_target,
            target,
            host,
            self._lines,
            encode_fields(fields),
            length,
        )

    def _without_ours(self, fields: Sequence[Field]) -> tuple[list[Field], bytes]:
        hosts = [value for name, value in fields if name.lower() == b"host"]
        host = encode_fields([(b"host", hosts[-1])]) if hosts else self._host
        return [field for field in fields if field[0].lower() not in OURS], host
