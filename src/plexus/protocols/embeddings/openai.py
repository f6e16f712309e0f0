"""``/embeddings`` as OpenAI has it, with the words that Voyage, Jina and Mistral have for the same.

https://platform.openai.com/docs/api-reference/embeddings, https://docs.voyageai.com/reference/embeddings-api,
https://api.jina.ai/scalar, https://docs.mistral.ai/api/endpoint/embeddings
"""

from __future__ import annotations

from typing import Any

import msgspec

from plexus.canonical.embedding import EmbedRequest, EmbedResponse, Encoding, Purpose, Tokens, Vector
from plexus.canonical.errors import bad_request
from plexus.canonical.losses import Losses
from plexus.canonical.usage import Usage, usage
from plexus.protocols.codec import Inbound, Outbound
from plexus.protocols.embeddings.limits import lose_extras, refuse_formats
from plexus.protocols.embeddings.vectors import as_base64, as_numbers, from_base64, from_int8, from_numbers
from plexus.protocols.envelope import Envelope
from plexus.protocols.members import ABSENT, Members, is_string, own_members, present
from plexus.protocols.openai_chat.dialect import ChatDialect
from plexus.protocols.openai_chat.usage import decode_usage
from plexus.protocols.openai_errors import decode_error_body
from plexus.protocols.simple import malformed, read_reply
from plexus.protocols.tap import Seen
from plexus.protocols.unreadable import UNREADABLE

PROTOCOL = "openai_chat"
"""Providers serve it at the base URL of Chat Completions."""
PATH = "/embeddings"

INPUT_TYPES: dict[str, Purpose] = {
    "query": "query",
    "document": "document",
    "passage": "document",
    "search_query": "query",
    "search_document": "document",
    "classification": "classification",
    "clustering": "clustering",
}
"""``input_type``: Voyage's words, NVIDIA's and Cohere's."""
TASKS: dict[str, Purpose] = {
    "retrieval.query": "query",
    "retrieval.passage": "document",
    "text-matching": "similarity",
    "classification": "classification",
    "separation": "clustering",
    "code.query": "code_query",
}
"""``task``: Jina's words."""
ASKING: tuple[Purpose, ...] = ("query", "question", "fact_check", "code_query")
"""Purposes that are queries where a provider tells queries and documents only."""


def decode_request(inbound: Inbound) -> EmbedRequest:
    """A client's request. Raises ClientError."""
    body = Members(inbound.envelope.members)
    model = body.take("model", str) or ""
    inputs = _inputs(body)
    encoding = body.take("encoding_format", str) or "float"
    if encoding not in ("float", "base64"):
        raise bad_request("encoding_format: write float or base64.", param="encoding_format")
    kind, task = body.take("input_type", str), body.take("task", str)
    dimensions, size = body.take("dimensions", int), body.take("output_dimension", int)
    cut = body.take("truncation", bool)
    return EmbedRequest(
        origin=PROTOCOL,
        model=model,
        inputs=inputs,
        dimensions=dimensions or size,
        purpose=INPUT_TYPES.get(kind or "") or TASKS.get(task or ""),
        encodings=("base64" if encoding == "base64" else "float",),
        truncate=None if cut is None else "end" if cut else "none",
        user=body.take("user", str),
        extras=body.rest(PROTOCOL),
    )


def _inputs(body: Members) -> tuple[str | Tokens, ...]:
    """A text, texts, tokens, or lists of tokens."""
    given = body.take_raw("input")
    if given is None:
        raise bad_request("input is missing.", param="input")
    try:
        found = msgspec.json.decode(given, type=str | list[str | int | list[int]])
    except UNREADABLE as wrong:
        raise bad_request(f"input: {wrong}. Send texts, or tokens.", param="input") from None
    if isinstance(found, str):
        return (found,)
    numbers = tuple(one for one in found if isinstance(one, int))
    if numbers:
        if len(numbers) < len(found):
            raise bad_request("input: tokens and texts cannot be mixed.", param="input")
        return (Tokens(numbers),)
    return tuple(one if isinstance(one, str) else Tokens(tuple(one)) for one in found if not isinstance(one, int))


def fits(body: Envelope, dialect: ChatDialect) -> bool:
    """Whether the provider has the client's words for the same things, and answers in the format asked for."""
    members = body.members
    if "dimensions" in members and dialect.embed_dimensions != "dimensions":
        return False
    other = {"input_type": "task", "task": "input_type"}.get(dialect.embed_purpose or "")
    if other is not None and other in members:
        return False
    wanted = body.get("encoding_format", str) or "float"
    return wanted not in ("float", "base64") or wanted in dialect.embed_formats


