from __future__ import annotations

import pytest

from plexus.canonical.content import FileId, InlineData, Source, Url
from plexus.protocols.openai_chat.media import file_name, read_file, read_url, write_url


@pytest.mark.parametrize(
    ("url", "source"),
    [
        ("https://x/y.png", Url("https://x/y.png")),
        ("data:image/png;base64,AA==", InlineData("image/png", "AA==")),
        ("data:image/svg+xml;base64,AA==", InlineData("image/svg+xml", "AA==")),
        ("data:text/plain,hello", Url("data:text/plain,hello")),
        ("data:;base64,AA==", Url("data:;base64,AA==")),
    ],
)
def test_urls_both_ways(url: str, source: InlineData | Url) -> None:
    assert read_url(url) == source
    assert write_url(source) == url


@pytest.mark.parametrize(
    ("data", "file_id", "name", "source"),
    [
        ("data:application/pdf;base64,AA==", None, None, InlineData("application/pdf", "AA==")),
        ("AA==", None, "a.TXT", InlineData("text/plain", "AA==")),
        ("AA==", None, None, InlineData("application/pdf", "AA==")),
        ("https://x/y.pdf", None, None, Url("https://x/y.pdf")),
        (None, "file-1", None, FileId("openai_chat", "file-1")),
        (None, None, "a.pdf", None),
    ],
)
def test_files(data: str | None, file_id: str | None, name: str | None, source: Source | None) -> None:
    assert read_file(data, file_id, name) == source


def test_every_file_gets_a_name() -> None:
    assert file_name("a.pdf", "text/csv") == "a.pdf"
    assert file_name(None, "text/csv") == "document.csv"
    assert file_name(None, "x/y") == "document.bin"
