from __future__ import annotations

import json

import msgspec
import pytest
from tests.protocols.anthropic_messages.making import FOREIGN, OWN, raw
from tests.specs_schema import anthropic

from plexus.canonical.content import Citation
from plexus.protocols.anthropic_messages.citations import decode_citation, encode_citation, is_sendable

WEB = {
    "type": "web_search_result_location",
    "cited_text": "rain",
    "encrypted_index": "E1",
    "title": "Weather",
    "url": "https://example.org/w",
}
PAGE = {"type": "page_location", "cited_text": "x", "document_index": 0, "document_title": "D", "start_page_number": 1}
SEARCH = {"type": "search_result_location", "cited_text": "x", "source": "https://example.org", "title": None}


@pytest.mark.parametrize(
    ("wire", "url", "title"),
    [
        (WEB, "https://example.org/w", "Weather"),
        (PAGE, None, "D"),
        (SEARCH, "https://example.org", None),
        ({**SEARCH, "source": "shelf 4"}, None, None),
    ],
)
def test_a_citation_keeps_its_own_object(wire: dict[str, object], url: str | None, title: str | None) -> None:
    citation = decode_citation(raw(wire), 3, 9)
    assert citation is not None
    assert (citation.kind, citation.url, citation.title) == (wire["type"], url, title)
    assert (citation.start, citation.end) == (3, 9)
    assert encode_citation(citation) == raw(wire)


@pytest.mark.parametrize("body", [b"{}", b"3", b'{"type": 1}'])
def test_what_is_no_citation_gives_none(body: bytes) -> None:
    assert decode_citation(body) is None


def test_an_address_of_another_protocol_becomes_a_web_result() -> None:
    cited = Citation(origin=FOREIGN, kind="url_citation", url="https://example.org", title="T", start=0, end=4)
    written = encode_citation(cited)
    delta = {"type": "content_block_delta", "index": 0, "delta": {"type": "citations_delta", "citation": written}}
    anthropic("RawMessageStreamEvent").validate(json.loads(msgspec.json.encode(delta)))
    assert encode_citation(Citation(origin=FOREIGN, kind="file_citation")) is None


def test_only_what_anthropic_said_goes_back_to_it() -> None:
    own = decode_citation(raw(WEB))
    invented = decode_citation(raw({**WEB, "encrypted_index": ""}))
    page = decode_citation(raw(PAGE))
    assert own is not None
    assert invented is not None
    assert page is not None
    assert is_sendable(own)
    assert is_sendable(page)
    assert not is_sendable(invented)
    assert not is_sendable(Citation(origin=FOREIGN, kind="url_citation", url="https://example.org"))
    assert not is_sendable(Citation(origin=OWN, kind="page_location"))
