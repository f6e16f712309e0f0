from __future__ import annotations

import pytest

from plexus.protocols.efforts import RISING, TOKENS, effort_of_budget, nearest


@pytest.mark.parametrize(("effort", "words", "wanted"), [
    ("low", ("low", "high"), "low"), ("minimal", ("low", "high"), "low"), ("medium", ("low", "high"), "high"),
    ("max", ("low", "high"), "high"), ("ultra", ("none", "medium"), "medium"), ("none", ("low", "high"), "low"),
])  # fmt: skip
def test_the_nearest_word(effort: str, words: tuple[str, ...], wanted: str) -> None:
    assert nearest(effort, words) == wanted


@pytest.mark.parametrize(
    ("tokens", "effort"), [(1, "minimal"), (1024, "minimal"), (1025, "low"), (16384, "medium"), (16385, "high")]
)
def test_the_effort_of_a_budget(tokens: int, effort: str) -> None:
    assert effort_of_budget(tokens) == effort


def test_budgets_rise_with_their_words() -> None:
    found = [TOKENS[word] for word in RISING if word != "none"]
    assert found == sorted(found)
    assert set(TOKENS) == set(RISING) - {"none"}
