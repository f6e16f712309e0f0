"""Token counts between Chat's way of counting and ours (https://platform.openai.com/docs/api-reference/chat/object).

OpenAI counts cached input within ``prompt_tokens`` and reasoning within ``completion_tokens``, as we do. Others leave
reasoning out of the completion; their own total then shows it.
"""

from __future__ import annotations

from typing import Any

import msgspec

from plexus.canonical.usage import Usage, usage
from plexus.protocols.openai_chat.members import UNREADABLE, is_null

Count = int | float | None


class _PromptDetails(msgspec.Struct):
    cached_tokens: Count = None
    cache_write_tokens: Count = None
    audio_tokens: Count = None
    image_tokens: Count = None


class _CompletionDetails(msgspec.Struct):
    reasoning_tokens: Count = None
    audio_tokens: Count = None
    image_tokens: Count = None
    accepted_prediction_tokens: Count = None
    rejected_prediction_tokens: Count = None


class _ServerTools(msgspec.Struct):
    web_search_requests: Count = None


class WireUsage(msgspec.Struct):
    """A usage object with what providers add to it."""

    prompt_tokens: Count = None
    completion_tokens: Count = None
    total_tokens: Count = None
    prompt_tokens_details: _PromptDetails | None = None
    completion_tokens_details: _CompletionDetails | None = None
    cached_tokens: Count = None
    """Moonshot's place for cached input."""
    prompt_cache_hit_tokens: Count = None
    """DeepSeek's."""
    cache_read_input_tokens: Count = None
    cache_creation_input_tokens: Count = None
    """Those of gateways in front of Anthropic."""
    server_tool_use_details: _ServerTools | None = None
    cost: Count = None
    """In dollars (OpenRouter, Vercel)."""
    cost_in_usd_ticks: Count = None
    """In units of 1e-10 dollars (xAI)."""


_WIRE = msgspec.json.Decoder(WireUsage)
_NO_PROMPT, _NO_COMPLETION = _PromptDetails(), _CompletionDetails()


def decode_usage(raw: bytes | msgspec.Raw | None) -> Usage | None:
    """The counts of a usage object; None where it counts nothing at all, as in ``{}`` and ``null``."""
    if raw is None or (isinstance(raw, msgspec.Raw) and is_null(raw)):
        return None
    try:
        wire = _WIRE.decode(raw)
    except UNREADABLE:
        return None
    if wire.prompt_tokens is None and wire.completion_tokens is None and wire.total_tokens is None:
        return None
    prompt = wire.prompt_tokens_details or _NO_PROMPT
    completion = wire.completion_tokens_details or _NO_COMPLETION
    cached = _first(
        prompt.cached_tokens, wire.prompt_cache_hit_tokens, wire.cached_tokens, wire.cache_read_input_tokens
    )
    written = _first(prompt.cache_write_tokens, wire.cache_creation_input_tokens)
    output, reasoning = _output(wire, _int(completion.reasoning_tokens), cached + written)
    searches = wire.server_tool_use_details.web_search_requests if wire.server_tool_use_details else None
    return usage(
        input=_int(wire.prompt_tokens),
        cached_input=cached,
        cache_write_5m=written,
        output=output,
        reasoning=reasoning,
        audio_input=_int(prompt.audio_tokens),
        audio_output=_int(completion.audio_tokens),
        image_input=_int(prompt.image_tokens),
        image_output=_int(completion.image_tokens),
        accepted_prediction=_int(completion.accepted_prediction_tokens),
        rejected_prediction=_int(completion.rejected_prediction_tokens),
        web_searches=_int(searches),
        reported_cost_nanos=_cost(wire),
        raw=msgspec.Raw(bytes(raw)),
    )


def _output(wire: WireUsage, reasoning: int, cache: int) -> tuple[int, int]:
    """(output with its reasoning, reasoning).

    Beside the completion: xAI (prompt + completion + reasoning = total), Gemini's compatible endpoint (thoughts show in the
    total only), and whoever reports more reasoning than completion. A gap that equals the cache is no output.
    """
    completion = _int(wire.completion_tokens)
    hidden = _int(wire.total_tokens) - _int(wire.prompt_tokens) - completion
    if reasoning > completion or (reasoning and hidden == reasoning):
        return completion + reasoning, reasoning
    if hidden > 0 and not reasoning and hidden != cache:
        return completion + hidden, hidden
    return completion, reasoning


def _int(count: Count) -> int:
    return max(int(count), 0) if count is not None and abs(count) < 1e15 else 0


def _first(*counts: Count) -> int:
    """The first count that is given and not 0."""
    return next((_int(count) for count in counts if count), 0)


def _cost(wire: WireUsage) -> int | None:
    """What the provider itself charges, in nano-dollars."""
    if wire.cost is not None and 0 <= wire.cost < 1e9:
        return round(wire.cost * 1e9)
    if wire.cost_in_usd_ticks is not None and 0 <= wire.cost_in_usd_ticks < 1e19:
        return round(wire.cost_in_usd_ticks / 10)
    return None


def encode_usage(counts: Usage) -> dict[str, Any]:
    """The usage object for a client, built from our counts: every member that OpenAI itself always sends."""
    prompt: dict[str, int] = {"cached_tokens": counts.cached_input, "audio_tokens": counts.audio_input}
    if counts.cache_write:
        prompt["cache_write_tokens"] = counts.cache_write
    if counts.image_input:
        prompt["image_tokens"] = counts.image_input
    completion: dict[str, int] = {
        "reasoning_tokens": counts.reasoning,
        "audio_tokens": counts.audio_output,
        "accepted_prediction_tokens": counts.accepted_prediction,
        "rejected_prediction_tokens": counts.rejected_prediction,
    }
    if counts.image_output:
        completion["image_tokens"] = counts.image_output
    return {
        "prompt_tokens": counts.input,
        "completion_tokens": counts.output,
        "total_tokens": counts.total,
        "prompt_tokens_details": prompt,
        "completion_tokens_details": completion,
    }
