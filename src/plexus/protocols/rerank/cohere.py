"""``/v2/rerank`` (https://docs.cohere.com/reference/rerank)."""

from __future__ import annotations

from typing import Any

import msgspec

from plexus.canonical.losses import Losses
from plexus.canonical.reranking import RerankRequest, RerankResponse
from plexus.protocols.codec import Inbound, Outbound
from plexus.protocols.cohere.dialect import CohereDialect
from plexus.protocols.members import Members, own_members
from plexus.protocols.rerank.jina_voyage import lose_extras, read_documents

PROTOCOL = "cohere"
PATH = "/rerank"


def decode_request(inbound: Inbound) -> RerankRequest:
    """A client's request. Raises ClientError."""
    body = Members(inbound.envelope.members)
    return RerankRequest(
        origin=PROTOCOL,
        model=body.take("model", str) or "",
        query=body.require("query", str),
        documents=read_documents(body),
        top=body.take("top_n", int),
        max_document_tokens=body.take("max_tokens_per_doc", int),
        extras=body.rest(PROTOCOL),
    )


def encode_request(request: RerankRequest, dialect: CohereDialect) -> tuple[Outbound, Losses]:
    """A provider's request. It always cuts documents that are too long."""
    losses = Losses()
    body: dict[str, Any] = {
        "model": request.model,
        "query": request.query,
        "documents": list(request.documents),
        **own_members(request.extras, PROTOCOL),
    }
    if request.top is not None:
        body["top_n"] = request.top
    if request.max_document_tokens is not None:
        body["max_tokens_per_doc"] = request.max_document_tokens
    if request.truncate is False:
        losses.add("truncation", "unsupported")
    lose_extras(request, PROTOCOL, losses, own=True)
    for name in sorted(dialect.refused_members & body.keys()):
        del body[name]
        losses.add(name, "refused")
    return Outbound(PATH, msgspec.json.encode(body)), losses


def encode_response(response: RerankResponse, request: RerankRequest) -> tuple[bytes, Losses]:
    """The client's reply."""
    del request
    used = response.usage.input if response.usage is not None else 0
    return msgspec.json.encode(
        {
            "id": response.id or "",
            "results": [{"index": one.index, "relevance_score": one.score} for one in response.results],
            "meta": {"api_version": {"version": "2"}, "billed_units": {"input_tokens": used}},
        }
    ), Losses()
