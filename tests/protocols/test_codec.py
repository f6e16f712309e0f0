"""What the codec record brings along."""

from __future__ import annotations

import pytest

from plexus.protocols.codec import fixed_path
from plexus.protocols.registry import CODECS


def test_a_fixed_path_says_neither_model_nor_stream() -> None:
    path = fixed_path("/chat/completions")
    assert {path("a", False), path("b", True)} == {"/chat/completions"}


@pytest.mark.parametrize("name", list(CODECS), ids="-".join)
def test_every_codec_stands_below_the_base_url_and_counts_if_it_says_so(name: tuple[str, str]) -> None:
    entry = CODECS[name]
    assert (entry.protocol, entry.operation) == name
    assert entry.path("m", True).startswith("/")
    assert (entry.encode_count is not None) == (entry.operation == "count_tokens")
