"""Grounding as citations, counted in characters."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from plexus.canonical.content import Citation
from plexus.protocols.gemini.citations import decode_citations
from plexus.protocols.members import Object

TEXT = "Grüße aus Köln."


def read(**members: Any) -> list[Citation]:
    return decode_citations(msgspec.json.decode(json.dumps(members), type=Object), TEXT)


def test_supports_point_at_their_sources() -> None:
    (first, second) = read(
        groundingMetadata={
            "groundingChunks": [
                {"web": {"uri": "https://a", "title": "A"}},
                {"retrievedContext": {"title": "B", "text": "quoted"}},
            ],
            "groundingSupports": [
                {"segment": {"startIndex": 12, "endIndex": 17}, "groundingChunkIndices": [0, 7]},
                {"segment": {"endIndex": 7}, "groundingChunkIndices": [1]},
            ],
        }
    )
    assert (first.url, first.title, first.kind) == ("https://a", "A", "grounding")
    assert TEXT[first.start : first.end] == "Köln"
    assert (second.title, second.cited_text) == ("B", "quoted")
    assert TEXT[second.start : second.end] == "Grüße"


def test_sources_without_supports_are_cited_as_a_whole() -> None:
    (found,) = read(groundingMetadata={"groundingChunks": [{"maps": {"uri": "https://m", "title": "M"}}, {}]})
    assert (found.url, found.start, found.end) == ("https://m", None, None)


def test_recitations_of_both_spellings() -> None:
    found = read(
        citationMetadata={"citationSources": [{"endIndex": 5, "uri": "https://s"}], "citations": [{"uri": "https://v"}]}
    )
    assert [(each.url, each.kind) for each in found] == [("https://s", "citation"), ("https://v", "citation")]
    assert found[0].start == 0


def test_nonsense_cites_nothing() -> None:
    assert read(groundingMetadata=[]) == read() == []
