"""Small documents and short ways into a codec, for the tests of its parts."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from tests.protocols.properties import AnyCodec, AnyProviderCodec, inbound

from plexus.canonical.content import Text
from plexus.canonical.errors import ClientError, ErrorKind
from plexus.canonical.request import GenerateRequest, Message
from plexus.protocols.members import Members
from plexus.protocols.sse import split_events

CHAT_BODY: dict[str, Any] = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}
MESSAGES_BODY: dict[str, Any] = {**CHAT_BODY, "max_tokens": 9}

PIXEL = "iVBORw0KGgo="
"""Base64 that stands for a picture."""


def raw(value: Any) -> msgspec.Raw:
    """``value`` as a node's own bytes."""
    return msgspec.Raw(json.dumps(value).encode())


def value(node: msgspec.Raw | None) -> Any:
    """The other way."""
    return None if node is None else json.loads(bytes(node))


def members(document: dict[str, Any], path: str = "") -> Members:
    """``document`` as codecs take it apart."""
    return Members(msgspec.json.decode(json.dumps(document), type=dict[str, msgspec.Raw]), path)


def asked(codec: AnyCodec, document: dict[str, Any]) -> GenerateRequest:
    """A request, read."""
    request: GenerateRequest = codec.decode_request(inbound(document))
    return request


def sent(
    codec: AnyProviderCodec, request: GenerateRequest, dialect: Any = None
) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    """A request, written: the body, and the losses as pairs."""
    outbound, losses = codec.encode_request(request, codec.default_dialect if dialect is None else dialect)
    body: dict[str, Any] = json.loads(outbound.body)
    return body, [(loss.path, loss.reason) for loss in losses]


def wish(origin: str, **settings: Any) -> GenerateRequest:
    """A request in the canonical form; the turns may be given as ``messages``."""
    settings.setdefault("messages", (user("hi"),))
    return GenerateRequest(origin=origin, model=settings.pop("model", "m"), **settings)


def user(text: str) -> Message:
    """A user's turn of text."""
    return Message(role="user", content=(Text(text=text),), plain=True)


def refused(codec: AnyCodec, document: dict[str, Any]) -> ClientError:
    """The 400 for a body that the protocol does not allow."""
    with pytest.raises(ClientError) as caught:
        asked(codec, document)
    assert caught.value.kind is ErrorKind.BAD_REQUEST
    assert caught.value.message
    return caught.value


def cannot_send(codec: AnyProviderCodec, request: GenerateRequest, dialect: Any = None) -> ClientError:
    """The 400 for content that the provider's protocol cannot carry."""
    with pytest.raises(ClientError) as caught:
        sent(codec, request, dialect)
    assert caught.value.kind is ErrorKind.BAD_REQUEST
    return caught.value


def frames(*documents: Any) -> bytes:
    """Documents as events; text and bytes as they are."""
    return b"".join(
        document if isinstance(document, bytes) else b"data: %b\n\n" % json.dumps(document).encode()
        for document in documents
    )


def chunks_of(written: bytes) -> list[Any]:
    """What a stream says, frame by frame; ``[DONE]`` as text."""
    return [
        event.data.decode() if event.data == b"[DONE]" else json.loads(event.data) for event in split_events(written)
    ]
