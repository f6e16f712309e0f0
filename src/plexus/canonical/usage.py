"""Token counts of one call, and the algebra that keeps them honest.

Cached input and cache writes are parts of ``input``; reasoning is a part of ``output``; audio and image counts are parts
of the side that they stand on. The vendors differ (Anthropic counts cached input beside its ``input_tokens``, Gemini
counts thoughts beside its candidates), so every codec converts at its edge and nobody adds twice.
"""

from __future__ import annotations

import msgspec


class Usage(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Counts in tokens, never negative. ``input >= cached_input + cache_write``; ``output >= reasoning``.

    Build it with ``usage()``, which holds the invariants whatever a provider claims.
    """

    input: int = 0
    cached_input: int = 0
    cache_write_5m: int = 0
    cache_write_1h: int = 0
    output: int = 0
    reasoning: int = 0
    audio_input: int = 0
    audio_output: int = 0
    image_input: int = 0
    image_output: int = 0
    accepted_prediction: int = 0
    rejected_prediction: int = 0
    web_searches: int = 0
    estimated: bool = False
    """True where Plexus counted because the provider did not say."""
    reported_cost_nanos: int | None = None
    """What the provider itself says that the call cost, in nano-dollars."""
    raw: str | None = None
    """The provider's own usage object, as JSON text."""

    @property
    def cache_write(self) -> int:
        """Tokens written to the prompt cache, whatever their lifetime."""
        return self.cache_write_5m + self.cache_write_1h

    @property
    def fresh_input(self) -> int:
        """Input tokens neither read from nor written to the cache."""
        return self.input - self.cached_input - self.cache_write_5m - self.cache_write_1h

    @property
    def total(self) -> int:
        """Input and output together."""
        return self.input + self.output


COUNTS = tuple(name for name in Usage.__struct_fields__ if name not in ("estimated", "reported_cost_nanos", "raw"))


def usage(  # noqa: PLR0913 - one keyword a count; the record itself is the type above
    *,
    input: int = 0,
    cached_input: int = 0,
    cache_write_5m: int = 0,
    cache_write_1h: int = 0,
    output: int = 0,
    reasoning: int = 0,
    raw: str | None = None,
    reported_cost_nanos: int | None = None,
    estimated: bool = False,
    **parts: int,
) -> Usage:
    """A ``Usage`` that keeps its invariants: negatives become 0, a part that exceeds its whole raises the whole."""
    cached = max(0, cached_input)
    short = max(0, cache_write_5m)
    long = max(0, cache_write_1h)
    thought = max(0, reasoning)
    whole = cached + short + long
    if parts:
        parts = {name: count for name, count in parts.items() if count > 0}
    return Usage(
        input=max(whole, input),
        cached_input=cached,
        cache_write_5m=short,
        cache_write_1h=long,
        output=max(thought, output),
        reasoning=thought,
        raw=raw,
        reported_cost_nanos=reported_cost_nanos,
        estimated=estimated,
        **parts,
    )


def add(left: Usage, right: Usage) -> Usage:
    """Both together, as the bill of an exchange with several attempts needs it. ``raw`` is dropped: it is one reply's."""
    costs = [cost for cost in (left.reported_cost_nanos, right.reported_cost_nanos) if cost is not None]
    return Usage(
        **{name: getattr(left, name) + getattr(right, name) for name in COUNTS},
        estimated=left.estimated or right.estimated,
        reported_cost_nanos=sum(costs) if costs else None,
    )
