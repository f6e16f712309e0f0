from __future__ import annotations

import pytest

from plexus.canonical.content import BlockSource, Document, Image, InlineData, PlainText, Source, Text, Url
from plexus.protocols.media import data_url, parse_data_url, text_of


@pytest.mark.parametrize(
    ("url", "source"),
    [
        ("data:image/png;base64,AAAA", InlineData("image/png", "AAAA")),
        ("data:text/plain;charset=utf-8;base64,AAAA", InlineData("text/plain", "AAAA")),
        ("data:;base64,AAAA", InlineData("application/octet-stream", "AAAA")),
        ("data:text/plain,hello", None),
        ("data:image/png;base64", None),
        ("https://example.com/a.png", None),
    ],
)
def test_data_urls(url: str, source: InlineData | None) -> None:
    assert parse_data_url(url) == source


def test_a_data_url_comes_back() -> None:
    source = InlineData("application/pdf", "AAAA")
    assert parse_data_url(data_url(source)) == source


@pytest.mark.parametrize(("source", "text"), [
    (PlainText("a"), "a"),
    (BlockSource((Text(text="a"), Text(text="b"))), "a\nb"),
    (BlockSource((Text(text="a"), Image(source=Url("u")))), None),
    (InlineData("text/markdown", "w6Q="), "ä"),
    (InlineData("text/plain", "%"), None),
    (InlineData("text/plain", "/w=="), None),
    (InlineData("application/pdf", "w6Q="), None),
    (Url("https://example.com/a.txt"), None),
])  # fmt: skip
def test_documents_that_are_text(source: Source, text: str | None) -> None:
    assert text_of(Document(source=source)) == text
