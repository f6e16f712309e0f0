"""``:embedContent`` and ``:batchEmbedContents`` (https://ai.google.dev/api/embeddings)."""

from __future__ import annotations

from typing import Any

import msgspec

from plexus.canonical.content import Extras
from plexus.canonical.embedding import EmbedRequest, EmbedResponse, Purpose
from plexus.canonical.errors import bad_request
from plexus.canonical.losses import Losses
from plexus.protocols import envelope
from plexus.protocols.codec import Inbound, Outbound
from plexus.protocols.embeddings.limits import lose_extras, refuse_formats, texts_of
from plexus.protocols.embeddings.vectors import as_numbers, from_numbers
from plexus.protocols.envelope import Envelope
from plexus.protocols.gemini.dialect import GeminiDialect
from plexus.protocols.gemini.edits import edits as edit_one
from plexus.protocols.gemini.encode_request import path_of
from plexus.protocols.gemini.errors import decode_stream_error
from plexus.protocols.gemini.names import camel, take_node, take_nodes
from plexus.protocols.gemini.usage import decode_usage
from plexus.protocols.members import ABSENT, Members, decode_as, own_members, present
from plexus.protocols.simple import malformed, read_reply
from plexus.protocols.tap import Seen

PROTOCOL = "gemini"
ONE, MANY = "embedContent", "batchEmbedContents"
MOST = 100
"""Requests in one batch."""

TASKS: dict[str, Purpose] = {
    "RETRIEVAL_QUERY": "query",
    "RETRIEVAL_DOCUMENT": "document",
    "SEMANTIC_SIMILARITY": "similarity",
    "CLASSIFICATION": "classification",
    "CLUSTERING": "clustering",
    "QUESTION_ANSWERING": "question",
    "FACT_VERIFICATION": "fact_check",
    "CODE_RETRIEVAL_QUERY": "code_query",
}
WORDS = {purpose: word for word, purpose in TASKS.items()}
NO_TASK = "TASK_TYPE_UNSPECIFIED"


def embed_path(model: str, stream: bool) -> str:
    """Where a model embeds one content."""
    del stream
    return f"{path_of(model, False).rpartition(':')[0]}:{ONE}"


def batch_path(model: str, stream: bool) -> str:
    """Where a model embeds several."""
    del stream
    return f"{path_of(model, False).rpartition(':')[0]}:{MANY}"


class _Item(msgspec.Struct, frozen=True):
    """One request to embed. ``settings`` are all of it but its text."""

    text: str
    purpose: Purpose | None
    title: str | None
    dimensions: int | None
    truncate: bool | None
    extras: Extras | None

    @property
    def settings(self) -> object:
        """What a translated batch can say only once."""
        return self.purpose, self.title, self.dimensions, self.truncate, self.extras


def decode_request(inbound: Inbound) -> EmbedRequest:
    """A client's ``embedContent``. Raises ClientError."""
    item = _item(camel(Members(inbound.envelope.members)))
    return _request((item,), inbound, many=False)


def decode_batch(inbound: Inbound) -> EmbedRequest:
    """A client's ``batchEmbedContents``. Raises ClientError, also where its requests want different settings: only Gemini can
    do that."""
    body = camel(Members(inbound.envelope.members))
    items = tuple(_item(one) for one in take_nodes(body, "requests"))
    if not items:
        raise bad_request("requests is missing.", param="requests")
    for index, item in enumerate(items):
        if item.settings != items[0].settings:
            raise bad_request(
                f"requests[{index}]: for this model all requests of a batch must have the same taskType, title and"
                " outputDimensionality.",
                param=f"requests[{index}]",
            )
    return _request(items, inbound, many=True)


def _request(items: tuple[_Item, ...], inbound: Inbound, *, many: bool) -> EmbedRequest:
    first = items[0]
    return EmbedRequest(
        origin=PROTOCOL,
        model=inbound.path.get("model", ""),
        inputs=tuple(item.text for item in items),
        dimensions=first.dimensions,
        purpose=first.purpose,
        title=first.title,
        truncate=None if first.truncate is None else "end" if first.truncate else "none",
        many=many,
        extras=first.extras,
    )


def _item(body: Members) -> _Item:
    body.take_raw("model")  # the path says it
    content = take_node(body, "content")
    if content is None:
        raise bad_request(f"{body.where('content')} is missing.", param=body.where("content"))
    task = body.take("taskType", str) or NO_TASK
    if task not in TASKS and task != NO_TASK:
        raise bad_request(f"{body.where('taskType')}: {task} is none of {', '.join(TASKS)}.", param="taskType")
    return _Item(
        text=_text(content),
        purpose=TASKS.get(task),
        title=body.take("title", str),
        dimensions=body.take("outputDimensionality", int),
        truncate=body.take("autoTruncate", bool),
        extras=body.rest(PROTOCOL),
    )


