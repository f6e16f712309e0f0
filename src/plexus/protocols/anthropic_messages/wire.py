"""The shapes of Messages that are read at speed: stream events, usage, errors. Source: Anthropic's API reference.

Blocks and requests are read member by member instead (``members``), because all that is unknown in them must be kept.
"""

from __future__ import annotations

from typing import TypeAlias

import msgspec


class TextDelta(msgspec.Struct, tag="text_delta"):
    """More text."""

    text: str


class ThinkingDelta(msgspec.Struct, tag="thinking_delta"):
    """More thoughts."""

    thinking: str


class InputJsonDelta(msgspec.Struct, tag="input_json_delta"):
    """More of a tool's input, as JSON text."""

    partial_json: str


class SignatureDelta(msgspec.Struct, tag="signature_delta"):
    """The signature of a thinking block."""

    signature: str


class CitationsDelta(msgspec.Struct, tag="citations_delta"):
    """One more citation of a text block."""

    citation: msgspec.Raw


Delta: TypeAlias = TextDelta | ThinkingDelta | InputJsonDelta | SignatureDelta | CitationsDelta


class ContentBlockDelta(msgspec.Struct, tag="content_block_delta"):
    """A piece of the block ``index``."""

    index: int
    delta: Delta


class ContentBlockStart(msgspec.Struct, tag="content_block_start"):
    """A block opens."""

    index: int
    content_block: msgspec.Raw


class ContentBlockStop(msgspec.Struct, tag="content_block_stop"):
    """A block is complete."""

    index: int


class MessageStart(msgspec.Struct, tag="message_start"):
    """The reply has begun: a Message without content."""

    message: msgspec.Raw


class MessageDelta(msgspec.Struct, tag="message_delta"):
    """The end of the reply is known: stop reason and cumulative usage. Read member by member."""


class MessageStop(msgspec.Struct, tag="message_stop"):
    """The last frame."""


class Ping(msgspec.Struct, tag="ping"):
    """Keeps the connection open."""


class ErrorBody(msgspec.Struct):
    """What went wrong."""

    type: str | None = None
    message: str | None = None


class ErrorEvent(msgspec.Struct, tag="error"):
    """The reply failed."""

    error: ErrorBody
    request_id: str | None = None


Event: TypeAlias = (
    ContentBlockDelta
    | ContentBlockStart
    | ContentBlockStop
    | MessageStart
    | MessageDelta
    | MessageStop
    | Ping
    | ErrorEvent
)


class UnknownDelta(msgspec.Struct):
    """A delta of a kind that we do not know: it belongs to an opaque block."""

    index: int
    delta: msgspec.Raw


class Typed(msgspec.Struct):
    """Any event or block, by its type only."""

    type: str


class CacheCreation(msgspec.Struct, omit_defaults=True):
    """Cache writes by lifetime."""

    ephemeral_5m_input_tokens: int | None = None
    ephemeral_1h_input_tokens: int | None = None


class ServerToolUse(msgspec.Struct):
    """How often server tools ran."""

    web_search_requests: int | None = None


class OutputTokensDetails(msgspec.Struct):
    """What the output is made of."""

    thinking_tokens: int | None = None


class WireUsage(msgspec.Struct):
    """Anthropic's counts: ``input_tokens`` stands beside the cached input, not around it."""

    input_tokens: int | None = None
    output_tokens: int | None = None
    cache_read_input_tokens: int | None = None
    cache_creation_input_tokens: int | None = None
    cache_creation: CacheCreation | None = None
    server_tool_use: ServerToolUse | None = None
    output_tokens_details: OutputTokensDetails | None = None
    service_tier: str | None = None
