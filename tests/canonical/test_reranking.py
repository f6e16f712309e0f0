from __future__ import annotations

from plexus.canonical.reranking import Ranked, RerankRequest, RerankResponse


def test_the_query_is_read_beside_each_document() -> None:
    request = RerankRequest(origin="x", model="m", query="abc", documents=("a", "bc"))
    assert request.estimate(lambda size: size * 10) == (30 + 10) + (30 + 20)


def test_a_reply_without_places_is_empty() -> None:
    assert RerankResponse(results=()).empty
    assert not RerankResponse(results=(Ranked(0, 0.5),)).empty
