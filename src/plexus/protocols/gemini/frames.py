"""The two forms of a stream: server-sent events (``alt=sse``), and one JSON array whose elements come one by one.

https://ai.google.dev/api/generate-content#method:-models.streamgeneratecontent. An error may stand between events as bare
JSON, without ``data:``.
"""

from __future__ import annotations

import itertools
import re

from plexus.canonical.errors import ErrorKind, ProviderError
from plexus.protocols.sse import MAX_EVENT, EventBoundary, split_events

_MARK = re.compile(rb'"(?:[^"\\]|\\.)*+"|[{}\]"]', re.DOTALL)
"""Strings as a whole, so that nothing inside them counts; a lone quote is a string that is not complete yet."""


def split_chunks(data: bytes) -> list[bytes]:
    """The JSON of a run of whole events, bare errors included."""
    if data.lstrip()[:1] in (b"{", b"["):
        return [data]
    chunks = [event.data for event in split_events(data)]
    if b"\n{" in data and b'"error"' in data:
        bare = data[data.index(b"\n{") + 1 :]
        if b"data:" not in bare:
            chunks.append(bare)
    return chunks


class SseChunks:
    """Bytes of an event stream in, the JSON of its chunks out."""

    __slots__ = ("_boundary",)

    def __init__(self) -> None:
        self._boundary = EventBoundary()

    def feed(self, data: bytes) -> list[bytes]:
        """The chunks that ``data`` completes. Raises ProviderError for an endless one."""
        whole = self._boundary.feed(data)
        return split_chunks(whole) if whole else []

    def finish(self) -> list[bytes]:
        """The last one, where its blank line is missing."""
        rest = self._boundary.finish()
        return split_chunks(rest) if rest.strip() else []


def element_ends(data: bytes) -> list[int]:
    """The offsets behind each complete element of (the rest of) an array, and behind its closing bracket."""
    ends, depth = [], 0
    for found in _MARK.finditer(data):
        mark = found[0]
        if mark == b"{":
            depth += 1
        elif mark == b"}":
            depth -= 1
            if depth == 0:
                ends.append(found.end())
        elif mark == b"]" and depth == 0:
            ends.append(found.end())
        elif mark == b'"':
            break
    return ends


class ArrayBoundary:
    """Holds a JSON array back to its last complete element, bytes untouched. What is handed on ends behind an element, or
    behind the closing bracket."""

    __slots__ = ("_rest",)

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> bytes:
        """All bytes up to the end of the last element so far; b"" while none is. Raises ProviderError for an endless one."""
        data = self._rest + data
        ends = element_ends(data)
        end = ends[-1] if ends else 0
        if end == 0 and len(data) > MAX_EVENT:
            raise ProviderError(ErrorKind.UPSTREAM_MALFORMED, "The provider sent an endless event.")
        self._rest = data[end:]
        return data[:end]

    def finish(self) -> bytes:
        """What is left when the connection ends: a cut element, or whitespace."""
        rest, self._rest = self._rest, b""
        return rest


def split_elements(run: bytes) -> list[bytes]:
    """A run that an ArrayBoundary handed on, cut behind each element; bytes untouched, their commas before them."""
    edges = [0, *element_ends(run)]
    return [run[start:end] for start, end in itertools.pairwise(edges)]


def element_json(piece: bytes) -> bytes:
    """The element of a piece, without the marks around it; b"" for the closing bracket."""
    text = piece.lstrip(b" \t\r\n,[")
    return b"" if text.strip() in (b"]", b"") else text
