from __future__ import annotations

import pytest

from plexus.client_api.query import read_query


@pytest.mark.parametrize(
    ("raw", "pairs", "kept"),
    [
        (b"", {}, b""),
        (b"a=1&b=%20&c", {"a": "1", "b": " ", "c": ""}, b"a=1&b=%20&c"),
        (b"key=secret&alt=sse&KEY=other", {"key": "secret", "alt": "sse", "KEY": "other"}, b"alt=sse"),
    ],
)
def test_the_key_stays_here(raw: bytes, pairs: dict[str, str], kept: bytes) -> None:
    assert read_query(raw) == (pairs, kept)
