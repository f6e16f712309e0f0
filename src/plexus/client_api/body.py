"""A client's body: read within its limit, decompressed within the same limit (RFC 9110 section 8.4)."""

from __future__ import annotations

import zlib
from collections.abc import Callable

from plexus.canonical.errors import ClientError, ErrorKind, TransportError, bad_request
from plexus.http1.body import BodyIncomplete, BodyTooLarge
from plexus.http1.server import Incoming


async def read_body(incoming: Incoming, encoding: str | None, limit: int) -> bytes:
    """The body, decompressed. ``limit`` counts decompressed bytes.

    Raises ClientError(BODY_TOO_LARGE, BAD_REQUEST), TransportError(CLIENT_GONE) when the client cut it.
    """
    try:
        body = await incoming.body(limit)
    except BodyTooLarge:
        raise too_large(limit) from None
    except BodyIncomplete:
        raise TransportError(ErrorKind.CLIENT_GONE, "The client cut its body.") from None
    if encoding is None or encoding == "identity":
        return body
    for name in reversed([part.strip().lower() for part in encoding.split(",")]):
        body = decompress(body, name, limit)
    return body


class PieceReader:
    """Reads the body piece by piece; one that is coded (RFC 9110 section 8.4) in one piece. ``declared`` is what the head says
    of its length, in bytes; 0 for nothing."""

    __slots__ = ("_declared", "_encoding", "_incoming", "_size", "_taken")

    def __init__(self, incoming: Incoming, encoding: str | None, declared: int = 0) -> None:
        self._incoming = incoming
        self._encoding = None if encoding == "identity" else encoding
        self._declared = declared
        self._size = 0
        self._taken = False

    async def read(self, limit: int) -> bytes:
        """The next bytes, b"" at the end. Raises as ``read_body`` does, beyond ``limit`` bytes in all."""
        if self._encoding is not None:
            whole = b"" if self._taken else await read_body(self._incoming, self._encoding, limit)
            self._taken = True
            return whole
        if self._declared > limit:
            raise too_large(limit)
        try:
            piece = await self._incoming.chunk()
        except BodyIncomplete:
            raise TransportError(ErrorKind.CLIENT_GONE, "The client cut its body.") from None
        self._size += len(piece)
        if self._size > limit:
            raise too_large(limit)
        return piece


def too_large(limit: int) -> ClientError:
    """The 413."""
    return ClientError(
        ErrorKind.BODY_TOO_LARGE, f"The body is larger than {limit:,} bytes (decompressed).", code="request_too_large"
    )


_Decompressor = Callable[[bytes, int], bytes]
"""(data, limit) -> at most ``limit`` + 1 bytes. Raises ValueError for damaged or cut data."""


def decompress(body: bytes, encoding: str, limit: int) -> bytes:
    """``body`` without one content coding; never makes more than ``limit`` bytes, whatever the body claims.

    Raises ClientError(BAD_REQUEST) for an unknown coding or damaged data, BODY_TOO_LARGE beyond the limit.
    """
    function = CODINGS.get(encoding)
    if function is None:
        raise bad_request(f"content-encoding {encoding!r} is not supported. Use {', '.join(CODINGS)}, or none.")
    try:
        plain = function(body, limit)
    except ValueError as damaged:
        raise bad_request(f"The body is not valid {encoding}: {damaged}.") from None
    if len(plain) > limit:
        raise too_large(limit)
    return plain


def _zlib(window: int) -> Callable[[bytes, int], bytes]:
    def inflate(data: bytes, limit: int) -> bytes:
        inflater = zlib.decompressobj(window)
        try:
            plain = inflater.decompress(data, limit + 1)
        except zlib.error as damaged:
            raise ValueError(damaged) from None
        if not inflater.eof and len(plain) <= limit:
            raise ValueError("it is cut")
        return plain

    return inflate


def _deflate(data: bytes, limit: int) -> bytes:
    """RFC 9110 says zlib; some clients send raw deflate."""
    try:
        return _zlib(zlib.MAX_WBITS)(data, limit)
    except ValueError:
        return _zlib(-zlib.MAX_WBITS)(data, limit)


def _brotli(data: bytes, limit: int) -> bytes:
    import brotli  # noqa: PLC0415 - 1 MB that only compressed bodies need

    decoder = brotli.Decompressor()
    try:
        plain: bytes = decoder.process(data, output_buffer_limit=limit + 1)
        while not decoder.is_finished() and len(plain) <= limit:
            more: bytes = decoder.process(b"", output_buffer_limit=limit + 1 - len(plain))
            if not more:
                raise ValueError("it is cut")
            plain += more
    except brotli.error as damaged:
        raise ValueError(damaged) from None
    return plain


def _zstd(data: bytes, limit: int) -> bytes:
    from backports import zstd  # noqa: PLC0415 - 3 MB that only compressed bodies need

    decoder = zstd.ZstdDecompressor()
    try:
        plain: bytes = decoder.decompress(data, limit + 1)
    except zstd.ZstdError as damaged:
        raise ValueError(damaged) from None
    if not decoder.eof and len(plain) <= limit:
        raise ValueError("it is cut")
    return plain


CODINGS: dict[str, _Decompressor] = {
    "gzip": _zlib(zlib.MAX_WBITS | 16),
    "deflate": _deflate,
    "br": _brotli,
    "zstd": _zstd,
}
