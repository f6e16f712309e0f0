"""A call to a provider, as values."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from typing import Protocol

import msgspec

from plexus.canonical.headers import Field
from plexus.domain.provider import Origin

MAX_REPLY = 64 * 1024 * 1024


class BodySource(Protocol):
    """A body in pieces, some of which may still be on their way."""

    @property
    def length(self) -> int | None:
        """In bytes; None where nobody knows: then it goes up in chunks."""

    @property
    def repeatable(self) -> bool:
        """Whether the pieces can be had again from the beginning."""

    def pieces(self) -> AsyncGenerator[bytes, None]:
        """All of it, in order, none empty. Raises GatewayError when the rest cannot be had."""


class UpstreamRequest(msgspec.Struct, frozen=True, kw_only=True):
    """One HTTP/1.1 request. ``target`` is the path with its query; Host and Content-Length are added by ``upstream``.

    ``lines`` are field lines that are written already (``http1.head.encode_fields``), ``headers`` come beside them.
    """

    origin: Origin
    method: bytes = b"POST"
    target: bytes
    lines: bytes = b""
    headers: Sequence[Field] = ()
    body: bytes = b""
    source: BodySource | None = None
    """The body, where it is not one piece: then ``body`` is empty."""
    connect_timeout: float = 5.0
    """Seconds: name look-up, TCP and TLS together."""
    max_reply_bytes: int = MAX_REPLY
    """Of a whole reply, decompressed."""
    first_byte_timeout: float | None = None
    """Seconds from the last byte sent to the response head."""
    keeps_coding: bool = False
    """A compressed reply is given as it comes."""
