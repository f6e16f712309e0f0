"""The two forms of a stream: server-sent events (``alt=sse``), and one JSON array whose elements come one by one.

https://ai.google.dev/api/generate-content#method:-models.streamgeneratecontent. An error may stand between events as bare
JSON, without ``data:``.
"""

from __future__ import annotations

import itertools
import re

from plexus.canonical.errors import ErrorKind, ProviderError
from plexus.protocols.sse import MAX_EVENT, EventBoundary, split_events
from plexus.protocols.unreadable import as_utf8

_MARK = re.compile(rb'["{}\]]')
_IN_STRING = re.compile(rb'"|\\.|\\', re.DOTALL)
"""Inside a string: its end, or an escape, which may hold a quote."""


def split_chunks(data: bytes) -> list[bytes]:
    """The JSON of a run of whole events, bare errors included."""
    if not data.startswith(b"data:") and data.lstrip()[:1] in (b"{", b"["):
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
        return split_chunks(as_utf8(whole)) if whole else []

    def finish(self) -> list[bytes]:
        """The last one, where its blank line is missing."""
        rest = self._boundary.finish()
        return split_chunks(as_utf8(rest)) if rest.strip() else []


class _Scan:
    """Walks over (the rest of) an array, once: bytes that were seen are not looked at again."""

    __slots__ = ("_depth", "_in_string", "_position")

    def __init__(self) -> None:
        self._position = 0
        self._depth = 0
        self._in_string = False

    def ends(self, data: bytes | bytearray) -> list[int]:
        """The offsets behind each element, and behind the closing bracket, that ``data``, what was left and more, completes."""
        found: list[int] = []
        while (match := (_IN_STRING if self._in_string else _MARK).search(data, self._position)) is not None:
            mark = match[0]
            if len(mark) == 1 and mark == b"\\":
                self._position = match.start()  # what it escapes has not come yet
                return found
            self._position = match.end()
            if mark == b'"':
                self._in_string = not self._in_string
            elif mark == b"{":
                self._depth += 1
            elif mark == b"}":
                self._depth -= 1
                if self._depth == 0:
                    found.append(match.end())
            elif mark == b"]" and self._depth == 0:
                found.append(match.end())
        self._position = len(data)
        return found

    def handed_on(self, size: int) -> None:
        """So many bytes at the front are gone."""
        self._position -= size


class ArrayBoundary:
    """Holds a JSON array back to its last complete element, bytes untouched. What is handed on ends behind an element, or
    behind the closing bracket."""

    __slots__ = ("_rest", "_scan")

    def __init__(self) -> None:
        self._rest = bytearray()
        self._scan = _Scan()

    def feed(self, data: bytes) -> bytes:
        """All bytes up to the end of the last element so far; b"" while none is. Raises ProviderError for an endless one."""
        self._rest += data
        ends = self._scan.ends(self._rest)
        if not ends:
            if len(self._rest) > MAX_EVENT:
                raise ProviderError(ErrorKind.UPSTREAM_MALFORMED, "The provider sent an endless event.")
            return b""
        whole = bytes(self._rest[: ends[-1]])
        del self._rest[: ends[-1]]
        self._scan.handed_on(len(whole))
        return whole

    def finish(self) -> bytes:
        """What is left when the connection ends: a cut element, or whitespace."""
        rest = bytes(self._rest)
        self._rest.clear()
        self._scan = _Scan()
        return rest


def split_elements(run: bytes) -> list[bytes]:
    """A run that an ArrayBoundary handed on, cut behind each element; bytes untouched, their commas before them."""
    edges = [0, *_Scan().ends(run)]
    return [run[start:end] for start, end in itertools.pairwise(edges)]


def element_json(piece: bytes) -> bytes:
    """The element of a piece, without the marks around it; b"" for the closing bracket."""
    text = piece.lstrip(b" \t\r\n,[")
    return b"" if text.strip() in (b"]", b"") else text
