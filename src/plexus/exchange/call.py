"""A client's call as the pipeline gets it, and its body once read."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec

from plexus.canonical.errors import ClientError, bad_request
from plexus.canonical.headers import Headers
from plexus.exchange.carried.upload import Passing, Upload
from plexus.exchange.ports import ConnectionMemory
from plexus.protocols import envelope
from plexus.protocols.codec import Codec, Inbound, ProviderCodec
from plexus.protocols.multipart import FormScanner, is_form, read_boundary

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
    read_piece: Callable[[int], Awaitable[bytes]] | None = None
    """(limit) -> the next bytes of the body, decompressed; b"" at its end. Raises as ``read_body`` does, beyond ``limit``
    bytes in all. For operations that take forms."""
    path: Mapping[str, str] = msgspec.field(default_factory=dict)
    query: Mapping[str, str] = msgspec.field(default_factory=dict)
    stream: bool | None = None
    """Whether a stream is asked for, where the path says it; None: the body does."""
    generate: bool = True
    """False for a prewarm: nothing is asked for but to have the input ready (Responses over WebSocket)."""
    memory: ConnectionMemory | None = None
    """Turns of the client's own connection, asked before the store."""
    raw_query: bytes = b""
    """The query as it goes up on the lanes that keep the body: without the client's key."""


class Question(msgspec.Struct, frozen=True):
    """The body, read one level deep: all that routing needs to know."""

    inbound: Inbound
    model: str
    stream: bool
    upload: Upload | None = None
    """The body, where it is a form; ``inbound`` holds none then."""
    passing: Passing | None = None
    """The body, where nobody reads it."""

    @property
    def size(self) -> int:
        """Bytes of the body, as far as it has been read."""
        streamed = self.upload or self.passing
        return len(self.body) if streamed is None else streamed.size

    @property
    def body(self) -> bytes:
        """The body's bytes as the client sent them (decompressed)."""
        return self.inbound.envelope.raw


def read_question(call: Call, body: bytes) -> Question:
    """What the body asks for. Raises ClientError for anything but a JSON object that names a model."""
    members = envelope.read(body)
    model = call.path.get("model") or members.get("model", str) or call.codec.default_model
    if not model:
        raise no_model()
    inbound = Inbound(envelope=members, headers=call.headers, path=call.path, query=call.query)
    stream = call.stream
    if stream is None:
        stream = call.codec.streams and bool(members.get("stream", bool))
    return Question(inbound, model, stream)


def no_model() -> ClientError:
    """The 400 of a call that names none."""
    return bad_request('"model" is missing. Name one of the models that GET /v1/models lists.', param="model")


FIELDS = frozenset({"model", "stream"})
"""What is read of a form."""


async def read_form(call: Call, limit: int, keep: int) -> Question:
    """What a form asks for: read whole, or up to ``keep`` bytes. Raises ClientError for a bad form, one of more than ``limit``
    bytes, and one whose model has not come by then."""
    assert call.read_piece is not None
    content_type, read = call.headers.text(b"content-type") or "", call.read_piece
    length = None if b"content-encoding" in call.headers else call.headers.text(b"content-length")
    upload = Upload(
        lambda: read(limit),
        FormScanner(read_boundary(content_type), FIELDS),
        keep=keep,
        length=None if length is None else int(length),
    )
    await upload.collect()
    fields = upload.form.fields
    if "model" not in fields and not upload.complete:
        raise bad_request(f'In a form of more than {keep:,} bytes "model" must come before the file.', param="model")
    if "model" not in fields or not fields["model"].text:
        raise no_model()
    stream = "stream" in fields and fields["stream"].text.strip().lower() == "true"
    inbound = Inbound(envelope=envelope.Envelope(b"", {}), headers=call.headers, path=call.path, query=call.query)
    return Question(inbound, fields["model"].text, stream, upload)


def has_form(call: Call) -> bool:
    """Whether the call's body is a form, and its operation takes one."""
    return call.codec.carried and is_form(call.headers.text(b"content-type"))
