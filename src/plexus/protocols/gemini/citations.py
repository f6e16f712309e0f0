"""What a candidate cites: grounding and recitation, as citations of its text, and other protocols' citations as grounding.

https://ai.google.dev/api/generate-content#GroundingMetadata. Google counts in bytes of the text, the hub in characters.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from plexus.canonical.content import Citation
from plexus.canonical.losses import Losses
from plexus.protocols.gemini.signature import PROTOCOL
from plexus.protocols.members import Object
from plexus.protocols.unreadable import UNREADABLE


class Source(msgspec.Struct):
    """``web``, ``retrievedContext`` or ``maps`` of a chunk."""

    uri: str | None = None
    title: str | None = None
    text: str | None = None


class GroundingChunk(msgspec.Struct, rename="camel"):
    """Something that was found."""

    web: Source | None = None
    retrieved_context: Source | None = None
    maps: Source | None = None


class Segment(msgspec.Struct, rename="camel"):
    """A piece of the answer, in bytes."""

    start_index: int | None = None
    end_index: int | None = None


class Support(msgspec.Struct, rename="camel"):
    """What supports a piece of the answer."""

    segment: Segment | None = None
    grounding_chunk_indices: list[int] | None = None


class Grounding(msgspec.Struct, rename="camel"):
    """``groundingMetadata``."""

    grounding_chunks: list[GroundingChunk] | None = None
    grounding_supports: list[Support] | None = None


class Recited(msgspec.Struct, rename="camel"):
    """One of ``citationMetadata``."""

    start_index: int | None = None
    end_index: int | None = None
    uri: str | None = None
    title: str | None = None


class Recitation(msgspec.Struct, rename="camel"):
    """``citationMetadata``; Vertex says ``citations``."""

    citation_sources: list[Recited] | None = None
    citations: list[Recited] | None = None


def decode_citations(members: Object, text: str) -> list[Citation]:
    """The citations of a candidate whose whole answer is ``text``. What cannot be read gives none."""
    data = text.encode()
    try:
        found = _grounded(msgspec.json.decode(members.get("groundingMetadata", b"{}"), type=Grounding), data)
        recited = msgspec.json.decode(members.get("citationMetadata", b"{}"), type=Recitation)
    except UNREADABLE:
        return []
    for each in (*(recited.citation_sources or ()), *(recited.citations or ())):
        found.append(_citation("citation", Source(each.uri, each.title), each.start_index, each.end_index, data))
    return found


def _grounded(grounding: Grounding, data: bytes) -> list[Citation]:
    sources = [chunk.web or chunk.retrieved_context or chunk.maps for chunk in grounding.grounding_chunks or ()]
    found = []
    for support in grounding.grounding_supports or ():
        segment = support.segment or Segment()
        for index in support.grounding_chunk_indices or ():
            source = sources[index] if 0 <= index < len(sources) else None
            if source is not None:
                found.append(_citation("grounding", source, segment.start_index or 0, segment.end_index, data))
    if not grounding.grounding_supports:
        found = [_citation("grounding", source, None, None, data) for source in sources if source is not None]
    return found


def _citation(kind: str, source: Source, start: int | None, end: int | None, data: bytes) -> Citation:
    return Citation(
        origin=PROTOCOL,
        kind=kind,
        url=source.uri,
        title=source.title,
        cited_text=source.text,
        start=_characters(data, start if start is not None or end is None else 0),
        end=_characters(data, end),
    )


def _characters(data: bytes, offset: int | None) -> int | None:
    return None if offset is None else len(data[: max(0, offset)].decode("utf-8", "ignore"))


# --- writing


class Cited(NamedTuple):
    """A citation, and the piece of the answer that it stands on, in characters."""

    citation: Citation
    start: int
    end: int


def encode_grounding(cited: Sequence[Cited], text: str, losses: Losses, path: str) -> dict[str, object] | None:
    """``groundingMetadata`` of an answer whose whole text is ``text``. Gemini's own citations stand in the candidate already;
    a citation that names no source is a loss."""
    chunks: list[object] = []
    supports: list[object] = []
    numbers: dict[tuple[str | None, ...], int] = {}
    for citation, *place in cited:
        if citation.origin == PROTOCOL:
            continue
        source = (citation.url, citation.title, citation.cited_text if citation.url is None else None)
        if not any(source):
            losses.add(f"{path}.citations", "unsupported")
            continue
        if source not in numbers:
            numbers[source] = len(chunks)
            chunks.append(_chunk(citation))
        start, end = place if citation.end is None else (citation.start or 0, citation.end)
        said = text[start:end]
        first = len(text[:start].encode())
        segment = {"startIndex": first, "endIndex": first + len(said.encode()), "text": said}
        supports.append({"segment": segment, "groundingChunkIndices": [numbers[source]]})
    return {"groundingChunks": chunks, "groundingSupports": supports} if chunks else None


def _chunk(citation: Citation) -> object:
    """A page by its address; what has none (a document of the request) as what was retrieved."""
    if citation.url is not None:
        return {"web": {"uri": citation.url, "title": citation.title or citation.url}}
    members = {"title": citation.title, "text": citation.cited_text}
    return {"retrievedContext": {name: value for name, value in members.items() if value is not None}}
