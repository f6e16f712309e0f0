from __future__ import annotations

from tests.protocols.openai_chat.making import raw

from plexus.canonical.content import Citation, Text
from plexus.canonical.losses import Loss, Losses
from plexus.protocols.openai_chat.citations import read_citation, write_annotations, write_citation

WIRE = {"type": "url_citation", "url_citation": {"url": "https://x", "title": "X", "start_index": 1, "end_index": 3}}


def test_a_citation_both_ways() -> None:
    citation = read_citation(raw(WIRE))
    assert (citation.kind, citation.url, citation.title, citation.start, citation.end) == (
        "url_citation",
        "https://x",
        "X",
        1,
        3,
    )
    assert write_citation(citation, 0, 0) == raw(WIRE)


def test_other_annotations_are_known_by_their_raw_form_only() -> None:
    file = raw({"type": "file", "file": {"hash": "a"}})
    assert read_citation(file) == Citation(origin="openai_chat", kind="file", raw=file)
    odd = raw({"type": 7})
    assert write_citation(read_citation(odd), 0, 0) == odd


def test_citations_of_others_stand_where_their_text_does() -> None:
    found = Citation(origin="gemini", kind="grounding", url="https://x", cited_text="t")
    losses = Losses()
    written = write_annotations([Text(text="abc"), Text(text="de", citations=(found,))], "content", losses)
    at = {"start_index": 3, "end_index": 5, "url": "https://x", "title": "https://x", "content": "t"}
    assert written == [{"type": "url_citation", "url_citation": at}]
    assert losses == []


def test_citations_without_an_address_are_losses() -> None:
    losses = Losses()
    page = Citation(origin="anthropic_messages", kind="page_location")
    assert write_annotations([Text(text="abc", citations=(page,))], "content", losses) == []
    assert losses == [Loss("content.citations", "unsupported")]
