"""Counting the input's tokens (https://docs.claude.com/en/api/messages-count-tokens): native only.

The native operation has the same request without ``max_tokens``, and a reply of one number. It exists for this protocol
alone, so it is never translated: where the target has none, the gateway estimates (``accounting.estimate``).
"""

from __future__ import annotations

import msgspec

from plexus.canonical.errors import ErrorKind, ProviderError
from plexus.canonical.losses import Losses
from plexus.canonical.request import GenerateRequest
from plexus.protocols import envelope
from plexus.protocols.anthropic_messages.dialect import MessagesDialect
from plexus.protocols.anthropic_messages.encode_request import encode_request
from plexus.protocols.anthropic_messages.errors import decode_stream_error
from plexus.protocols.codec import Outbound
from plexus.protocols.tap import Seen, WholeTap
from plexus.protocols.unreadable import UNREADABLE

PATH = "/messages/count_tokens"
REPLYS = frozenset(
    {"max_tokens", "metadata", "service_tier", "stop_sequences", "stream", "temperature", "top_k", "top_p"}
)
"""Members that concern the reply: the operation refuses them."""


def encode_count_request(request: GenerateRequest, dialect: MessagesDialect) -> tuple[Outbound, Losses]:
    """The request, where its body had to be written anew. Raises ClientError for what the protocol cannot express."""
    outbound, losses = encode_request(request, dialect)
    return msgspec.structs.replace(outbound, path=PATH, body=envelope.read(outbound.body).remove(REPLYS).raw), losses


class _Count(msgspec.Struct):
    input_tokens: int


def look(body: bytes) -> Seen:
    """A native reply. The count is no usage: counting is free. Raises GatewayError for what is no count."""
    try:
        msgspec.json.decode(body, type=_Count)
    except UNREADABLE:
        if b'"error"' in body:
            raise decode_stream_error(body) from None
        message = "The provider's count cannot be read."
        raise ProviderError(ErrorKind.UPSTREAM_MALFORMED, message, status=200) from None
    return Seen(None, said=True)


def tap(dialect: MessagesDialect) -> WholeTap:
    """A tap for one reply."""
    del dialect
    return WholeTap(look)


def encode_count(tokens: int) -> bytes:
    """The reply."""
    return msgspec.json.encode({"input_tokens": tokens})
