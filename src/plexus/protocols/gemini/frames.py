"""The two forms of a stream: server-sent events (``alt=sse``), and one JSON array whose elements come one by one.

https://ai.google.dev/api/generate-content#method:-models.streamgeneratecontent. An error may stand between events as bare
JSON, without ``data:``.
"""

from __future__ import annotations

from plexus.canonical.errors import ErrorKind, ProviderError
from plexus.protocols.sse import MAX_EVENT, EventBoundary, split_events

_OPEN, _CLOSE, _QUOTE, _ESCAPE = b"{"[0], b"}"[0], b'"'[0], b"\\"[0]
_END = b"]"[0]


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


class ArrayBoundary:
    """Holds a JSON array back to its last complete element, bytes untouched. What is handed on ends behind an element, or
    behind the closing bracket."""

    __slots__ = ("_depth", "_escaped", "_in_string", "_rest", "_scanned")

    def __init__(self) -> None:
        self._rest = b""
        self._scanned = 0
        self._depth = 0
        self._in_string = self._escaped = False

    def feed(self, data: bytes) -> bytes:
        """All bytes up to the end of the last element so far; b"" while none is. Raises ProviderError for an endless one."""
        data = self._rest + data
        end = self._scan(data)
        if end == 0 and len(data) > MAX_EVENT:
            raise ProviderError(ErrorKind.UPSTREAM_MALFORMED, "The provider sent an endless event.")
        self._rest = data[end:]
        self._scanned = len(self._rest)
        return data[:end]

    def _scan(self, data: bytes) -> int:
        end = 0
        for place in range(self._scanned, len(data)):
            byte = data[place]
            if self._in_string:
                if self._escaped:
                    self._escaped = False
                elif byte == _ESCAPE:
                    self._escaped = True
                elif byte == _QUOTE:
                    self._in_string = False
            elif byte == _QUOTE:
                self._in_string = True
            elif byte == _OPEN:
                self._depth += 1
            elif byte == _CLOSE:
                self._depth -= 1
                if self._depth == 0:
                    end = place + 1
            elif byte == _END and self._depth == 0:
                end = place + 1
        return end

    def finish(self) -> bytes:
        """What is left when the connection ends: a cut element, or whitespace."""
        rest, self._rest, self._scanned = self._rest, b"", 0
        return rest


def split_elements(run: bytes) -> list[bytes]:
    """A run that an ArrayBoundary handed on, cut behind each element; bytes untouched, their commas before them."""
    boundary, pieces, start = ArrayBoundary(), [], 0
    for place, byte in enumerate(run, 1):
        if byte in (_CLOSE, _END) and (whole := boundary.feed(run[start:place])):
            pieces.append(whole)
            start = place
        elif byte in (_CLOSE, _END):
            start = place
    rest = run[start:]
    return [*pieces, rest] if rest.strip() else pieces


def element_json(piece: bytes) -> bytes:
    """The element of a piece, without the marks around it; b"" for the closing bracket."""
    text = piece.lstrip(b" \t\r\n,[")
    return b"" if text.strip() in (b"]", b"") else text
