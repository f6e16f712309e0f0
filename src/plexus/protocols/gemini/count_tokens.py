"""Counting the input's tokens (https://ai.google.dev/api/tokens): native only, else the gateway's estimate."""

from __future__ import annotations

import msgspec

from plexus.canonical.errors import ErrorKind, ProviderError
from plexus.canonical.request import GenerateRequest
from plexus.protocols.codec import Inbound
from plexus.protocols.gemini.dialect import GeminiDialect
from plexus.protocols.gemini.encode_request import path_of
from plexus.protocols.gemini.errors import decode_stream_error
from plexus.protocols.gemini.names import camel, take_node
from plexus.protocols.gemini.request import decode_body
from plexus.protocols.members import Members
from plexus.protocols.tap import Seen, WholeTap
from plexus.protocols.unreadable import UNREADABLE


def count_path(model: str, stream: bool) -> str:
    """Where a model counts."""
    del stream
    return path_of(model, False).rpartition(":")[0] + ":countTokens"


def decode_request(inbound: Inbound) -> GenerateRequest:
    """What is to be counted: ``contents``, or a whole ``generateContentRequest``."""
    body = camel(Members(inbound.envelope.members))
    inner = take_node(body, "generateContentRequest")
    return decode_body(body if inner is None else inner, inbound)


class _Reply(msgspec.Struct):
    error: dict[str, msgspec.Raw] | None = None


def look(body: bytes) -> Seen:
    """A native reply. The count is no usage: counting is free. Raises GatewayError for what is no count."""
    try:
        seen = msgspec.json.decode(body, type=_Reply)
    except UNREADABLE:
        message = "The provider's count cannot be read."
        raise ProviderError(ErrorKind.UPSTREAM_MALFORMED, message, status=200) from None
    if seen.error is not None:
        raise decode_stream_error(body)
    return Seen(None, said=True)


def tap(dialect: GeminiDialect) -> WholeTap:
    """A tap for one reply."""
    del dialect
    return WholeTap(look)


def encode_count(tokens: int) -> bytes:
    """The reply."""
    return msgspec.json.encode({"totalTokens": tokens})
