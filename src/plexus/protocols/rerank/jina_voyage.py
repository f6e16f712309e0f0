"""``/rerank`` as Jina and Voyage have it, and Cohere's v1 for clients: one request in nearly the same words.

Jina (and vLLM, SiliconFlow, Together …) call the bound ``top_n`` and answer with ``results``; Voyage calls it ``top_k``, knows
``truncation``, and answers with a list under ``data``. A call that has a word of Voyage's is answered as Voyage answers.

https://jina.ai/reranker, https://docs.voyageai.com/reference/reranker-api, https://docs.cohere.com/v1/reference/rerank
"""

from __future__ import annotations

from typing import Any

import msgspec

from plexus.canonical.errors import bad_request
from plexus.canonical.losses import Losses
from plexus.canonical.reranking import Ranked, RerankRequest, RerankResponse
from plexus.canonical.usage import Usage
from plexus.protocols.codec import Inbound, Outbound
from plexus.protocols.embeddings.cohere import billed
from plexus.protocols.embeddings.openai import input_usage
from plexus.protocols.envelope import Envelope
from plexus.protocols.members import ABSENT, NULL, Array, Members, Object, decode_as, is_string, own_members, present
from plexus.protocols.openai_chat.dialect import ChatDialect
from plexus.protocols.openai_errors import decode_error_body
from plexus.protocols.simple import malformed, read_reply
from plexus.protocols.tap import Seen

PROTOCOL = "openai_chat"
"""Providers serve it beside their embeddings, at the base URL of Chat Completions."""
PATH = "/rerank"
VOYAGE = ("top_k", "truncation")
"""The members that only Voyage's clients send."""


def serves(dialect: ChatDialect) -> bool:
    """OpenAI has no rerank: who has it says in which words."""
    return dialect.rerank is not None


def decode_request(inbound: Inbound) -> RerankRequest:
    """A client's request. Raises ClientError."""
    body = Members(inbound.envelope.members)
    as_data = _as_data(inbound.envelope)
    most, other = body.take("top_n", int), body.take("top_k", int)
    shown = body.take("return_documents", bool)
    return RerankRequest(
        origin=PROTOCOL,
        model=body.take("model", str) or "",
        query=body.require("query", str),
        documents=read_documents(body),
        top=most if most is not None else other,
        return_documents=shown if shown is not None else not as_data,
        truncate=body.take("truncation", bool),
        max_document_tokens=body.take("max_tokens_per_doc", int),
        as_data=as_data,
        extras=body.rest(PROTOCOL),
    )


def _as_data(body: Envelope) -> bool:
    return any(name in body.members for name in VOYAGE)


def read_documents(body: Members) -> tuple[str, ...]:
    """Texts, or objects that have one. Raises ClientError."""
    found = []
    for index, one in enumerate(body.require("documents", Array)):
        where = f"documents[{index}]"
        if is_string(one):
            found.append(decode_as(one, str, where))
            continue
        text = decode_as(one, Object, where).get("text", NULL)
        if not is_string(text):
            raise bad_request(f"{where}.text is missing. Only texts can be ranked by this model.", param=where)
        found.append(decode_as(text, str, where))
    return tuple(found)


def fits(body: Envelope, dialect: ChatDialect) -> bool:
    """Whether the provider's words are the client's."""
    return _as_data(body) == (dialect.rerank == "top_k")


def encode_request(request: RerankRequest, dialect: ChatDialect) -> tuple[Outbound, Losses]:
    """A provider's request. The documents come back from us, where they are wanted."""
    losses = Losses()
    body: dict[str, Any] = {"model": request.model, "query": request.query, "documents": list(request.documents)}
    if request.top is not None:
        body[dialect.rerank or "top_n"] = request.top
    if dialect.rerank == "top_k":
        if request.truncate is not None:
            body["truncation"] = request.truncate
    else:
        body["return_documents"] = False
        if request.truncate is not None:
            losses.add("truncation", "unsupported")
    if request.max_document_tokens is not None:
        losses.add("max_tokens_per_doc", "unsupported")
    lose_extras(request, PROTOCOL, losses, own=dialect.rerank != "top_k" and not request.as_data)
    if dialect.rerank != "top_k" and not request.as_data:
        body.update(own_members(request.extras, PROTOCOL))
    for name in sorted(dialect.refused_members & body.keys()):
        del body[name]
        if name != "return_documents":
            losses.add(name, "refused")
    return Outbound(PATH, msgspec.json.encode(body)), losses


def lose_extras(request: RerankRequest, protocol: str, losses: Losses, *, own: bool) -> None:
    """Name the members that only another provider knows; ``own``: this one knows those of its protocol."""
    extras = request.extras
    if extras is not None and not (own and extras.origin == protocol):
        for name in extras.members:
            losses.add(name, "foreign")


class WireRanked(msgspec.Struct):
    """One document."""

    index: int
    relevance_score: float


class WireReply(msgspec.Struct):
    """The reply, in either form."""

    results: list[WireRanked] | None = None
    data: list[WireRanked] | None = None
    model: str | None = None
    id: str | None = None
    usage: msgspec.Raw = ABSENT
    meta: msgspec.Raw = ABSENT
    error: msgspec.Raw = ABSENT


_REPLY = msgspec.json.Decoder(WireReply)


def read(body: bytes) -> tuple[list[WireRanked], WireReply]:
    """A provider's reply. Raises ProviderError for an error, and for one that cannot be read."""
    reply = read_reply(_REPLY, body)
    if present(reply.error):
        raise decode_error_body(bytes(reply.error))
    ranked = reply.results if reply.results is not None else reply.data
    if ranked is None:
        raise malformed("results is missing")
    return ranked, reply


def counts(reply: WireReply) -> Usage | None:
    """Tokens, or what Cohere bills."""
    return input_usage(reply.usage) or billed(reply.meta)


def look(body: bytes, dialect: object) -> Seen:
    """What the tap notes."""
    del dialect
    ranked, reply = read(body)
    return Seen(counts(reply), bool(ranked))


def decode_response(body: bytes, dialect: object) -> RerankResponse:
    """A provider's reply. Raises ProviderError."""
    del dialect
    ranked, reply = read(body)
    return RerankResponse(
        results=tuple(Ranked(one.index, one.relevance_score) for one in ranked),
        model=reply.model,
        id=reply.id,
        usage=counts(reply),
    )


def encode_response(response: RerankResponse, request: RerankRequest) -> tuple[bytes, Losses]:
    """The client's reply. Raises ProviderError for a place that no document has."""
    used = response.usage.input if response.usage is not None else 0
    found: list[dict[str, Any]] = []
    for one in response.results:
        if not 0 <= one.index < len(request.documents):
            raise malformed(f"there is no document {one.index}")
        entry: dict[str, Any] = {"index": one.index, "relevance_score": one.score}
        if request.return_documents:
            text = request.documents[one.index]
            entry["document"] = text if request.as_data else {"text": text}
        found.append(entry)
    model = response.model or request.model
    if request.as_data:
        reply = {"object": "list", "data": found, "model": model, "usage": {"total_tokens": used}}
    else:
        reply = {"id": response.id or "", "model": model, "usage": {"total_tokens": used}, "results": found}
    return msgspec.json.encode(reply), Losses()