def encode_request(request: EmbedRequest, dialect: ChatDialect) -> tuple[Outbound, Losses]:
    """A provider's request. Raises ClientError for number formats that it does not have."""
    refuse_formats(request)
    losses = Losses()
    body: dict[str, Any] = {
        "model": request.model,
        "input": [one if isinstance(one, str) else one.ids for one in request.inputs],
    }
    if request.dimensions is not None:
        if dialect.embed_dimensions is None:
            losses.add("dimensions", "unsupported")
        else:
            body[dialect.embed_dimensions] = request.dimensions
    if request.purpose is not None:
        _put_purpose(request.purpose, body, dialect, losses)
    _put_truncation(request, body, dialect, losses)
    if request.user is not None:
        body["user"] = request.user
    if request.title is not None:
        losses.add("title", "unsupported")
    for name, value in own_members(request.extras, PROTOCOL).items():
        body.setdefault(name, value)
    lose_extras(request, PROTOCOL, losses)
    for name in sorted(dialect.refused_members & body.keys()):
        del body[name]
        losses.add(name, "refused")
    return Outbound(PATH, msgspec.json.encode(body)), losses


def _put_purpose(purpose: Purpose, body: dict[str, Any], dialect: ChatDialect, losses: Losses) -> None:
    if dialect.embed_purpose == "task":
        word = next((word for word, means in TASKS.items() if means == purpose), None)
        if word is None:
            losses.add("task", "unsupported")
        else:
            body["task"] = word
    elif dialect.embed_purpose == "input_type":
        body["input_type"] = "query" if purpose in ASKING else "document"
        if purpose not in ("query", "document"):
            losses.add("input_type", "approximated")
    else:
        losses.add("input_type", "unsupported")


def _put_truncation(request: EmbedRequest, body: dict[str, Any], dialect: ChatDialect, losses: Losses) -> None:
    if request.truncate is None:
        return
    if not dialect.embed_truncation:
        losses.add("truncate", "unsupported")
        return
    body["truncation"] = request.truncate != "none"
    if request.truncate == "start":
        losses.add("truncate", "approximated")


class WireVector(msgspec.Struct):
    """One of ``data``."""

    embedding: msgspec.Raw
    index: int | None = None


class WireUsage(msgspec.Struct):
    """``usage``, where it is less than that of Chat Completions."""

    prompt_tokens: int | None = None
    total_tokens: int | None = None


class WireReply(msgspec.Struct):
    """The reply."""

    data: list[WireVector] | None = None
    model: str | None = None
    id: str | None = None
    usage: msgspec.Raw = ABSENT
    error: msgspec.Raw = ABSENT


_REPLY = msgspec.json.Decoder(WireReply)
_USAGE = msgspec.json.Decoder(WireUsage)


def read(body: bytes) -> WireReply:
    """A provider's reply. Raises ProviderError for an error, and for one that cannot be read."""
    reply = read_reply(_REPLY, body)
    if present(reply.error):
        raise decode_error_body(bytes(reply.error))
    if reply.data is None:
        raise malformed("data is missing")
    return reply


def look(body: bytes, dialect: ChatDialect) -> Seen:
    """What the tap notes."""
    del dialect
    reply = read(body)
    return Seen(input_usage(reply.usage), bool(reply.data))


def input_usage(raw: msgspec.Raw) -> Usage | None:
    """The counts of an operation that only reads: ``prompt_tokens``, or ``total_tokens`` alone (Voyage)."""
    if not present(raw):
        return None
    found = decode_usage(raw)
    if found is not None:
        return found
    try:
        wire = _USAGE.decode(raw)
    except UNREADABLE:
        return None
    count = wire.prompt_tokens if wire.prompt_tokens is not None else wire.total_tokens
    return None if count is None else usage(input=count, raw=bytes(raw).decode("utf-8", "replace"))


def decode_response(body: bytes, dialect: ChatDialect) -> EmbedResponse:
    """A provider's reply, its vectors in the order of their indexes."""
    reply = read(body)
    data = reply.data or []
    ordered = sorted(data, key=lambda one: one.index or 0) if all(one.index is not None for one in data) else data
    return EmbedResponse(
        vectors=tuple(_vector(one.embedding, dialect) for one in ordered),
        model=reply.model,
        id=reply.id,
        usage=input_usage(reply.usage),
    )


def _vector(raw: msgspec.Raw, dialect: ChatDialect) -> Vector:
    if not is_string(raw):
        return from_numbers(raw)
    text: str = msgspec.json.decode(raw)
    return from_int8(text) if "int8" in dialect.embed_formats else from_base64(text)


def encode_response(response: EmbedResponse, request: EmbedRequest) -> tuple[bytes, Losses]:
    """The client's reply."""
    packed: Encoding = "base64"
    write = as_base64 if packed in request.encodings else as_numbers
    counts = response.usage.input if response.usage is not None else 0
    return msgspec.json.encode(
        {
            "object": "list",
            "data": [
                {"object": "embedding", "index": index, "embedding": write(vector)}
                for index, vector in enumerate(response.vectors)
            ],
            "model": response.model or request.model,
            "usage": {"prompt_tokens": counts, "total_tokens": counts},
        }
    ), Losses()
