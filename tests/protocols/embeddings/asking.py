"""Requests and replies of embeddings, for the tests of each protocol."""

from __future__ import annotations

import json
from typing import Any

from plexus.canonical.embedding import EmbedRequest, EmbedResponse, Vector
from plexus.protocols import envelope
from plexus.protocols.codec import Codec, Inbound
from plexus.protocols.embeddings.vectors import as_numbers

AnyCodec = Codec[Any, Any, Any]


def inbound(body: Any, model: str = "m") -> Inbound:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Inbound(envelope=envelope.read(raw), path={"model": model})


def read(codec: AnyCodec, body: Any) -> EmbedRequest:
    request = codec.decode_request(inbound(body))
    assert isinstance(request, EmbedRequest)
    return request


def written(codec: AnyCodec, request: EmbedRequest, dialect: Any = None) -> tuple[Any, list[tuple[str, str]]]:
    """The provider's body, and the losses."""
    outbound, losses = codec.encode_request(request, dialect or codec.default_dialect)
    return json.loads(outbound.body), [(loss.path, loss.reason) for loss in losses]


def numbers(vector: Vector) -> Any:
    return json.loads(bytes(as_numbers(vector)))


def reply(codec: AnyCodec, response: EmbedResponse, request: EmbedRequest) -> Any:
    body, losses = codec.encode_response(response, request)
    assert list(losses) == []
    return json.loads(body)
