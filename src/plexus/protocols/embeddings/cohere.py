"""``/v2/embed`` (https://docs.cohere.com/reference/embed)."""

from __future__ import annotations

from typing import Any, get_args

import msgspec

from plexus.canonical.embedding import EmbedRequest, EmbedResponse, Encoding, Purpose
from plexus.canonical.errors import bad_request
from plexus.canonical.losses import Losses
from plexus.canonical.usage import Usage, usage
from plexus.protocols.codec import Inbound, Outbound
from plexus.protocols.cohere.dialect import CohereDialect
from plexus.protocols.embeddings.limits import lose_extras, refuse_formats, texts_of
from plexus.protocols.embeddings.vectors import as_base64, as_numbers, from_numbers
from plexus.protocols.members import ABSENT, Members, own_members, present
from plexus.protocols.simple import malformed, read_reply
from plexus.protocols.tap import Seen
from plexus.protocols.unreadable import UNREADABLE

PROTOCOL = "cohere"
PATH = "/embed"
MOST = 96
"""Texts in one call."""
ENCODINGS: tuple[Encoding, ...] = get_args(Encoding)

INPUT_TYPES: dict[str, Purpose] = {
    "search_query": "query",
    "search_document": "document",
    "classification": "classification",
    "clustering": "clustering",
}
NEAREST: dict[Purpose, str] = {
    "question": "search_query",
    "fact_check": "search_query",
    "code_query": "search_query",
    "similarity": "clustering",
}
"""Purposes that Cohere has no word for."""
DEFAULT = "search_document"
"""Cohere wants a word; what is embedded without one is mostly a document."""


def decode_request(inbound: Inbound) -> EmbedRequest:
    """A client's request. Raises ClientError, also for images: only Cohere takes those."""
    body = Members(inbound.envelope.members)
    model = body.take("model", str) or ""
    kind = body.require("input_type", str)
    texts = _texts(body)
    encodings: list[Encoding] = []
    for word in body.take("embedding_types", list[str]) or ["float"]:
        known = next((encoding for encoding in ENCODINGS if encoding == word), None)
        if known is None:
            raise bad_request(f"embedding_types: {word} is none of {', '.join(ENCODINGS)}.", param="embedding_types")
        encodings.append(known)
    cut = (body.take("truncate", str) or "").lower()
    return EmbedRequest(
        origin=PROTOCOL,
        model=model,
        inputs=tuple(texts),
        dimensions=body.take("output_dimension", int),
        purpose=INPUT_TYPES.get(kind),
        encodings=tuple(encodings),
        truncate="none" if cut == "none" else "start" if cut == "start" else "end" if cut else None,
        extras=body.rest(PROTOCOL),
    )


def _texts(body: Members) -> list[str]:
    """``texts``, or the texts of ``inputs``."""
    if body.take_raw("images") is not None:
        raise bad_request("images: only text can be embedded by this model.", param="images")
    texts = body.take("texts", list[str]) or []
    for one in body.take_list("inputs"):
        said = []
        for part in one.take_list("content"):
            text = part.take("text", str)
            if text is None:
                raise bad_request(
                    f"{part.where('text')} is missing. Only text can be embedded by this model.", param="inputs"
                )
            said.append(text)
        texts.append("\n".join(said))
    if not texts:
        raise bad_request("texts is missing.", param="texts")
    return texts


def encode_request(request: EmbedRequest, dialect: CohereDialect) -> tuple[Outbound, Losses]:
    """A provider's request. Raises ClientError for tokens: Cohere takes texts."""
    refuse_formats(request)
    losses = Losses()
    body: dict[str, Any] = {
        "model": request.model,
        "input_type": _input_type(request.purpose, losses),
        "texts": texts_of(request, MOST),
        "embedding_types": ["float"],
        **own_members(request.extras, PROTOCOL),
    }
    if request.dimensions is not None:
        body["output_dimension"] = request.dimensions
    if request.truncate is not None:
        body["truncate"] = request.truncate.upper()
    for name in ("title", "user"):
        if getattr(request, name) is not None:
            losses.add(name, "unsupported")
    lose_extras(request, PROTOCOL, losses)
    for name in sorted(dialect.refused_members & body.keys()):
        del body[name]
        losses.add(name, "refused")
    return Outbound(PATH, msgspec.json.encode(body)), losses


