"""Counting the input's tokens (https://ai.google.dev/api/tokens): native only, else the gateway's estimate."""

from __future__ import annotations

import msgspec

from plexus.canonical.errors import ErrorKind, GatewayError, ProviderError
from plexus.canonical.request import GenerateRequest
from plexus.canonical.response import Finish
from plexus.canonical.usage import Usage
from plexus.protocols.codec import Inbound
from plexus.protocols.gemini.dialect import GeminiDialect
from plexus.protocols.gemini.encode_request import path_of
from plexus.protocols.gemini.errors import decode_stream_error
from plexus.protocols.gemini.names import camel, take_node
from plexus.protocols.gemini.request import decode_body
from plexus.protocols.members import Members
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


class CountTap:
    """Reads a native reply. See ``protocols.codec.Tap``."""

    empty = False
    said_bytes = 0

    def __init__(self) -> None:
        self.usage: Usage | None = None
        self.finish: Finish | None = None
        self.failure: GatewayError | None = None
        self.meaningful = self.ended = self.terminated = False

    def watch(self, events: bytes) -> None:
        """Counts are not streamed."""

    def read(self, body: bytes) -> None:
        """The whole reply. The count is no usage: counting is free."""
        try:
            seen = msgspec.json.decode(body, type=_Reply)
        except UNREADABLE:
            message = "The provider's count cannot be read."
            self.failure = ProviderError(ErrorKind.UPSTREAM_MALFORMED, message, status=200)
            return
        if seen.error is not None:
            self.failure = decode_stream_error(body)
            return
        self.meaningful = self.ended = self.terminated = True


def tap(dialect: GeminiDialect) -> CountTap:
    """A tap for one reply."""
    del dialect
    return CountTap()


def encode_count(tokens: int) -> bytes:
    """The reply."""
    return msgspec.json.encode({"totalTokens": tokens})
