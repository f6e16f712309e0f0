"""Token counts between Anthropic's way of counting and ours.

Anthropic's ``input_tokens`` is the fresh input only; ours is the whole input, cache included. In streams the counts of
``message_delta`` are cumulative and may repeat the input: they replace what ``message_start`` said, never add to it.
"""

from __future__ import annotations

import msgspec

from plexus.canonical.usage import Usage, usage
from plexus.protocols.anthropic_messages.members import UNREADABLE
from plexus.protocols.anthropic_messages.wire import WireUsage

_WIRE = msgspec.json.Decoder(WireUsage)
_OBJECT = msgspec.json.Decoder(dict[str, msgspec.Raw])


def decode_usage(raw: bytes | msgspec.Raw) -> Usage | None:
    """The counts of a usage object; None where it is not one."""
    try:
        wire = _WIRE.decode(raw)
    except UNREADABLE:
        return None
    read, written = wire.cache_read_input_tokens or 0, wire.cache_creation_input_tokens or 0
    split = wire.cache_creation
    long = (split.ephemeral_1h_input_tokens or 0) if split else 0
    short = (split.ephemeral_5m_input_tokens or 0) if split else 0
    if short + long != written:  # no split, or one that contradicts its sum: the sum is what is billed
        long = min(long, written)
        short = written - long
    searches = wire.server_tool_use.web_search_requests if wire.server_tool_use else None
    thought = wire.output_tokens_details.thinking_tokens if wire.output_tokens_details else None
    return usage(
        input=(wire.input_tokens or 0) + read + short + long,
        cached_input=read,
        cache_write_5m=short,
        cache_write_1h=long,
        output=wire.output_tokens or 0,
        reasoning=thought or 0,
        web_searches=searches or 0,
        raw=msgspec.Raw(bytes(raw)),
    )


def merge_usage(earlier: msgspec.Raw | None, later: bytes | msgspec.Raw) -> msgspec.Raw:
    """The usage object of a whole stream: what ``later`` says wins, what it does not mention stays."""
    if earlier is None:
        return msgspec.Raw(bytes(later))
    try:
        merged = {**_OBJECT.decode(earlier), **{k: v for k, v in _OBJECT.decode(later).items() if bytes(v) != b"null"}}
    except UNREADABLE:
        return earlier
    return msgspec.Raw(msgspec.json.encode(merged))


def encode_usage(counts: Usage | None, service_tier: str | None = None) -> dict[str, object]:
    """The usage object of a Message, built from our counts. Every count that clients read is there, zeros included."""
    counts = counts or Usage()
    wire: dict[str, object] = {
        "input_tokens": max(counts.fresh_input, 0),
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
    if service_tier is not None:
        wire["service_tier"] = service_tier
    return wire
