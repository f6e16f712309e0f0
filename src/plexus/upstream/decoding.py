"""Undoes a reply's content coding (RFC 9110 section 8.4).

We ask for none (``accept-encoding: identity``): a stream's events must not wait in a compressor, and between data centres
time costs more than bytes. Some providers, and gateways before them, compress all the same; then we decode.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from typing import Final, Protocol

STEP: Final = 256 * 1024
"""Bytes that are decoded at once."""
MAX_RATIO: Final = 200
"""How much larger than what came a body may become, beyond ``FREE`` bytes. JSON of text compresses to a tenth or so."""
FREE: Final = 1024 * 1024


class Undecodable(Exception):
    """The coding is unknown, or the data is damaged, or it expands like a bomb."""


class _Stream(Protocol):
    """One coding's decoder: the same shape over three libraries."""

    @property
    def eof(self) -> bool:
        """The compressed data has come to its own end."""

    @property
    def rest(self) -> bytes:
        """What follows that end."""

    def decompress(self, data: bytes, limit: int) -> bytes:
        """At most about ``limit`` bytes; call again with b"" until nothing comes."""


class Decompressor:
    """Takes a body as it comes, gives it decoded."""

    __slots__ = ("_given", "_opener", "_stream", "_taken")

    def __init__(self, coding: str) -> None:
        opener = CODINGS.get(coding)
        if opener is None:
            raise Undecodable(f"the content coding {coding!r} is unknown")
        self._opener = opener
        self._stream = opener()
        self._taken = 0
        self._given = 0

    def feed(self, data: bytes) -> Iterator[bytes]:
        """What ``data`` adds to the body, in pieces of at most about ``STEP`` bytes. Raises Undecodable."""
        self._taken += len(data)
        while True:
            if self._stream.eof:
                if not data:
                    return
                self._stream = self._opener()  # gzip and zstd may follow each other (RFC 1952 2.2, RFC 8878 3.1)
            try:
                piece = self._stream.decompress(data, STEP)
            except (ValueError, EOFError, zlib.error) as damaged:
                raise Undecodable(str(damaged)) from None
            data = self._stream.rest if self._stream.eof else b""
            if piece:
                self._given += len(piece)
                if self._given > FREE + MAX_RATIO * self._taken:
                    raise Undecodable("the body expands too much")
                yield piece
            elif not data:
                return

    @property
    def complete(self) -> bool:
        """The compressed data has come to its own end (or never began: an empty body)."""
        return self._stream.eof or self._taken == 0


class _Zlib:
    """gzip and zlib. ``deflate`` is zlib by RFC 9110 section 8.4.1.2, but some send it raw: the first bytes tell."""

    __slots__ = ("_rest", "_stream", "_window")

    def __init__(self, window: int) -> None:
        self._window = window
        self._stream = zlib.decompressobj(window)
        self._rest = b""

    @property
    def eof(self) -> bool:
        return self._stream.eof

    @property
    def rest(self) -> bytes:
        return self._stream.unused_data

    def decompress(self, data: bytes, limit: int) -> bytes:
        data = self._rest + data
        if self._window == zlib.MAX_WBITS and data and not _is_zlib(data):
            self._stream = zlib.decompressobj(-zlib.MAX_WBITS)
        if data:
            self._window = 0  # decided
        piece = self._stream.decompress(data, limit)
        self._rest = self._stream.unconsumed_tail
        return piece


def _is_zlib(data: bytes) -> bool:
    """RFC 1950 section 2.2: the method is 8, and the first two bytes are a multiple of 31."""
    return data[0] & 0x0F == 8 and (len(data) < 2 or int.from_bytes(data[:2], "big") % 31 == 0)


class _Brotli:
    __slots__ = ("_damage", "_stream")

    def __init__(self) -> None:
        import brotli  # noqa: PLC0415 - 1 MB that only compressed bodies need

        self._stream = brotli.Decompressor()
        self._damage: type[Exception] = brotli.error

    @property
    def eof(self) -> bool:
        return bool(self._stream.is_finished())

    @property
    def rest(self) -> bytes:
        return b""  # the library refuses data behind the end

    def decompress(self, data: bytes, limit: int) -> bytes:
        try:
            piece: bytes = self._stream.process(data, output_buffer_limit=limit)
        except self._damage as damaged:
            raise ValueError(str(damaged)) from None
        return piece


class _Zstd:
    __slots__ = ("_damage", "_stream")

    def __init__(self) -> None:
        from backports import zstd  # noqa: PLC0415 - 3 MB that only compressed bodies need

        self._stream = zstd.ZstdDecompressor()
        self._damage: type[Exception] = zstd.ZstdError

    @property
    def eof(self) -> bool:
        return bool(self._stream.eof)

    @property
    def rest(self) -> bytes:
        return bytes(self._stream.unused_data)

    def decompress(self, data: bytes, limit: int) -> bytes:
        try:
            piece: bytes = self._stream.decompress(data, limit)
        except self._damage as damaged:
            raise ValueError(str(damaged)) from None
        return piece


CODINGS: Final[dict[str, Callable[[], _Stream]]] = {
    "gzip": lambda: _Zlib(zlib.MAX_WBITS | 16),
    "x-gzip": lambda: _Zlib(zlib.MAX_WBITS | 16),
    "deflate": lambda: _Zlib(zlib.MAX_WBITS),
    "br": _Brotli,
    "zstd": _Zstd,
}