def _input_type(purpose: Purpose | None, losses: Losses) -> str:
    word = next((word for word, means in INPUT_TYPES.items() if means == purpose), None)
    if word is None and purpose is not None:
        losses.add("taskType", "approximated")
        word = NEAREST[purpose]
    return word or DEFAULT


class Billed(msgspec.Struct):
    """``meta.billed_units``."""

    input_tokens: float | None = None
    image_tokens: float | None = None
    search_units: float | None = None


class Meta(msgspec.Struct):
    """``meta``."""

    billed_units: Billed | None = None


class Vectors(msgspec.Struct):
    """``embeddings``: those of one kind."""

    float: list[msgspec.Raw] | None = None
    int8: list[msgspec.Raw] | None = None
    uint8: list[msgspec.Raw] | None = None
    binary: list[msgspec.Raw] | None = None
    ubinary: list[msgspec.Raw] | None = None
    base64: list[msgspec.Raw] | None = None


class WireReply(msgspec.Struct):
    """The reply."""

    embeddings: Vectors | None = None
    id: str | None = None
    meta: msgspec.Raw = ABSENT


_REPLY = msgspec.json.Decoder(WireReply)
_META = msgspec.json.Decoder(Meta)


def read(body: bytes) -> tuple[Vectors, WireReply]:
    """A provider's reply. Raises ProviderError for one that cannot be read."""
    reply = read_reply(_REPLY, body)
    if reply.embeddings is None:
        raise malformed("embeddings is missing")
    return reply.embeddings, reply


def look(body: bytes, dialect: CohereDialect) -> Seen:
    """What the tap notes."""
    del dialect
    vectors, reply = read(body)
    return Seen(billed(reply.meta), any(getattr(vectors, kind) for kind in ENCODINGS))


def billed(meta: msgspec.Raw) -> Usage | None:
    """The counts in a reply's ``meta``. Search units, which rerank is billed by, stand in ``raw`` alone: they are no tokens."""
    if not present(meta):
        return None
    try:
        units = _META.decode(meta).billed_units
    except UNREADABLE:
        return None
    if units is None or all(count is None for count in (units.input_tokens, units.image_tokens, units.search_units)):
        return None
    images = int(units.image_tokens or 0)
    text = bytes(meta).decode("utf-8", "replace")
    return usage(input=int(units.input_tokens or 0) + images, image_input=images, raw=text)


def decode_response(body: bytes, dialect: CohereDialect) -> EmbedResponse:
    """A provider's reply. Raises ProviderError."""
    del dialect
    vectors, reply = read(body)
    if vectors.float is None:
        raise malformed("embeddings.float is missing")
    return EmbedResponse(
        vectors=tuple(from_numbers(one) for one in vectors.float), id=reply.id, usage=billed(reply.meta)
    )


def encode_response(response: EmbedResponse, request: EmbedRequest) -> tuple[bytes, Losses]:
    """The client's reply."""
    found: dict[str, list[Any]] = {}
    for encoding in request.encodings:
        write = as_base64 if encoding == "base64" else as_numbers
        found[encoding] = [write(vector) for vector in response.vectors]
    counts = response.usage.input if response.usage is not None else 0
    return msgspec.json.encode(
        {
            "id": response.id or "",
            "texts": [one for one in request.inputs if isinstance(one, str)],
            "embeddings": found,
            "meta": {"api_version": {"version": "2"}, "billed_units": {"input_tokens": counts}},
            "response_type": "embeddings_by_type",
        }
    ), Losses()
