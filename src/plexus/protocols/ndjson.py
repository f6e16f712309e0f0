"""Streams of one JSON object a line (https://github.com/ndjson/ndjson-spec), incremental."""

from __future__ import annotations

from plexus.canonical.errors import ErrorKind, ProviderError
from plexus.protocols.sse import MAX_EVENT
from plexus.protocols.unreadable import as_utf8


class LineCutter:
    """Bytes in, whole lines out; empty ones are none. A line may end with CR LF."""

    __slots__ = ("_rest",)

    def __init__(self) -> None:
        self._rest = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        """The lines that ``data`` completes, without their ends. Raises ProviderError for an endless line."""
        end = data.rfind(b"\n")
        if end >= 0:
            self._rest += data[:end]
            whole = bytes(self._rest)
            self._rest = bytearray(data[end + 1 :])
        else:
            self._rest += data
            whole = b""
        if len(self._rest) > MAX_EVENT:
            raise ProviderError(ErrorKind.UPSTREAM_MALFORMED, "The provider sent an endless event.")
        return _lines(whole)

    def finish(self) -> list[bytes]:
        """The last line, where its end is missing."""
        rest, self._rest = bytes(self._rest), bytearray()
        return _lines(rest)


def _lines(whole: bytes) -> list[bytes]:
    return [line for line in (each.strip() for each in as_utf8(whole).split(b"\n")) if line]
