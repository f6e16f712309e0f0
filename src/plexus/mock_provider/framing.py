"""How the events of a stream are framed on the wire, by protocol."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from plexus.mock_provider.frame import Frame


@dataclass(frozen=True, slots=True, kw_only=True)
class Framing:
    """One way to frame a stream."""

    content_type: str
    encode: Callable[[Frame, bool], bytes]
    """A frame's bytes; whether it is the first one of the stream."""
    close: bytes = b""
    """What ends a stream that ends properly."""
    ping: bytes = b""
    """A sign of life between events, none where the framing has no place for one."""
    comment: bytes = b""
    text: bool = True
    """Whether its lines may end with CR LF as well."""


def _event(frame: Frame, _first: bool) -> bytes:
    return frame.encode()


def _event_crlf(frame: Frame, _first: bool) -> bytes:
    return frame.encode().replace(b"\n", b"\r\n")


def _element(frame: Frame, first: bool) -> bytes:
    return (b"[" if first else b",\r\n") + frame.json()


def _line(frame: Frame, _first: bool) -> bytes:
    return frame.json() + b"\n"


SSE: Final = Framing(
    content_type="text/event-stream; charset=utf-8", encode=_event, ping=b": ping\n\n", comment=b": mock\n\n"
)
"""Server-sent events."""
SSE_CRLF: Final = Framing(
    content_type="text/event-stream", encode=_event_crlf, ping=b": ping\r\n\r\n", comment=b": mock\r\n\r\n"
)
"""Server-sent events whose lines end with CR LF, as Google sends them."""
ARRAY: Final = Framing(
    content_type="application/json; charset=UTF-8", encode=_element, close=b"]", ping=b"\r\n", text=False
)
"""One JSON array that grows, as Google sends it without ``alt=sse``."""

NDJSON: Final = Framing(content_type="application/x-ndjson", encode=_line)
"""A JSON object in each line, as Ollama sends them."""


def with_ping(framing: Framing, ping: bytes) -> Framing:
    """``framing`` with another sign of life."""
    return replace(framing, ping=ping)