def _text(content: Members) -> str:
    """The parts of a content become one vector."""
    texts = []
    for part in take_nodes(content, "parts"):
        text = part.take("text", str)
        if text is None:
            where = part.where("text")
            raise bad_request(f"{where} is missing. Only text can be embedded by this model.", param=where)
        texts.append(text)
    if not texts:
        raise bad_request(f"{content.where('parts')} is missing.", param=content.where("parts"))
    return "\n".join(texts)


def edit_batch(body: Envelope, model: str, dialect: GeminiDialect) -> dict[str, bytes]:
    """The upstream model's name, which each request of a batch says again."""
    written = body.members.get("requests")
    if written is None:
        return {}
    requests = [envelope.read(bytes(one)) for one in decode_as(written, list[msgspec.Raw], "requests")]
    changes = [edit_one(one, model, dialect) for one in requests]
    if not any(changes):
        return {}
    edited = [one.replace(change) for one, change in zip(requests, changes, strict=True)]
    return {"requests": b"[" + b",".join(edited) + b"]"}


def encode_request(request: EmbedRequest, dialect: GeminiDialect) -> tuple[Outbound, Losses]:
    """A provider's request: a batch, but for one input. Raises ClientError for tokens, and for number formats that it does
    not make."""
    del dialect
    refuse_formats(request)
    losses = Losses()
    texts = texts_of(request, MOST)
    settings: dict[str, Any] = {**own_members(request.extras, PROTOCOL)}
    if request.purpose is not None:
        settings["taskType"] = WORDS[request.purpose]
    if request.title is not None:
        settings["title"] = request.title
    if request.dimensions is not None:
        settings["outputDimensionality"] = request.dimensions
    if request.truncate is not None:
        losses.add("truncate", "unsupported")
    if request.user is not None:
        losses.add("user", "unsupported")
    lose_extras(request, PROTOCOL, losses)
    name = request.model if request.model.startswith(("models/", "tunedModels/")) else f"models/{request.model}"
    bodies = [{"model": name, "content": {"parts": [{"text": text}]}, **settings} for text in texts]
    if len(bodies) == 1:
        return Outbound(embed_path(request.model, False), msgspec.json.encode(bodies[0])), losses
    return Outbound(batch_path(request.model, False), msgspec.json.encode({"requests": bodies})), losses


class WireVector(msgspec.Struct):
    """``embedding``, or one of ``embeddings``."""

    values: msgspec.Raw


class WireReply(msgspec.Struct, rename="camel"):
    """Either reply."""

    embedding: WireVector | None = None
    embeddings: list[WireVector] | None = None
    usage_metadata: msgspec.Raw = ABSENT
    error: msgspec.Raw = ABSENT


_REPLY = msgspec.json.Decoder(WireReply)


def read(body: bytes) -> tuple[list[WireVector], WireReply]:
    """A provider's reply. Raises ProviderError for an error, and for one that cannot be read."""
    reply = read_reply(_REPLY, body)
    if present(reply.error):
        raise decode_stream_error(body)
    if reply.embeddings is not None:
        return reply.embeddings, reply
    if reply.embedding is None:
        raise malformed("embedding is missing")
    return [reply.embedding], reply


def look(body: bytes, dialect: GeminiDialect) -> Seen:
    """What the tap notes."""
    del dialect
    vectors, reply = read(body)
    return Seen(decode_usage(reply.usage_metadata) if present(reply.usage_metadata) else None, bool(vectors))


def decode_response(body: bytes, dialect: GeminiDialect) -> EmbedResponse:
    """A provider's reply. Raises ProviderError."""
    del dialect
    vectors, reply = read(body)
    return EmbedResponse(
        vectors=tuple(from_numbers(one.values) for one in vectors),
        usage=decode_usage(reply.usage_metadata) if present(reply.usage_metadata) else None,
    )


def encode_response(response: EmbedResponse, request: EmbedRequest) -> tuple[bytes, Losses]:
    """The client's reply."""
    vectors = [{"values": as_numbers(vector)} for vector in response.vectors]
    body: dict[str, Any] = {"embeddings": vectors} if request.many else {"embedding": vectors[0]}
    if response.usage is not None:
        count = response.usage.input
        body["usageMetadata"] = {
            "promptTokenCount": count,
            "promptTokenDetails": [{"modality": "TEXT", "tokenCount": count}],
        }
    return msgspec.json.encode(body), Losses()
