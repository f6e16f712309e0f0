"""Reranking as Cohere, Jina and Voyage answer it: a document's score is the part of the query's words that it has."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from plexus.mock_provider.answer import Json
from plexus.mock_provider.errors import Refused
from plexus.mock_provider.operations.reading import check_model, read_plainly
from plexus.mock_provider.operations.vectors import likeness
from plexus.mock_provider.stage import Desk
from plexus.mock_provider.tokens import compact, count

Text = Annotated[str, Meta(min_length=1)]
Count = Annotated[int, Meta(ge=1)]


class CohereRequest(Struct, forbid_unknown_fields=True):
    """The body of ``/v2/rerank``."""

    model: Text
    query: Text
    documents: Annotated[list[str], Meta(min_length=1, max_length=10_000)]
    top_n: Count | None = None
    max_tokens_per_doc: int | None = None
    priority: int | None = None


class OpenRequest(Struct, forbid_unknown_fields=True):
    """The body of ``/v1/rerank`` as Jina (``top_n``) and Voyage (``top_k``) read it."""

    model: Text
    query: Text
    documents: Annotated[list[str | Json], Meta(min_length=1, max_length=10_000)]
    top_n: Count | None = None
    top_k: Count | None = None
    return_documents: bool | None = None
    truncation: bool | None = None
    max_chunks_per_doc: int | None = None


_COHERE = msgspec.json.Decoder(CohereRequest)
_OPEN = msgspec.json.Decoder(OpenRequest)


def cohere(desk: Desk) -> Callable[[], Json]:
    """``POST /v2/rerank``. https://docs.cohere.com/reference/rerank"""
    request = read_plainly(_COHERE, desk.call.body)
    check_model(request.model, "model '{model}' not found, make sure the correct model ID was used")
    return lambda: {
        "id": desk.ids.make("", 32).lower(),
        "results": [
            {"index": index, "relevance_score": score}
            for index, score in _ranked(request.query, request.documents, request.top_n)
        ],
        "meta": {"api_version": {"version": "2"}, "billed_units": {"search_units": -(-len(request.documents) // 100)}},
    }


def jina_voyage(desk: Desk) -> Callable[[], Json]:
    """``POST /v1/rerank``: ``results`` as Jina names them; for a call with Voyage's ``top_k`` or ``truncation``, a list
    with ``data``. https://jina.ai/reranker, https://docs.voyageai.com/reference/reranker-api"""
    request = read_plainly(_OPEN, desk.call.body)
    check_model(request.model, "Model {model} is not supported")
    if request.top_n is not None and request.top_k is not None:
        raise Refused("invalid request: top_n and top_k must not both be given")
    voyage = request.top_k is not None or request.truncation is not None
    documents = [one if isinstance(one, str) else str(one.get("text") or compact(one)) for one in request.documents]
    ranked = _ranked(request.query, documents, request.top_k or request.top_n)
    show = request.return_documents if request.return_documents is not None else not voyage
    used = desk.input_tokens(sum(count(request.query) + count(text) for text in documents))

    def answer() -> Json:
        found: list[Json] = [{"index": index, "relevance_score": score} for index, score in ranked]
        for one, (index, _) in zip(found, ranked, strict=True):
            if show:
                one["document"] = documents[index] if voyage else {"text": documents[index]}
        if voyage:
            return {"object": "list", "data": found, "model": request.model, "usage": {"total_tokens": used}}
        return {"model": request.model, "usage": {"total_tokens": used}, "results": found}

    return answer


def _ranked(query: str, documents: Sequence[str], most: int | None) -> list[tuple[int, float]]:
    """Indexes and scores, best first, the first ones first among equals."""
    scores = [(index, likeness(query, text)) for index, text in enumerate(documents)]
    return sorted(scores, key=lambda one: -one[1])[:most]
