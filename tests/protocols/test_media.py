from __future__ import annotations

import pytest

from plexus.canonical.content import InlineData
from plexus.protocols.media import data_url, parse_data_url


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
