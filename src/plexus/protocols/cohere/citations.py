"""What an answer cites: documents of the request, and what tools returned (https://docs.cohere.com/docs/rag-citations)."""

from __future__ import annotations

import msgspec

from plexus.canonical.content import Citation
from plexus.protocols.cohere.wire import PROTOCOL
from plexus.protocols.unreadable import UNREADABLE


class Found(msgspec.Struct):
    """``document`` or ``tool_output`` of a source: an object with members of the caller's choice; these are usual."""

    title: object = None
    url: object = None
    text: object = None
    snippet: object = None
    content: object = None


class Source(msgspec.Struct):
    """One of ``sources``."""

    document: Found | None = None
    tool_output: Found | None = None


class WireCitation(msgspec.Struct):
    """A span of the answer, in characters, and what it rests on."""

    start: int | None = None
    end: int | None = None
    type: str | None = None
    sources: list[Source] | None = None


_DECODER = msgspec.json.Decoder(WireCitation)
OF_TEXT = "TEXT_CONTENT"
"""The type of citations of the answer; others are of thoughts and plans."""


def decode_citations(raw: msgspec.Raw) -> list[Citation]:
    """A citation for each of the sources, at least one; [] for what cannot be read and for what is cited in thoughts."""
    try:
        wire = _DECODER.decode(raw)
    except UNREADABLE:
        return []
    if wire.type not in (None, OF_TEXT):
        return []
    return [_citation(wire, source, raw) for source in wire.sources or [Source()]]


def _citation(wire: WireCitation, source: Source, raw: msgspec.Raw) -> Citation:
    found = source.document or source.tool_output or Found()
    return Citation(
        origin=PROTOCOL,
        kind="document" if source.document is not None else "tool",
        url=_text(found.url),
        title=_text(found.title),
        cited_text=_text(found.text) or _text(found.snippet) or _text(found.content),
        start=wire.start,
        end=wire.end,
        raw=msgspec.Raw(bytes(raw)),
    )


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
