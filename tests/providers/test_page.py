"""docs/providers.md: generated, fresh, and nothing is missing."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from scripts.providers_page import meanings, render

from plexus.protocols.registry import DIALECTS
from plexus.providers.presets import load_presets

PAGE = Path("docs/providers.md").read_text(encoding="utf-8")


def test_it_is_fresh() -> None:
    assert render() == PAGE


def test_every_preset_has_a_row_and_the_text_counts_them() -> None:
    rows = [line for line in PAGE.splitlines() if line.startswith("| `") and "](" in line.split("|")[2]]
    assert [row.split("`")[1] for row in rows] == list(load_presets())
    changes = Path("CHANGELOG.md").read_text(encoding="utf-8")
    assert f"Presets for {len(load_presets()) - 1} providers" in changes  # all but the mock


@pytest.mark.parametrize("protocol", DIALECTS)
def test_every_question_is_explained(protocol: str) -> None:
    for question, meaning in meanings(DIALECTS[protocol]).items():
        assert f"| `{question}` |" in PAGE
        assert meaning.endswith(".")


def test_a_question_without_a_meaning_is_refused() -> None:
    with pytest.raises(ValueError, match="mid"):
        meanings(Silent)


class Silent(msgspec.Struct):
    low: bool = False
    """Said."""
    mid: bool = False
