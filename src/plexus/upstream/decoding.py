"""Compressed replies. We ask for none (``accept-encoding: identity``); some providers compress all the same."""

from __future__ import annotations

import zlib
from typing import Protocol

from plexus.canonical.headers import Headers

MAX_PIECE = 64 * 1024 * 1024
"""Bytes that one piece from the wire (256 kB at most) may come to: more is a bomb."""


def _bounded(plain: bytes) -> bytes:
    if len(plain) >= MAX_PIECE:
        raise ValueError("it expands without bound")
    return plain


class BodyDecoding(Protocol):
    """Takes a content coding off, piece by piece."""

    def feed(self, data: bytes) -> bytes:
        """What ``data`` adds. Raises ValueError for damaged data."""


class _Zlib:
    """gzip and deflate."""

    def __init__(self, window: int) -> None:
        self._inflater = zlib.decompressobj(window)

    def feed(self, data: bytes) -> bytes:
        try:
            plain = self._inflater.decompress(data, MAX_PIECE)
        except zlib.error as damaged:
            raise ValueError(str(damaged)) from None
        return _bounded(plain)


class _Brotli:
    def __init__(self) -> None:
        import brotli  # noqa: PLC0415 - only for providers that compress unasked

        self._error: type[Exception] = brotli.error
        self._decoder = brotli.Decompressor()

    def feed(self, data: bytes) -> bytes:
        try:
            plain: bytes = self._decoder.process(data, output_buffer_limit=MAX_PIECE)
        except self._error as damaged:
            raise ValueError(str(damaged)) from None
        return _bounded(plain)


class _Zstd:
    def __init__(self) -> None:
        from backports import zstd  # noqa: PLC0415 - as above

        self._error: type[Exception] = zstd.ZstdError
        self._decoder = zstd.ZstdDecompressor()

    def feed(self, data: bytes) -> bytes:
        try:
            plain: bytes = self._decoder.decompress(data, MAX_PIECE)
        except self._error as damaged:
            raise ValueError(str(damaged)) from None
        return _bounded(plain)


def decoding(headers: Headers) -> BodyDecoding | None:
    """The decoding that the reply's content-encoding asks for; None for none, and for codings that we do not know."""
    coding = (headers.text(b"content-encoding") or "").strip().lower()
    if coding in ("gzip", "x-gzip"):
        return _Zlib(zlib.MAX_WBITS | 16)
    if coding == "deflate":
        return _Zlib(zlib.MAX_WBITS)
    if coding == "br":
        return _Brotli()
    if coding == "zstd":
        return _Zstd()
    return None
