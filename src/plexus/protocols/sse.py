"""Server-sent events, incremental (https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream).

Tolerant where real providers differ: CRLF, LF and CR line ends, ``data:`` without a space, comments anywhere, and a last
event without its blank line (the specification drops it; real clients keep it, and so do we, in ``finish``).
"""

from __future__ import annotations

import re
from typing import NamedTuple

from plexus.canonical.errors import ErrorKind, ProviderError
from plexus.protocols.unreadable import as_utf8

_END = re.compile(rb"\r\n\r\n|\n\n|\r\r|\n\r\n|\r\n\n")
_LINE = re.compile(rb"\r\n|\n|\r")

MAX_EVENT = 32 * 1024 * 1024
"""Bytes of one event; a provider that never ends one is cut off rather than kept in memory."""


LONGEST_BOUNDARY = 4
"""Bytes of the longest blank line, CR LF CR LF."""


class SseEvent(NamedTuple):
    """One dispatched event. ``name`` is the ``event:`` field or None; ``data`` the joined ``data:`` lines."""

    name: bytes | None
    data: bytes


class EventBoundary:
    """Holds a stream back to its last complete event, bytes untouched."""

    __slots__ = ("_rest",)

    def __init__(self) -> None:
        self._rest = bytearray()

    def feed(self, data: bytes) -> bytes:
        """All bytes up to the last event boundary seen so far; b"" while none is. Raises ProviderError past MAX_EVENT.

        What has been searched is not searched again, so that an event in many pieces costs no more than one in few.
        """
        rest = self._rest
        if not rest:
            if data.endswith((b"\n\n", b"\r\n\r\n")):
                return data
            end = _last_boundary(data, 0)
            if end:
                self._rest += data[end:]
                return data[:end]
        seen = max(0, len(rest) - LONGEST_BOUNDARY + 1)
        rest += data
        end = len(rest) if rest.endswith((b"\n\n", b"\r\n\r\n")) else _last_boundary(rest, seen)
        if end:
            whole = bytes(rest[:end])
            del rest[:end]
            return whole
        if len(rest) > MAX_EVENT:
            raise ProviderError(ErrorKind.UPSTREAM_MALFORMED, "The provider sent an endless event.")
        return b""

    def finish(self) -> bytes:
        """What is left when the connection ends: an event without its blank line, or a cut one."""
        rest, self._rest = bytes(self._rest), bytearray()
        return rest


def _last_boundary(data: bytes | bytearray, start: int) -> int:
    """The offset behind the last blank line that begins at ``start`` or later, 0 for none. A CR at the very end may be half of
    a CRLF: wait for it."""
    found = data.rfind(b"\n\n", start)
    end = found + 2 if found >= 0 else 0
    if data.find(b"\r", start) >= 0:
        limit = len(data) - 1 if data.endswith(b"\r") else len(data)
        for match in _END.finditer(data, start, limit):
            end = max(end, match.end())
    return end


class SseDecoder:
    """Bytes in, events out."""

    __slots__ = ("_boundary",)

    def __init__(self) -> None:
        self._boundary = EventBoundary()

    def feed(self, data: bytes) -> list[SseEvent]:
        """The events that ``data`` completes. Raises ProviderError for an endless event."""
        whole = self._boundary.feed(data)
        return split_events(as_utf8(whole)) if whole else []

    def finish(self) -> list[SseEvent]:
        """The last event, where its blank line is missing."""
        rest = self._boundary.finish()
        return split_events(as_utf8(rest)) if rest.strip() else []


def split_events(data: bytes) -> list[SseEvent]:
    """The events of a run of whole ones. Comments, ids and blocks without a data line give none."""
    if data.startswith(b"\xef\xbb\xbf"):
        data = data[3:]
    if data.endswith(b"\r\n\r\n") and data.startswith(b"data: ") and _is_one_line(data):
        return [SseEvent(None, data[6:-4])]
    blocks = _END.split(data) if b"\r" in data else data.split(b"\n\n")
    events = []
    for block in blocks:
        if block.startswith(b"data: ") and b"\n" not in block and b"\r" not in block:  # most events are one line
            events.append(SseEvent(None, block[6:]))
        elif block:
            event = _named(block) or _parse(block)
            if event is not None:
                events.append(event)
    return events


def _is_one_line(data: bytes) -> bool:
    """Whether a run that ends in a blank line of CRLFs is one event of one line, as Google sends them."""
    return data.find(b"\r") == len(data) - 4 and data.find(b"\n") == len(data) - 3


def split_frames(whole: bytes) -> list[bytes]:
    """A run of whole events, cut behind each blank line, bytes untouched."""
    separator = b"\r\n\r\n" if b"\r\n\r\n" in whole else b"\n\n"
    return [piece + separator for piece in whole.split(separator) if piece]


def _named(block: bytes) -> SseEvent | None:
    """An event of two lines, its name and its data, as Messages and Responses send them; None for any other."""
    name, _, data = block.partition(b"\n")
    if not name.startswith(b"event: ") or not data.startswith(b"data: ") or b"\n" in data or b"\r" in block:
        return None
    return SseEvent(name[7:], data[6:])


def _parse(block: bytes) -> SseEvent | None:
    name: bytes | None = None
    data: list[bytes] = []
    for line in _LINE.split(block):
        field, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if field == b"data":
            data.append(value)
        elif field == b"event":
            name = value
    return SseEvent(name, b"\n".join(data)) if data else None


def encode_event(data: bytes, name: bytes | None = None) -> bytes:
    """One frame of ``data`` (without line ends, as JSON is)."""
    if name is None:
        return b"data: " + data + b"\n\n"
    return b"event: " + name + b"\ndata: " + data + b"\n\n"
