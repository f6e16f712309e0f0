"""Grounding as citations, counted in characters."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from plexus.canonical.content import Citation
from plexus.canonical.losses import Losses
from plexus.protocols.gemini.citations import Cited, decode_citations, encode_grounding
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


def cited(start: int = 0, end: int = len(TEXT), **members: Any) -> Cited:
    return Cited(Citation(origin="anthropic_messages", kind="x", **members), start, end)


def test_what_is_written_is_read_again() -> None:
    losses = Losses()
    written = encode_grounding(
        [
            cited(url="https://a", title="A", start=10, end=14),
            cited(0, 5, title="B", cited_text="quoted"),
            cited(6, 9, url="https://a", title="A"),
        ],
        TEXT,
        losses,
        "p",
    )
    assert written is not None
    assert written["groundingChunks"] == [
        {"web": {"uri": "https://a", "title": "A"}},
        {"retrievedContext": {"title": "B", "text": "quoted"}},
    ]
    again = read(groundingMetadata=written)
    assert [(each.url, each.title, each.cited_text) for each in again] == [
        ("https://a", "A", None),
        (None, "B", "quoted"),
        ("https://a", "A", None),
    ]
    assert [TEXT[each.start : each.end] for each in again] == ["K\u00f6ln", "Gr\u00fc\u00dfe", "aus"]
    supports: Any = written["groundingSupports"]
    assert [each["segment"]["text"] for each in supports] == ["K\u00f6ln", "Gr\u00fc\u00dfe", "aus"]
    assert list(losses) == []


def test_geminis_own_and_those_without_a_source_are_not_written() -> None:
    losses = Losses()
    own = Cited(Citation(origin="gemini", kind="grounding", url="https://a"), 0, 5)
    assert encode_grounding([own], TEXT, losses, "p") is None
    assert list(losses) == []
    assert encode_grounding([cited()], TEXT, losses, "p") is None
    assert [(loss.path, loss.reason) for loss in losses] == [("p.citations", "unsupported")]
