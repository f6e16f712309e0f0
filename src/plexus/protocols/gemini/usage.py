"""Usage as Gemini counts it: thoughts stand *beside* ``candidatesTokenCount``, what tools read beside ``promptTokenCount``.

https://ai.google.dev/api/generate-content#UsageMetadata
"""

from __future__ import annotations

import msgspec

from plexus.canonical.usage import Usage, usage
from plexus.protocols.unreadable import UNREADABLE


class Detail(msgspec.Struct, rename="camel"):
    """The tokens of one modality."""

    modality: str | int | None = None
    token_count: int | None = None


class WireUsage(msgspec.Struct, rename="camel"):
    """``usageMetadata``."""

    prompt_token_count: int | None = None
    cached_content_token_count: int | None = None
    candidates_token_count: int | None = None
    response_token_count: int | None = None
    """The Live API's word for candidatesTokenCount."""
    thoughts_token_count: int | None = None
    tool_use_prompt_token_count: int | None = None
    total_token_count: int | None = None
    prompt_tokens_details: list[Detail] | None = None
    candidates_tokens_details: list[Detail] | None = None
    tool_use_prompt_tokens_details: list[Detail] | None = None


_DECODER = msgspec.json.Decoder(WireUsage, strict=False)


def has_counts(raw: bytes | msgspec.Raw) -> bool:
    """Whether a ``usageMetadata`` holds counts, rather than only its traffic type; told by a glance, for it is in every chunk."""
    seen = bytes(raw)
    return b'"promptTokenCount"' in seen or b'"totalTokenCount"' in seen


def decode_usage(raw: bytes | msgspec.Raw) -> Usage | None:
    """The canonical counts; None for what holds none (a chunk that says only its traffic type)."""
    try:
        wire = _DECODER.decode(raw)
    except UNREADABLE:
        return None
    prompt, total = wire.prompt_token_count, wire.total_token_count
    if prompt is None and total is None:
        return None
    tools, thoughts = wire.tool_use_prompt_token_count or 0, wire.thoughts_token_count or 0
    said = wire.candidates_token_count or wire.response_token_count or 0
    inputs = (*(wire.prompt_tokens_details or ()), *(wire.tool_use_prompt_tokens_details or ()))
    outputs = wire.candidates_tokens_details or ()
    return usage(
        input=(prompt or 0) + tools,
        cached_input=wire.cached_content_token_count or 0,
        output=said + thoughts,
        reasoning=thoughts,
        audio_input=_count(inputs, "AUDIO"),
        image_input=_count(inputs, "IMAGE"),
        audio_output=_count(outputs, "AUDIO"),
        image_output=_count(outputs, "IMAGE"),
        raw=bytes(raw).decode("utf-8", "replace"),
    )


NUMBERS = {"IMAGE": 2, "AUDIO": 4}
"""Modalities by their numbers, which come with ``enum-encoding=int``."""


def _count(details: tuple[Detail, ...] | list[Detail], modality: str) -> int:
    names = (modality, NUMBERS[modality])
    return sum(detail.token_count or 0 for detail in details if detail.modality in names)


def encode_usage(counts: Usage) -> dict[str, object]:
    """The wire's ``usageMetadata``."""
    wire: dict[str, object] = {
        "promptTokenCount": counts.input,
        "candidatesTokenCount": counts.output - counts.reasoning,
        "totalTokenCount": counts.total,
    }
    if counts.cached_input:
        wire["cachedContentTokenCount"] = counts.cached_input
    if counts.reasoning:
        wire["thoughtsTokenCount"] = counts.reasoning
    for name, whole, parts in (
        ("promptTokensDetails", counts.input, (counts.audio_input, counts.image_input)),
        ("candidatesTokensDetails", counts.output - counts.reasoning, (counts.audio_output, counts.image_output)),
    ):
        if any(parts):
            audio, image = parts
            shares = (("TEXT", whole - audio - image), ("AUDIO", audio), ("IMAGE", image))
            wire[name] = [{"modality": word, "tokenCount": count} for word, count in shares if count > 0]
    return wire
