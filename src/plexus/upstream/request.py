"""A call to a provider, as values."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from plexus.canonical.headers import Field
from plexus.domain.provider import Origin

MAX_REPLY = 64 * 1024 * 1024


class UpstreamRequest(msgspec.Struct, frozen=True, kw_only=True):
    """One HTTP/1.1 request. ``target`` is the path with its query; Host and Content-Length are added by ``upstream``.

    ``lines`` are field lines that are written already (``http1.head.encode_fields``), ``headers`` come beside them.
    """

    origin: Origin
    method: bytes = b"POST"
    target: bytes
    lines: bytes = b""
    headers: Sequence[Field] = ()
    body: bytes
    connect_timeout: float = 5.0
    """Seconds: name look-up, TCP and TLS together."""
    max_reply_bytes: int = MAX_REPLY
    """Of a whole reply, decompressed."""
    first_byte_timeout: float | None = None
    """Seconds from the last byte sent to the response head."""
