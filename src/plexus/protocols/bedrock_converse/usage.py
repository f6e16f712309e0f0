"""Usage as Converse counts it: cached input and cache writes stand *beside* ``inputTokens``, not inside."""

from __future__ import annotations

import msgspec

from plexus.canonical.usage import Usage, usage
from plexus.protocols.unreadable import UNREADABLE


class CacheDetail(msgspec.Struct, rename="camel"):
    """Of ``cacheDetails``: tokens written, by lifetime."""

    ttl: str | None = None
    input_tokens: int | None = None


class WireUsage(msgspec.Struct, rename="camel"):
    """``usage``. https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_TokenUsage.html"""

    input_tokens: int | None = None
    output_tokens: int | None = None
    cache_read_input_tokens: int | None = None
    cache_write_input_tokens: int | None = None
    cache_details: list[CacheDetail] | None = None


_DECODER = msgspec.json.Decoder(WireUsage)


def decode_usage(raw: bytes | msgspec.Raw) -> Usage | None:
    """The canonical counts; None for what is no usage."""
    try:
        wire = _DECODER.decode(raw)
    except UNREADABLE:
        return None
    if wire.input_tokens is None and wire.output_tokens is None:
        return None
    details = wire.cache_details or []
    long = sum(each.input_tokens or 0 for each in details if each.ttl == "1h")
    written = max(wire.cache_write_input_tokens or 0, sum(each.input_tokens or 0 for each in details))
    cached = wire.cache_read_input_tokens or 0
    return usage(
        input=(wire.input_tokens or 0) + cached + written,
        cached_input=cached,
        cache_write_5m=written - long,
        cache_write_1h=long,
        output=wire.output_tokens or 0,
        raw=bytes(raw).decode("utf-8", "replace"),
    )
