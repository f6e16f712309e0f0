from __future__ import annotations

from plexus.canonical.embedding import EmbedRequest, EmbedResponse, Tokens, Vector


def test_texts_are_estimated_and_tokens_counted() -> None:
    request = EmbedRequest(origin="x", model="m", inputs=("ab", "ü", Tokens((7, 8, 9))))
    assert request.estimate(lambda size: size * 10) == 20 + 20 + 3


def test_a_reply_without_vectors_is_empty() -> None:
    assert EmbedResponse(vectors=()).empty
    assert not EmbedResponse(vectors=(Vector(packed=b"\0\0\0\0"),)).empty
