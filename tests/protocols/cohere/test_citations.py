from __future__ import annotations

from typing import Any

import pytest
from tests.protocols.making import raw, value

from plexus.protocols.cohere.citations import decode_citations


def source(**members: Any) -> dict[str, Any]:
    return {"type": "document", "id": "doc:0", "document": members}


def test_one_for_each_source_with_the_vendors_object_beside_it() -> None:
    document = {
        "start": 3, "end": 9, "text": "penguin", "type": "TEXT_CONTENT",
        "sources": [
            source(title="T", url="https://e/x", text="long"), {"type": "tool", "id": "t:0", "tool_output": {"content": "Ruby"}},
        ],
    }  # fmt: skip
    first, second = decode_citations(raw(document))
    assert (first.kind, first.title, first.url, first.cited_text) == ("document", "T", "https://e/x", "long")
    assert (second.kind, second.title, second.url, second.cited_text) == ("tool", None, None, "Ruby")
    assert {(each.start, each.end, each.origin) for each in (first, second)} == {(3, 9, "cohere")}
    assert value(first.raw) == value(second.raw) == document


def test_a_citation_without_a_source_is_one_all_the_same() -> None:
    (citation,) = decode_citations(raw({"start": 0, "end": 1}))
    assert (citation.start, citation.end, citation.url) == (0, 1, None)


def test_members_of_other_types_say_nothing() -> None:
    (citation,) = decode_citations(raw({"sources": [source(title=["x"], url=7, text=None, snippet="short")]}))
    assert (citation.title, citation.url, citation.cited_text) == (None, None, "short")


@pytest.mark.parametrize(
    "document", [{"type": "PLAN"}, {"type": "THINKING_CONTENT"}, {"start": "x"}, {"sources": 7}, [], "x"]
)
def test_what_cites_no_text_of_the_answer(document: Any) -> None:
    assert decode_citations(raw(document)) == []
