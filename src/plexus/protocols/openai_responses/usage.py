"""Usage as Responses counts it: cached input inside ``input_tokens``, reasoning inside ``output_tokens``."""

from __future__ import annotations

import msgspec

from plexus.canonical.usage import Usage, usage
from plexus.protocols.unreadable import UNREADABLE


class InputDetails(msgspec.Struct):
    """``usage.input_tokens_details``."""

    cached_tokens: int | None = None
    cache_write_tokens: int | None = None


class OutputDetails(msgspec.Struct):
    """``usage.output_tokens_details``."""

    reasoning_tokens: int | None = None


class WireUsage(msgspec.Struct):
    """``usage``, with what other providers add."""

    input_tokens: int | None = None
    output_tokens: int | None = None
    input_tokens_details: InputDetails | None = None
    output_tokens_details: OutputDetails | None = None
    cost: float | None = None
    """US dollars (OpenRouter)."""
    cost_in_usd_ticks: int | None = None
    """1e-10 US dollars (xAI)."""


_DECODER = msgspec.json.Decoder(WireUsage)


def decode_usage(raw: bytes | msgspec.Raw) -> Usage | None:
    """The canonical counts; None for null, an empty object, or something that is no usage."""
    try:
        wire = _DECODER.decode(raw)
    except UNREADABLE:
        return None
    if wire.input_tokens is None and wire.output_tokens is None:
        return None
    given, made = wire.input_tokens_details or InputDetails(), wire.output_tokens_details or OutputDetails()
    return usage(
        input=wire.input_tokens or 0,
        cached_input=given.cached_tokens or 0,
        cache_write_5m=given.cache_write_tokens or 0,
        output=wire.output_tokens or 0,
        reasoning=made.reasoning_tokens or 0,
        raw=bytes(raw).decode("utf-8", "replace"),
        reported_cost_nanos=_cost(wire),
    )


def _cost(wire: WireUsage) -> int | None:
    if wire.cost_in_usd_ticks is not None:
        return wire.cost_in_usd_ticks // 10
    try:
        return None if wire.cost is None else round(wire.cost * 1e9)
    except (ValueError, OverflowError):
        return None


def encode_usage(counts: Usage) -> dict[str, object]:
    """The wire's ``usage`` object."""
    return {
        "input_tokens": counts.input,
        "input_tokens_details": {
            "cached_tokens": counts.cached_input,
            "cache_write_tokens": counts.cache_write,
        },
        "output_tokens": counts.output,
        "output_tokens_details": {"reasoning_tokens": counts.reasoning},
        "total_tokens": counts.total,
    }
