"""Annotations of a message and citations of its text
(https://platform.openai.com/docs/api-reference/chat/object, ``annotations``)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from plexus.canonical.content import Citation, Text
from plexus.canonical.losses import Losses
from plexus.protocols.openai_chat.members import PROTOCOL, read_as


class _UrlCitation(msgspec.Struct):
    url: str | None = None
    title: str | None = None
    content: str | None = None
    start_index: int | None = None
    end_index: int | None = None


class _Annotation(msgspec.Struct):
    type: str = "url_citation"
    url_citation: _UrlCitation = msgspec.field(default_factory=_UrlCitation)


def read_citation(raw: msgspec.Raw) -> Citation:
    """One annotation; of kinds that are no web addresses only the raw object is known."""
    wire = read_as(raw, _Annotation) or _Annotation(type="unknown")
    at = wire.url_citation
    return Citation(
        origin=PROTOCOL,
        kind=wire.type,
        url=at.url,
        title=at.title,
        cited_text=at.content,
        start=at.start_index,
        end=at.end_index,
        raw=msgspec.Raw(bytes(raw)),
    )


def write_citation(citation: Citation, start: int, end: int) -> object | None:
    """One annotation; None where Chat has no form. ``start`` and ``end`` are the cited text's, where it says none itself."""
    if citation.origin == PROTOCOL and citation.raw is not None:
        return citation.raw
    if citation.url is None:
        return None
    at: dict[str, Any] = {
        "start_index": citation.start if citation.start is not None else start,
        "end_index": citation.end if citation.end is not None else end,
        "url": citation.url,
        "title": citation.title or citation.url,
    }
    if citation.cited_text is not None:
        at["content"] = citation.cited_text
    return {"type": "url_citation", "url_citation": at}


def write_annotations(texts: Sequence[Text], path: str, losses: Losses) -> list[object]:
    """The annotations of all texts of a message; citations of documents and files have no form here: losses."""
    written = []
    offset = 0
    for text in texts:
        for citation in text.citations:
            annotation = write_citation(citation, offset, offset + len(text.text))
            if annotation is None:
                losses.add(f"{path}.citations", "unsupported")
            else:
                written.append(annotation)
        offset += len(text.text)
    return written
