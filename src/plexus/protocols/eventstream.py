"""AWS event streams: binary messages with headers and two checksums, incremental
(https://docs.aws.amazon.com/transcribe/latest/dg/event-stream.html, the format that all AWS services share).

A message: total length, length of the headers, CRC32 of those eight bytes; headers; payload; CRC32 of all before it.
Numbers are big-endian.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping
from typing import NamedTuple

from plexus.canonical.errors import ErrorKind, ProviderError

_PRELUDE = struct.Struct(">III")
_U16 = struct.Struct(">H")
_U32 = struct.Struct(">I")
OVERHEAD = _PRELUDE.size + _U32.size
MAX_MESSAGE = 24 * 1024 * 1024
"""Bytes of one message: what AWS's own clients take (16 MiB of payload, headers beside)."""
BYTES, STRING = 6, 7
FIXED = {0: 0, 1: 0, 2: 1, 3: 2, 4: 4, 5: 8, 8: 8, 9: 16}
"""Header type -> bytes of its value: true, false, byte, short, integer, long, timestamp, uuid. Of byte arrays and
strings the value says its length itself."""


class Message(NamedTuple):
    """One message: the headers that are text, and the payload."""

    headers: dict[str, str]
    payload: bytes


class MessageDecoder:
    """Bytes in, messages out."""

    __slots__ = ("_rest",)

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[Message]:
        """The messages that ``data`` completes. Raises ProviderError for a wrong checksum, or what is no event stream:
        nothing behind it can be trusted."""
        if self._rest:
            data = self._rest + data
        messages = []
        at = 0
        while len(data) - at >= _PRELUDE.size:
            total, heads, checksum = _PRELUDE.unpack_from(data, at)
            if zlib.crc32(data[at : at + 8]) != checksum or not OVERHEAD + heads <= total <= MAX_MESSAGE:
                raise _broken()
            if len(data) - at < total:
                break
            messages.append(_read(data[at : at + total], heads))
            at += total
        self._rest = data[at:]
        return messages

    def finish(self) -> list[Message]:
        """What is left when the connection ends is a cut message: nothing."""
        self._rest = b""
        return []


def _read(data: bytes, heads: int) -> Message:
    (checksum,) = _U32.unpack_from(data, len(data) - 4)
    if zlib.crc32(data[:-4]) != checksum:
        raise _broken()
    start = _PRELUDE.size
    return Message(_read_headers(data[start : start + heads]), data[start + heads : -4])


def _read_headers(data: bytes) -> dict[str, str]:
    headers = {}
    at = 0
    try:
        while at < len(data):
            end = at + 1 + data[at]
            name, kind = data[at + 1 : end].decode(), data[end]
            at = end + 1
            if kind in FIXED:
                at += FIXED[kind]
                continue
            if kind not in (BYTES, STRING):
                raise _broken()
            (length,) = _U16.unpack_from(data, at)
            at += 2
            if kind == STRING:
                headers[name] = data[at : at + length].decode()
            at += length
    except (IndexError, struct.error, UnicodeDecodeError):
        raise _broken() from None
    return headers


def _broken() -> ProviderError:
    return ProviderError(ErrorKind.UPSTREAM_MALFORMED, "The provider's event stream is damaged.", status=200)


def encode_message(headers: Mapping[str, str], payload: bytes) -> bytes:
    """One message, its headers as strings."""
    heads = b"".join(
        bytes([len(name)]) + name + bytes([STRING]) + _U16.pack(len(value)) + value
        for name, value in ((name.encode(), text.encode()) for name, text in headers.items())
    )
    lengths = _PRELUDE.pack(OVERHEAD + len(heads) + len(payload), len(heads), 0)[:8]
    front = lengths + _U32.pack(zlib.crc32(lengths)) + heads + payload
    return front + _U32.pack(zlib.crc32(front))
