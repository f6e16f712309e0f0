"""Signatures are their issuer's alone."""

from __future__ import annotations

import pytest

from plexus.mock_provider.signature import hide, is_genuine, is_hidden_by, sign


def test_a_signature_is_for_one_text_of_one_issuer() -> None:
    signature = sign("a", "text")
    assert is_genuine("a", "text", signature)
    assert not is_genuine("a", "text.", signature)
    assert not is_genuine("b", "text", signature)


def test_hidden_text_is_known_again_by_its_issuer() -> None:
    data = hide("a", "text")
    assert is_hidden_by("a", data)
    assert not is_hidden_by("b", data)


@pytest.mark.parametrize("data", ["", "?", "AAAA", hide("a", "text")[:-4], "ü"])
def test_anything_else_is_not(data: str) -> None:
    assert not is_hidden_by("a", data)
