"""Usage as Chat Completions counts it: cached input inside ``prompt_tokens``, reasoning inside ``completion_tokens``."""

from __future__ import annotations

from typing import Any

import msgspec

from plexus.canonical.usage import Usage, usage
from plexus.protocols.unreadable import UNREADABLE


class PromptDetails(msgspec.Struct):
    """``usage.prompt_tokens_details``."""

    cached_tokens: int | None = None
    cache_write_tokens: int | None = None
    audio_tokens: int | None = None
    image_tokens: int | None = None


class CompletionDetails(msgspec.Struct):
    """``usage.completion_tokens_details``."""

    reasoning_tokens: int | None = None
    audio_tokens: int | None = None
    image_tokens: int | None = None
    accepted_prediction_tokens: int | None = None
    rejected_prediction_tokens: int | None = None


class ServerTools(msgspec.Struct):
    """``usage.server_tool_use_details`` (OpenRouter)."""

    web_search_requests: int | None = None


class WireUsage(msgspec.Struct):
    """``usage``, with what other providers add."""

    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    prompt_tokens_details: PromptDetails | None = None
    completion_tokens_details: CompletionDetails | None = None
    prompt_cache_hit_tokens: int | None = None
    """DeepSeek's word for cached input."""
    cached_tokens: int | None = None
    """Moonshot's."""
    cache_read_input_tokens: int | None = None
    cache_creation_input_tokens: int | None = None
    """Databricks and the Anthropic-backed gateways."""
    cost: float | str | None = None
    """US dollars (OpenRouter)."""
    cost_in_usd_ticks: int | None = None
    """1e-10 US dollars (xAI)."""
    server_tool_use_details: ServerTools | None = None


_DECODER = msgspec.json.Decoder(WireUsage)


def decode_usage(raw: msgspec.Raw) -> Usage | None:
    """The canonical counts; None for null, an empty object, or something that is no usage."""
    try:
        wire = _DECODER.decode(raw)
    except UNREADABLE:
        return None
    if wire.prompt_tokens is None and wire.completion_tokens is None:
        return None
    prompt, completion, server_tools = (
        wire.prompt_tokens_details,
        wire.completion_tokens_details,
        wire.server_tool_use_details,
    )
    parts: dict[str, Any] = {}
    cached = written = reasoning = None
    if prompt is not None:
        cached, written = prompt.cached_tokens, prompt.cache_write_tokens
        parts["audio_input"], parts["image_input"] = prompt.audio_tokens, prompt.image_tokens
    if completion is not None:
        reasoning = completion.reasoning_tokens
        parts["audio_output"], parts["image_output"] = completion.audio_tokens, completion.image_tokens
        parts["accepted_prediction"] = completion.accepted_prediction_tokens
        parts["rejected_prediction"] = completion.rejected_prediction_tokens
    if server_tools is not None:
        parts["web_searches"] = server_tools.web_search_requests
    if cached is None:
        cached = wire.prompt_cache_hit_tokens or wire.cached_tokens or wire.cache_read_input_tokens
    return usage(
        input=wire.prompt_tokens or 0,
        cached_input=cached or 0,
        cache_write_5m=written or wire.cache_creation_input_tokens or 0,
        output=wire.completion_tokens or 0,
        reasoning=reasoning or 0,
        raw=str(raw, "utf-8", "replace"),
        reported_cost_nanos=_cost(wire),
        **{name: count for name, count in parts.items() if count},
    )


def _cost(wire: WireUsage) -> int | None:
    if wire.cost is None and wire.cost_in_usd_ticks is None:
        return None
    if wire.cost_in_usd_ticks is not None:
        nanos = wire.cost_in_usd_ticks // 10
    else:
        try:
            nanos = -1 if wire.cost is None else round(float(wire.cost) * 1e9)
        except (ValueError, OverflowError):
            return None
    return nanos if nanos >= 0 else None


def encode_usage(counts: Usage) -> dict[str, object]:
    """The wire's ``usage`` object."""
    return {
        "prompt_tokens": counts.input,
        "completion_tokens": counts.output,
        "total_tokens": counts.total,
        "prompt_tokens_details": {
            "cached_tokens": counts.cached_input,
            "cache_write_tokens": counts.cache_write,
            "audio_tokens": counts.audio_input,
        },
        "completion_tokens_details": {
            "reasoning_tokens": counts.reasoning,
            "audio_tokens": counts.audio_output,
            "accepted_prediction_tokens": counts.accepted_prediction,
            "rejected_prediction_tokens": counts.rejected_prediction,
        },
    }
