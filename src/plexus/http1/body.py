"""Bodies of HTTP/1.1 messages: decoders by framing, and chunks to send (RFC 9112 sections 6 and 7)."""

from __future__ import annotations

import re
from typing import Final, Protocol

from plexus.http1.head import CHUNKED, UNTIL_CLOSE, Malformed

LAST_CHUNK: Final = b"0\r\n\r\n"
"""The proper end of a chunked body, without trailers."""

MAX_CHUNK_LINE: Final = 1024
"""Bytes of one chunk-size line with its extensions."""
MAX_EXTENSIONS: Final = 16 * 1024
"""Bytes of all extensions of a body: chunks of one byte with long extensions cost us, not the sender."""
MAX_TRAILERS: Final = 16 * 1024
"""Bytes of a trailer section."""


class BodyTooLarge(Exception):
    """The body is larger than the reader allows; ``limit`` is that bound in bytes."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"the body is larger than {limit} bytes")
        self.limit = limit


class BodyIncomplete(Exception):
    """The body ended before its framing said so: it was cut."""


class BodyDecoder(Protocol):
    """Takes the bytes after a head, gives the bytes of the body, knows where it ends."""

    done: bool
    """The body is complete by its framing."""
    rest: bytes
    """What came after the body; only when ``done``."""

    def feed(self, data: bytes) -> bytes:
        """Bytes of the body that ``data`` holds, possibly none. Not to be called when ``done``. Raises Malformed."""


def body_decoder(framing: int) -> BodyDecoder:
    """The decoder for a head's ``framing`` of more than zero bytes."""
    if framing == CHUNKED:
        return ChunkedDecoder()
    if framing == UNTIL_CLOSE:
        return UntilCloseDecoder()
    return LengthDecoder(framing)


def encode_chunk(data: bytes) -> bytes:
    """One chunk. ``data`` must not be empty: an empty chunk would end the body."""
    return b"%x\r\n%b\r\n" % (len(data), data)


class LengthDecoder:
    """A body of ``left`` bytes."""

    __slots__ = ("done", "left", "rest")

    def __init__(self, left: int) -> None:
        self.left = left
        self.done = left == 0
        self.rest = b""

    def feed(self, data: bytes) -> bytes:
        """See ``BodyDecoder``."""
        size = len(data)
        if size < self.left:
            self.left -= size
            return data
        self.done = True
        if size > self.left:
            data, self.rest = data[: self.left], data[self.left :]
        self.left = 0
        return data


class UntilCloseDecoder:
    """A reply's body that ends with the connection: never ``done``; the owner of the connection knows."""

    __slots__ = ("done", "rest")

    def __init__(self) -> None:
        self.done = False
        self.rest = b""

    def feed(self, data: bytes) -> bytes:
        """See ``BodyDecoder``."""
        return data


_SIZE_LINE = re.compile(rb"([0-9A-Fa-f]{1,15})(;[^\x00-\x08\x0a-\x1f\x7f]*)?\r\n")
_TRAILER = re.compile(rb"(?:[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[^\x00-\x08\x0a-\x1f\x7f]*\r\n)*")
_SIZE, _DATA, _DATA_END, _TRAILERS = range(4)


class ChunkedDecoder:
    """A chunked body (RFC 9112 section 7.1), strictly.

    Sizes are 1 to 15 hexadecimal digits: no sign, no space, no overflow. Extensions are skipped, trailers checked and
    dropped (RFC 9110 section 6.5.1 allows it), both within bounds. Every line ends with CRLF.
    """

    __slots__ = ("_buffer", "_extensions", "_left", "_state", "done", "rest")

    def __init__(self) -> None:
        self.done = False
        self.rest = b""
        self._buffer = b""  # an incomplete line
        self._left = 0  # bytes of the chunk at hand that are still to come
        self._state = _SIZE
        self._extensions = 0

    def feed(self, data: bytes) -> bytes:
        """See ``BodyDecoder``."""
        if self._buffer:
            data = self._buffer + data
            self._buffer = b""
        pieces: list[bytes] = []
        at, end = 0, len(data)
        while at < end and not self.done:
            if self._state == _DATA:
                piece = data[at : at + self._left]
                pieces.append(piece)
                at += len(piece)
                self._left -= len(piece)
                if self._left == 0:
                    self._state = _DATA_END
                continue
            after = self._line(data, at)
            if after < 0:
                self._buffer = data[at:]
                break
            at = after
        if self.done:
            self.rest = data[at:]
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def _line(self, data: bytes, at: int) -> int:
        """Take the piece of framing at ``at``: the place after it, or -1 when it is not complete."""
        if self._state == _SIZE:
            return self._size_line(data, at)
        if self._state == _DATA_END:
            return self._data_end(data, at)
        return self._trailers(data, at)

    def _size_line(self, data: bytes, at: int) -> int:
        match = _SIZE_LINE.match(data, at, at + MAX_CHUNK_LINE)
        if match is None:
            if len(data) - at >= MAX_CHUNK_LINE or b"\n" in data[at:]:
                raise Malformed("A chunk's size is not a hexadecimal number on a short line.")
            return -1
        digits, extensions = match.groups()
        if extensions is not None:
            self._extensions += len(extensions)
            if self._extensions > MAX_EXTENSIONS:
                raise Malformed("The chunk extensions are too long.")
        self._left = int(digits, 16)
        self._state = _DATA if self._left else _TRAILERS
        return match.end()

    def _data_end(self, data: bytes, at: int) -> int:
        mark = data[at : at + 2]
        if mark == b"\r\n":
            self._state = _SIZE
            return at + 2
        if mark != b"\r":
            raise Malformed("A chunk is longer than its size.")
        return -1

    def _trailers(self, data: bytes, at: int) -> int:
        if data[at : at + 2] == b"\r\n":
            self.done = True
            return at + 2
        end = data.find(b"\r\n\r\n", at, at + MAX_TRAILERS)
        if end < 0:
            if len(data) - at >= MAX_TRAILERS:
                raise Malformed("The trailers are too large.", 431)
            return -1
        if not _TRAILER.fullmatch(data, at, end + 2):
            raise Malformed("The trailers are malformed.")
        self.done = True
        return end + 4
