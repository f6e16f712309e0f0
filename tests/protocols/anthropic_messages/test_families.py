from __future__ import annotations

import pytest

from plexus.protocols.anthropic_messages.dialect import MessagesDialect
from plexus.protocols.anthropic_messages.families import family_of


@pytest.mark.parametrize(
    ("model", "max_output", "thinking", "sampling", "structured"),
    [
        ("claude-2.1", 4096, "none", "free", False),
        ("claude-3-opus-20240229", 4096, "none", "free", False),
        ("claude-3-5-haiku-latest", 8192, "none", "free", False),
        ("claude-3-7-sonnet@20250219", 64_000, "budget", "free", False),
        ("claude-opus-4-20250514", 32_000, "budget", "free", False),
        ("claude-sonnet-4-0", 64_000, "budget", "free", False),
        ("us.anthropic.claude-sonnet-4-20250514-v1:0", 64_000, "budget", "free", False),
        ("claude-opus-4-1", 32_000, "budget", "one", True),
        ("claude-sonnet-4-5-20250929", 64_000, "budget", "one", True),
        ("anthropic/claude-haiku-4.5", 64_000, "budget", "one", True),
        ("claude-opus-4-6", 128_000, "adaptive", "one", True),
        ("claude-opus-4-7", 128_000, "adaptive", "none", True),
        ("claude-sonnet-5", 128_000, "adaptive", "none", True),
        ("claude-fable-5", 128_000, "adaptive", "none", True),
        ("kimi-k3", 64_000, "budget", "free", False),
    ],
)
def test_models_have_their_family(model: str, max_output: int, thinking: str, sampling: str, structured: bool) -> None:
    family = family_of(model, MessagesDialect())
    assert (family.max_output, family.thinking, family.sampling, family.structured) == (
        max_output,
        thinking,
        sampling,
        structured,
    )
    assert 0 < family.default_output <= family.max_output


def test_how_thinking_is_switched_off_differs() -> None:
    words = {
        model: family_of(model, MessagesDialect()).thinking_off for model in ("claude-opus-4-8", "claude-mythos-5")
    }
    assert words == {"claude-opus-4-8": "omit", "claude-mythos-5": "never"}


def test_the_dialect_has_the_last_word() -> None:
    dialect = MessagesDialect(
        default_max_tokens=700,
        max_output_tokens=900,
        thinking="none",
        sampling="free",
        structured_output="native",
    )
    family = family_of("claude-opus-4-8", dialect)
    assert (family.default_output, family.max_output) == (700, 900)
    assert (family.thinking, family.sampling, family.structured) == ("none", "free", True)
    assert family_of("claude-opus-4-8", MessagesDialect(structured_output="prompted")).structured is False
    assert family_of("claude-opus-4-8", MessagesDialect(max_output_tokens=900)).default_output == 900
