"""A client's call as the pipeline gets it, and its body once read."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec

from plexus.canonical.errors import bad_request
from plexus.canonical.headers import Headers
from plexus.exchange.ports import ConnectionMemory
from plexus.protocols import envelope
from plexus.protocols.codec import Codec, Inbound, ProviderCodec

AnyProviderCodec = ProviderCodec[Any, Any, Any]
AnyCodec = Codec[Any, Any, Any]
"""The pipeline never looks inside a codec's own request, reply and dialect: it carries them from one function to another."""


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """What came in. The body is not read yet: who calls is settled first."""

    codec: AnyCodec
    """Of the client's protocol and the operation asked for."""
    headers: Headers
    peer: str
    """The client's address."""
    read_body: Callable[[int], Awaitable[bytes]]
    """(limit) -> the decompressed body. Raises ClientError(BODY_TOO_LARGE, BAD_REQUEST)."""
    path: Mapping[str, str] = msgspec.field(default_factory=dict)
    query: Mapping[str, str] = msgspec.field(default_factory=dict)
    stream: bool | None = None
    """Whether a stream is asked for, where the path says it; None: the body does."""
    memory: ConnectionMemory | None = None
    """Turns of the client's own connection, asked before the store."""
    raw_query: bytes = b""
    """The query as it goes up on the lanes that keep the body: without the client's key."""


class Question(msgspec.Struct, frozen=True):
    """The body, read one level deep: all that routing needs to know."""

    inbound: Inbound
    model: str
    stream: bool

    @property
    def body(self) -> bytes:
        """The body's bytes as the client sent them (decompressed)."""
        return self.inbound.envelope.raw


def read_question(call: Call, body: bytes) -> Question:
    """What the body asks for. Raises ClientError for anything but a JSON object that names a model."""
    members = envelope.read(body)
    model = call.path.get("model") or members.get("model", str)
    if not model:
        raise bad_request('"model" is missing. Name one of the models that GET /v1/models lists.', param="model")
    inbound = Inbound(envelope=members, headers=call.headers, path=call.path, query=call.query)
    stream = call.stream if call.stream is not None else bool(members.get("stream", bool))
    return Question(inbound, model, stream)
