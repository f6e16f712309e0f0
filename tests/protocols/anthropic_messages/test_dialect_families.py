from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plexus.protocols.anthropic_messages.dialect import (
    MessagesDialect,
    default_max_tokens,
    hides_thoughts,
    thinks_adaptively,
)

# https://docs.claude.com/en/docs/about-claude/models/overview and the deprecations page name the models.
MODELS = [
    ("claude-3-haiku-20240307", 4096, False),
    ("claude-3-opus-20240229", 4096, False),
    ("claude-3-5-haiku-20241022", 8192, False),
    ("claude-3-5-sonnet-latest", 8192, False),
    ("claude-3-7-sonnet-20250219", 32000, False),
    ("claude-opus-4-20250514", 32000, False),
    ("claude-sonnet-4-20250514", 32000, False),
    ("claude-opus-4-1-20250805", 32000, False),
    ("claude-sonnet-4-5-20250929", 32000, False),
    ("claude-haiku-4-5-20251001", 32000, False),
    ("claude-opus-4-5-20251101", 32000, False),
    ("claude-opus-4-6", 32000, True),
    ("claude-sonnet-4-6", 32000, True),
    ("anthropic/claude-opus-4-6", 32000, True),
    ("us.anthropic.claude-opus-4-6-v1:0", 32000, True),
    ("claude-sonnet-5", 32000, True),
    ("MiniMax-M2", 8192, False),
    ("kimi-k2-thinking", 8192, False),
    ("", 8192, False),
]


@pytest.mark.parametrize(("model", "bound", "adaptive"), MODELS)
def test_what_is_known_of_a_family(model: str, bound: int, adaptive: bool) -> None:
    assert default_max_tokens(model, MessagesDialect()) == bound
    assert thinks_adaptively(model, MessagesDialect()) == adaptive


@pytest.mark.parametrize(
    ("model", "hidden"),
    [
        ("claude-opus-4-6", False),
        ("claude-sonnet-4-6", False),
        ("claude-opus-4-5-20251101", False),
        ("claude-opus-4-7", True),
        ("us.anthropic.claude-opus-4-8-v1:0", True),
        ("claude-sonnet-5", True),
        ("MiniMax-M2", False),
    ],
)
def test_which_families_tell_no_thoughts_unasked(model: str, hidden: bool) -> None:
    assert hides_thoughts(model) is hidden


@given(st.text(max_size=30))
def test_any_name_has_a_bound(model: str) -> None:
    assert default_max_tokens(model, MessagesDialect()) > 0


def test_the_dialects_answers_win() -> None:
    assert default_max_tokens("claude-opus-4-6", MessagesDialect(default_max_tokens=77)) == 77
    answers: list[tuple[Any, bool]] = [("budget", False), ("adaptive", True)]
    for word, adaptive in answers:
        assert thinks_adaptively("claude-opus-4-6", MessagesDialect(thinking=word)) == adaptive
        assert thinks_adaptively("claude-3-haiku-20240307", MessagesDialect(thinking=word)) == adaptive
