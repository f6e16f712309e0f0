"""To rerank: a query and documents in, the documents' places by relevance out, in nobody's wire format."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from plexus.canonical.content import Extras
from plexus.canonical.usage import Usage


class Ranked(msgspec.Struct, frozen=True):
    """One document: its place in the request, and how relevant it is."""

    index: int
    score: float


class RerankRequest(msgspec.Struct, frozen=True, kw_only=True):
    """One call to rerank. ``origin`` is the protocol that the client speaks."""

    origin: str
    model: str
    query: str
    documents: tuple[str, ...]
    top: int | None = None
    """How many of the best to return; None: all."""
    return_documents: bool = False
    """The reply repeats the documents."""
    truncate: bool | None = None
    """Whether a document that is too long is cut, or refused."""
    max_document_tokens: int | None = None
    as_data: bool = False
    """The reply is a list under ``data`` (Voyage), not ``results``."""
    extras: Extras | None = None

    def estimate(self, text_tokens: Callable[[int], int]) -> int:
        """Tokens that a model reads: each document with the query beside it."""
        query = text_tokens(len(self.query.encode()))
        return sum(query + text_tokens(len(one.encode())) for one in self.documents)


class RerankResponse(msgspec.Struct, frozen=True, kw_only=True):
    """``results``: the best first."""

    results: tuple[Ranked, ...]
    model: str | None = None
    id: str | None = None
    usage: Usage | None = None

    @property
    def empty(self) -> bool:
        """Nothing is in it."""
        return not self.results
