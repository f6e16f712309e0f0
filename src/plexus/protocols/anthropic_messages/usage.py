"""Usage as Messages counts it: cached input and cache writes stand *beside* ``input_tokens``, not inside."""

from __future__ import annotations

import msgspec

from plexus.canonical.usage import Usage, usage
from plexus.protocols.members import Object
from plexus.protocols.unreadable import UNREADABLE


class CacheCreation(msgspec.Struct):
    """``usage.cache_creation``."""

    ephemeral_5m_input_tokens: int | None = None
    ephemeral_1h_input_tokens: int | None = None


class ServerToolUse(msgspec.Struct):
    """``usage.server_tool_use``."""

    web_search_requests: int | None = None


class OutputDetails(msgspec.Struct):
    """``usage.output_tokens_details``."""

    thinking_tokens: int | None = None


class WireUsage(msgspec.Struct):
    """``usage``."""

    input_tokens: int | None = None
    output_tokens: int | None = None
    cache_read_input_tokens: int | None = None
    cache_creation_input_tokens: int | None = None
    cache_creation: CacheCreation | None = None
    server_tool_use: ServerToolUse | None = None
    output_tokens_details: OutputDetails | None = None


_DECODER = msgspec.json.Decoder(WireUsage)
_OBJECT = msgspec.json.Decoder(Object)


def decode_usage(raw: bytes | msgspec.Raw) -> Usage | None:
    """The canonical counts; None for what is no usage."""
    try:
        wire = _DECODER.decode(raw)
    except UNREADABLE:
        return None
    if wire.input_tokens is None and wire.output_tokens is None:
        return None
    creation = wire.cache_creation or CacheCreation()
    long = creation.ephemeral_1h_input_tokens or 0
    written = max(wire.cache_creation_input_tokens or 0, long + (creation.ephemeral_5m_input_tokens or 0))
    cached = wire.cache_read_input_tokens or 0
    return usage(
        input=(wire.input_tokens or 0) + cached + written,
        cached_input=cached,
        cache_write_5m=written - long,
        cache_write_1h=long,
        output=wire.output_tokens or 0,
        reasoning=(wire.output_tokens_details or OutputDetails()).thinking_tokens or 0,
        web_searches=(wire.server_tool_use or ServerToolUse()).web_search_requests or 0,
        raw=bytes(raw).decode("utf-8", "replace"),
    )


def merge_usage(first: bytes, later: bytes) -> bytes:
    """``message_delta`` repeats cumulative counts and leaves some out: its members win over those of ``message_start``."""
    try:
        merged = _OBJECT.decode(first) if first else {}
        merged.update({name: value for name, value in _OBJECT.decode(later).items() if bytes(value) != b"null"})
    except UNREADABLE:
        return later or first
    return msgspec.json.encode(merged)


def encode_usage(counts: Usage) -> dict[str, object]:
    """The wire's ``usage`` object."""
    wire: dict[str, object] = {
        "input_tokens": counts.fresh_input,
        "cache_creation_input_tokens": counts.cache_write,
        "cache_read_input_tokens": counts.cached_input,
        "cache_creation": {
            "ephemeral_5m_input_tokens": counts.cache_write_5m,
            "ephemeral_1h_input_tokens": counts.cache_write_1h,
        },
        "output_tokens": counts.output,
    }
    if counts.reasoning:
        wire["output_tokens_details"] = {"thinking_tokens": counts.reasoning}
    if counts.web_searches:
        wire["server_tool_use"] = {"web_search_requests": counts.web_searches, "web_fetch_requests": 0}
    return wire
