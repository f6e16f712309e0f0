"""How much to think, between vendors: words of effort in rising order, and budgets in tokens."""

from __future__ import annotations

from collections.abc import Sequence

RISING = ("none", "minimal", "low", "medium", "high", "xhigh", "max")
"""All effort words, in rising order."""

BUDGETS = ((1024, "minimal"), (4096, "low"), (16384, "medium"))
"""A budget of thoughts up to so many tokens is so much effort; above them it is high."""

TOKENS = {"minimal": 1024, "low": 4096, "medium": 12288, "high": 24576, "xhigh": 32768, "max": 32768}
"""The budget of thoughts that stands for an effort."""


def effort_of_budget(tokens: int) -> str:
    """The effort that comes nearest to a budget of thoughts."""
    return next((effort for limit, effort in BUDGETS if tokens <= limit), "high")


def nearest(effort: str, words: Sequence[str]) -> str:
    """The word of ``words`` that is ``effort`` or comes nearest, the higher of two; an unknown one is taken for the middle."""
    if effort in words:
        return effort
    place = RISING.index(effort if effort in RISING else "medium")
    return min(words, key=lambda word: (abs(RISING.index(word) - place), -RISING.index(word)))
